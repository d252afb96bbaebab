#include "jose/ec.h"

#include "check.h"
#include "edge.h"
#include "hex.h"

static struct arena arena;

#define ORDER_MINUS_2 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f"
#define ORDER_MINUS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORDER_PLUS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define TWO "0000000000000000000000000000000000000000000000000000000000000002"
#define ALL_ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define SIXTEEN_ZEROES "00000000000000000000000000000000"

/* J08: RFC 6979 appendix A.2.5. */
#define PRIVATE "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define PUBLIC_X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define PUBLIC_Y "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define SAMPLE_R "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define SAMPLE_S "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
#define SAMPLE_S_NEGATED "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9"

static struct p256_private private_key;
static struct p256_public public_key;

/* ---- private keys ---- */

static void test_private_from(void)
{
    /* The wanted values: (material mod (n - 1)) + 1, by Python's integers. */
    static const struct {
        const char *why, *material, *want;
    } rows[] = {
        {"zero", SIXTEEN_ZEROES ZERO, ONE},
        {"n - 2, the last before it wraps", SIXTEEN_ZEROES ORDER_MINUS_2, ORDER_MINUS_1},
        {"n - 1 wraps", SIXTEEN_ZEROES ORDER_MINUS_1, ONE},
        {"n", SIXTEEN_ZEROES ORDER, TWO},
        {"2^256 - 1", SIXTEEN_ZEROES ALL_ONES,
         "00000000ffffffff00000000000000004319055258e8617b0c46353d039cdab0"},
        {"2^256", "00000000000000000000000000000001" ZERO,
         "00000000ffffffff00000000000000004319055258e8617b0c46353d039cdab1"},
        {"a large multiple of n - 1, less 1",
         "ffffffff00000000fffffffffffffffebce6faaea7179e83"
         "f3b9cac2fc6325504319055258e8617b0c46353d039cdaaf",
         ORDER_MINUS_1},
        {"a large multiple of n - 1",
         "ffffffff00000000fffffffffffffffebce6faaea7179e83"
         "f3b9cac2fc6325504319055258e8617b0c46353d039cdab0",
         ONE},
        {"2^384 - 1", "ffffffffffffffffffffffffffffffff" ALL_ONES,
         "431905529c0166ce652e96b7ccca0a9a679b73e29ad16947f01cf012fc632550"},
        {"all bytes different",
         "000102030405060708090a0b0c0d0e0f1011121314151617"
         "18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f",
         "18185bb801b6065828af9bb667d107070b661a42a64f1f66b1a71e49aa7ff400"},
        {"more than is needed",
         "20a82dbc24f3b5c2cb888b53c176249d6666557b670984adcd83da353259d526"
         "54b96fab202b4f781ac998aceff8a922f08aaca7fe5453c027cf1f3f424ce948",
         "1129ab9ea7e2a29dac71f0a48f0e775e71fef46dc8cf296d34707492ee701869"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct p256_private got;
        check_row(rows[i].why);
        CHECK_INT(p256_private_from(edge(hex(&arena, rows[i].material)), &got), OK);
        CHECK_SPAN(span_bytes(got.scalar, sizeof got.scalar), hex(&arena, rows[i].want));
        CHECK_INT(p256_private_parse(span_bytes(got.scalar, sizeof got.scalar), &got), OK);
    }
    check_row("too little");
    struct span material = hex(&arena, rows[0].material);
    for (size_t size = 0; size < P256_MATERIAL_MIN; size++)
        CHECK_INT(p256_private_from(edge(span_first(material, size)), &private_key), MALFORMED);
    CHECK_INT(p256_private_from(ABSENT, &private_key), MALFORMED);
    check_row(NULL);
}

static void test_private_parse(void)
{
    static const struct {
        const char *why, *scalar;
        enum result want;
    } rows[] = {
        {"the least", ONE, OK},
        {"the greatest", ORDER_MINUS_1, OK},
        {"RFC 6979", PRIVATE, OK},
        {"zero", ZERO, MALFORMED},
        {"n", ORDER, MALFORMED},
        {"n + 1", ORDER_PLUS_1, MALFORMED},
        {"2^256 - 1", ALL_ONES, MALFORMED},
        {"a byte too many", PRIVATE "00", MALFORMED},
        {"a leading zero too many", "00" PRIVATE, MALFORMED},
        {"empty", "", MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct p256_private got;
        check_row(rows[i].why);
        CHECK_INT(p256_private_parse(edge(hex(&arena, rows[i].scalar)), &got), rows[i].want);
    }
    check_row("cut short");
    struct span scalar = hex(&arena, PRIVATE);
    for (size_t size = 0; size < scalar.size; size++)
        CHECK_INT(p256_private_parse(edge(span_first(scalar, size)), &private_key), MALFORMED);
    CHECK_INT(p256_private_parse(ABSENT, &private_key), MALFORMED);
    check_row(NULL);
}

/* ---- public keys ---- */

static void test_public_of(void)
{
    CHECK_INT(p256_private_parse(hex(&arena, PRIVATE), &private_key), OK);
    p256_public_of(&private_key, &public_key);
    CHECK_INT(public_key.point[0], 4);
    CHECK_SPAN(p256_x(&public_key), hex(&arena, PUBLIC_X));
    CHECK_SPAN(p256_y(&public_key), hex(&arena, PUBLIC_Y));
}

static void test_public_parse(void)
{
    static const struct {
        const char *why, *x, *y;
        enum result want;
    } rows[] = {
        {"RFC 6979", PUBLIC_X, PUBLIC_Y, OK},
        {"its negative", PUBLIC_X,
         "86fc01eef74743675be51616a9d7439b0d0e4df4d28160ae885c3d6b2bb9dd66", OK},
        {"x is 0", ZERO, "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4", OK},
        {"x is 5", "0000000000000000000000000000000000000000000000000000000000000005",
         "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc", OK},
        {"x is 5 + p, a second spelling",
         "ffffffff00000001000000000000000000000001000000000000000000000004",
         "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc", MALFORMED},
        {"x is p, a second spelling of 0",
         "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
         "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4", MALFORMED},
        {"0, 0", ZERO, ZERO, MALFORMED},
        {"0, 1", ZERO, ONE, MALFORMED},
        {"1, 0", ONE, ZERO, MALFORMED},
        {"all ones", ALL_ONES, ALL_ONES, MALFORMED},
        {"x and y exchanged", PUBLIC_Y, PUBLIC_X, MALFORMED},
        {"y is x", PUBLIC_X, PUBLIC_X, MALFORMED},
        {"a leading zero before x", "00" PUBLIC_X, PUBLIC_Y, MALFORMED},
        {"a leading zero before y", PUBLIC_X, "00" PUBLIC_Y, MALFORMED},
        {"x with a byte too many", PUBLIC_X "00", PUBLIC_Y, MALFORMED},
        {"y with a byte too many", PUBLIC_X, PUBLIC_Y "00", MALFORMED},
        {"all in x", PUBLIC_X PUBLIC_Y, "", MALFORMED},
        {"nothing", "", "", MALFORMED},
    };
    struct p256_public got;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span x = hex(&arena, rows[i].x);
        struct span y = hex(&arena, rows[i].y);
        check_row(rows[i].why);
        CHECK_INT(p256_public_parse(edge(x), edge(y), &got), rows[i].want);
        if (rows[i].want == OK) {
            CHECK_SPAN(p256_x(&got), x);
            CHECK_SPAN(p256_y(&got), y);
        }
    }
    struct span x = hex(&arena, PUBLIC_X);
    struct span y = hex(&arena, PUBLIC_Y);
    check_row("cut short");
    for (size_t size = 0; size < x.size; size++) {
        CHECK_INT(p256_public_parse(edge(span_first(x, size)), edge(y), &got), MALFORMED);
        CHECK_INT(p256_public_parse(edge(x), edge(span_first(y, size)), &got), MALFORMED);
    }
    CHECK_INT(p256_public_parse(ABSENT, ABSENT, &got), MALFORMED);
    check_row("a bit of y flipped: off the curve");
    for (size_t bit = 0; bit < 256; bit++) {
        struct span wrong = edge(y);
        ((uint8_t *)wrong.data)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_INT(p256_public_parse(x, wrong, &got), MALFORMED);
    }
    check_row(NULL);
}

/* ---- ES256 ---- */

static void key_pair(const char *scalar, struct p256_private *secret, struct p256_public *public)
{
    CHECK_INT(p256_private_parse(hex(&arena, scalar), secret), OK);
    p256_public_of(secret, public);
}

static void test_sign(void)
{
    static const struct {
        const char *why;
        struct span message;
        const char *want;
    } rows[] = {
        {"RFC 6979 A.2.5, sample", SPAN("sample"), SAMPLE_R SAMPLE_S},
        {"RFC 6979 A.2.5, test", SPAN("test"),
         "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
         "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
    };
    uint8_t signature[ES256_SIZE];
    struct span got = span_bytes(signature, sizeof signature);
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(es256_sign(&private_key, edge(rows[i].message), signature), OK);
        CHECK_SPAN(got, hex(&arena, rows[i].want));
        CHECK_INT(es256_verify(&public_key, edge(rows[i].message), edge(got)), OK);
    }
    check_row("nothing is a message too");
    CHECK_INT(es256_sign(&private_key, SPAN(""), signature), OK);
    CHECK_INT(es256_verify(&public_key, SPAN(""), got), OK);
    check_row("no key");
    struct p256_private zero = {{0}};
    CHECK_INT(es256_sign(&zero, SPAN("sample"), signature), MALFORMED);
    memset(zero.scalar, 0xff, sizeof zero.scalar);
    CHECK_INT(es256_sign(&zero, SPAN("sample"), signature), MALFORMED);
    check_row(NULL);
}

static void test_verify(void)
{
    static const struct {
        const char *why, *signature;
        enum result want;
    } rows[] = {
        {"RFC 6979", SAMPLE_R SAMPLE_S, OK},
        {"n - s is as good as s: nothing hangs on a signature's bytes", SAMPLE_R SAMPLE_S_NEGATED,
         OK},
        {"in DER", "3046022100" SAMPLE_R "022100" SAMPLE_S, UNVERIFIABLE},
        {"r and s exchanged", SAMPLE_S SAMPLE_R, UNVERIFIABLE},
        {"r is 0", ZERO SAMPLE_S, UNVERIFIABLE},
        {"s is 0", SAMPLE_R ZERO, UNVERIFIABLE},
        {"both are 0", ZERO ZERO, UNVERIFIABLE},
        {"r is n", ORDER SAMPLE_S, UNVERIFIABLE},
        {"s is n", SAMPLE_R ORDER, UNVERIFIABLE},
        {"both are n", ORDER ORDER, UNVERIFIABLE},
        {"r is n + 1", ORDER_PLUS_1 SAMPLE_S, UNVERIFIABLE},
        {"both are 1", ONE ONE, UNVERIFIABLE},
        {"both are n - 1", ORDER_MINUS_1 ORDER_MINUS_1, UNVERIFIABLE},
        {"all ones", ALL_ONES ALL_ONES, UNVERIFIABLE},
        {"leading zeroes before both", "00" SAMPLE_R "00" SAMPLE_S, UNVERIFIABLE},
        {"r + n in 33 bytes",
         "01efd48b29acb6a8fe1140dd9cd45e81d65a138228fdc29816b706d96b4b125c67"
         "00" SAMPLE_S,
         UNVERIFIABLE},
        {"twice", SAMPLE_R SAMPLE_S SAMPLE_R SAMPLE_S, UNVERIFIABLE},
        {"128 bytes of zero", ZERO ZERO ZERO ZERO, UNVERIFIABLE},
        {"nothing", "", UNVERIFIABLE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(es256_verify(&public_key, SPAN("sample"), edge(hex(&arena, rows[i].signature))),
                  rows[i].want);
    }
    struct span good = hex(&arena, SAMPLE_R SAMPLE_S);
    check_row("no signature");
    CHECK_INT(es256_verify(&public_key, SPAN("sample"), ABSENT), UNVERIFIABLE);
    check_row("another message");
    CHECK_INT(es256_verify(&public_key, SPAN("Sample"), good), UNVERIFIABLE);
    CHECK_INT(es256_verify(&public_key, SPAN("sampl"), good), UNVERIFIABLE);
    CHECK_INT(es256_verify(&public_key, SPAN("sample\0"), good), UNVERIFIABLE);
    CHECK_INT(es256_verify(&public_key, ABSENT, good), UNVERIFIABLE);
    check_row("another key");
    struct p256_private other;
    struct p256_public other_public;
    key_pair(TWO, &other, &other_public);
    CHECK_INT(es256_verify(&other_public, SPAN("sample"), good), UNVERIFIABLE);
    check_row("no key");
    struct p256_public nothing = {{4}};
    CHECK_INT(es256_verify(&nothing, SPAN("sample"), good), UNVERIFIABLE);
    check_row("cut short, or with a byte too many");
    struct span longer = JOIN(&arena, good, SPAN("\0"));
    for (size_t size = 0; size <= longer.size; size++)
        CHECK_INT(es256_verify(&public_key, SPAN("sample"), edge(span_first(longer, size))),
                  size == ES256_SIZE ? OK : UNVERIFIABLE);
    check_row("a byte flipped");
    for (size_t at = 0; at < ES256_SIZE; at++) {
        struct span wrong = edge(good);
        ((uint8_t *)wrong.data)[at] ^= (uint8_t)(1u << at % 8);
        CHECK_INT(es256_verify(&public_key, SPAN("sample"), wrong), UNVERIFIABLE);
    }
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_private_from();
    test_private_parse();
    test_public_of();
    test_public_parse();
    test_sign();
    test_verify();
    return check_done();
}
