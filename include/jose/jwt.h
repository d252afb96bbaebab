/*
 * JSON Web Tokens, compact form only (RFC 7519, RFC 8725). What is acceptable
 * (algorithms, issuer, audience, type, times) is the caller's to say; nothing
 * is chosen by what the token itself says of its trustworthiness. `jku`, `x5u`,
 * `jwk`, `x5c` are never followed; a `crit` is never understood.
 */
#ifndef JOSE_JWT_H
#define JOSE_JWT_H

#include "jose/jwk.h"

enum {
    JWT_MAX_SIZE = 16384,
    JWT_MAX_AUDIENCES = 16,
    JWT_MAX_CANDIDATES = 4, /* keys with one kid that are tried */
    JWT_MAX_SKEW_SECONDS = 60
};

/* Times beyond the year 9999 are no times: a token that never expires is refused. */
#define JWT_MAX_TIME_SECONDS UINT64_C(253402300799)

/* The header before anything is verified: to find the key, and for nothing else. */
struct jwt_header {
    struct span kid; /* ABSENT when there is none */
    enum algorithm algorithm;
    struct span type; /* "typ" without an "application/" prefix, lower case; ABSENT without */
};

/* A token taken apart. Nothing in it is to be believed before jwt_verify said OK. */
struct jwt {
    struct jwt_header header;
    const struct json *claims;
    struct span claims_text; /* the decoded payload */
    struct span signed_text; /* header.payload, as it stands */
    struct span signature;   /* decoded */
};

/*
 * MALFORMED: not three base64url parts, header or claims not one strict JSON
 * object, `alg` other than ES256, RS256, PS256, a `crit`, `b64`, `zip` or `enc` member,
 * a `kid` or `typ` that is no string, a `kid` longer than JWK_MAX_KID.
 * TOO_LARGE: over JWT_MAX_SIZE, or over the limits of text/json.h.
 */
enum result jwt_parse(struct arena *a, struct span token, struct jwt *jwt) MUST_USE;

/* The same for any signed payload (RFC 7515): `claims` stays NULL. */
enum result jws_parse(struct arena *a, struct span token, struct jwt *jwt) MUST_USE;

struct jwt_expectation {
    unsigned algorithms;  /* a set of enum algorithm */
    struct span type;     /* required "typ", lower case; ABSENT: any but those of another
                             use ("at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt") */
    struct span issuer;   /* exact; ABSENT: not checked here */
    struct span audience; /* must be among them; ABSENT: not checked here */
    bool only_audience;   /* ... and alone, as one string */
    uint64_t now_seconds;
    uint64_t skew_seconds;    /* at most JWT_MAX_SKEW_SECONDS */
    uint64_t max_age_seconds; /* exp (or iat) may lie at most so far from now; 0: no bound */
};

/*
 * Finds the key by kid (without a kid: the only key that fits the algorithm;
 * several keys with one kid are each tried) and verifies type, issuer, audience,
 * exp (required), nbf, iat, then the signature. UNVERIFIABLE when anything does not
 * hold; NOT_FOUND when only the key is missing: none of the set has this kid (the
 * caller may fetch anew).
 */
enum result jwt_verify(const struct jwt *jwt, const struct jwks *set,
                       const struct jwt_expectation *want) MUST_USE;

/* The claims alone: times, issuer, audience, type, as jwt_verify does it. */
enum result jwt_check_claims(const struct jwt *jwt, const struct jwt_expectation *want) MUST_USE;

/* The signature alone, by a set of enum algorithm; results as of jwt_verify. */
enum result jws_verify(const struct jwt *jwt, const struct jwks *set, unsigned algorithms) MUST_USE;

/* Signs claims (a JSON object's text) with ES256. `type` is "at+jwt", "JWT", ... */
enum result jwt_sign(struct arena *a, const struct p256_private *key, struct span kid,
                     struct span type, struct span claims, struct span *token) MUST_USE;

#endif
