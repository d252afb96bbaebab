/* POST /consent: the user's answer. Only now the browser is sent downstream. */
#include "broker/audit.h"
#include "broker/downstream.h"
#include "endpoint/endpoint.h"
#include "endpoint/oauth_form.h"
#include "endpoint/transaction.h"
#include "oauth/error.h"
#include "oauth/scope.h"

_Static_assert(FORM_MAX_PARAMETERS >= MAX_SCOPES + 16, "a form with every box ticked is read");

/* The scopes whose boxes were left ticked: of those asked for, never more. */
static struct span ticked(struct cx *cx, const struct form *form, struct span asked)
{
    struct span chosen = SPAN("");
    for (size_t i = 0; i < form->count; i++)
        if (span_equal(form->parameters[i].name, SPAN("scope")))
            chosen = scope_union(cx->arena, chosen,
                                 scope_intersection(cx->arena, asked, form->parameters[i].value));
    return scope_intersection(cx->arena, asked, chosen);
}

/*
 * RFC 9700 section 4.7: the sealed transaction is the token and the cookie its
 * counterpart. A browser that says where the form came from must say: from here.
 */
static enum result check_site(struct cx *cx)
{
    struct span site = headers_get(&cx->request.headers, SPAN("sec-fetch-site"));
    if (span_present(site) && !span_equal(site, SPAN("same-origin")))
        return refuse(cx, UNVERIFIABLE, "cross_site", "This answer was sent by another site.");
    return OK;
}

static enum result approve(struct cx *cx, struct transaction *t)
{
    const struct server *server = gateway_server(cx->gateway, t->server);
    struct downstream downstream;
    if (server == NULL)
        return refuse(cx, INVALID_REQUEST, "server_gone", "This server is not here any more.");
    enum result found = downstream_discover(cx, server->profile, &downstream);
    if (found == PENDING)
        return PENDING;
    if (found != OK) {
        transaction_end(cx, t);
        redirect_error(cx, t, found);
        return OK;
    }
    struct span cookie;
    struct span state;
    TRY(transaction_seal(cx, STAGE_STATE, t, &cookie, &state));
    struct downstream_binding binding = downstream_bind(cx, t->grant_id, cookie, false);
    respond_redirect(cx, downstream_authorize_url(cx, &downstream, state, &binding));
    return OK;
}

enum result consent(struct cx *cx)
{
    struct form form;
    struct transaction t;
    struct span cookie;
    audit(cx)->action = SPAN("consent");
    audit(cx)->door = SPAN("oauth");
    TRY(check_site(cx));
    TRY(read_oauth_form(cx, &form, SPAN("scope")));
    TRY(transaction_open(cx, STAGE_CONSENT, form_get(&form, SPAN("transaction")), &t, &cookie));
    audit(cx)->client = t.client_name;
    audit(cx)->server = t.server;
    struct span asked = t.scopes;
    t.scopes = ticked(cx, &form, asked);
    bool nothing = asked.size > 0 && t.scopes.size == 0;
    if (span_equal(form_get(&form, SPAN("decision")), SPAN("approve")) && !nothing)
        return approve(cx, &t);
    transaction_end(cx, &t);
    redirect_error(cx, &t, refuse(cx, ACCESS_DENIED, "user_declined", "The user declined."));
    return OK;
}
