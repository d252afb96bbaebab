/*
 * Who somebody is, as the product's authorization server says it, and whether
 * two such identities are the same person.
 */
#ifndef BROKER_IDENTITY_H
#define BROKER_IDENTITY_H

#include "broker/downstream.h"

enum { IDENTITY_MAX_ID = 255 };

/*
 * Takes from a set of claims whatever `identity` does not have yet, by the
 * names that the profile gives them. MALFORMED: a subject or an organization is
 * there and is none: 1 to IDENTITY_MAX_ID bytes without control characters, or
 * a whole number.
 */
enum result identity_read(struct arena *a, const struct profile *profile, const struct json *claims,
                          struct downstream_identity *identity) MUST_USE;

/* Three outcomes; only MATCH goes on, and not being able to tell is never a match. */
enum identity_outcome { IDENTITY_NOT_COMPARABLE, IDENTITY_MATCH, IDENTITY_MISMATCH };

/* By subject within one issuer, and the organization where both have one. */
enum identity_outcome identity_compare(const struct downstream_identity *expected,
                                       const struct downstream_identity *actual);

#endif
