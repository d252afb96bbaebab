/*
 * One function for each thing that a URL does. Each reads the request from the
 * context and fills the response; what it returns otherwise goes to the
 * router, which knows how that URL tells errors (JSON, a page, a challenge).
 */
#ifndef ENDPOINT_ENDPOINT_H
#define ENDPOINT_ENDPOINT_H

#include "host.h"
#include "oauth/gateway.h"

enum { FORM_MAX_BYTES = 32768, REGISTRATION_MAX_BYTES = 65536 };

/* metadata.c */
enum result authorization_server_metadata(struct cx *cx) MUST_USE; /* RFC 8414 */
enum result protected_resource_metadata(struct cx *cx, const struct server *server) MUST_USE;
enum result signing_keys(struct cx *cx) MUST_USE; /* RFC 7517 */
enum result health(struct cx *cx) MUST_USE;
enum result landing(struct cx *cx) MUST_USE;

/* authorize.c, consent.c, callback.c */
enum result authorize(struct cx *cx) MUST_USE;
enum result consent(struct cx *cx) MUST_USE;
enum result callback(struct cx *cx, struct span profile_id) MUST_USE;

/* register.c, token.c, revoke.c, introspect.c */
enum result register_client(struct cx *cx) MUST_USE;
enum result token(struct cx *cx) MUST_USE;
enum result revoke(struct cx *cx) MUST_USE;
enum result introspect(struct cx *cx) MUST_USE;

/* proxy.c: the MCP endpoint */
enum result proxy(struct cx *cx, const struct server *server) MUST_USE;

#endif
