/*
 * Keys for each purpose, and boxes that only we can open.
 *
 * All keys come from the root secret by HKDF with the purpose as info, so that
 * a key is never used for two things. There may be a previous root secret:
 * what is made is made with the current one, what is opened or checked may be
 * of either, and only who has derived something else beside it needs to know.
 *
 * A box is: format (1) || root id (1) || nonce (12) || ciphertext || tag (16).
 */
#ifndef JOSE_SEAL_H
#define JOSE_SEAL_H

#include "jose/ec.h"

enum {
    ROOT_SECRET_MIN = 32,
    MAC_SIZE = 16,
    MAC_MAX_PARTS = 8,
    BOX_OVERHEAD = 2 + AEAD_NONCE_SIZE + AEAD_TAG_SIZE
};

/* What a key is for. The numbers are only indices; the HKDF infos are names. */
enum purpose {
    FOR_CODE,        /* seals authorization codes */
    FOR_TRANSACTION, /* seals the consent transaction and downstream state */
    FOR_BROWSER,     /* derives what is bound to a browser's cookie */
    FOR_ACCESS,      /* MAC in a jti */
    FOR_REFRESH,     /* seals refresh tokens */
    FOR_CLIENT,      /* MAC in a registered client_id */
    FOR_SECRET,      /* derives a registered client's secret */
    FOR_WRAP,        /* with a token: what opens what is stored for it */
    PURPOSE_COUNT
};

struct keyring {
    struct key current[PURPOSE_COUNT];
    struct key previous[PURPOSE_COUNT];
    bool has_previous;
    uint8_t current_id; /* derived like a key: names the root secret in boxes */
    uint8_t previous_id;
    struct p256_private signing; /* ES256, derived unless a JWK was configured */
    struct p256_public signing_public;
    bool has_previous_signing; /* tokens that the key before signed still verify by the JWKS */
    struct p256_public previous_signing_public;
};

/* MALFORMED: a secret shorter than ROOT_SECRET_MIN. `previous` may be ABSENT. */
enum result keyring_make(struct span root, struct span previous, struct keyring *ring) MUST_USE;

/* nonce from the DRBG. */
enum result seal(struct arena *a, const struct keyring *ring, enum purpose purpose, struct drbg *d,
                 struct span aad, struct span plaintext, struct span *box) MUST_USE;
/*
 * UNVERIFIABLE for anything that is not a box of ours for that purpose and aad.
 * *previous (or NULL): it was made with the previous root, as is what was derived beside it.
 */
enum result unseal(struct arena *a, const struct keyring *ring, enum purpose purpose,
                   struct span aad, struct span box, struct span *plaintext,
                   bool *previous) MUST_USE;

/*
 * The same with a key of the caller's (root id 0): for what is stored. HOST_FAILED: a format
 * that a later version wrote; nobody must take that for a box that does not hold.
 */
enum result seal_with(struct arena *a, const struct key *key, struct drbg *d, struct span aad,
                      struct span plaintext, struct span *box) MUST_USE;
enum result unseal_with(struct arena *a, const struct key *key, struct span aad, struct span box,
                        struct span *plaintext) MUST_USE;

/*
 * A MAC of MAC_SIZE bytes over the parts, each packed with its size; at most
 * MAC_MAX_PARTS. check: UNVERIFIABLE unless it holds under the current or the
 * previous root; *previous (or NULL) tells which.
 */
void mac_make(const struct keyring *ring, enum purpose purpose, size_t count,
              const struct span *parts, uint8_t mac[MAC_SIZE]);
enum result mac_check(const struct keyring *ring, enum purpose purpose, size_t count,
                      const struct span *parts, struct span mac, bool *previous) MUST_USE;

/*
 * A key derived from the purpose's key and a secret: HMAC over the packed
 * parts. `previous` asks for the previous root's (only if ring->has_previous).
 */
void derive(const struct keyring *ring, enum purpose purpose, bool previous, size_t count,
            const struct span *parts, struct key *out);

#endif
