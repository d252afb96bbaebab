#include "oauth/client.h"
#include "run.h"
#include "text/url.h"

#include "base/base64.h"

/* A client is found by its client_id alone, as it was registered. */
static void check_found(struct cx *cx, const struct client *made, struct span secret)
{
    struct client found;
    struct hash hash;
    MUST(made->id.size <= CLIENT_MAX_ID);
    MUST(client_find(cx, made->id, &found) == OK);
    MUST(found.kind == CLIENT_DYNAMIC && found.auth == made->auth);
    MUST(found.refreshes == made->refreshes && span_equal(found.name, made->name));
    /* Keys are kept for those who sign with them. */
    if (made->auth == AUTH_PRIVATE_KEY)
        MUST(fuzz_same(found.jwks, made->jwks) && fuzz_same(found.jwks_uri, made->jwks_uri));
    MUST(found.redirect_uri_count == made->redirect_uri_count);
    for (size_t i = 0; i < found.redirect_uri_count; i++)
        MUST(span_equal(found.redirect_uris[i], made->redirect_uris[i]));
    MUST(found.secret_count == (span_present(secret) ? 1 : 0));
    sha256(secret, &hash);
    if (span_present(secret))
        MUST(span_equal(hash_span(&found.secret_hashes[0]), hash_span(&hash)));
}

/* A record with our own MAC, whatever stands in it. */
static void check_record(struct cx *cx, struct span record)
{
    uint8_t mac[MAC_SIZE];
    struct client client;
    mac_make(&cx->gateway->keys, FOR_CLIENT, 1, &record, mac);
    struct span bytes = JOIN(cx->arena, span_bytes(mac, sizeof mac), record);
    struct span id = JOIN(cx->arena, SPAN("lkc_"), base64url_encode(cx->arena, bytes));
    if (client_find(cx, id, &client) == OK)
        MUST(span_present(client.name) && client.secret_count <= 1);
}

void fuzz(struct arena *a, struct span input)
{
    struct client client;
    struct span secret;
    struct cx cx = run_make(a, ABSENT);
    check_record(&cx, input);
    MUST(client_dynamic(&cx, input, &client) != OK);
    enum result result = client_register(&cx, input, &client, &secret);
    MUST(result == OK || result == INVALID_REDIRECT_URI || result == INVALID_CLIENT_METADATA);
    if (result != OK)
        return;
    MUST(client.redirect_uri_count > 0 && client.name.size > 0);
    for (size_t i = 0; i < client.redirect_uri_count; i++)
        MUST(!span_present(url_redirect_refusal(client.redirect_uris[i])));
    check_found(&cx, &client, secret);
}
