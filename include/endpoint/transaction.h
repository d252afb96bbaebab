/*
 * One sign-in on its way: what the client asked for, carried through the
 * browser in sealed form, so that nothing is stored before the user has come
 * back from downstream. First it is the consent form's hidden field, then,
 * once the user has approved, the `state` sent downstream; the two are sealed
 * as different things. Both legs are bound to the browser by a cookie of their
 * own for each sign-in (so each tab is its own), and approval changes the
 * cookie, so a form that was sent cannot be sent again.
 */
#ifndef ENDPOINT_TRANSACTION_H
#define ENDPOINT_TRANSACTION_H

#include "host.h"

enum { STATE_MAX = 2048, COOKIE_SECRET_SIZE = 32 };

enum stage { STAGE_CONSENT, STAGE_STATE };

struct transaction {
    struct span grant_id; /* of the grant that it will become */
    uint64_t expires;
    struct span client_id_hash;
    struct span client_name;
    unsigned client_auth;
    bool refreshes;
    struct span redirect_uri;
    struct span state; /* the client's; ABSENT if it sent none */
    struct span challenge;
    struct span server;
    struct span scopes;
    struct span browser;   /* SHA-256 of the cookie's value */
    bool by_previous_root; /* sealed before the root secret was rotated; not part of the record */
};

/* Draws a new cookie value, sets it on the response, binds and seals the transaction. */
enum result transaction_seal(struct cx *cx, enum stage stage, struct transaction *t,
                             struct span *cookie, struct span *sealed) MUST_USE;

/*
 * Opens what the browser brought back. UNVERIFIABLE: not ours, of the other
 * stage, or of another browser; INVALID_REQUEST: it took too long.
 */
enum result transaction_open(struct cx *cx, enum stage stage, struct span sealed,
                             struct transaction *t, struct span *cookie) MUST_USE;

/* The browser forgets the cookie. */
void transaction_end(struct cx *cx, const struct transaction *t);

/* 303 to the client's redirect URI with code or error, state and iss (RFC 9207). */
void redirect_code(struct cx *cx, const struct transaction *t, struct span code);
void redirect_error(struct cx *cx, const struct transaction *t, enum result result);
/* The same URL, for a link that the user may choose to follow. */
struct span error_redirect_url(struct cx *cx, struct span redirect_uri, struct span state,
                               enum result result);

/* 303: after a form, whatever its method, the next request is a GET (RFC 9700 section 4.12). */
void respond_redirect(struct cx *cx, struct span url);

#endif
