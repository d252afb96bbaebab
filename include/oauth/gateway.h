/*
 * What one deployment is: its name, its keys, what it publishes and for whom.
 * Made once from latchkey.json by app/config.c, then only read.
 */
#ifndef OAUTH_GATEWAY_H
#define OAUTH_GATEWAY_H

#include "jose/seal.h"
#include "text/http.h"

enum {
    MAX_SCOPES = 64,         /* of a server */
    SCOPES_MAX_BYTES = 2048, /* ... put together: codes, tokens and the consent form hold them */
    MAX_SERVERS = 4096
};

struct profile; /* broker/downstream.h */

struct scope_entry {
    struct span name;
    struct span description; /* in words, for the consent page */
};

struct tool_policy {
    struct span name;
    struct span scopes; /* space separated: all are needed */
};

/* One MCP endpoint that we publish: the OAuth resource. */
struct server {
    struct span id;       /* [a-z0-9-]{1,64} */
    struct span name;     /* for people */
    struct span resource; /* {issuer}/mcp/{id}: the audience of its tokens */
    struct span runtime;  /* URL to which calls are forwarded */
    const struct profile *profile;
    struct scope_entry *scopes;
    size_t scope_count;
    struct span all_scopes;     /* their names, space separated, in order */
    struct span default_scopes; /* what a client gets that asks for none, and the challenge's */
    struct tool_policy *tools;
    size_t tool_count;
    struct header *headers; /* static, sent to the runtime; a value may be a secret */
    size_t header_count;
    struct span *origins; /* of browsers that may call it, besides the issuer's own */
    size_t origin_count;
};

enum client_auth {
    AUTH_NONE = 1,
    AUTH_SECRET_BASIC = 2,
    AUTH_SECRET_POST = 4,
    AUTH_PRIVATE_KEY = 8
};

/* A client that latchkey.json names. */
struct registered_client {
    struct span id;
    struct span name;
    struct span *redirect_uris;
    size_t redirect_uri_count;
    enum client_auth auth;
    struct hash secret_hash; /* if auth is by secret */
    struct span jwks;        /* if by private key: a JWK set's text, or */
    struct span jwks_uri;
    const struct server *introspects; /* the resource server that it is; NULL for none */
};

struct lifetimes { /* seconds */
    uint64_t code;
    uint64_t transaction;
    uint64_t access_token;
    uint64_t refresh_token; /* idle */
    uint64_t refresh_retry; /* how long the token just rotated may be used again */
    uint64_t early_refresh; /* of downstream tokens: at most so long before they expire */
    uint64_t grant_cache;
};

struct gateway {
    struct span issuer; /* an origin: https, or http on loopback for development */
    bool development;   /* the issuer is http on loopback */
    struct keyring keys;
    struct server *servers; /* sorted by id */
    size_t server_count;
    struct profile *profiles;
    size_t profile_count;
    struct registered_client *clients;
    size_t client_count;
    struct lifetimes lifetimes;
    size_t body_limit; /* of an MCP request */
};

/* NULL when there is none of that id. */
const struct server *gateway_server(const struct gateway *gateway, struct span id);

/* By resource identifier: canonical comparison (text/url.h); NULL when none matches. */
const struct server *gateway_server_of_resource(struct arena *a, const struct gateway *gateway,
                                                struct span resource);
const struct registered_client *gateway_client(const struct gateway *gateway, struct span id);

/*
 * Whether we may fetch from this URL, which a stranger named: https on a public
 * host and not ourselves; in development also http on loopback. Never with userinfo.
 */
bool gateway_may_fetch(const struct gateway *gateway, struct span url);

#endif
