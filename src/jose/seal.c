#include "jose/seal.h"

#include "base/pack.h"

#include <string.h>

/* The label goes into every key: another format of keys would be latchkey/2. */
#define LABEL SPAN("latchkey/1")

enum { BOX_FORMAT = 1, NO_ROOT = 0 };

/* A purpose may be renamed here only together with all that was ever made for it. */
static const char *const NAMES[PURPOSE_COUNT] = {
    [FOR_CODE] = "code",       [FOR_TRANSACTION] = "transaction",
    [FOR_BROWSER] = "browser", [FOR_ACCESS] = "access",
    [FOR_REFRESH] = "refresh", [FOR_CLIENT] = "client",
    [FOR_SECRET] = "secret",   [FOR_WRAP] = "wrap",
};

/* ---- the keyring ---- */

struct root {
    struct key *keys;
    uint8_t *id;
    struct p256_private *signing;
    struct p256_public *signing_public;
};

static enum result root_make(struct span secret, struct root root)
{
    if (secret.size < ROOT_SECRET_MIN)
        return MALFORMED;
    for (size_t i = 0; i < PURPOSE_COUNT; i++)
        TRY(hkdf_sha256(secret, LABEL, span_of(NAMES[i]), root.keys[i].bytes, KEY_SIZE));
    TRY(hkdf_sha256(secret, LABEL, SPAN("id"), root.id, 1));
    uint8_t material[P256_MATERIAL_MIN];
    TRY(hkdf_sha256(secret, LABEL, SPAN("signing"), material, sizeof material));
    TRY(p256_private_from(span_bytes(material, sizeof material), root.signing));
    p256_public_of(root.signing, root.signing_public);
    return OK;
}

enum result keyring_make(struct span root, struct span previous, struct keyring *ring)
{
    struct keyring made = {.has_previous = span_present(previous)};
    TRY(root_make(
        root, (struct root){made.current, &made.current_id, &made.signing, &made.signing_public}));
    struct p256_private previous_signing; /* signs no more */
    if (made.has_previous)
        TRY(root_make(previous, (struct root){made.previous, &made.previous_id, &previous_signing,
                                              &made.previous_signing_public}));
    made.has_previous_signing = made.has_previous;
    *ring = made;
    return OK;
}

/* ---- boxes ---- */

static enum result box_make(struct arena *a, const struct key *key, uint8_t root_id, struct drbg *d,
                            struct span aad, struct span plaintext, struct span *box)
{
    uint8_t head[2] = {BOX_FORMAT, root_id};
    uint8_t nonce[AEAD_NONCE_SIZE];
    struct span sealed;
    drbg_bytes(d, nonce, sizeof nonce);
    TRY(aead_seal(a, key, span_bytes(nonce, sizeof nonce), aad, plaintext, &sealed));
    *box = JOIN(a, span_bytes(head, sizeof head), span_bytes(nonce, sizeof nonce), sealed);
    return OK;
}

static enum result box_open(struct arena *a, const struct key *key, uint8_t root_id,
                            struct span aad, struct span box, struct span *plaintext)
{
    if (box.size < BOX_OVERHEAD || box.data[0] != BOX_FORMAT || box.data[1] != root_id)
        return UNVERIFIABLE;
    struct span rest = span_skip(box, 2);
    return aead_open(a, key, span_first(rest, AEAD_NONCE_SIZE), aad,
                     span_skip(rest, AEAD_NONCE_SIZE), plaintext);
}

enum result seal(struct arena *a, const struct keyring *ring, enum purpose purpose, struct drbg *d,
                 struct span aad, struct span plaintext, struct span *box)
{
    return box_make(a, &ring->current[purpose], ring->current_id, d, aad, plaintext, box);
}

/* Two roots may have the same id by chance: then both are tried, and the tag decides. */
enum result unseal(struct arena *a, const struct keyring *ring, enum purpose purpose,
                   struct span aad, struct span box, struct span *plaintext, bool *previous)
{
    bool by_previous = false;
    enum result result =
        box_open(a, &ring->current[purpose], ring->current_id, aad, box, plaintext);
    if (result != OK && ring->has_previous) {
        result = box_open(a, &ring->previous[purpose], ring->previous_id, aad, box, plaintext);
        by_previous = true;
    }
    if (previous != NULL)
        *previous = by_previous;
    return result;
}

enum result seal_with(struct arena *a, const struct key *key, struct drbg *d, struct span aad,
                      struct span plaintext, struct span *box)
{
    return box_make(a, key, NO_ROOT, d, aad, plaintext, box);
}

enum result unseal_with(struct arena *a, const struct key *key, struct span aad, struct span box,
                        struct span *plaintext)
{
    if (box.size > 0 && box.data[0] != BOX_FORMAT)
        return HOST_FAILED;
    return box_open(a, key, NO_ROOT, aad, box, plaintext);
}

/* ---- MACs and derived keys ---- */

/* HMAC over the parts as pack_span would write them, so that none can grow into the next. */
static void hmac_packed(const struct key *key, size_t count, const struct span *parts,
                        struct hash *out)
{
    uint8_t sizes[4 * MAC_MAX_PARTS];
    struct builder b = {sizes, 0, sizeof sizes, false};
    struct span packed[2 * MAC_MAX_PARTS];
    if (count > MAC_MAX_PARTS)
        __builtin_trap(); /* a mistake of ours */
    for (size_t i = 0; i < count; i++) {
        packed[2 * i] = span_bytes(sizes + b.size, 4);
        packed[2 * i + 1] = parts[i];
        pack_u32(&b, span_present(parts[i]) ? (uint32_t)parts[i].size : UINT32_MAX);
    }
    hmac_sha256(key_span(key), 2 * count, packed, out);
}

void mac_make(const struct keyring *ring, enum purpose purpose, size_t count,
              const struct span *parts, uint8_t mac[MAC_SIZE])
{
    struct hash full;
    hmac_packed(&ring->current[purpose], count, parts, &full);
    memcpy(mac, full.bytes, MAC_SIZE);
}

static bool mac_holds(const struct key *key, size_t count, const struct span *parts,
                      struct span mac)
{
    struct hash full;
    hmac_packed(key, count, parts, &full);
    return crypto_equal(span_first(hash_span(&full), MAC_SIZE), mac);
}

enum result mac_check(const struct keyring *ring, enum purpose purpose, size_t count,
                      const struct span *parts, struct span mac, bool *previous)
{
    bool by_current = mac_holds(&ring->current[purpose], count, parts, mac);
    if (previous != NULL)
        *previous = !by_current;
    if (by_current)
        return OK;
    return ring->has_previous && mac_holds(&ring->previous[purpose], count, parts, mac)
               ? OK
               : UNVERIFIABLE;
}

void derive(const struct keyring *ring, enum purpose purpose, bool previous, size_t count,
            const struct span *parts, struct key *out)
{
    struct hash full;
    hmac_packed(previous ? &ring->previous[purpose] : &ring->current[purpose], count, parts, &full);
    memcpy(out->bytes, full.bytes, KEY_SIZE);
}
