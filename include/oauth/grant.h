/*
 * A grant: what one user allowed one client on one server, and the downstream
 * tokens that serve it. Its ledger shard holds these rows, and nothing else is
 * stored about it anywhere:
 *
 *   grant   facts of the consent, and the sealed downstream tokens
 *   family  the client's live tokens: their hashes, and for each the grant's
 *           data key wrapped for it
 *   code    whether the authorization code is still to be redeemed
 *   retry   the last refresh's response, sealed for the token that was rotated
 *   lease   who is refreshing downstream right now
 *   step_up that the client was just told to ask the user for more scopes
 *
 * The data key seals the downstream tokens. It is stored only wrapped, under
 * keys that need both the root secret and a live token: a dump of everything
 * opens nothing. Between callback and redemption no token exists yet; there
 * the code itself carries a first data key, and the tokens are sealed anew
 * under the final one by the first call.
 *
 * Life of a grant:  claim -> store -> redeem -> (rotate)* -> end
 * A grant that ended leaves a tombstone, so that its id is never used again.
 */
#ifndef OAUTH_GRANT_H
#define OAUTH_GRANT_H

#include "host.h"
#include "oauth/gateway.h"

enum {
    GRANT_ID_SIZE = 16,
    GRANT_MAX_LIVE_TOKENS = 8 /* access tokens; the oldest gives way */
};

/* The downstream tokens, in the clear only within a run. */
struct downstream_tokens {
    struct span access_token;
    struct span refresh_token; /* ABSENT: there is none */
    uint64_t obtained;         /* when the answer with them was read */
    uint64_t expires;          /* of the access token; 0: not said */
};

/* Who came back from downstream, and no more of them: fixed when the grant is made. */
struct downstream_identity {
    struct span issuer;
    struct span subject;
    struct span organization; /* ABSENT without */
};

enum grant_state { GRANT_CLAIMED = 1, GRANT_LIVE, GRANT_BROKEN, GRANT_ENDED };

/* The `grant` row. */
struct grant {
    enum grant_state state;
    struct span user;           /* user_id_of(identity): `sub` of our tokens */
    struct span client_id_hash; /* SHA-256 */
    struct span client_name;
    unsigned client_auth;     /* a set: how the client may authenticate at the token endpoint */
    struct span server;       /* its id */
    struct span scopes;       /* all that were consented to */
    struct span redirect_uri; /* as consented to; like the next for the record only */
    uint64_t created;
    struct downstream_identity identity;
    bool under_code_key; /* sealed by the code's data key still */
    struct span sealed_tokens;
};

/* One live token of the client. */
struct live_token {
    struct span hash; /* of struct token_digest */
    uint64_t expires;
    struct span scopes;  /* a subset of the grant's */
    struct span wrapped; /* the data key, for this token */
};

/* The `family` row. */
struct family {
    struct live_token refresh;
    struct live_token access[GRANT_MAX_LIVE_TOKENS];
    size_t access_count;
    struct span code_key; /* the code's data key under the final one, while under_code_key */
};

/* The rows of one grant as one step read them. */
struct grant_rows {
    struct span id; /* GRANT_ID_SIZE bytes */
    struct ledger_row grant_row, family_row;
    struct grant grant;   /* valid if grant_row.version > 0 */
    struct family family; /* valid if family_row.version > 0 */
};

/* `sub`: a stable pseudonym of (issuer, subject, organization); never an e-mail. */
struct span user_id_of(struct arena *a, const struct downstream_identity *identity);

struct span grant_shard(struct arena *a, struct span grant_id);

/* ---- the authorization code ---- */

/*
 * What a code says of itself, sealed: everything that the token request has to
 * match, so that a wrong one is refused before any I/O.
 */
struct code {
    struct span grant_id;
    uint64_t expires;
    struct span client_id_hash;
    unsigned client_auth;
    bool refreshes; /* a refresh token goes with it */
    struct span redirect_uri_hash;
    struct span challenge;
    struct span server;
    struct span scopes;
    struct span user;
    struct span organization; /* ABSENT without */
    struct key data_key;
};
enum result code_seal(struct cx *cx, const struct code *code, struct span *text) MUST_USE;
/* INVALID_GRANT for anything that is no code of ours. Expiry is the caller's check. */
enum result code_open(struct cx *cx, struct span text, struct code *code) MUST_USE;

/* ---- tokens that clients hold ---- */

/*
 * A token, read once: its digest opens what was sealed for it, and the SHA-256 of that is what
 * the ledger knows it by, which opens nothing.
 */
struct token_digest {
    struct hash digest;
    struct hash hash;
};
struct token_digest token_digest_of(struct span token);

/* A token's text carries its grant's id and a MAC: a forged one costs no I/O. */
struct span refresh_token_make(struct cx *cx, struct span grant_id);
/* UNVERIFIABLE unless we made it. */
enum result refresh_token_grant(struct cx *cx, struct span token, struct span *grant_id) MUST_USE;

/* An RFC 9068 JWT. */
struct access_token_claims {
    struct span grant_id, user, client_id, server_resource, scopes, organization;
    uint64_t expires;
};
enum result access_token_make(struct cx *cx, const struct access_token_claims *claims,
                              struct span *token) MUST_USE;
/* Reads only the jti and its MAC, not the signature. UNVERIFIABLE unless we made it. */
enum result access_token_grant(struct cx *cx, struct span token, struct span *grant_id) MUST_USE;

/* What the token endpoint answers. */
struct token_response {
    struct span access_token, refresh_token, scopes;
    uint64_t expires_in;
    /* Whose they are: from grant_rotate, also if it refused; state 0: unknown. */
    struct grant grant;
};

/* ---- the life of a grant; each is one ledger step unless said otherwise ---- */

/* The callback's first step: this grant id is used now. CONFLICT: it was used before. */
enum result grant_claim(struct cx *cx, struct span grant_id) MUST_USE;

/*
 * The callback's second step: the grant is stored with its tokens sealed under
 * code->data_key (drawn here), and the code may be redeemed.
 */
enum result grant_store(struct cx *cx, struct grant *grant, const struct downstream_tokens *tokens,
                        struct code *code) MUST_USE;

/*
 * Redeems a code whose request has been checked in full: exactly one of any
 * number of parallel calls gets OK. INVALID_GRANT otherwise, and then what the
 * first redemption issued is revoked (one step more).
 */
enum result grant_redeem(struct cx *cx, const struct code *code, struct span client_id,
                         struct token_response *response) MUST_USE;

/* A refresh, as an authenticated client asks for it. */
struct refresh_request {
    struct span token;
    struct span client_id;
    unsigned method;             /* how the client authenticated */
    struct span scope;           /* ABSENT: all */
    const struct server *server; /* of the resource asked for; NULL: none was */
};

/*
 * Rotates a refresh token (two steps). The token just rotated gets the same
 * response again within lifetimes.refresh_retry; any other old token ends the
 * grant. INVALID_GRANT, INVALID_SCOPE, INVALID_TARGET: nothing was consumed.
 */
enum result grant_rotate(struct cx *cx, struct span grant_id, const struct refresh_request *request,
                         struct token_response *response) MUST_USE;

/*
 * Reads grant and family in one step. NOT_FOUND: no such grant, or it ended.
 * A call may make do with what its isolate read up to lifetimes.grant_cache
 * ago; whatever changes something reads now.
 */
enum result grant_read(struct cx *cx, struct span grant_id, struct grant_rows *rows) MUST_USE;
enum result grant_read_now(struct cx *cx, struct span grant_id, struct grant_rows *rows) MUST_USE;

/* The live access token's entry; NULL if it is not one or has expired. */
const struct live_token *grant_access(const struct cx *cx, const struct grant_rows *rows,
                                      const struct token_digest *token);
/* The same for the live refresh token. */
const struct live_token *grant_refresh(const struct cx *cx, const struct grant_rows *rows,
                                       const struct token_digest *token);

/*
 * Opens the downstream tokens with a live token of the client. After a first
 * call, asks for them to be sealed anew (a later step that may as well fail).
 */
enum result grant_open(struct cx *cx, const struct grant_rows *rows, const struct live_token *live,
                       const struct token_digest *token, struct downstream_tokens *tokens,
                       struct key *data_key) MUST_USE;

/*
 * The client was just answered 403 and needs the user's consent to more scopes.
 * Some clients try a refresh instead, which cannot help: their next one, within
 * STEP_UP_SECONDS, is answered with INVALID_GRANT once, and they sign in anew.
 * After the response.
 */
enum { STEP_UP_SECONDS = 60 };
void grant_step_up_later(struct cx *cx, struct span grant_id);

/* ---- the downstream refresh: one at a time, whoever asks ---- */

enum { LEASE_SECONDS = 15, LEASE_WAIT_MS = 12000, LEASE_GLANCE_MS = 2000 };

/* Takes the lease; CONFLICT: another has it, or the grant's row has changed meanwhile. */
enum result grant_lease(struct cx *cx, const struct grant_rows *rows, struct span holder) MUST_USE;

/*
 * Waits until nobody holds the lease, at most `ms`, and reads the rows again:
 * LEASE_WAIT_MS for who cannot go on without, LEASE_GLANCE_MS for who can.
 */
enum result grant_wait(struct cx *cx, struct grant_rows *rows, uint32_t ms) MUST_USE;

/*
 * The lease's end: new tokens, a broken connection, or nothing new. What downstream has rotated
 * exists only here until it is stored, so a store that fails is asked once more. CONFLICT: the
 * lease was lost, or the grant has ended meanwhile.
 */
enum result grant_renew(struct cx *cx, const struct grant_rows *rows, struct span holder,
                        const struct downstream_tokens *tokens,
                        const struct key *data_key) MUST_USE;
enum result grant_break(struct cx *cx, const struct grant_rows *rows, struct span holder) MUST_USE;
enum result grant_release(struct cx *cx, const struct grant_rows *rows,
                          struct span holder) MUST_USE;

/* Ends a grant: a tombstone stays, everything else goes. Unconditional, one step. */
enum result grant_end(struct cx *cx, struct span grant_id) MUST_USE;

/* Ends one access token only. */
enum result grant_end_access(struct cx *cx, const struct grant_rows *rows,
                             const struct live_token *live) MUST_USE;

#endif
