#include "oauth/client.h"
#include "run.h"
#include "text/url.h"

static enum result find(struct cx *cx, struct client *client)
{
    return client_find(cx, DOCUMENT_CLIENT, client);
}

/* What was kept of it leads to the same client. */
static void check_copy(struct arena *a, const struct cx *cx, const struct client *client)
{
    struct client again;
    MUST(cx->deferred_count == 1);
    struct unpacker u = unpack_make(span_skip(cx->deferred[0], 1));
    (void)unpack_span(&u);
    struct span value = unpack_span(&u);
    uint32_t seconds = unpack_u32(&u);
    MUST(seconds >= DOCUMENT_MIN_CACHE_SECONDS && seconds <= DOCUMENT_MAX_CACHE_SECONDS);
    struct cx second = run_make(a, answer_copy(a, value));
    MUST(find(&second, &again) == OK && second.deferred_count == 0);
    MUST(again.auth == client->auth && span_equal(again.name, client->name));
    MUST(again.redirect_uri_count == client->redirect_uri_count);
}

/* The status and the type of an answer in the first line, then its body. */
void fuzz(struct arena *a, struct span input)
{
    struct client client;
    struct span body = input;
    struct span miss = answer_copy(a, ABSENT);
    struct cx damaged = run_make(a, answer_copy(a, input)); /* a copy of who knows what */
    (void)find(&damaged, &client);

    struct cx cx = run_make(a, JOIN(a, miss, answer_from(a, &body)));
    if (find(&cx, &client) != OK) {
        MUST(cx.deferred_count == 0);
        return;
    }
    MUST(body.size <= DOCUMENT_MAX_BYTES);
    MUST(client.kind == CLIENT_DOCUMENT && span_equal(client.id, DOCUMENT_CLIENT));
    MUST(client.auth != 0 && (client.auth & ~(unsigned)(AUTH_NONE | AUTH_PRIVATE_KEY)) == 0);
    MUST(client.secret_count == 0 && client.name.size > 0 && client.redirect_uri_count > 0);
    for (size_t i = 0; i < client.redirect_uri_count; i++)
        MUST(!span_present(url_redirect_refusal(client.redirect_uris[i])));
    check_copy(a, &cx, &client);
}
