/*
 * What is written here as hexadecimal was computed by another implementation
 * (Python's cryptography). It pins the formats: if a row has to change, nothing
 * that was stored or handed out before can be read any more.
 */
#include "jose/seal.h"

#include "check.h"
#include "edge.h"
#include "hex.h"

static struct arena arena;
static struct keyring ring;    /* of ROOT alone */
static struct keyring rotated; /* of OTHER_ROOT, with ROOT as the previous one */
static struct keyring foreign; /* of OTHER_ROOT alone */

#define ROOT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define OTHER_ROOT "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

/* Its keys have the same id as those of ROOT. */
#define SAME_ID_ROOT SPAN("collision 0.....................")

#define AAD SPAN("aad")
#define PLAINTEXT SPAN("plaintext")

static struct drbg new_drbg(void)
{
    static const uint8_t seed[32] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
                                     7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
    struct drbg d;
    drbg_make(&d, span_bytes(seed, sizeof seed));
    return d;
}

/* ---- the keyring ---- */

static void test_keys(void)
{
    static const struct {
        const char *why;
        enum purpose purpose;
        const char *current, *previous;
    } rows[] = {
        {"code", FOR_CODE, "6ee98ba5f007591e75cd04ef4030a6a2cfdf14818e98c4f720fc8846f8b9cdf4",
         "ab04d4afacd32589f3b85a55cbf2c496eaf48ecad204bb0cee9726fad115ff2c"},
        {"transaction", FOR_TRANSACTION,
         "e5b0adc0ba94b6b050a805f373d4e3d0c3fcb1bfc28654a1295e0072460e206b",
         "2817c489879423d8bb6e0ec66c0774a494f3e59b2591254497de97d4b5e053bc"},
        {"browser", FOR_BROWSER, "42c5bfd4b16239d94ad296124c5790ed3b04708455abc78da63c60d4608e7f36",
         "4ca56bb58ac865c3c9d2e3bb70e26bf342f8ff4302692f046feb33f02e879af8"},
        {"access", FOR_ACCESS, "f2fb3996352981bb8683661771e7f9e1542a19c0479bece29d7f33c4422fdb76",
         "8240dde1b76472c1b4689c2042af1fd32a196a5a647ced03a3dd19cee05c6f36"},
        {"refresh", FOR_REFRESH, "c6c851f27094587fe32750ed036640de55c50f4fa13a356adf65f1693ed9b26f",
         "cc49ddfb81c18373ca073e7f1f7ee3ccf82fa57b6e5487ae6f1a613513a2614f"},
        {"client", FOR_CLIENT, "35b90f3911670d794d5ad05977f00a42bba7769087f573758aa0aa8c3eed35c6",
         "b396655b44dcd25fc85d9f3a674c898572185124c337f726d3bc6f0d79951568"},
        {"secret", FOR_SECRET, "ccb34b6c94fb201e03ae2b2b2a90fabc8e43eaef68e337cc8ce7bf65ff3d640a",
         "f785b93c8f06fb900e8f8f39dc7f4d662a6c7dafbf5ea4877d4ef14a334fc52a"},
        {"wrap", FOR_WRAP, "823a8f9c68fd679b05eb02a88a99e424f603e46df66adac02b8b93cdecea54bb",
         "4971719c81445cf5b3173b323427566d7d16992432cc9f17d2587390a86ecdac"},
    };
    struct keyring both;
    CHECK_INT(COUNT(rows), PURPOSE_COUNT);
    CHECK_INT(keyring_make(edge(hex(&arena, ROOT)), edge(hex(&arena, OTHER_ROOT)), &both), OK);
    CHECK(both.has_previous);
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_SPAN(key_span(&both.current[rows[i].purpose]), hex(&arena, rows[i].current));
        CHECK_SPAN(key_span(&both.previous[rows[i].purpose]), hex(&arena, rows[i].previous));
        for (size_t k = 0; k < i; k++)
            CHECK(!crypto_equal(key_span(&both.current[i]), key_span(&both.current[k])));
    }
    check_row("ids and signing keys");
    CHECK_INT(both.current_id, 0xb6);
    CHECK_INT(both.previous_id, 0xe6);
    CHECK_SPAN(span_bytes(both.signing.scalar, P256_SCALAR_SIZE),
               hex(&arena, "b07b6e5d2a6c21f11300b434db1700ca3b7a3cbcc6c0812c1e54c1e40ae9197d"));
    CHECK_SPAN(span_bytes(both.signing_public.point, P256_POINT_SIZE),
               hex(&arena, "04fd8efb7c2b21b619b19014e194f33ccb7860d51da9db5e80d78d65d23938037d"
                           "811b7ea60ed8a5e3bc9909f92638d372c6a125658e7503d1e913bc7da5a6ccad"));
    CHECK(both.has_previous_signing);
    CHECK_SPAN(span_bytes(both.previous_signing_public.point, P256_POINT_SIZE),
               hex(&arena, "0421398a9a9503ae74352841b68488d0ee83c1e43733108eec5cfc34061d17af6d"
                           "8dfb0c2e6176b13b58c1cf7222781bcb4c4511afc6e3483d9b5527de4b60065c"));
    check_row(NULL);
}

static void test_keyring_refusals(void)
{
    struct keyring made = {.current_id = 99};
    struct span root = hex(&arena, ROOT);
    check_row("a short root secret");
    for (size_t size = 0; size < ROOT_SECRET_MIN; size++)
        CHECK_INT(keyring_make(edge(span_first(root, size)), ABSENT, &made), MALFORMED);
    CHECK_INT(keyring_make(ABSENT, ABSENT, &made), MALFORMED);
    CHECK_INT(keyring_make(ABSENT, root, &made), MALFORMED);
    check_row("a short previous one: it is not left out silently");
    for (size_t size = 0; size < ROOT_SECRET_MIN; size++)
        CHECK_INT(keyring_make(root, edge(span_first(root, size)), &made), MALFORMED);
    CHECK_INT(made.current_id, 99);
    check_row("a longer one is another one");
    CHECK_INT(keyring_make(JOIN(&arena, root, SPAN("\0")), ABSENT, &made), OK);
    CHECK(!crypto_equal(key_span(&made.current[0]), key_span(&ring.current[0])));
    check_row(NULL);
}

/* ---- boxes ---- */

static void unseal_refused(const struct keyring *with, enum purpose purpose, struct span aad,
                           struct span box)
{
    uint8_t *at = arena.at;
    struct span got = SPAN("untouched");
    CHECK_INT(unseal(&arena, with, purpose, aad, box, &got, NULL), UNVERIFIABLE);
    CHECK_SPAN(got, SPAN("untouched"));
    arena.at = at;
}

static struct span flipped(struct span s, size_t at)
{
    struct span copy = edge(s);
    ((uint8_t *)copy.data)[at] ^= (uint8_t)(1u << at % 8);
    return copy;
}

static void test_box(void)
{
    struct drbg d = new_drbg();
    struct span box, got;
    CHECK_INT(seal(&arena, &ring, FOR_CODE, &d, edge(AAD), edge(PLAINTEXT), &box), OK);
    CHECK_SPAN(box, hex(&arena, "01b6f400927857aaf64114f561ba"
                                "754b91c03515adddd176a82295a8fa9dfe0c00c73cb0f14780"));
    CHECK_INT(box.size, PLAINTEXT.size + BOX_OVERHEAD);
    CHECK_INT(unseal(&arena, &ring, FOR_CODE, edge(AAD), edge(box), &got, NULL), OK);
    CHECK_SPAN(got, PLAINTEXT);
    check_row("the next box has another nonce");
    CHECK_INT(seal(&arena, &ring, FOR_CODE, &d, AAD, PLAINTEXT, &got), OK);
    CHECK(!span_equal(span_first(got, 14), span_first(box, 14)));
    check_row("another purpose");
    for (enum purpose p = 0; p < PURPOSE_COUNT; p++)
        if (p != FOR_CODE)
            unseal_refused(&ring, p, AAD, box);
    check_row("other associated data");
    unseal_refused(&ring, FOR_CODE, SPAN("Aad"), box);
    unseal_refused(&ring, FOR_CODE, SPAN("aa"), box);
    unseal_refused(&ring, FOR_CODE, ABSENT, box);
    check_row("a byte flipped");
    for (size_t at = 0; at < box.size; at++) {
        unseal_refused(&ring, FOR_CODE, AAD, flipped(box, at));
        unseal_refused(&rotated, FOR_CODE, AAD, flipped(box, at));
    }
    check_row("cut short, or with a byte too many");
    for (size_t size = 0; size < box.size; size++)
        unseal_refused(&ring, FOR_CODE, AAD, edge(span_first(box, size)));
    unseal_refused(&ring, FOR_CODE, AAD, JOIN(&arena, box, SPAN("\0")));
    unseal_refused(&ring, FOR_CODE, AAD, ABSENT);
    check_row("nothing in it");
    CHECK_INT(seal(&arena, &ring, FOR_CODE, &d, ABSENT, ABSENT, &box), OK);
    CHECK_INT(box.size, BOX_OVERHEAD);
    CHECK_INT(unseal(&arena, &ring, FOR_CODE, SPAN(""), edge(box), &got, NULL), OK);
    CHECK_SPAN(got, SPAN(""));
    check_row(NULL);
}

static void test_box_rotation(void)
{
    struct drbg d = new_drbg();
    struct keyring twins;
    struct span old_box, new_box, got;
    CHECK_INT(seal(&arena, &ring, FOR_CODE, &d, AAD, PLAINTEXT, &old_box), OK);
    CHECK_INT(seal(&arena, &rotated, FOR_CODE, &d, AAD, PLAINTEXT, &new_box), OK);
    check_row("made before the rotation");
    CHECK_INT(unseal(&arena, &rotated, FOR_CODE, AAD, old_box, &got, NULL), OK);
    CHECK_SPAN(got, PLAINTEXT);
    check_row("made after it, with the new root");
    CHECK_INT(unseal(&arena, &rotated, FOR_CODE, AAD, new_box, &got, NULL), OK);
    CHECK_INT(unseal(&arena, &foreign, FOR_CODE, AAD, new_box, &got, NULL), OK);
    unseal_refused(&ring, FOR_CODE, AAD, new_box);
    check_row("by which root");
    bool previous = false;
    CHECK_INT(unseal(&arena, &rotated, FOR_CODE, AAD, old_box, &got, &previous), OK);
    CHECK(previous);
    CHECK_INT(unseal(&arena, &rotated, FOR_CODE, AAD, new_box, &got, &previous), OK);
    CHECK(!previous);
    check_row("after the old root is gone");
    unseal_refused(&foreign, FOR_CODE, AAD, old_box);
    check_row("another root's id on it");
    ((uint8_t *)old_box.data)[1] = rotated.current_id;
    unseal_refused(&rotated, FOR_CODE, AAD, old_box);
    unseal_refused(&foreign, FOR_CODE, AAD, old_box);
    check_row("two roots of one id: both are tried");
    CHECK_INT(keyring_make(SAME_ID_ROOT, hex(&arena, ROOT), &twins), OK);
    CHECK_INT(twins.current_id, twins.previous_id);
    ((uint8_t *)old_box.data)[1] = ring.current_id;
    CHECK_INT(unseal(&arena, &twins, FOR_CODE, AAD, old_box, &got, &previous), OK);
    CHECK(previous);
    CHECK_SPAN(got, PLAINTEXT);
    CHECK_INT(seal(&arena, &twins, FOR_CODE, &d, AAD, PLAINTEXT, &new_box), OK);
    CHECK_INT(unseal(&arena, &twins, FOR_CODE, AAD, new_box, &got, &previous), OK);
    CHECK(!previous);
    unseal_refused(&ring, FOR_CODE, AAD, new_box);
    unseal_refused(&twins, FOR_CODE, AAD, flipped(old_box, old_box.size - 1));
    check_row(NULL);
}

static void test_box_with_key(void)
{
    struct drbg d = new_drbg();
    struct key key, other;
    struct span box, got = SPAN("untouched");
    memset(key.bytes, 5, sizeof key.bytes);
    memset(other.bytes, 6, sizeof other.bytes);
    CHECK_INT(seal_with(&arena, &key, &d, edge(AAD), edge(PLAINTEXT), &box), OK);
    CHECK_SPAN(box, hex(&arena, "0100f400927857aaf64114f561ba"
                                "dfd6e150d19eec636a4ada0202d95169ca302147cee07aa422"));
    check_row("another key");
    CHECK_INT(unseal_with(&arena, &other, AAD, box, &got), UNVERIFIABLE);
    check_row("other associated data");
    CHECK_INT(unseal_with(&arena, &key, SPAN("aae"), box, &got), UNVERIFIABLE);
    check_row("S77: another format");
    CHECK_INT(unseal_with(&arena, &key, AAD, flipped(box, 0), &got), HOST_FAILED);
    check_row("a byte flipped");
    for (size_t at = 1; at < box.size; at++)
        CHECK_INT(unseal_with(&arena, &key, AAD, flipped(box, at), &got), UNVERIFIABLE);
    check_row("cut short");
    for (size_t size = 0; size < box.size; size++)
        CHECK_INT(unseal_with(&arena, &key, AAD, edge(span_first(box, size)), &got), UNVERIFIABLE);
    check_row("a box of the keyring's, under the same key");
    CHECK_SPAN(got, SPAN("untouched"));
    CHECK_INT(unseal_with(&arena, &key, edge(AAD), edge(box), &got), OK);
    CHECK_SPAN(got, PLAINTEXT);
    CHECK_INT(seal(&arena, &ring, FOR_CODE, &d, AAD, PLAINTEXT, &box), OK);
    CHECK_INT(unseal_with(&arena, &ring.current[FOR_CODE], AAD, box, &got), UNVERIFIABLE);
    check_row(NULL);
}

/* ---- MACs and derived keys ---- */

static void test_mac(void)
{
    static const struct {
        const char *why;
        struct span parts[4];
        size_t count;
        enum result want;
    } rows[] = {
        {"the same parts", {SPAN("one"), SPAN(""), SPAN("three")}, 3, OK},
        {"a part less", {SPAN("one"), SPAN("three")}, 2, UNVERIFIABLE},
        {"a part more", {SPAN("one"), SPAN(""), SPAN("three"), SPAN("")}, 4, UNVERIFIABLE},
        {"another order", {SPAN(""), SPAN("one"), SPAN("three")}, 3, UNVERIFIABLE},
        {"cut elsewhere", {SPAN("on"), SPAN("e"), SPAN("three")}, 3, UNVERIFIABLE},
        {"joined", {SPAN("onethree")}, 1, UNVERIFIABLE},
        {"absent is not empty", {SPAN("one"), ABSENT, SPAN("three")}, 3, UNVERIFIABLE},
        {"another text", {SPAN("one"), SPAN(""), SPAN("Three")}, 3, UNVERIFIABLE},
        {"nothing", {ABSENT}, 0, UNVERIFIABLE},
        {"already packed", {SPAN("\3\0\0\0one\0\0\0\0\5\0\0\0three")}, 1, UNVERIFIABLE},
    };
    uint8_t mac[MAC_SIZE];
    struct span made = span_bytes(mac, sizeof mac);
    mac_make(&ring, FOR_ACCESS, 3, rows[0].parts, mac);
    CHECK_SPAN(made, hex(&arena, "05858e1728992385e1c37dffc8724be4"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(mac_check(&ring, FOR_ACCESS, rows[i].count, rows[i].parts, edge(made), NULL),
                  rows[i].want);
        CHECK_INT(mac_check(&rotated, FOR_ACCESS, rows[i].count, rows[i].parts, edge(made), NULL),
                  rows[i].want);
        CHECK_INT(mac_check(&foreign, FOR_ACCESS, rows[i].count, rows[i].parts, edge(made), NULL),
                  UNVERIFIABLE);
    }
    const struct span *parts = rows[0].parts;
    bool previous;
    check_row("by which root");
    CHECK_INT(mac_check(&rotated, FOR_ACCESS, 3, parts, made, &previous), OK);
    CHECK(previous);
    CHECK_INT(mac_check(&ring, FOR_ACCESS, 3, parts, made, &previous), OK);
    CHECK(!previous);
    check_row("another purpose");
    for (enum purpose p = 0; p < PURPOSE_COUNT; p++)
        CHECK_INT(mac_check(&ring, p, 3, parts, made, NULL), p == FOR_ACCESS ? OK : UNVERIFIABLE);
    check_row("a byte flipped");
    for (size_t at = 0; at < MAC_SIZE; at++) {
        CHECK_INT(mac_check(&ring, FOR_ACCESS, 3, parts, flipped(made, at), NULL), UNVERIFIABLE);
        CHECK_INT(mac_check(&rotated, FOR_ACCESS, 3, parts, flipped(made, at), NULL), UNVERIFIABLE);
    }
    check_row("any size but its own");
    struct span whole =
        hex(&arena, "05858e1728992385e1c37dffc8724be438e81b1ec7b1d3e359de5e09a59e14ab");
    for (size_t size = 0; size <= whole.size; size++)
        CHECK_INT(mac_check(&rotated, FOR_ACCESS, 3, parts, edge(span_first(whole, size)), NULL),
                  size == MAC_SIZE ? OK : UNVERIFIABLE);
    CHECK_INT(mac_check(&ring, FOR_ACCESS, 3, parts, ABSENT, NULL), UNVERIFIABLE);
    check_row("as many parts as there may be");
    struct span many[MAC_MAX_PARTS];
    for (size_t i = 0; i < MAC_MAX_PARTS; i++)
        many[i] = SPAN("part");
    mac_make(&ring, FOR_REFRESH, MAC_MAX_PARTS, many, mac);
    CHECK_INT(mac_check(&ring, FOR_REFRESH, MAC_MAX_PARTS, many, made, NULL), OK);
    CHECK_INT(mac_check(&ring, FOR_REFRESH, MAC_MAX_PARTS - 1, many, made, NULL), UNVERIFIABLE);
    check_row(NULL);
}

static void test_derive(void)
{
    struct span parts[] = {SPAN("one"), ABSENT, SPAN("three")};
    struct key now, before, other;
    derive(&ring, FOR_ACCESS, false, 3, parts, &now);
    CHECK_SPAN(key_span(&now),
               hex(&arena, "d710be2cd29f68a3adeb8a3e49484d27acd16d6b8edbe60532ec491c1f03718d"));
    check_row("after a rotation the previous root gives what the current one gave");
    derive(&rotated, FOR_ACCESS, true, 3, parts, &before);
    CHECK_SPAN(key_span(&before), key_span(&now));
    derive(&rotated, FOR_ACCESS, false, 3, parts, &other);
    CHECK(!crypto_equal(key_span(&other), key_span(&now)));
    check_row("another purpose, other parts");
    derive(&ring, FOR_SECRET, false, 3, parts, &other);
    CHECK(!crypto_equal(key_span(&other), key_span(&now)));
    derive(&ring, FOR_ACCESS, false, 2, parts, &other);
    CHECK(!crypto_equal(key_span(&other), key_span(&now)));
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(4 << 20);
    CHECK_INT(keyring_make(hex(&arena, ROOT), ABSENT, &ring), OK);
    CHECK(!ring.has_previous);
    CHECK_INT(keyring_make(hex(&arena, OTHER_ROOT), hex(&arena, ROOT), &rotated), OK);
    CHECK_INT(keyring_make(hex(&arena, OTHER_ROOT), ABSENT, &foreign), OK);
    test_keys();
    test_keyring_refusals();
    test_box();
    test_box_rotation();
    test_box_with_key();
    test_mac();
    test_derive();
    return check_done();
}
