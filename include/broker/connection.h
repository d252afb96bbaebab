/*
 * The downstream token for one call, fresh.
 */
#ifndef BROKER_CONNECTION_H
#define BROKER_CONNECTION_H

#include "broker/downstream.h"

/* A token that the runtime refuses so soon is not replaced: see below. */
enum { CONNECTION_NEW_SECONDS = 30 };

/*
 * Opens the grant's downstream tokens with the client's live token, and
 * refreshes them first if they are about to expire, or if `rejected` (the
 * runtime has just refused this very access token) says so; ABSENT otherwise.
 * However many calls ask in however many isolates, one refreshes: it holds the
 * lease, and what it gets is stored before anybody uses it. The others wait.
 *
 * NOT_FOUND: the rejected token was obtained within CONNECTION_NEW_SECONDS (or half of its life):
 * the runtime has another reason to refuse it, and a refresh for each call would not mend that.
 * INVALID_TOKEN: the connection is broken, the user must sign in again;
 * TEMPORARILY_UNAVAILABLE: the authorization server did not answer, try again.
 */
enum result connection_token(struct cx *cx, const struct profile *profile, struct grant_rows *rows,
                             struct span rejected, struct span *access_token) MUST_USE;

#endif
