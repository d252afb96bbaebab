/*
 * How often one caller may ask for what costs us something: a registration,
 * a fetch, a guess at a secret. The platform counts (host_limit); here is only
 * who a caller is: a network address, as the platform's own header tells it.
 */
#ifndef OAUTH_LIMIT_H
#define OAUTH_LIMIT_H

#include "host.h"

/*
 * OK, TOO_MANY_REQUESTS or PENDING. `what` names what is counted ("register").
 * Where the platform tells no address, nothing is limited.
 */
enum result limit_caller(struct cx *cx, struct span what) MUST_USE;

/*
 * The same for the token requests of one grant: by address too, so that nobody
 * who has seen a token can use up its owner's share. Not by address alone: one
 * service redeems the codes of very many users from a few addresses.
 */
enum result limit_grant(struct cx *cx, struct span grant_id) MUST_USE;

#endif
