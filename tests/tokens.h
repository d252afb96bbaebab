/*
 * Tokens to be refused, and the few to be accepted: made with any header and any
 * claims by keys that the tests own, and judged as a caller of jose/jwt.h would.
 */
#ifndef TOKENS_H
#define TOKENS_H

#include "base/base64.h"
#include "check.h"
#include "edge.h"
#include "jose/jwt.h"
#include "rsa_key.h"

static struct arena arena;
static struct jwks set;
static struct p256_private key, attacker;
static struct p256_public key_public, attacker_public;

#define NOW 1800000000
#define ISSUER "https://login.example"
#define HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k\"}"
#define TIMES "\"exp\":1800000300,\"iat\":1800000000"
#define WHO "\"iss\":\"" ISSUER "\",\"sub\":\"alice\",\"aud\":\"me\""
#define CLAIMS "{" WHO "," TIMES "}"

static inline struct jwt_expectation expectation(void)
{
    return (struct jwt_expectation){
        .algorithms = ALG_ES256 | ALG_RS256 | ALG_PS256,
        .type = ABSENT,
        .issuer = SPAN(ISSUER),
        .audience = SPAN("me"),
        .now_seconds = NOW,
        .skew_seconds = 10,
    };
}

/* ---- making tokens ---- */

static inline struct span signing_input(struct span header, struct span claims)
{
    return JOIN(&arena, base64url_encode(&arena, header), SPAN("."),
                base64url_encode(&arena, claims));
}

static inline struct span with_signature(struct span input, struct span signature)
{
    return JOIN(&arena, input, SPAN("."), base64url_encode(&arena, signature));
}

static inline struct span es256_with(const struct p256_private *signer, struct span input)
{
    uint8_t signature[ES256_SIZE];
    CHECK_INT(es256_sign(signer, input, signature), OK);
    return with_signature(input, span_bytes(signature, sizeof signature));
}

static inline struct span es256_of(struct span header, struct span claims)
{
    return es256_with(&key, signing_input(header, claims));
}

static inline struct span es256(const char *header, const char *claims)
{
    return es256_with(&key, signing_input(span_of(header), span_of(claims)));
}

static inline struct span rs256_input(struct span input, struct span prefix)
{
    uint8_t em[RSA_KEY_SIZE];
    rsa_key_pkcs1(prefix, input, em);
    return with_signature(input, rsa_key_sign(&arena, em));
}

static inline struct span rs256(const char *header, const char *claims)
{
    return rs256_input(signing_input(span_of(header), span_of(claims)), RSA_KEY_SHA256);
}

static inline struct span ps256(const char *header, const char *claims)
{
    uint8_t em[RSA_KEY_SIZE];
    struct span input = signing_input(span_of(header), span_of(claims));
    rsa_key_pss(input, SPAN("a salt that has as many bytes..!"), em);
    rsa_key_mask(em);
    return with_signature(input, rsa_key_sign(&arena, em));
}

/* ---- keys ---- */

static inline struct span ec_jwk(const struct p256_public *public, const char *more)
{
    return JOIN(&arena, SPAN("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""),
                base64url_encode(&arena, p256_x(public)), SPAN("\",\"y\":\""),
                base64url_encode(&arena, p256_y(public)), SPAN("\""), span_of(more), SPAN("}"));
}

static inline void key_make(uint8_t seed, struct p256_private *made, struct p256_public *public)
{
    uint8_t material[P256_MATERIAL_MIN];
    memset(material, seed, sizeof material);
    CHECK_INT(p256_private_from(span_bytes(material, sizeof material), made), OK);
    p256_public_of(made, public);
}

static inline struct jwks set_of(struct span keys)
{
    struct jwks made = {NULL, 0};
    CHECK_INT(jwks_parse(&arena, JOIN(&arena, SPAN("{\"keys\":["), keys, SPAN("]}")), &made), OK);
    return made;
}

#define RSA_JWK(kid, alg)                                                                 \
    "{\"kty\":\"RSA\",\"n\":\"" RSA_KEY_N "\",\"e\":\"AQAB\",\"kid\":\"" kid "\"" alg "}"

static inline void keys_make(void)
{
    key_make('k', &key, &key_public);
    key_make('a', &attacker, &attacker_public);
    set = set_of(JOIN(&arena, ec_jwk(&key_public, ",\"kid\":\"k\",\"alg\":\"ES256\""), SPAN(","),
                      ec_jwk(&attacker_public, ",\"kid\":\"other tenant\""), SPAN(","),
                      SPAN(RSA_JWK("rs", ",\"alg\":\"RS256\"") "," RSA_JWK(
                          "ps", ",\"alg\":\"PS256\"") "," RSA_JWK("rsa", ""))));
    CHECK_INT(set.count, 5);
}

/* ---- verdicts ---- */

static inline enum result verdict_of(struct span token, const struct jwks *keys,
                                     const struct jwt_expectation *want)
{
    uint8_t *at = arena.at;
    struct jwt jwt;
    enum result result = jwt_parse(&arena, edge(token), &jwt);
    if (result == OK)
        result = jwt_verify(&jwt, keys, want);
    arena.at = at;
    return result;
}

static inline enum result verdict(struct span token)
{
    struct jwt_expectation want = expectation();
    return verdict_of(token, &set, &want);
}

#endif
