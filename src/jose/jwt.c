#include "jose/jwt.h"

#include "base/base64.h"

/* ---- taking apart ---- */

/*
 * RFC 7515 section 4.1.11: what a "crit" names must be understood, and we
 * understand none. The others would change what the rest means: RFC 7797, and
 * RFC 7516, which has no business in a signed token.
 */
static const char *const NOT_UNDERSTOOD[] = {"crit", "b64", "zip", "enc"};

static enum result parse_header(struct arena *a, struct span part, struct jwt_header *header)
{
    struct span text;
    const struct json *root;
    TRY(base64url_decode(a, part, &text));
    TRY(json_parse(a, text, &root));
    for (size_t i = 0; i < sizeof NOT_UNDERSTOOD / sizeof *NOT_UNDERSTOOD; i++)
        if (json_member(root, span_of(NOT_UNDERSTOOD[i])) != NULL)
            return MALFORMED;
    const struct json *kid = json_member(root, SPAN("kid"));
    const struct json *type = json_member(root, SPAN("typ"));
    if ((kid != NULL && !json_is_string(kid)) || (type != NULL && !json_is_string(type)))
        return MALFORMED;
    header->kid = json_text(kid);
    header->algorithm = algorithm_of(json_member_text(root, SPAN("alg")));
    if (header->algorithm == ALG_OTHER || header->kid.size > JWK_MAX_KID)
        return MALFORMED;

    /* Section 4.1.9: a value without a slash stands for the one with "application/" before it. */
    header->type = ABSENT;
    if (type != NULL)
        header->type = span_lower(a, json_text(type));
    if (span_starts(header->type, SPAN("application/")))
        header->type = span_skip(header->type, SPAN("application/").size);
    return OK;
}

enum result jws_parse(struct arena *a, struct span token, struct jwt *jwt)
{
    struct jwt parsed = {.claims = NULL};
    struct span header;
    struct span payload;
    if (token.size > JWT_MAX_SIZE)
        return TOO_LARGE;
    struct span signature = span_cut(span_cut(token, '.', &header), '.', &payload);
    if (!span_present(signature))
        return MALFORMED;
    TRY(parse_header(a, header, &parsed.header));
    TRY(base64url_decode(a, payload, &parsed.claims_text));
    TRY(base64url_decode(a, signature, &parsed.signature));
    parsed.signed_text = span_first(token, header.size + 1 + payload.size);
    *jwt = parsed;
    return OK;
}

enum result jwt_parse(struct arena *a, struct span token, struct jwt *jwt)
{
    struct jwt parsed;
    TRY(jws_parse(a, token, &parsed));
    TRY(json_parse(a, parsed.claims_text, &parsed.claims));
    if (!json_is_object(parsed.claims))
        return MALFORMED;
    *jwt = parsed;
    return OK;
}

/* ---- the signature ---- */

static enum result verify_with(const struct jwk *key, const struct jwt *jwt)
{
    switch (jwt->header.algorithm) {
    case ALG_ES256:
        return es256_verify(&key->ec, jwt->signed_text, jwt->signature);
    case ALG_RS256:
        return rs256_verify(&key->rsa, jwt->signed_text, jwt->signature);
    case ALG_PS256:
        return ps256_verify(&key->rsa, jwt->signed_text, jwt->signature);
    case ALG_OTHER:
        break;
    }
    return UNVERIFIABLE;
}

enum result jws_verify(const struct jwt *jwt, const struct jwks *set, unsigned algorithms)
{
    const struct jwk *candidates[JWT_MAX_CANDIDATES];
    size_t count = 0;
    struct span kid = jwt->header.kid;
    bool found = !span_present(kid);
    unsigned wanted = algorithms & jwt->header.algorithm;
    if (wanted == 0)
        return UNVERIFIABLE;
    for (size_t i = 0; i < set->count; i++) {
        const struct jwk *key = &set->keys[i];
        if (span_present(kid) && !(span_present(key->kid) && span_equal(key->kid, kid)))
            continue;
        found = true;
        /* RFC 8725 section 3.1: "Each key MUST be used with exactly one algorithm, and this MUST be
         * checked when the cryptographic operation is performed." */
        if ((key->algorithms & wanted) != 0 && count < JWT_MAX_CANDIDATES)
            candidates[count++] = key;
    }
    if (!found)
        return NOT_FOUND;
    /* OpenID Connect Core section 10.1: "If there are multiple keys in the referenced JWK Set
     * document, a kid value MUST be provided in the JOSE Header." */
    if (!span_present(kid) && count > 1)
        return UNVERIFIABLE;
    for (size_t i = 0; i < count; i++)
        if (verify_with(candidates[i], jwt) == OK)
            return OK;
    return UNVERIFIABLE;
}

/* ---- the claims ---- */

/* RFC 8725 section 3.12: types that say of a token that it is for something else. */
static const char *const OTHER_USES[] = {"at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt"};

static bool type_holds(struct span type, struct span want)
{
    if (span_present(want))
        return span_present(type) && span_equal(type, want);
    for (size_t i = 0; i < sizeof OTHER_USES / sizeof *OTHER_USES; i++)
        if (span_equal(type, span_of(OTHER_USES[i])))
            return false;
    return true;
}

static bool text_is(const struct json *node, struct span want)
{
    return json_is_string(node) && span_equal(json_text(node), want);
}

static bool audience_holds(const struct json *audience, const struct jwt_expectation *want)
{
    if (!json_is_array(audience) || want->only_audience)
        return text_is(audience, want->audience);
    bool among = false;
    if (json_count(audience) > JWT_MAX_AUDIENCES)
        return false;
    for (const struct json *one = json_first(audience); one != NULL; one = json_next(one)) {
        if (!json_is_string(one))
            return false;
        among |= text_is(one, want->audience);
    }
    return among;
}

/* Whether the claim is a time, or is missing: then *time stays as it is. */
static bool take_time(const struct json *claims, struct span name, uint64_t *time_seconds)
{
    enum result read = json_u64(json_member(claims, name), time_seconds);
    return read == NOT_FOUND || (read == OK && *time_seconds <= JWT_MAX_TIME_SECONDS);
}

/* RFC 7519 sections 4.1.4 to 4.1.6. */
static bool times_hold(const struct json *claims, const struct jwt_expectation *want)
{
    uint64_t now = want->now_seconds;
    uint64_t skew = want->skew_seconds;
    uint64_t age = want->max_age_seconds;
    uint64_t expires = 0;
    uint64_t not_before = 0;
    uint64_t issued = now;
    if (skew > JWT_MAX_SKEW_SECONDS)
        skew = JWT_MAX_SKEW_SECONDS;
    if (json_member(claims, SPAN("exp")) == NULL || !take_time(claims, SPAN("exp"), &expires) ||
        !take_time(claims, SPAN("nbf"), &not_before) || !take_time(claims, SPAN("iat"), &issued))
        return false;
    /* "on or after which the JWT MUST NOT be accepted" */
    if (now >= expires + skew || not_before > now + skew || issued > now + skew)
        return false;
    return age == 0 || (expires <= now + age + skew && now <= issued + age + skew);
}

enum result jwt_check_claims(const struct jwt *jwt, const struct jwt_expectation *want)
{
    const struct json *claims = jwt->claims;
    if (!type_holds(jwt->header.type, want->type) || !times_hold(claims, want))
        return UNVERIFIABLE;
    if (span_present(want->issuer) && !text_is(json_member(claims, SPAN("iss")), want->issuer))
        return UNVERIFIABLE;
    if (span_present(want->audience) && !audience_holds(json_member(claims, SPAN("aud")), want))
        return UNVERIFIABLE;
    return OK;
}

enum result jwt_verify(const struct jwt *jwt, const struct jwks *set,
                       const struct jwt_expectation *want)
{
    TRY(jwt_check_claims(jwt, want));
    return jws_verify(jwt, set, want->algorithms);
}

/* ---- signing ---- */

enum result jwt_sign(struct arena *a, const struct p256_private *key, struct span kid,
                     struct span type, struct span claims, struct span *token)
{
    uint8_t signature[ES256_SIZE];
    /* A byte of a string takes up to six in JSON. */
    struct json_writer w = json_writer_make(a, 64 + 6 * (type.size + kid.size));
    json_begin(&w, '{');
    json_put_text(&w, "alg", SPAN("ES256"));
    json_put_text(&w, "typ", type);
    json_put_text(&w, "kid", kid);
    json_end(&w, '}');
    struct span text =
        JOIN(a, base64url_encode(a, json_written(&w)), SPAN("."), base64url_encode(a, claims));
    TRY(es256_sign(key, text, signature));
    *token = JOIN(a, text, SPAN("."), base64url_encode(a, span_bytes(signature, ES256_SIZE)));
    return OK;
}
