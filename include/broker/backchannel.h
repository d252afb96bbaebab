/*
 * Our own requests to a downstream authorization server: form posts on which we
 * authenticate as its client (RFC 6749 section 2.3, RFC 7523), plain gets, and
 * the JSON objects that come back. Redirects are never followed: no credential
 * goes anywhere but to the endpoint that was named.
 */
#ifndef BROKER_BACKCHANNEL_H
#define BROKER_BACKCHANNEL_H

#include "broker/downstream.h"

enum {
    BACKCHANNEL_MAX_BYTES = 65536, /* of an answer, after decompression */
    BACKCHANNEL_ASSERTION_SECONDS = 60
};

/*
 * Posts the form (ABSENT values are left out) to one of the server's endpoints, as
 * the client that the profile describes. OK with any status; HOST_FAILED: no
 * answer, too late or too much of it.
 */
enum result backchannel_post(struct cx *cx, const struct downstream *server, struct span url,
                             const struct form *form, struct fetched *got) MUST_USE;

/* The same, deferred (host.h). */
void backchannel_post_later(struct cx *cx, const struct downstream *server, struct span url,
                            const struct form *form);

/* A document, with a bearer token unless that is ABSENT. Results as above. */
enum result backchannel_get(struct cx *cx, struct span url, struct span bearer,
                            struct fetched *got) MUST_USE;

/* TEMPORARILY_UNAVAILABLE, with what to tell whoever is waiting. */
enum result backchannel_unavailable(struct cx *cx, const char *reason) MUST_USE;

/* Whether the answer says that it is JSON. */
bool backchannel_is_json(const struct fetched *got);

/* The object in such an answer. MALFORMED: it does not say so, or it is not one. */
enum result backchannel_object(struct cx *cx, const struct fetched *got,
                               const struct json **object) MUST_USE;

#endif
