/*
 * What a client is told when something is refused. Each outcome has one wire
 * error, one status and a default description; the precise reason goes to the
 * audit line and never to the client.
 */
#ifndef OAUTH_ERROR_H
#define OAUTH_ERROR_H

#include "host.h"

/*
 * Notes why, and returns `result`, so that a check reads
 *     return refuse(cx, INVALID_GRANT, "code_expired", "The code is no longer valid.");
 * reason: for the audit line, snake_case. description: for the developer at
 * the other end, says how to mend it; only characters of RFC 6749 appendix A.8.
 */
enum result refuse(struct cx *cx, enum result result, const char *reason,
                   const char *description) MUST_USE;
/* The same with a description that was put together. */
enum result refuse_with(struct cx *cx, enum result result, const char *reason,
                        struct span description) MUST_USE;

/* "invalid_request", ...; "server_error" for what has no wire error. */
struct span error_code(enum result result);
uint32_t error_status(enum result result);
struct span error_description(const struct cx *cx, enum result result);

/* An answer that nobody may keep: no-store (RFC 6749 section 5.1). */
void respond_json(struct cx *cx, uint32_t status, struct span json);

/*
 * {"error":...,"error_description":...} with status, no-store, Retry-After on 503 and 429. For
 * INVALID_CLIENT also WWW-Authenticate: Basic, if the request had an Authorization header.
 */
void respond_error(struct cx *cx, enum result result);

/*
 * 401, 403 or 400 of a protected resource (RFC 6750 section 3, RFC 9728 section
 * 5.1), for INVALID_TOKEN, INSUFFICIENT_SCOPE and INVALID_REQUEST; as
 * respond_error for all else. Without an Authorization header in the request
 * the challenge is bare and the status 401. scope may be ABSENT.
 */
void respond_challenge(struct cx *cx, enum result result, struct span resource_metadata,
                       struct span scope);

#endif
