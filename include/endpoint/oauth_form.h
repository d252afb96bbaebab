/*
 * What the endpoints that clients post forms to have in common.
 */
#ifndef ENDPOINT_OAUTH_FORM_H
#define ENDPOINT_OAUTH_FORM_H

#include "oauth/client.h"
#include "text/form.h"

/*
 * The body as a form: of the right type and within FORM_MAX_BYTES, no
 * parameter twice but those in `repeatable` (space separated, may be ABSENT).
 */
enum result read_oauth_form(struct cx *cx, struct form *form, struct span repeatable) MUST_USE;

/*
 * Who posts it. A public client that is known by a metadata document is taken at
 * its word here: its code or refresh token says how it may authenticate, and
 * the document need not be asked for again. An assertion is spent later (oauth/client.h).
 */
enum result authenticate_client(struct cx *cx, const struct form *form,
                                struct client_credentials *presented) MUST_USE;

/* Both, for a form that is about a token (RFC 7009 section 2.1, RFC 7662 section 2.1). */
enum result read_token_form(struct cx *cx, struct client_credentials *presented,
                            struct span *token) MUST_USE;

#endif
