/*
 * The members of client metadata (RFC 7591 section 2) that mean something here,
 * read alike whether a client registers them or publishes them in a document.
 * `root` is the JSON object; each function fills its part of the client, or
 * refuses with INVALID_CLIENT_METADATA (redirect URIs: INVALID_REDIRECT_URI).
 */
#ifndef OAUTH_CLIENT_METADATA_H
#define OAUTH_CLIENT_METADATA_H

#include "oauth/client.h"
#include "text/json.h"

enum { CLIENT_MAX_KEYS = 8, CLIENT_MAX_KEY_BYTES = 3072 };

/* A member; NULL when it is missing, null or "": some clients send those for what they lack. */
const struct json *metadata_member(const struct json *root, struct span name);

/* redirect_uris: at least one, each acceptable (text/url.h). */
enum result metadata_redirect_uris(struct cx *cx, const struct json *root,
                                   struct client *client) MUST_USE;

/* client_name, as it will be shown; without one client_default_name(). After the redirect URIs. */
enum result metadata_name(struct cx *cx, const struct json *root, struct client *client) MUST_USE;

/* grant_types and response_types: the code flow must be among them. */
enum result metadata_grants(struct cx *cx, const struct json *root, struct client *client) MUST_USE;

/* jwks or jwks_uri, not both; client->jwks is as metadata_jwks() makes it. */
enum result metadata_keys(struct cx *cx, const struct json *root, struct client *client) MUST_USE;

/*
 * A JWK set's text with what can verify signatures for us, and nothing else.
 * MALFORMED: no such key, or more than CLIENT_MAX_KEYS.
 */
enum result metadata_jwks(struct arena *a, const struct json *jwks, struct span *text) MUST_USE;

/* What a nameless client is called: the host, else the scheme, of its first redirect URI. */
struct span client_default_name(const struct client *client);

#endif
