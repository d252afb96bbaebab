/*
 * Public keys of others (RFC 7517), and ours as they publish it.
 */
#ifndef JOSE_JWK_H
#define JOSE_JWK_H

#include "jose/ec.h"
#include "jose/rsa.h"
#include "text/json.h"

enum { JWKS_MAX_KEYS = 32, JWK_MAX_KID = 256 };

/* ALG_OTHER is whatever we do not offer, "none" and the symmetric ones included. */
enum algorithm { ALG_OTHER = 0, ALG_ES256 = 1, ALG_RS256 = 2, ALG_PS256 = 4 };

/* Of its registered name (RFC 7518 section 3.1), which is case-sensitive. */
enum algorithm algorithm_of(struct span name);

struct jwk {
    struct span kid;     /* ABSENT when it has none */
    unsigned algorithms; /* a set of enum algorithm: what this key may verify */
    bool is_ec;          /* which of the two it is: */
    struct p256_public ec;
    struct rsa_public rsa;
};

struct jwks {
    struct jwk *keys;
    size_t count;
};

/*
 * One key for verifying signatures. MALFORMED: a known key type that breaks its
 * rules, or any that holds private or symmetric members. NOT_FOUND: a kty, crv,
 * alg, use or key_ops that is not for us (skip it). An `alg` in the key narrows
 * `algorithms`; an RSA key without one may do RS256 and PS256.
 */
enum result jwk_parse(struct arena *a, const struct json *node, struct jwk *key) MUST_USE;

/*
 * A set {"keys":[...]}: keys that are not for us, or broken, are skipped, and so
 * are those beyond JWKS_MAX_KEYS usable ones. MALFORMED, TOO_LARGE: no set.
 */
enum result jwks_parse(struct arena *a, struct span text, struct jwks *set) MUST_USE;

/* Our signing key's public half as a JWK: kty crv x y use alg kid. */
struct span jwk_public_es256(struct arena *a, const struct p256_public *key);

/* Its kid: the RFC 7638 SHA-256 thumbprint, base64url. */
struct span jwk_kid_es256(struct arena *a, const struct p256_public *key);

/*
 * A private EC P-256 JWK of our own configuration. MALFORMED otherwise, when it
 * is meant for something else than signing with ES256, or when x and y do not
 * belong to d.
 */
enum result jwk_private_es256(struct arena *a, const struct json *node,
                              struct p256_private *key) MUST_USE;

#endif
