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

#endif
