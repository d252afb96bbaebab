#include "endpoint/transaction.h"
#include "base/base64.h"
#include "oauth/grant.h"
#include "run.h"

static struct transaction example(void)
{
    static const uint8_t id[GRANT_ID_SIZE] = "0123456789abcde";
    return (struct transaction){
        .grant_id = span_bytes(id, sizeof id),
        .expires = WORLD_NOW + 600,
        .client_name = SPAN("Agent"),
        .redirect_uri = SPAN("https://client.example/cb"),
    };
}

/* Sealed by us with whatever in it: it opens for the browser that it names, if for any. */
static void check_sealed(struct cx *cx, struct span packed)
{
    struct transaction t;
    struct span box, cookie;
    MUST(seal(cx->arena, &cx->gateway->keys, FOR_TRANSACTION, &cx->drbg, SPAN("state"), packed,
              &box) == OK);
    struct span sealed = base64url_encode(cx->arena, box);
    MUST(transaction_open(cx, STAGE_CONSENT, sealed, &t, &cookie) == UNVERIFIABLE);
    if (transaction_open(cx, STAGE_STATE, sealed, &t, &cookie) == OK)
        MUST(t.expires > cx->now && span_present(cookie));
}

/* Under another cookie than its own it does not open; nor as what it is not. */
static void check_cookie(struct cx *cx, struct span value)
{
    struct transaction t = example();
    struct transaction opened;
    struct span cookie, sealed, found;
    struct header *header = &cx->request.headers.list[0];
    MUST(transaction_seal(cx, STAGE_STATE, &t, &cookie, &sealed) == OK);
    MUST(transaction_open(cx, STAGE_STATE, sealed, &opened, &found) == UNVERIFIABLE);
    struct span name = SPAN("__Host-latchkey-MDEyMzQ1=");
    header->value = JOIN(cx->arena, value, SPAN("; "), name, cookie);
    if (transaction_open(cx, STAGE_STATE, sealed, &opened, &found) == OK)
        MUST(span_equal(found, cookie) && span_equal(opened.redirect_uri, t.redirect_uri));
    MUST(transaction_open(cx, STAGE_CONSENT, sealed, &opened, &found) == UNVERIFIABLE);
    header->value = JOIN(cx->arena, name, cookie);
    MUST(transaction_open(cx, STAGE_STATE, sealed, &opened, &found) == OK);
}

/* The Cookie header in the first line; then what stands in the form field, or in `state`. */
void fuzz(struct arena *a, struct span input)
{
    struct transaction t;
    struct span cookie;
    struct header header = {SPAN("cookie"), fuzz_line(&input)};
    struct cx cx = run_make(a, ABSENT);
    cx.request.headers = (struct headers){&header, 1};
    MUST(transaction_open(&cx, STAGE_STATE, input, &t, &cookie) == UNVERIFIABLE);
    check_sealed(&cx, input);
    check_cookie(&cx, header.value);
}
