/*
 * The product's authorization server, with us as its client. One profile is one
 * authorization server and one client registration there, with a redirect URI
 * of its own ({issuer}/callback/{profile}), so that an answer can never be
 * taken for another server's (RFC 9700 section 4.4).
 */
#ifndef BROKER_DOWNSTREAM_H
#define BROKER_DOWNSTREAM_H

#include "host.h"
#include "jose/jwk.h"
#include "oauth/gateway.h"
#include "oauth/grant.h"
#include "text/form.h"

enum { METADATA_CACHE_SECONDS = 3600 };

struct profile {
    struct span id;     /* [a-z0-9-]{1,64} */
    struct span name;   /* for people; the issuer's host unless configured */
    struct span issuer; /* exactly as the server says it */
    struct span client_id;
    enum client_auth auth;
    struct span client_secret;      /* AUTH_SECRET_* */
    struct p256_private client_key; /* AUTH_PRIVATE_KEY (ES256) */
    struct span client_key_id;
    struct span scopes;   /* asked for, space separated */
    struct span resource; /* RFC 8707; ABSENT: none sent */
    struct span redirect_uri;
    struct span claim_subject, claim_organization; /* names of claims; the second may be ABSENT */
    struct header *parameters; /* static additions to the authorization request */
    size_t parameter_count;
    /* Endpoints given by hand, for servers without discovery; ABSENT: discovered. */
    struct span authorization_endpoint, token_endpoint, userinfo_endpoint, introspection_endpoint,
        revocation_endpoint, jwks_uri;
};

/* The server's metadata, as far as we use it; from the copy in KV or fetched. */
struct downstream {
    const struct profile *profile;
    struct span authorization_endpoint;
    struct span token_endpoint;
    struct span userinfo_endpoint; /* ABSENT without, as all below */
    struct span introspection_endpoint;
    struct span revocation_endpoint;
    struct span jwks_uri;
    bool sends_iss; /* authorization_response_iss_parameter_supported */
};

/* NULL when there is none of that id. */
const struct profile *downstream_profile(const struct gateway *gateway, struct span id);

/* Whether "openid" is among its scopes: then we send a nonce, and it must come back. */
bool downstream_is_openid(const struct profile *profile);

/*
 * Discovers the server: {issuer}/.well-known/openid-configuration, else RFC 8414's URL; the
 * issuer in it must be the configured one, byte for byte, and endpoints must be
 * https (http on loopback in development). TEMPORARILY_UNAVAILABLE when it does
 * not answer or answers wrongly. Bad answers are not kept.
 */
enum result downstream_discover(struct cx *cx, const struct profile *profile,
                                struct downstream *server) MUST_USE;

/*
 * What ties a sign-in to the browser that began it. The PKCE verifier and the
 * nonce are derived from the browser's cookie and the grant's id and stored
 * nowhere; the verifier stands in no URL.
 */
struct downstream_binding {
    struct span verifier;
    struct span nonce;
};
struct downstream_binding downstream_bind(struct cx *cx, struct span grant_id, struct span cookie,
                                          bool previous_root);

/* The URL to which the browser is sent. */
struct span downstream_authorize_url(struct cx *cx, const struct downstream *server,
                                     struct span state, const struct downstream_binding *binding);

/*
 * RFC 9207 and the error parameters of the answer: the code, or why there is none.
 * ACCESS_DENIED: the user or the server said no; UNVERIFIABLE: `iss` is another's or missing;
 * TEMPORARILY_UNAVAILABLE, SERVER_ERROR: the server failed, or our request is not to its
 * liking; INVALID_REQUEST: a repeated parameter, or neither code nor error.
 */
enum result downstream_read_answer(struct cx *cx, const struct downstream *server,
                                   const struct form *query, struct span *code) MUST_USE;

/*
 * Exchanges the code and finds out who signed in: the id_token (signature by the
 * server's JWKS, iss, aud, azp, exp, nonce), else userinfo, else introspection.
 * INVALID_GRANT: the code is not good; UNVERIFIABLE: the identity cannot be told;
 * TEMPORARILY_UNAVAILABLE: the server failed, or does not like us or our request.
 * Whatever goes wrong after the tokens have come, they are revoked.
 */
enum result downstream_exchange(struct cx *cx, const struct downstream *server, struct span code,
                                const struct downstream_binding *binding,
                                struct downstream_tokens *tokens,
                                struct downstream_identity *identity) MUST_USE;

/*
 * Refreshes; one effect, so that nothing stands between the answer and the
 * ledger. A missing refresh token in the answer keeps the old one. An id_token
 * in the answer must be `expected`'s. INVALID_GRANT: the server says that this
 * grant is over (RFC 6749 section 5.2), another person, or another server's grant,
 * which is not asked about: the connection is broken; TEMPORARILY_UNAVAILABLE: anything
 * else, with or without an answer: it is not.
 */
enum result downstream_refresh(struct cx *cx, const struct downstream *server,
                               const struct downstream_identity *expected,
                               struct downstream_tokens *tokens) MUST_USE;

/* Revokes at the server if it offers that (RFC 7009); deferred (host.h). */
void downstream_revoke_later(struct cx *cx, const struct downstream *server,
                             const struct downstream_tokens *tokens);

#endif
