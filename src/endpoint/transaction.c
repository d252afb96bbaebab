#include "endpoint/transaction.h"

#include "base/base64.h"
#include "oauth/error.h"
#include "oauth/gateway.h"
#include "text/form.h"
#include "text/url.h"

enum { TRANSACTION_FORMAT = 1, TRANSACTION_OVERHEAD = 256 };

static const char *const STAGES[] = {[STAGE_CONSENT] = "consent", [STAGE_STATE] = "state"};

static struct span transaction_pack(struct cx *cx, const struct transaction *t)
{
    size_t max = TRANSACTION_OVERHEAD + t->client_name.size + t->redirect_uri.size + t->state.size +
                 t->challenge.size + t->server.size + t->scopes.size;
    struct builder b = builder_make(cx->arena, max);
    pack_u8(&b, TRANSACTION_FORMAT);
    pack_span(&b, t->grant_id);
    pack_u64(&b, t->expires);
    pack_span(&b, t->client_id_hash);
    pack_span(&b, t->client_name);
    pack_u8(&b, (uint8_t)t->client_auth);
    pack_u8(&b, t->refreshes);
    pack_span(&b, t->redirect_uri);
    pack_span(&b, t->state);
    pack_span(&b, t->challenge);
    pack_span(&b, t->server);
    pack_span(&b, t->scopes);
    pack_span(&b, t->browser);
    return built(&b);
}

static enum result transaction_unpack(struct span bytes, struct transaction *t)
{
    struct unpacker u = unpack_make(bytes);
    if (unpack_u8(&u) != TRANSACTION_FORMAT)
        return MALFORMED;
    t->grant_id = unpack_span(&u);
    t->expires = unpack_u64(&u);
    t->client_id_hash = unpack_span(&u);
    t->client_name = unpack_span(&u);
    t->client_auth = unpack_u8(&u);
    t->refreshes = unpack_u8(&u) != 0;
    t->redirect_uri = unpack_span(&u);
    t->state = unpack_span(&u);
    t->challenge = unpack_span(&u);
    t->server = unpack_span(&u);
    t->scopes = unpack_span(&u);
    t->browser = unpack_span(&u);
    return unpack_done(&u);
}

/* ---- the browser's cookie ---- */

static struct span cookie_name(struct cx *cx, const struct transaction *t)
{
    return JOIN(cx->arena, SPAN("__Host-latchkey-"),
                base64url_encode(cx->arena, span_first(t->grant_id, 6)));
}

static void set_cookie(struct cx *cx, const struct transaction *t, struct span value,
                       uint64_t seconds)
{
    respond_header(cx, SPAN("set-cookie"),
                   JOIN(cx->arena, cookie_name(cx, t), SPAN("="), value,
                        SPAN("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age="),
                        span_decimal(cx->arena, seconds)));
}

void transaction_end(struct cx *cx, const struct transaction *t)
{
    set_cookie(cx, t, SPAN(""), 0);
}

enum result transaction_seal(struct cx *cx, enum stage stage, struct transaction *t,
                             struct span *cookie, struct span *sealed)
{
    struct hash browser;
    *cookie = base64url_encode(cx->arena, host_random(cx, COOKIE_SECRET_SIZE));
    sha256(*cookie, &browser);
    t->browser = span_copy(cx->arena, hash_span(&browser));
    struct span box;
    TRY(seal(cx->arena, &cx->gateway->keys, FOR_TRANSACTION, &cx->drbg, span_of(STAGES[stage]),
             transaction_pack(cx, t), &box));
    *sealed = base64url_encode(cx->arena, box);
    set_cookie(cx, t, *cookie, cx->gateway->lifetimes.transaction);
    return OK;
}

enum result transaction_open(struct cx *cx, enum stage stage, struct span sealed,
                             struct transaction *t, struct span *cookie)
{
    struct span box;
    struct span packed;
    bool by_previous;
    if (base64url_decode(cx->arena, sealed, &box) != OK ||
        unseal(cx->arena, &cx->gateway->keys, FOR_TRANSACTION, span_of(STAGES[stage]), box, &packed,
               &by_previous) != OK ||
        transaction_unpack(packed, t) != OK)
        return refuse(cx, UNVERIFIABLE, "transaction_unknown",
                      "This sign-in was not started here, or its address was changed.");
    t->by_previous_root = by_previous;
    struct hash browser;
    *cookie = http_cookie(headers_get(&cx->request.headers, SPAN("cookie")), cookie_name(cx, t));
    sha256(*cookie, &browser);
    if (!span_present(*cookie) || !crypto_equal(hash_span(&browser), t->browser))
        return refuse(cx, UNVERIFIABLE, "browser_differs",
                      "This sign-in belongs to another browser, or was finished already.");
    if (t->expires <= cx->now)
        return refuse(cx, INVALID_REQUEST, "transaction_expired", "This sign-in took too long.");
    return OK;
}

/* ---- back to the client ---- */

void respond_redirect(struct cx *cx, struct span url)
{
    respond(cx, 303, ABSENT, SPAN(""));
    respond_header(cx, SPAN("location"), url);
    respond_header(cx, SPAN("cache-control"), SPAN("no-store"));
    respond_header(cx, SPAN("referrer-policy"), SPAN("no-referrer"));
}

/* The redirect URI with the client's state, our name (RFC 9207) and what else there is to say. */
static struct span answer_url(struct cx *cx, struct span redirect_uri, struct span state,
                              struct span code, struct span error, struct span description)
{
    struct form_parameter list[] = {
        {SPAN("state"), state}, {SPAN("iss"), cx->gateway->issuer},       {SPAN("code"), code},
        {SPAN("error"), error}, {SPAN("error_description"), description},
    };
    struct form form = {list, sizeof list / sizeof *list};
    return url_with_query(cx->arena, redirect_uri, form_write(cx->arena, &form));
}

void redirect_code(struct cx *cx, const struct transaction *t, struct span code)
{
    respond_redirect(cx, answer_url(cx, t->redirect_uri, t->state, code, ABSENT, ABSENT));
}

struct span error_redirect_url(struct cx *cx, struct span redirect_uri, struct span state,
                               enum result result)
{
    return answer_url(cx, redirect_uri, state, ABSENT, error_code(result),
                      error_description(cx, result));
}

void redirect_error(struct cx *cx, const struct transaction *t, enum result result)
{
    respond_redirect(cx, error_redirect_url(cx, t->redirect_uri, t->state, result));
}
