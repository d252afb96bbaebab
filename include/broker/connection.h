/*
 * The downstream token for one call, fresh.
 */
#ifndef BROKER_CONNECTION_H
#define BROKER_CONNECTION_H

#include "broker/downstream.h"

/*
 * Opens the grant's downstream tokens with the client's live token, and
 * refreshes them first if they are about to expire, or if `rejected` (the
 * runtime has just refused this very access token) says so; ABSENT otherwise.
 * However many calls ask in however many isolates, one refreshes: it holds the
 * lease, and what it gets is stored before anybody uses it. The others wait.
 *
 * INVALID_TOKEN: the connection is broken, the user must sign in again;
 * TEMPORARILY_UNAVAILABLE: the authorization server did not answer, try again.
 */
enum result connection_token(struct cx *cx, const struct profile *profile, struct grant_rows *rows,
                             struct span token, struct span rejected,
                             struct span *access_token) MUST_USE;

#endif
