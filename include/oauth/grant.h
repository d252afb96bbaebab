/*
 * A grant: what one user allowed one client on one server, and the downstream
 * tokens that serve it. Its ledger shard holds these rows, and nothing else is
 * stored about it anywhere:
 *
 *   grant     facts of the consent, and the sealed downstream tokens
 *   code      the authorization code's share of the data key, until it is redeemed
 *   refresh   the live refresh token's
 *   access/n  an access token's; eight of them in turn, the oldest gives way
 *   retry     the last refresh's response, sealed for the token that was rotated
 *   lease     who is refreshing downstream right now
 *   step_up   that the client was just told to ask the user for more scopes
 *
 * The data key seals the downstream tokens. It is stored nowhere: what is stored
 * for each live token is its share, the data key XOR a pad that needs both the
 * root secret and the token. A dump of everything opens nothing. When one token
 * gives way to another, the ledger turns the old one's share into the new one's
 * by the difference of their pads (ledger_derive): neither has the key been read
 * for that, nor does the old token open anything afterwards. So a redemption and
 * a rotation are one step each.
 *
 * Life of a grant:  claim -> store -> redeem -> (rotate)* -> end
 * A grant that ended leaves a tombstone, so that its id is never used again.
 */
#ifndef OAUTH_GRANT_H
#define OAUTH_GRANT_H

#include "host.h"
#include "oauth/gateway.h"

enum { GRANT_ID_SIZE = 16, GRANT_ACCESS_ROWS = 8 };

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
    struct span sealed_tokens;
};

/*
 * A token, read once: its digest opens what was sealed for it, and the SHA-256 of that is what
 * the ledger knows it by, which opens nothing.
 */
struct token_digest {
    struct hash digest;
    struct hash hash;
};
struct token_digest token_digest_of(struct span token);

/* The row of one code or token that is live. */
struct live_token {
    struct span hash; /* of struct token_digest */
    uint64_t expires;
    struct span scopes; /* an access token's: a subset of the grant's */
    struct span share;  /* of the data key: KEY_SIZE bytes */
};

/* A code or token that a client presents: we made its text. Whether it is live, its row tells. */
struct presented {
    struct span text;
    struct span grant_id; /* GRANT_ID_SIZE bytes */
    struct span row;      /* which is its own */
    bool previous;        /* made with the previous root secret, as its pad was */
};

/* The rows of one grant as one step read them, for one token. */
struct grant_rows {
    const struct presented *token;
    struct ledger_row grant_row, live_row;
    struct grant grant;         /* valid if grant_row.version > 0 */
    struct live_token live;     /* valid if live_row.version > 0; maybe of another token */
    struct token_digest digest; /* of the token */
};

/* `sub`: a stable pseudonym of (issuer, subject, organization); never an e-mail. */
struct span user_id_of(struct arena *a, const struct downstream_identity *identity);

struct span grant_shard(struct arena *a, struct span grant_id);

/* ---- codes and tokens, as clients hold them ---- */

/* What codes and refresh tokens say of their grant: fixed when that was made. */
struct grant_facts {
    struct span grant_id;
    struct span client_id_hash;
    unsigned client_auth;
    struct span server;
    struct span scopes;
    struct span user;
    struct span organization; /* ABSENT without */
};

/*
 * The authorization code, sealed: everything that the token request has to match,
 * so that a wrong one is refused before any I/O.
 */
struct code {
    struct grant_facts facts;
    uint64_t expires;
    bool refreshes; /* a refresh token goes with it */
    struct span redirect_uri_hash;
    struct span challenge;
    struct span random; /* drawn by code_seal: the text must not follow from our keys */
};
enum result code_seal(struct cx *cx, const struct code *code, struct span *text) MUST_USE;
/* INVALID_GRANT for anything that is no code of ours. Expiry is the caller's check. */
enum result code_open(struct cx *cx, struct span text, struct code *code,
                      struct presented *presented) MUST_USE;

/* A refresh token, sealed for the same reason. */
struct refresh_token {
    struct grant_facts facts;
    uint64_t expires;
    uint8_t access_row; /* for the access token of the next rotation */
    struct span random; /* as a code's */
};
enum result refresh_token_seal(struct cx *cx, const struct refresh_token *token,
                               struct span *text) MUST_USE;
/* UNVERIFIABLE unless we made it. */
enum result refresh_token_open(struct cx *cx, struct span text, struct refresh_token *token,
                               struct presented *presented) MUST_USE;

/* An RFC 9068 JWT. */
struct access_token_claims {
    struct span grant_id, user, client_id, server_resource, scopes, organization;
    uint8_t access_row;
    uint64_t expires;
};
enum result access_token_make(struct cx *cx, const struct access_token_claims *claims,
                              struct span *token) MUST_USE;
/* Reads only the jti and its MAC, not the signature. UNVERIFIABLE unless we made it. */
enum result access_token_open(struct cx *cx, struct span token,
                              struct presented *presented) MUST_USE;

/* What the token endpoint answers. */
struct token_response {
    struct span access_token, refresh_token, scopes;
    uint64_t expires_in;
};

/* ---- the life of a grant; each is one ledger step unless said otherwise ---- */

/* The callback's first step: this grant id is used now. CONFLICT: it was used before. */
enum result grant_claim(struct cx *cx, struct span grant_id) MUST_USE;

/*
 * The callback's second step: the grant is stored with its tokens sealed, and
 * the code, which is made here, may be redeemed.
 */
enum result grant_store(struct cx *cx, struct grant *grant, const struct downstream_tokens *tokens,
                        const struct code *code, struct span *code_text) MUST_USE;

/*
 * Redeems a code whose request has been checked in full: exactly one of any
 * number of parallel calls gets OK. INVALID_GRANT otherwise, and then what the
 * first redemption issued is revoked (one step more).
 */
enum result grant_redeem(struct cx *cx, const struct presented *presented, const struct code *code,
                         struct span client_id, struct token_response *response) MUST_USE;

/* A refresh, whose request has been checked in full. */
struct refresh_request {
    struct presented presented;
    struct refresh_token token;
    struct span client_id;
    struct span scopes; /* for the access token: some of the grant's, or all */
};

/*
 * Rotates a refresh token; only if it is not the live one is the grant read. The
 * token just rotated gets the same response again within lifetimes.refresh_retry;
 * any other old token ends the grant, with INVALID_GRANT.
 */
enum result grant_rotate(struct cx *cx, const struct refresh_request *request,
                         struct token_response *response) MUST_USE;

/*
 * Reads the grant and the token's row in one step. NOT_FOUND: no such grant, or it ended.
 * A call may make do with what its isolate read up to lifetimes.grant_cache
 * ago; whatever changes something reads now.
 */
enum result grant_read(struct cx *cx, const struct presented *token,
                       struct grant_rows *rows) MUST_USE;
enum result grant_read_now(struct cx *cx, const struct presented *token,
                           struct grant_rows *rows) MUST_USE;

/* Whether the row is the token's, and has not expired. */
bool grant_is_live(const struct cx *cx, const struct grant_rows *rows);

/* Opens the downstream tokens with the token, which must be live. */
enum result grant_open(struct cx *cx, const struct grant_rows *rows,
                       struct downstream_tokens *tokens, struct key *data_key) MUST_USE;

/*
 * The client was just answered 403 and needs the user's consent to more scopes.
 * Some clients try a refresh instead, which cannot help: their next one, within
 * STEP_UP_SECONDS, is answered with INVALID_GRANT once, and they sign in anew.
 * Deferred (host.h).
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

/* Ends one access token only. CONFLICT: it is not live any more. */
enum result grant_end_access(struct cx *cx, const struct grant_rows *rows) MUST_USE;

#endif
