#include "broker/downstream.h"
#include "run.h"
#include "text/url.h"

static void check_endpoint(struct span endpoint)
{
    struct url url;
    if (!span_present(endpoint))
        return;
    MUST(url_parse(endpoint, &url) == OK && url_is_https(&url));
    MUST(!url.has_userinfo && !span_present(url.fragment));
}

static void check_server(struct cx *cx, const struct downstream *server)
{
    struct url url;
    const struct downstream_binding binding = {SPAN("verifier"), SPAN("nonce")};
    MUST(span_present(server->authorization_endpoint) && span_present(server->token_endpoint));
    check_endpoint(server->authorization_endpoint);
    check_endpoint(server->token_endpoint);
    check_endpoint(server->userinfo_endpoint);
    check_endpoint(server->introspection_endpoint);
    check_endpoint(server->revocation_endpoint);
    check_endpoint(server->jwks_uri);
    struct span to = downstream_authorize_url(cx, server, SPAN("state"), &binding);
    MUST(url_parse(to, &url) == TOO_LARGE || url_is_https(&url));
    MUST(!span_contains(to, SPAN("code_verifier")));
}

/* The status and the type of an answer in the first line, then the metadata. */
void fuzz(struct arena *a, struct span input)
{
    struct downstream server;
    struct span metadata = input;
    struct span answer = answer_from(a, &metadata);
    const struct profile *profile = downstream_profile(run_gateway(), SPAN("product"));
    struct cx cx = run_make(a, JOIN(a, answer_copy(a, ABSENT), answer, answer));
    enum result result = downstream_discover(&cx, profile, &server);
    MUST(result == OK || result == TEMPORARILY_UNAVAILABLE);
    MUST(cx.deferred_count == (result == OK ? 1 : 0));
    if (result == OK) {
        MUST(span_contains(metadata, SPAN("\"issuer\"")) ||
             span_find(metadata, '\\') < metadata.size);
        check_server(&cx, &server);
    }
    /* A copy in the store is read by the same rules. */
    struct cx from_copy = run_make(a, answer_copy(a, metadata));
    if (downstream_discover(&from_copy, profile, &server) == OK)
        check_server(&from_copy, &server);
}
