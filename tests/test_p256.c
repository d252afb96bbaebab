#include "jose/p256.h"

#include "check.h"
#include "edge.h"
#include "hex.h"
#include "jose/crypto.h"

#include <string.h>

static struct arena arena;

/* SEC 2 section 2.4.2: the base point, and the order less one. */
#define BASE                                                             \
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define ORDER_LESS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"

static const uint8_t ONE[P256_SCALAR_SIZE] = {[P256_SCALAR_SIZE - 1] = 1};

static const uint8_t *base(void)
{
    return edge(hex(&arena, BASE)).data;
}

static struct span times(const uint8_t *scalar)
{
    uint8_t *out = ARENA_ARRAY(&arena, P256_POINT_SIZE, uint8_t);
    p256_base_times(scalar, out);
    return span_bytes(out, P256_POINT_SIZE);
}

static void test_known(void)
{
    uint8_t two[P256_SCALAR_SIZE] = {[P256_SCALAR_SIZE - 1] = 2};
    CHECK_SPAN(times(ONE), hex(&arena, BASE));
    /* NIST's point multiplication vectors for P-256, k = 2 and k = n - 1. */
    CHECK_SPAN(times(two),
               hex(&arena, "047cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
                           "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"));
    CHECK_SPAN(times(hex(&arena, ORDER_LESS_1).data),
               hex(&arena, "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                           "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"));
}

/* k G = (k - 1) G + G, where the first product is made another way: not by the tables. */
static void check_multiple(struct span k)
{
    uint8_t less[P256_SCALAR_SIZE];
    uint8_t sum[P256_POINT_SIZE];
    memcpy(less, k.data, sizeof less);
    size_t at = sizeof less - 1;
    while (less[at]-- == 0)
        at--;
    CHECK(p256_sum(base(), less, ONE, sum));
    CHECK_SPAN(times(k.data), span_bytes(sum, sizeof sum));
}

static void test_multiples(void)
{
    uint8_t k[P256_SCALAR_SIZE] = {0};
    check_row("one tooth at a time");
    for (size_t bit = 1; bit < 256; bit++) {
        memset(k, 0, sizeof k);
        k[sizeof k - 1 - bit / 8] = (uint8_t)(1u << bit % 8);
        check_multiple(span_bytes(k, sizeof k));
        k[sizeof k - 1] |= 3;
        check_multiple(span_bytes(k, sizeof k));
    }
    check_row("all teeth at once");
    for (size_t column = 0; column < 32; column++) {
        memset(k, 0, sizeof k);
        for (size_t bit = column; bit < 256; bit += 32)
            k[sizeof k - 1 - bit / 8] |= (uint8_t)(1u << bit % 8);
        if (column < 31) /* beyond, it is above the order */
            check_multiple(span_bytes(k, sizeof k));
    }
    check_row("below the order");
    struct span last = hex(&arena, ORDER_LESS_1);
    for (unsigned i = 0; i < 256; i++) {
        memcpy(k, last.data, sizeof k);
        k[i % sizeof k] &= (uint8_t)~(1u << i / sizeof k);
        check_multiple(span_bytes(k, sizeof k));
    }
    check_row("any");
    struct hash random = {{0}};
    for (size_t i = 0; i < 500; i++) {
        sha256(hash_span(&random), &random);
        if (random.bytes[0] != 0xff)
            check_multiple(hash_span(&random));
    }
    check_row(NULL);
}

static void test_sum(void)
{
    uint8_t sum[P256_POINT_SIZE];
    uint8_t two[P256_SCALAR_SIZE] = {[P256_SCALAR_SIZE - 1] = 2};
    uint8_t zero[P256_SCALAR_SIZE] = {0};
    check_row("of a point and itself");
    CHECK(p256_sum(base(), ONE, ONE, sum));
    CHECK_SPAN(span_bytes(sum, sizeof sum), times(two));
    check_row("of a point and its opposite");
    CHECK(!p256_sum(base(), hex(&arena, ORDER_LESS_1).data, ONE, sum));
    CHECK(!p256_sum(base(), ONE, hex(&arena, ORDER_LESS_1).data, sum));
    check_row("of a point and nothing");
    CHECK(!p256_sum(base(), ONE, zero, sum));
    check_row("of no point");
    for (size_t i = 0; i < P256_POINT_SIZE; i++) {
        uint8_t point[P256_POINT_SIZE];
        memcpy(point, base(), sizeof point);
        CHECK(p256_is_point(point));
        point[i] ^= 1;
        CHECK(!p256_is_point(point));
        CHECK(!p256_sum(point, ONE, ONE, sum));
    }
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(1 << 22);
    test_known();
    test_multiples();
    test_sum();
    return check_done();
}
