/*
 * Wycheproof (C2SP/wycheproof, testvectors_v1) at the level of the room jose:
 * what is valid is accepted, what is invalid refused. Where we refuse more, the
 * vector stands in the table of exceptions with the reason; an exception that
 * is not needed is a failure too. The files are read from the folder that
 * VECTORS names.
 */
#include "base/base64.h"
#include "check.h"
#include "edge.h"
#include "hex.h"
#include "jose/jwt.h"

static struct arena arena;

/* ---- the exceptions ---- */

#define SYMMETRIC "MACs by others: no symmetric algorithm is offered in JOSE"
#define LARGER "SHA-384 and SHA-512 are not offered"
#define ENCRYPTED "encryption is not offered in JOSE"
#define NO_NULL "acceptable: the NULL may be left out; one hash, one encoding"

/* Refused, though valid or (as Wycheproof puts it) acceptable. */
static const struct {
    const char *file;
    unsigned first, last; /* tcId */
    const char *reason;
} EXCEPTIONS[] = {
    {"ecdh_secp256r1_ecpoint", 2, 2, "acceptable: a compressed point; ours are never compressed"},
    {"rsa_signature_2048_sha256", 8, 8, NO_NULL},
    {"rsa_signature_3072_sha256", 8, 8, NO_NULL},
    {"rsa_signature_4096_sha256", 8, 8, NO_NULL},
    {"json_web_signature", 1, 1, SYMMETRIC},
    {"json_web_signature", 264, 271, LARGER}, /* RS384, RS512 */
    {"json_web_signature", 320, 323, LARGER}, /* PS384 */
    {"json_web_signature", 325, 328, LARGER}, /* PS512 */
    {"json_web_signature", 346, 347, LARGER}, /* PS384, ES512 */
    {"json_web_signature", 348, 348, SYMMETRIC},
    {"json_web_signature", 350, 351, LARGER}, /* PS384, ES512 */
    {"json_web_signature", 352, 352, SYMMETRIC},
    {"json_web_signature", 357, 359, SYMMETRIC},
    {"json_web_signature", 372, 373, SYMMETRIC}, /* with bytes that are not base64url, too */
    {"json_web_signature", 376, 377, SYMMETRIC},
    {"json_web_key", 2, 2, SYMMETRIC},
    {"json_web_key", 13, 15, SYMMETRIC},
    {"json_web_crypto", 1, 1, SYMMETRIC},
    {"json_web_crypto", 48, 48, SYMMETRIC},
    {"json_web_crypto", 50, 50, ENCRYPTED},
    {"json_web_crypto", 67, 67, ENCRYPTED},
    {"json_web_encryption", 1, 139, ENCRYPTED},
};
static bool excepted[COUNT(EXCEPTIONS)];

static bool is_exception(struct span file, unsigned id)
{
    for (size_t i = 0; i < COUNT(EXCEPTIONS); i++) {
        if (span_equal(file, span_of(EXCEPTIONS[i].file)) && id >= EXCEPTIONS[i].first &&
            id <= EXCEPTIONS[i].last) {
            excepted[i] = true;
            return true;
        }
    }
    return false;
}

static void check_exceptions(void)
{
    for (size_t i = 0; i < COUNT(EXCEPTIONS); i++) {
        check_row(EXCEPTIONS[i].reason);
        CHECK(excepted[i]);
    }
    check_row(NULL);
}

/* ---- what a vector says ---- */

static struct span text(const struct json *node, const char *name)
{
    return json_member_text(node, span_of(name));
}

static struct span bytes(const struct json *node, const char *name)
{
    return edge(hex_of(&arena, text(node, name)));
}

static unsigned number(const struct json *node, const char *name)
{
    uint64_t value = 0;
    CHECK_INT(json_u64(json_member(node, span_of(name)), &value), OK);
    return (unsigned)value;
}

/* ---- what we make of it: whether it is accepted ---- */

typedef bool accepts(const struct json *group, const struct json *test);

static bool accepts_hmac(const struct json *group, const struct json *test)
{
    struct hash mac;
    struct span message = bytes(test, "msg");
    hmac_sha256(bytes(test, "key"), 1, &message, &mac);
    return crypto_equal(span_first(hash_span(&mac), number(group, "tagSize") / 8),
                        bytes(test, "tag"));
}

static bool accepts_hkdf(const struct json *group, const struct json *test)
{
    (void)group;
    unsigned size = number(test, "size");
    uint8_t *out = ARENA_ARRAY(&arena, size, uint8_t);
    return hkdf_sha256(bytes(test, "ikm"), bytes(test, "salt"), bytes(test, "info"), out, size) ==
               OK &&
           span_equal(span_bytes(out, size), bytes(test, "okm"));
}

static bool accepts_aead(const struct json *group, const struct json *test)
{
    (void)group;
    struct key key;
    struct span key_bytes = bytes(test, "key");
    struct span nonce = hex_of(&arena, text(test, "iv"));
    struct span aad = hex_of(&arena, text(test, "aad"));
    struct span message = hex_of(&arena, text(test, "msg"));
    struct span sealed = edge(JOIN(&arena, bytes(test, "ct"), bytes(test, "tag")));
    struct span opened, again;
    if (!CHECK_INT(key_bytes.size, KEY_SIZE))
        return false;
    memcpy(key.bytes, key_bytes.data, KEY_SIZE);
    if (aead_open(&arena, &key, edge(nonce), edge(aad), sealed, &opened) != OK)
        return false;
    CHECK_SPAN(opened, message);
    CHECK_INT(aead_seal(&arena, &key, nonce, aad, message, &again), OK);
    CHECK_SPAN(again, sealed);
    return true;
}

/* We agree on no keys, but these are the vectors of points that are none. */
static bool accepts_point(const struct json *group, const struct json *test)
{
    (void)group;
    struct span point = bytes(test, "public");
    struct p256_public key;
    return point.size == P256_POINT_SIZE && point.data[0] == 4 &&
           p256_public_parse(edge(span_first(span_skip(point, 1), 32)), edge(span_skip(point, 33)),
                             &key) == OK;
}

static bool accepts_es256(const struct json *group, const struct json *test)
{
    struct span point = bytes(json_member(group, SPAN("publicKey")), "uncompressed");
    const struct json *node = json_member(group, SPAN("publicKeyJwk"));
    struct p256_public key;
    CHECK_INT(p256_public_parse(span_first(span_skip(point, 1), 32), span_skip(point, 33), &key),
              OK);
    if (node != NULL) {
        struct jwk jwk;
        CHECK_INT(jwk_parse(&arena, node, &jwk), OK);
        CHECK_SPAN(p256_x(&jwk.ec), p256_x(&key));
        CHECK_SPAN(p256_y(&jwk.ec), p256_y(&key));
    }
    return es256_verify(&key, bytes(test, "msg"), bytes(test, "sig")) == OK;
}

static bool accepts_rs256(const struct json *group, const struct json *test)
{
    struct jwk jwk;
    CHECK_INT(jwk_parse(&arena, json_member(group, SPAN("keyJwk")), &jwk), OK);
    return rs256_verify(&jwk.rsa, bytes(test, "msg"), bytes(test, "sig")) == OK;
}

static bool accepts_ps256(const struct json *group, const struct json *test)
{
    struct jwk jwk;
    CHECK_INT(jwk_parse(&arena, json_member(group, SPAN("publicKeyJwk")), &jwk), OK);
    return ps256_verify(&jwk.rsa, bytes(test, "msg"), bytes(test, "sig")) == OK;
}

/* A group's keys, one or a set; those that are not for us are left out, as jwks_parse does it. */
static struct jwks keys_of(const struct json *group)
{
    const struct json *node = json_member(group, SPAN("public"));
    if (node == NULL)
        node = json_member(group, SPAN("private"));
    const struct json *keys = json_member(node, SPAN("keys"));
    const struct json *one = keys == NULL ? node : json_first(keys);
    struct jwks set = {ARENA_ARRAY(&arena, JWKS_MAX_KEYS, struct jwk), 0};
    for (; one != NULL; one = keys == NULL ? NULL : json_next(one))
        if (jwk_parse(&arena, one, &set.keys[set.count]) == OK)
            set.count++;
    return set;
}

static bool accepts_jws(const struct json *group, const struct json *test)
{
    struct jwt jws;
    struct jwks set = keys_of(group);
    struct span token = json_member_text(test, SPAN("jws"));
    if (!span_present(token))
        token = json_member_text(test, SPAN("jwe"));
    return jws_parse(&arena, edge(token), &jws) == OK &&
           jws_verify(&jws, &set, ALG_ES256 | ALG_RS256 | ALG_PS256) == OK;
}

/* ---- the files ---- */

static const struct {
    const char *name;
    accepts *accepts;
} FILES[] = {
    {"hmac_sha256", accepts_hmac},
    {"hkdf_sha256", accepts_hkdf},
    {"chacha20_poly1305", accepts_aead},
    {"ecdh_secp256r1_ecpoint", accepts_point},
    {"ecdsa_secp256r1_sha256_p1363", accepts_es256},
    {"rsa_signature_2048_sha256", accepts_rs256},
    {"rsa_signature_3072_sha256", accepts_rs256},
    {"rsa_signature_4096_sha256", accepts_rs256},
    {"rsa_pss_2048_sha256_mgf1_32", accepts_ps256},
    {"json_web_signature", accepts_jws},
    {"json_web_key", accepts_jws},
    {"json_web_crypto", accepts_jws},
    {"json_web_encryption", accepts_jws},
};

static struct span read_file(struct span folder, struct span name)
{
    enum { MAX_SIZE = 1 << 20 };
    struct span path = JOIN(&arena, folder, SPAN("/wycheproof/"), name, SPAN("_test.json\0"));
    FILE *file = fopen((const char *)path.data, "rb");
    if (file == NULL) {
        printf("Wycheproof is not at %s: set VECTORS to the folder that has wycheproof/\n",
               (const char *)path.data);
        exit(1);
    }
    uint8_t *content = ARENA_ARRAY(&arena, MAX_SIZE, uint8_t);
    size_t size = fread(content, 1, MAX_SIZE, file);
    CHECK(feof(file) != 0);
    fclose(file);
    return span_bytes(content, size);
}

static void run_file(struct span folder, struct span file, accepts *accepted_by_us)
{
    const struct json *root;
    unsigned accepted = 0, refused = 0, exceptions = 0;
    if (!CHECK_INT(json_parse_trusted(&arena, read_file(folder, file), &root), OK))
        return;
    const struct json *group = json_first(json_member(root, SPAN("testGroups")));
    for (; group != NULL; group = json_next(group)) {
        const struct json *test = json_first(json_member(group, SPAN("tests")));
        for (; test != NULL; test = json_next(test)) {
            uint8_t *at = arena.at;
            unsigned id = number(test, "tcId");
            struct span want = text(test, "result");
            bool got = accepted_by_us(group, test);
            accepted += got;
            refused += !got;
            if (!got && !span_equal(want, SPAN("invalid")) && is_exception(file, id))
                exceptions++;
            else if (!CHECK(span_equal(want, got ? SPAN("valid") : SPAN("invalid"))))
                printf("    %.*s, tcId %u\n", (int)file.size, (const char *)file.data, id);
            arena.at = at;
        }
    }
    printf("%-30.*s %4u accepted, %4u refused, %3u of them by exception\n", (int)file.size,
           (const char *)file.data, accepted, refused, exceptions);
}

int main(void)
{
    arena = edge_arena(32 << 20);
    const char *vectors = getenv("VECTORS");
    struct span folder = span_of(vectors != NULL ? vectors : "../shared/vectors");
    struct arena before = arena;
    for (size_t i = 0; i < COUNT(FILES); i++) {
        run_file(folder, span_of(FILES[i].name), FILES[i].accepts);
        arena.at = before.at;
    }
    check_exceptions();
    return check_done();
}
