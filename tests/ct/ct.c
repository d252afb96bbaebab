/*
 * Does what is done with a secret depend on it? Run under valgrind (make ct),
 * which tracks every bit that stems from undefined memory and reports each
 * branch and each address that depends on one. So secrets are declared
 * undefined here, and what may be known of them defined again:
 *
 *     secret(key.bytes, sizeof key.bytes);
 *     mac_make(&ring, FOR_ACCESS, 1, &part, mac);
 *
 * Called with the name of a control it does something that has to be found.
 * That the verdict of a comparison is known stands in public.supp.
 */
#include "check.h"
#include "jose/seal.h"
#include "oauth/client.h"
#include "oauth/grant.h"
#include "oauth/shard.h"

#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

static uint8_t memory[1 << 20];
static struct arena arena;
static struct keyring ring;
static struct cx cx;

static void secret(const void *data, size_t size)
{
    VALGRIND_MAKE_MEM_UNDEFINED(data, size);
}

static void known(const void *data, size_t size)
{
    VALGRIND_MAKE_MEM_DEFINED(data, size);
}

static struct span secret_bytes(size_t size)
{
    uint8_t *bytes = ARENA_ARRAY(&arena, size, uint8_t);
    secret(bytes, size);
    return span_bytes(bytes, size);
}

/* A result that was computed from secrets and that everybody may know. */
static int told(int result)
{
    known(&result, sizeof result);
    return result;
}

/* ---- comparisons ---- */

static void comparing(void)
{
    for (size_t size = 0; size < 70; size++)
        (void)told(crypto_equal(secret_bytes(size), secret_bytes(size)));
}

static void checking_a_mac(void)
{
    struct span part = SPAN("part");
    struct span mac = secret_bytes(MAC_SIZE);
    (void)told((int)mac_check(&ring, FOR_ACCESS, 1, &part, mac, NULL));
}

static void checking_a_client_secret(void)
{
    struct client client = {.kind = CLIENT_DYNAMIC, .auth = AUTH_SECRET_POST, .secret_count = 2};
    struct client_credentials presented = {.method = AUTH_SECRET_POST, .secret = secret_bytes(43)};
    secret(client.secret_hashes, sizeof client.secret_hashes);
    (void)told((int)client_authenticate(&cx, &client, &presented));
}

static void finding_a_token(void)
{
    struct grant_rows rows = {.live_row.version = 1, .digest = token_digest_of(secret_bytes(300))};
    rows.live = (struct live_token){.hash = secret_bytes(32), .expires = 1};
    (void)told(grant_is_live(&cx, &rows));
}

/* ---- keys ---- */

static void hashing(void)
{
    struct hash hash;
    struct span data = secret_bytes(1000);
    sha256(data, &hash);
    hmac_sha256(secret_bytes(32), 1, &data, &hash);
    hmac_sha256(secret_bytes(100), 1, &data, &hash); /* longer than a block */
}

static void deriving(void)
{
    struct key key;
    struct span part = secret_bytes(20);
    (void)told((int)hkdf_sha256(secret_bytes(40), SPAN("salt"), SPAN("info"), key.bytes, KEY_SIZE));
    derive(&ring, FOR_SECRET, false, 1, &part, &key);
    derive(&ring, FOR_SECRET, true, 1, &part, &key);
}

static void drawing(void)
{
    uint8_t bytes[100];
    struct drbg drbg;
    drbg_make(&drbg, secret_bytes(32));
    drbg_bytes(&drbg, bytes, sizeof bytes);
}

static void sealing(void)
{
    struct key key;
    struct span sealed, opened, plaintext = secret_bytes(300);
    struct span nonce = span_bytes("twelve bytes", AEAD_NONCE_SIZE);
    secret(key.bytes, sizeof key.bytes);
    CHECK_INT(aead_seal(&arena, &key, nonce, SPAN("aad"), plaintext, &sealed), OK);
    known(sealed.data, sealed.size);
    CHECK_INT(told((int)aead_open(&arena, &key, nonce, SPAN("aad"), sealed, &opened)), OK);
    CHECK_INT(told((int)aead_open(&arena, &key, nonce, SPAN("add"), sealed, &opened)),
              UNVERIFIABLE);
}

static void boxing(void)
{
    struct span box, opened, plaintext = secret_bytes(64);
    CHECK_INT(seal(&arena, &ring, FOR_CODE, &cx.drbg, SPAN("aad"), plaintext, &box), OK);
    known(box.data, box.size);
    CHECK_INT(told((int)unseal(&arena, &ring, FOR_CODE, SPAN("aad"), box, &opened, NULL)), OK);
    CHECK_INT(told((int)unseal(&arena, &ring, FOR_CODE, SPAN("other"), box, &opened, NULL)),
              UNVERIFIABLE);
}

static void sharing(void)
{
    struct presented token = {.text = secret_bytes(90), .previous = true};
    struct grant_rows rows = {.token = &token, .digest = token_digest_of(token.text)};
    struct key pad = shard_pad(&cx, &rows.digest, true);
    rows.live.share = secret_bytes(KEY_SIZE);
    key_mask(&pad, rows.live.share);
    struct key data_key = shard_data_key(&cx, &rows);
    (void)told(crypto_equal(key_span(&pad), key_span(&data_key)));
}

static void keeping_a_response(void)
{
    struct token_digest token = token_digest_of(secret_bytes(90));
    struct span box, opened, grant_id = SPAN("a grant's own id");
    CHECK_INT(shard_seal_for(&cx, grant_id, &token, secret_bytes(300), &box), OK);
    known(box.data, box.size);
    CHECK_INT(told((int)shard_unseal_for(&cx, grant_id, &token, box, &opened)), OK);
}

/* The root secret, and the signing key that is derived from it. */
static void making_a_keyring(void)
{
    struct keyring made;
    CHECK_INT(told((int)keyring_make(secret_bytes(40), secret_bytes(40), &made)), OK);
    known(&made.current_id, 1);
}

/* The key, and with it the nonce. */
static void signing(void)
{
    uint8_t signature[ES256_SIZE];
    CHECK_INT(told((int)es256_sign(&ring.signing, SPAN("a message"), signature)), OK);
    known(signature, sizeof signature);
    CHECK_INT(es256_verify(&ring.signing_public, SPAN("a message"),
                           span_bytes(signature, sizeof signature)),
              OK);
}

/* ---- controls: each has to be found ---- */

static void control_branch(void)
{
    struct span a = secret_bytes(32);
    struct span b = secret_bytes(32);
    (void)told(span_equal(a, b)); /* leaves at the first difference */
}

static void control_address(void)
{
    static const uint8_t table[256] = {1};
    volatile uint8_t found = table[*secret_bytes(1).data];
    (void)found;
}

/* In a function whose verdict may be known, but before there is one. */
static void control_mac(void)
{
    struct span part = secret_bytes(4);
    struct hash full;
    hmac_sha256(key_span(&ring.current[FOR_ACCESS]), 1, &part, &full);
    (void)told(memcmp(full.bytes, secret_bytes(MAC_SIZE).data, MAC_SIZE));
}

/* ---- the whole ---- */

static const struct {
    const char *name;
    void (*run)(void);
    bool is_control;
} CASES[] = {
    {"comparing", comparing, false},
    {"checking a MAC", checking_a_mac, false},
    {"checking a client secret", checking_a_client_secret, false},
    {"finding a token", finding_a_token, false},
    {"hashing", hashing, false},
    {"deriving", deriving, false},
    {"drawing", drawing, false},
    {"sealing", sealing, false},
    {"boxing", boxing, false},
    {"sharing", sharing, false},
    {"keeping a response", keeping_a_response, false},
    {"making a keyring", making_a_keyring, false},
    {"signing", signing, false},
    {"branch", control_branch, true},
    {"address", control_address, true},
    {"mac", control_mac, true},
};

static void begin(void)
{
    static struct gateway gateway;
    static const uint8_t seed[SEED_SIZE] = {7};
    arena = arena_make(memory, sizeof memory, abort);
    CHECK_INT(keyring_make(SPAN("the-root-secret-of-this-program-0"),
                           SPAN("the-root-secret-that-was-before-0"), &ring),
              OK);
    secret(ring.current, sizeof ring.current);
    secret(ring.previous, sizeof ring.previous);
    secret(ring.signing.scalar, sizeof ring.signing.scalar);
    gateway = (struct gateway){.issuer = SPAN("https://a.example"), .keys = ring};
    cx = (struct cx){.arena = &arena, .gateway = &gateway};
    drbg_make(&cx.drbg, span_bytes(seed, sizeof seed));
}

int main(int count, char **arguments)
{
    if (!CHECK(RUNNING_ON_VALGRIND))
        return check_done();
    for (size_t i = 0; i < COUNT(CASES); i++) {
        bool wanted = count == 1 ? !CASES[i].is_control : strcmp(arguments[1], CASES[i].name) == 0;
        if (!wanted)
            continue;
        begin();
        CASES[i].run();
        printf("ct: %s\n", CASES[i].name);
    }
    return check_done();
}
