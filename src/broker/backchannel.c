#include "broker/backchannel.h"

#include "base/base64.h"
#include "jose/jwt.h"
#include "oauth/error.h"

enum { JTI_SIZE = 16, AUTHENTICATION_PARAMETERS = 3 };

static struct fetch request(struct span method, struct span url)
{
    struct fetch fetch = {.method = method, .url = url, .max_bytes = BACKCHANNEL_MAX_BYTES};
    fetch.headers[fetch.header_count++] = (struct header){SPAN("accept"), SPAN("application/json")};
    fetch.headers[fetch.header_count++] = (struct header){SPAN("user-agent"), SPAN("latchkey")};
    return fetch;
}

/* Too much of an answer is as good as none. */
static enum result fetched_or_failed(enum result result)
{
    return result == OK || result == PENDING ? result : HOST_FAILED;
}

/* ---- client authentication ---- */

/*
 * RFC 6749 section 2.3.1: "The client identifier is encoded using the
 * "application/x-www-form-urlencoded" encoding algorithm per Appendix B, and the encoded value
 * is used as the username; the client password is encoded using the same algorithm".
 */
static struct span basic(struct arena *a, const struct profile *profile)
{
    struct span pair = JOIN(a, form_encode(a, profile->client_id), SPAN(":"),
                            form_encode(a, profile->client_secret));
    return JOIN(a, SPAN("Basic "), base64_encode(a, pair));
}

/*
 * RFC 7523 section 3. The audience is the issuer and nothing else: an assertion that named an
 * endpoint could be played on to the server whose endpoint it really is.
 */
static enum result assertion_sign(struct cx *cx, const struct profile *profile, struct span jti,
                                  struct span *assertion)
{
    size_t max = 256 + 12 * profile->client_id.size + 6 * profile->issuer.size;
    struct json_writer w = json_writer_make(cx->arena, max);
    json_begin(&w, '{');
    json_put_text(&w, "iss", profile->client_id);
    json_put_text(&w, "sub", profile->client_id);
    json_put_text(&w, "aud", profile->issuer);
    json_put_text(&w, "jti", jti);
    json_put_u64(&w, "iat", cx->now);
    json_put_u64(&w, "exp", cx->now + BACKCHANNEL_ASSERTION_SECONDS);
    json_end(&w, '}');
    return jwt_sign(cx->arena, &profile->client_key, profile->client_key_id, SPAN("JWT"),
                    json_written(&w), assertion);
}

/* `keep`: later runs of this request get the same assertion back instead of signing again. */
static enum result assertion_make(struct cx *cx, const struct profile *profile, bool keep,
                                  struct span *assertion)
{
    /* Drawn even if a kept assertion is used, so that what is drawn next is the same. */
    struct span jti = base64url_encode(cx->arena, host_random(cx, JTI_SIZE));
    if (keep && host_kept(cx, assertion) == OK)
        return OK;
    TRY(assertion_sign(cx, profile, jti, assertion));
    if (keep)
        host_keep(cx, *assertion);
    return OK;
}

static void add(struct form *form, struct span name, struct span value)
{
    form->parameters[form->count++] = (struct form_parameter){name, value};
}

/* The request with the form as its body and the client's authentication in it. */
static enum result post(struct cx *cx, const struct downstream *server, struct span url,
                        const struct form *parameters, bool keep, struct fetch *fetch)
{
    const struct profile *profile = server->profile;
    size_t max = parameters->count + AUTHENTICATION_PARAMETERS;
    struct form form = {ARENA_ARRAY(cx->arena, max, struct form_parameter), 0};
    for (size_t i = 0; i < parameters->count; i++)
        form.parameters[form.count++] = parameters->parameters[i];

    *fetch = request(SPAN("POST"), url);
    fetch->headers[fetch->header_count++] =
        (struct header){SPAN("content-type"), SPAN("application/x-www-form-urlencoded")};
    /* RFC 6749 section 2.3: no "more than one authentication method in each request". */
    if (profile->auth == AUTH_SECRET_BASIC)
        fetch->headers[fetch->header_count++] =
            (struct header){SPAN("authorization"), basic(cx->arena, profile)};
    else
        add(&form, SPAN("client_id"), profile->client_id);
    if (profile->auth == AUTH_SECRET_POST)
        add(&form, SPAN("client_secret"), profile->client_secret);
    if (profile->auth == AUTH_PRIVATE_KEY) {
        struct span assertion;
        TRY(assertion_make(cx, profile, keep, &assertion));
        add(&form, SPAN("client_assertion_type"),
            SPAN("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        add(&form, SPAN("client_assertion"), assertion);
    }
    fetch->body = form_write(cx->arena, &form);
    return OK;
}

/* ---- requests ---- */

enum result backchannel_post(struct cx *cx, const struct downstream *server, struct span url,
                             const struct form *form, struct fetched *got)
{
    struct fetch fetch;
    TRY(post(cx, server, url, form, true, &fetch));
    return fetched_or_failed(host_fetch(cx, &fetch, got));
}

void backchannel_post_later(struct cx *cx, const struct downstream *server, struct span url,
                            const struct form *form)
{
    struct fetch fetch;
    if (post(cx, server, url, form, false, &fetch) == OK)
        host_fetch_later(cx, &fetch);
}

enum result backchannel_get(struct cx *cx, struct span url, struct span bearer, struct fetched *got)
{
    struct fetch fetch = request(SPAN("GET"), url);
    if (span_present(bearer))
        fetch.headers[fetch.header_count++] =
            (struct header){SPAN("authorization"), JOIN(cx->arena, SPAN("Bearer "), bearer)};
    return fetched_or_failed(host_fetch(cx, &fetch, got));
}

/* ---- answers ---- */

enum result backchannel_unavailable(struct cx *cx, const char *reason)
{
    return refuse(cx, TEMPORARILY_UNAVAILABLE, reason,
                  "The product's authorization server cannot be used at the moment. "
                  "Try again in a minute.");
}

bool backchannel_is_json(const struct fetched *got)
{
    return http_is_type(headers_get(&got->headers, SPAN("content-type")), SPAN("application/json"));
}

enum result backchannel_object(struct cx *cx, const struct fetched *got, const struct json **object)
{
    const struct json *root;
    if (!backchannel_is_json(got) || json_parse(cx->arena, got->body, &root) != OK ||
        !json_is_object(root))
        return MALFORMED;
    *object = root;
    return OK;
}
