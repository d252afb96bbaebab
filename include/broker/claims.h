/*
 * Who signed in downstream, and how we know: an id_token (OpenID Connect Core
 * section 3.1.3.7), else the userinfo endpoint, else introspection (RFC 7662).
 */
#ifndef BROKER_CLAIMS_H
#define BROKER_CLAIMS_H

#include "broker/downstream.h"

/*
 * After the exchange of a code; id_token is ABSENT without one. Userinfo also
 * completes an id_token that lacks the organization, or has no subject of the
 * configured name.
 * UNVERIFIABLE: the identity cannot be told; TEMPORARILY_UNAVAILABLE: keys or
 * claims cannot be had now.
 */
enum result claims_identify(struct cx *cx, const struct downstream *server, struct span id_token,
                            struct span access_token, struct span nonce,
                            struct downstream_identity *identity) MUST_USE;

/*
 * After a refresh: the new id_token must be of the same person. UNVERIFIABLE
 * otherwise. No effects.
 */
enum result claims_confirm(struct cx *cx, const struct downstream *server, struct span id_token,
                           const struct downstream_identity *expected) MUST_USE;

#endif
