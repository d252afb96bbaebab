#include "jose/jwk.h"

#include "base/base64.h"

enum algorithm algorithm_of(struct span name)
{
    if (span_equal(name, SPAN("ES256")))
        return ALG_ES256;
    if (span_equal(name, SPAN("RS256")))
        return ALG_RS256;
    if (span_equal(name, SPAN("PS256")))
        return ALG_PS256;
    return ALG_OTHER;
}

/* ---- public keys ---- */

/* RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1. */
static const char *const SECRET_MEMBERS[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

static bool holds_secret(const struct json *node)
{
    for (size_t i = 0; i < sizeof SECRET_MEMBERS / sizeof *SECRET_MEMBERS; i++)
        if (json_member(node, span_of(SECRET_MEMBERS[i])) != NULL)
            return true;
    return false;
}

static bool member_is(const struct json *node, struct span name, struct span value)
{
    return span_equal(json_member_text(node, name), value);
}

/* A member that has to be a string where there is one. */
static enum result optional_text(const struct json *node, struct span name, struct span *text)
{
    const struct json *member = json_member(node, name);
    *text = json_text(member);
    return member == NULL || json_is_string(member) ? OK : MALFORMED;
}

static enum result decode_member(struct arena *a, const struct json *node, struct span name,
                                 struct span *bytes)
{
    return base64url_decode(a, json_member_text(node, name), bytes);
}

/* RFC 7517 section 4.3: the key may be used for `operation`, or does not say. */
static enum result check_operations(const struct json *operations, struct span operation)
{
    bool allowed = operations == NULL;
    if (operations != NULL && !json_is_array(operations))
        return MALFORMED;
    for (const struct json *o = json_first(operations); o != NULL; o = json_next(o)) {
        if (!json_is_string(o))
            return MALFORMED;
        allowed |= span_equal(json_text(o), operation);
    }
    return allowed ? OK : NOT_FOUND;
}

/* Of the `possible` algorithms those that the key itself allows for `operation`. */
static enum result narrow(const struct json *node, struct span operation, unsigned possible,
                          unsigned *algorithms)
{
    struct span use;
    struct span alg;
    TRY(optional_text(node, SPAN("use"), &use));
    TRY(optional_text(node, SPAN("alg"), &alg));
    TRY(check_operations(json_member(node, SPAN("key_ops")), operation));
    if (span_present(use) && !span_equal(use, SPAN("sig")))
        return NOT_FOUND;
    *algorithms = span_present(alg) ? possible & algorithm_of(alg) : possible;
    return *algorithms != 0 ? OK : NOT_FOUND;
}

static enum result parse_ec(struct arena *a, const struct json *node, struct p256_public *key)
{
    struct span x;
    struct span y;
    TRY(decode_member(a, node, SPAN("x"), &x));
    TRY(decode_member(a, node, SPAN("y"), &y));
    return p256_public_parse(x, y, key);
}

static enum result parse_rsa(struct arena *a, const struct json *node, struct rsa_public *key)
{
    struct span n;
    struct span e;
    TRY(decode_member(a, node, SPAN("n"), &n));
    TRY(decode_member(a, node, SPAN("e"), &e));
    return rsa_public_parse(n, e, key);
}

enum result jwk_parse(struct arena *a, const struct json *node, struct jwk *key)
{
    struct jwk parsed = {.kid = ABSENT};
    struct span type = json_member_text(node, SPAN("kty"));
    if (!span_present(type) || holds_secret(node))
        return MALFORMED;
    TRY(optional_text(node, SPAN("kid"), &parsed.kid));
    if (parsed.kid.size > JWK_MAX_KID)
        return MALFORMED;
    if (span_equal(type, SPAN("EC"))) {
        if (!member_is(node, SPAN("crv"), SPAN("P-256")))
            return NOT_FOUND;
        parsed.is_ec = true;
        TRY(narrow(node, SPAN("verify"), ALG_ES256, &parsed.algorithms));
        TRY(parse_ec(a, node, &parsed.ec));
    } else if (span_equal(type, SPAN("RSA"))) {
        TRY(narrow(node, SPAN("verify"), ALG_RS256 | ALG_PS256, &parsed.algorithms));
        TRY(parse_rsa(a, node, &parsed.rsa));
    } else {
        return NOT_FOUND;
    }
    *key = parsed;
    return OK;
}

/*
 * RFC 7517 section 5: "Implementations SHOULD ignore JWKs within a JWK Set that
 * use "kty" (key type) values that are not understood by them, that are missing
 * required members, or for which values are out of the supported ranges."
 */
enum result jwks_parse(struct arena *a, struct span text, struct jwks *set)
{
    const struct json *root;
    TRY(json_parse(a, text, &root));
    const struct json *keys = json_member(root, SPAN("keys"));
    if (!json_is_array(keys))
        return MALFORMED;
    size_t max = json_count(keys) < JWKS_MAX_KEYS ? json_count(keys) : JWKS_MAX_KEYS;
    struct jwks parsed = {ARENA_ARRAY(a, max, struct jwk), 0};
    /* Broken ones count, those for others do not: to find that a point is on no curve costs a
     * multiplication. */
    size_t looked_at = 0;
    for (const struct json *k = json_first(keys); k != NULL && looked_at < max; k = json_next(k)) {
        enum result result = jwk_parse(a, k, &parsed.keys[parsed.count]);
        looked_at += result == NOT_FOUND ? 0 : 1;
        parsed.count += result == OK ? 1 : 0;
    }
    *set = parsed;
    return OK;
}

/* ---- our own key ---- */

/* RFC 7638 section 3: the required members only, in lexicographic order, without white space. */
struct span jwk_kid_es256(struct arena *a, const struct p256_public *key)
{
    struct hash hash;
    sha256(JOIN(a, SPAN("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""),
                base64url_encode(a, p256_x(key)), SPAN("\",\"y\":\""),
                base64url_encode(a, p256_y(key)), SPAN("\"}")),
           &hash);
    return base64url_encode(a, hash_span(&hash));
}

struct span jwk_public_es256(struct arena *a, const struct p256_public *key)
{
    struct json_writer w = json_writer_make(a, 256);
    json_begin(&w, '{');
    json_put_text(&w, "kty", SPAN("EC"));
    json_put_text(&w, "crv", SPAN("P-256"));
    json_put_text(&w, "x", base64url_encode(a, p256_x(key)));
    json_put_text(&w, "y", base64url_encode(a, p256_y(key)));
    json_put_text(&w, "use", SPAN("sig"));
    json_put_text(&w, "alg", SPAN("ES256"));
    json_put_text(&w, "kid", jwk_kid_es256(a, key));
    json_end(&w, '}');
    return json_written(&w);
}

enum result jwk_private_es256(struct arena *a, const struct json *node, struct p256_private *key)
{
    unsigned algorithms;
    struct span d;
    struct p256_private parsed;
    struct p256_public stated;
    struct p256_public real;
    if (!member_is(node, SPAN("kty"), SPAN("EC")) || !member_is(node, SPAN("crv"), SPAN("P-256")) ||
        narrow(node, SPAN("sign"), ALG_ES256, &algorithms) != OK)
        return MALFORMED;
    TRY(decode_member(a, node, SPAN("d"), &d));
    TRY(p256_private_parse(d, &parsed));
    TRY(parse_ec(a, node, &stated));
    p256_public_of(&parsed, &real);
    if (!span_equal(span_bytes(stated.point, P256_POINT_SIZE),
                    span_bytes(real.point, P256_POINT_SIZE)))
        return MALFORMED;
    *key = parsed;
    return OK;
}
