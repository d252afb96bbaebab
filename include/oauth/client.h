/*
 * Who the client is. Three ways to be one, in this order:
 *  - pre-registered in latchkey.json;
 *  - by dynamic registration (RFC 7591), stateless (appendix A.5.2): the
 *    client_id is the registered metadata itself, packed and MACed, and the
 *    secret of a confidential one is derived from it. Nothing is stored. What
 *    is packed for a secret has a random part: the same metadata, registered
 *    by somebody else in the same second, must not lead to the same secret;
 *  - by a Client ID Metadata Document: the client_id is an https URL.
 * A client_id is opaque to everybody else: at most CLIENT_MAX_ID bytes.
 */
#ifndef OAUTH_CLIENT_H
#define OAUTH_CLIENT_H

#include "host.h"
#include "jose/jwk.h"
#include "oauth/gateway.h"
#include "text/form.h"

enum {
    CLIENT_MAX_ID = 4096,
    CLIENT_MAX_REDIRECT_URIS = 32,
    CLIENT_MAX_PACKED = 2048,  /* what a registration may come to, packed */
    CLIENT_MAX_NAME = 80,      /* characters shown */
    DOCUMENT_MAX_BYTES = 5120, /* of a metadata document, after decompression */
    DOCUMENT_DEADLINE_MS = 5000,
    DOCUMENT_CACHE_SECONDS = 3600, /* without a Cache-Control of its own */
    DOCUMENT_MAX_CACHE_SECONDS = 86400,
    DOCUMENT_MIN_CACHE_SECONDS = 60,
    ASSERTION_MAX_SECONDS = 300, /* between now and a client assertion's exp */
    ASSERTION_SKEW_SECONDS = 30,
    ASSERTION_MAX_JTI = 256
};

enum client_kind { CLIENT_REGISTERED, CLIENT_DYNAMIC, CLIENT_DOCUMENT };

struct client {
    enum client_kind kind;
    struct span id;
    struct span name; /* as a person should see it, not escaped; never ABSENT */
    struct span host; /* of a document's URL; ABSENT otherwise: nothing vouches for the name */
    struct span *redirect_uris;
    size_t redirect_uri_count;
    unsigned auth;                /* a set of enum client_auth: the methods it registered */
    struct hash secret_hashes[2]; /* a secret may be either: the root secret rotates */
    size_t secret_count;
    struct span jwks;     /* text; ABSENT without */
    struct span jwks_uri; /* ABSENT without */
    bool refreshes;       /* registered for the refresh_token grant */
};

/* token_endpoint_auth_method: "none", "client_secret_basic", ...; NOT_FOUND for others. */
enum result client_auth_parse(struct span name, enum client_auth *auth) MUST_USE;
struct span client_auth_name(enum client_auth auth);

/*
 * Finds the client. INVALID_CLIENT: no such client, a client_id that is not
 * ours or whose document is not acceptable (the description says why);
 * TEMPORARILY_UNAVAILABLE: its document cannot be had now; PENDING.
 */
enum result client_find(struct cx *cx, struct span client_id, struct client *client) MUST_USE;

/* The three ways, each by the form of the client_id. Results as client_find. */
enum result client_registered(struct cx *cx, struct span client_id, struct client *client) MUST_USE;
enum result client_dynamic(struct cx *cx, struct span client_id, struct client *client) MUST_USE;
enum result client_document(struct cx *cx, struct span client_id, struct client *client) MUST_USE;

/*
 * The redirect URI to use: `asked` must match a registered one (text/url.h); ABSENT
 * is fine if there is only one and it is no loopback one. INVALID_REDIRECT_URI otherwise.
 */
enum result client_redirect_uri(struct cx *cx, const struct client *client, struct span asked,
                                struct span *redirect_uri) MUST_USE;

/*
 * RFC 7591 section 3.1: checks a registration request and makes the client.
 * `metadata` is the JSON body. *secret is ABSENT for a public client.
 * INVALID_REDIRECT_URI or INVALID_CLIENT_METADATA otherwise.
 */
enum result client_register(struct cx *cx, struct span metadata, struct client *client,
                            struct span *secret) MUST_USE;

/* What was presented at the token endpoint, before anything is believed. */
struct client_credentials {
    struct span client_id;
    unsigned method;        /* one enum client_auth */
    struct span secret;     /* AUTH_SECRET_* */
    struct span secret_raw; /* Basic only: before form-decoding, since some clients do not encode */
    struct span assertion;  /* AUTH_PRIVATE_KEY */
};

/*
 * Reads credentials from the Authorization header and the form. INVALID_REQUEST: more than one
 * method, or two client_ids; INVALID_CLIENT: a method that we do not know, or no client_id at all.
 * Basic with an empty password counts as none: some libraries send public clients' ids so.
 */
enum result client_credentials_read(struct cx *cx, const struct form *form,
                                    struct client_credentials *presented) MUST_USE;

/*
 * Authenticates: the method must be one that the client registered (no
 * downgrade), the secret or assertion must hold. INVALID_CLIENT otherwise.
 * Nothing is stored for it, since anybody may be a client.
 */
enum result client_authenticate(struct cx *cx, const struct client *client,
                                const struct client_credentials *presented) MUST_USE;

/*
 * The rest of it, asked once the code or token that the request is about is known to be one
 * of ours, and before anything is done with it: the assertion of an authenticated client, if
 * it came with one, is spent in the ledger. INVALID_CLIENT: it was used before.
 */
enum result client_spend_assertion(struct cx *cx, const struct client_credentials *client) MUST_USE;

#endif
