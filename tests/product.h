/*
 * A product's authorization server as the tests play it: its metadata, one
 * ES256 key and what is signed with it. Times are around NOW.
 */
#ifndef PRODUCT_H
#define PRODUCT_H

#include "base/base64.h"
#include "broker/downstream.h"
#include "jose/jwt.h"
#include "oauth/keys.h"
#include "script.h"

enum { NOW = 1800000000 };

#define ISSUER "https://login.example"
#define TOKEN_URL ISSUER "/token"
#define JWKS_URL ISSUER "/jwks"
#define USERINFO_URL ISSUER "/me"
#define INTROSPECT_URL ISSUER "/introspect"
#define REVOKE_URL ISSUER "/revoke"
#define JSON "application/json"

struct product {
    struct gateway gateway;
    struct profile profile;
    struct downstream server;
    struct p256_private key, other_key;
};

static struct product product;

static inline struct p256_private product_key(uint8_t material)
{
    uint8_t bytes[48];
    struct p256_private key;
    memset(bytes, material, sizeof bytes);
    CHECK_INT(p256_private_from(span_bytes(bytes, sizeof bytes), &key), OK);
    return key;
}

/* An OpenID provider with everything; the tests take away what they do not want. */
static inline void product_start(struct script *script)
{
    product.gateway = (struct gateway){.issuer = SPAN("https://gateway.example")};
    product.profile = (struct profile){
        .id = SPAN("todo"),
        .issuer = SPAN(ISSUER),
        .client_id = SPAN("latchkey"),
        .auth = AUTH_NONE,
        .scopes = SPAN("openid todos:read"),
        .redirect_uri = SPAN("https://gateway.example/callback/todo"),
        .claim_subject = SPAN("sub"),
        .claim_organization = SPAN("org_id"),
    };
    product.server = (struct downstream){
        .profile = &product.profile,
        .authorization_endpoint = SPAN(ISSUER "/authorize"),
        .token_endpoint = SPAN(TOKEN_URL),
        .userinfo_endpoint = SPAN(USERINFO_URL),
        .introspection_endpoint = SPAN(INTROSPECT_URL),
        .revocation_endpoint = SPAN(REVOKE_URL),
        .jwks_uri = SPAN(JWKS_URL),
    };
    product.key = product_key(1);
    product.other_key = product_key(2);
    script_start(script, &product.gateway, NOW);
}

static inline struct span product_key_id(struct arena *a)
{
    struct p256_public public;
    p256_public_of(&product.key, &public);
    return jwk_kid_es256(a, &public);
}

static inline struct span product_jwks(struct arena *a)
{
    struct p256_public public;
    p256_public_of(&product.key, &public);
    return JOIN(a, SPAN("{\"keys\":["), jwk_public_es256(a, &public), SPAN("]}"));
}

static inline struct span product_sign(struct arena *a, const struct p256_private *key,
                                       struct span claims)
{
    struct span token = ABSENT;
    CHECK_INT(jwt_sign(a, key, product_key_id(a), SPAN("JWT"), claims, &token), OK);
    return token;
}

#define TIMES "\"iat\":1799999990,\"exp\":1800000300"
#define NONCE "\"nonce\":\"n0nce\""
#define PERSON "\"sub\":\"u1\",\"org_id\":\"o1\",\"email\":\"a@b.example\",\"email_verified\":true"
#define ID_CLAIMS(more) "{\"iss\":\"" ISSUER "\",\"aud\":\"latchkey\"," TIMES "," NONCE "," more "}"

static inline struct span product_id_token(struct arena *a, const char *claims)
{
    return product_sign(a, &product.key, span_of(claims));
}

/* The set is asked for: from the store, and from there alone. */
static inline void expect_keys(struct script *script)
{
    struct arena *a = &script->arena;
    struct hash hash;
    struct span text = product_jwks(a);
    struct builder b = builder_make(a, 16 + text.size);
    pack_u8(&b, 1);
    pack_u64(&b, NOW + JWKS_CACHE_SECONDS);
    pack_span(&b, text);
    sha256(SPAN(JWKS_URL), &hash);
    expect_kv(script, JOIN(a, SPAN("jwks:"), base64url_encode(a, hash_span(&hash))), built(&b));
}

#endif
