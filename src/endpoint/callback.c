/*
 * GET /callback/{profile}: the browser comes back from downstream. Whose
 * browser it is, which sign-in, which profile: all of it is settled before the
 * downstream code is touched, and the sign-in is claimed in the ledger, so that
 * no second request can present the same one.
 */
#include "broker/audit.h"
#include "broker/downstream.h"
#include "endpoint/endpoint.h"
#include "endpoint/transaction.h"
#include "oauth/error.h"
#include "text/form.h"

struct arrival {
    struct form query;
    struct transaction transaction;
    struct span cookie;
    const struct profile *profile;
    struct downstream downstream;
};

static enum result check_arrival(struct cx *cx, struct span profile_id, struct arrival *arrival)
{
    arrival->profile = downstream_profile(cx->gateway, profile_id);
    if (arrival->profile == NULL)
        return UNKNOWN_PATH;
    TRY(form_parse(cx->arena, cx->request.query, &arrival->query));
    if (span_present(form_repeated(&arrival->query, ABSENT)))
        return refuse(cx, INVALID_REQUEST, "repeated_parameter",
                      "A parameter was sent more than once.");
    struct span state = form_get(&arrival->query, SPAN("state"));
    TRY(transaction_open(cx, STAGE_STATE, state, &arrival->transaction, &arrival->cookie));
    audit(cx)->client = arrival->transaction.client_name;
    audit(cx)->server = arrival->transaction.server;
    /* An answer that comes in by another profile's door is another server's (mix-up). */
    const struct server *server = gateway_server(cx->gateway, arrival->transaction.server);
    if (server == NULL || server->profile != arrival->profile)
        return refuse(cx, UNVERIFIABLE, "profile_differs",
                      "This answer came from another authorization server.");
    return OK;
}

static enum result make_grant(struct cx *cx, const struct arrival *arrival,
                              const struct downstream_tokens *tokens,
                              const struct downstream_identity *identity, struct span *code_text)
{
    const struct transaction *t = &arrival->transaction;
    struct hash redirect_hash;
    sha256(t->redirect_uri, &redirect_hash);
    struct grant grant = {
        .user = user_id_of(cx->arena, identity),
        .client_id_hash = t->client_id_hash,
        .client_name = t->client_name,
        .client_auth = t->client_auth,
        .server = t->server,
        .scopes = t->scopes,
        .redirect_uri = t->redirect_uri,
        .created = cx->now,
        .identity = *identity,
    };
    struct code code = {
        .facts =
            {
                .grant_id = t->grant_id,
                .client_id_hash = t->client_id_hash,
                .client_auth = t->client_auth,
                .server = t->server,
                .scopes = t->scopes,
                .user = grant.user,
                .organization = identity->organization,
            },
        .expires = cx->now + cx->gateway->lifetimes.code,
        .refreshes = t->refreshes,
        .redirect_uri_hash = hash_span(&redirect_hash),
        .challenge = t->challenge,
    };
    audit_grant(cx, t->grant_id, &grant);
    return grant_store(cx, &grant, tokens, &code, code_text);
}

/* From here on the answer, whatever it is, goes to the client: the user has agreed to that. */
static enum result finish(struct cx *cx, struct arrival *arrival, struct span *code_text)
{
    struct span downstream_code;
    struct downstream_tokens tokens;
    struct downstream_identity identity;
    TRY(downstream_discover(cx, arrival->profile, &arrival->downstream));
    TRY(downstream_read_answer(cx, &arrival->downstream, &arrival->query, &downstream_code));
    enum result claimed = grant_claim(cx, arrival->transaction.grant_id);
    if (claimed == CONFLICT)
        return refuse(cx, ACCESS_DENIED, "state_replayed", "This sign-in was used before.");
    TRY(claimed);
    struct downstream_binding binding = downstream_bind(
        cx, arrival->transaction.grant_id, arrival->cookie, arrival->transaction.by_previous_root);
    TRY(downstream_exchange(cx, &arrival->downstream, downstream_code, &binding, &tokens,
                            &identity));
    enum result made = make_grant(cx, arrival, &tokens, &identity, code_text);
    if (made != OK && made != PENDING)
        downstream_revoke_later(cx, &arrival->downstream, &tokens); /* nobody holds them */
    return made;
}

/*
 * RFC 6749 section 4.1.2.1 has a code for what happened between us and the
 * product only in these three; the others would tell the client's developer
 * that it was the client who did wrong.
 */
static enum result told(enum result result)
{
    if (result == ACCESS_DENIED)
        return ACCESS_DENIED;
    bool passing = result == TEMPORARILY_UNAVAILABLE || result == HOST_FAILED || result == CONFLICT;
    return passing ? TEMPORARILY_UNAVAILABLE : SERVER_ERROR;
}

enum result callback(struct cx *cx, struct span profile_id)
{
    struct arrival arrival = {0};
    struct span code;
    audit(cx)->action = SPAN("sign_in");
    audit(cx)->door = SPAN("oauth");
    TRY(check_arrival(cx, profile_id, &arrival));
    enum result result = finish(cx, &arrival, &code);
    if (result == PENDING)
        return PENDING;
    transaction_end(cx, &arrival.transaction);
    if (result == OK)
        redirect_code(cx, &arrival.transaction, code);
    else
        redirect_error(cx, &arrival.transaction, told(result));
    return OK;
}
