/*
 * The world around the core, in memory: a host that does what a run asks for, a
 * ledger, two products with their authorization servers, and the runtimes
 * behind the gateway. Time is a number and randomness a counter: nothing
 * sleeps, and the same test does the same thing always.
 *
 * A request on its way is an exchange. world_begin runs the core once; each
 * world_step performs one of the effects that it wants and runs it again when
 * all have their answers. So any request can be run between any two effects of
 * another, an effect can be made to fail, and a request can be left lying where
 * it is, for ever:
 *
 *     struct exchange x = world_begin(&world, &asked);
 *     while (world_step(&world, &x, AS_USUAL))
 *         ;
 *     x.answer.status ...
 */
#ifndef SUPPORT_WORLD_H
#define SUPPORT_WORLD_H

#include "app/config.h"
#include "host.h"

enum {
    WORLD_NOW = 1800000000,
    WORLD_EXCHANGES = 64, /* that can be on their way, or looked at, at one time */
    WORLD_MAX_ROWS = 512,
    WORLD_MAX_COPIES = 32,
    WORLD_MAX_LINES = 1024,
    WORLD_RUN_MEMORY = 1 << 20,
    EXCHANGE_MAX_RUNS = 32,
    ASKED_MAX_HEADERS = 64,
    PRODUCT_MAX_CODES = 64,
    PRODUCT_MAX_TOKENS = 512,
    PRODUCT_MAX_SIGN_INS = 64,
    NEVER_SAID = 1 << 30
};

/* The kinds of effects, as they stand on the wire (include/host/wire.h). */
enum effect {
    ASKED_BODY = 1,
    ASKED_LEDGER,
    ASKED_KV_GET,
    ASKED_KV_PUT,
    ASKED_FETCH,
    ASKED_LIMIT,
    ASKED_FORWARD,
    ASKED_KEEP,
    EFFECT_KINDS
};

enum outcome { DONE = 0, FAILED = 1, CONFLICTED = 2 };

/* What may happen to an effect. */
enum fault {
    AS_USUAL,
    FAILS,       /* nothing is done, and the core learns that it failed */
    ANSWER_LOST, /* it is done, and the core learns that it failed */
    DONE_TWICE   /* it is done two times, and the core learns how it went the second time */
};

struct asked {
    const char *method;
    struct span url;
    struct header headers[ASKED_MAX_HEADERS];
    size_t header_count;
    struct span body;
};

/* A run as it was: the journal's size then, and what came out. */
struct run_record {
    size_t journal_size;
    struct span output;
};

struct exchange {
    struct arena arena;
    struct span body;
    struct builder journal;
    struct run_record runs[EXCHANGE_MAX_RUNS];
    size_t run_count;
    struct span effects[HOST_MAX_DEFERRED + HOST_MAX_EFFECTS]; /* wanted now */
    size_t effect_count, performed;
    size_t deferred;  /* so many of them, the first: nobody reads what comes of these */
    bool must_finish; /* the others, even if the client has left */
    bool has_acted; /* something outside was changed or called: what follows must not be left out */
    bool answered;  /* it has gone to the client; what is left of `effects` is deferred */
    struct fetched answer;
    size_t steps; /* effects performed so far, deferred ones included */
};

/* ---- what is stored ---- */

struct world_row {
    struct span shard, key, value;
    uint32_t version;
    uint64_t expires;
};

struct world_copy {
    struct span key, value;
    uint64_t expires;
};

/* ---- a product: its authorization server, and how that behaves ---- */

/* What its token endpoint does. */
enum mood {
    WELL,
    REFUSES,          /* 400 invalid_grant */
    BREAKS,           /* 500 */
    SILENT,           /* no answer, and nothing done */
    TOO_LATE,         /* does it, but its answer never arrives */
    BABBLES,          /* 200, and no JSON */
    ROTATES_NOT,      /* gives no refresh token in answer to a refresh */
    ANOTHER_USER,     /* gives an id_token of somebody else */
    WRONG_NONCE,      /* ... or of another sign-in */
    GIVES_NO_REFRESH, /* gives no refresh token at all */
    FORBIDS           /* 403 and a page: its firewall's */
};

struct product_code {
    struct span text, user, redirect_uri, challenge, nonce;
    bool used;
};

struct product_token {
    struct span text;
    size_t sign_in;
    bool is_refresh;
    bool spent; /* a refresh token that was rotated */
    uint64_t expires;
};

struct product {
    struct span issuer;
    struct p256_private key;
    struct span kid, jwks;
    enum mood mood;
    uint64_t access_seconds; /* NEVER_SAID: clients are not told */
    struct product_code codes[PRODUCT_MAX_CODES];
    size_t code_count;
    struct product_token tokens[PRODUCT_MAX_TOKENS];
    size_t token_count;
    struct span users[PRODUCT_MAX_SIGN_INS]; /* whose the sign-in is; ABSENT: it was ended */
    size_t sign_ins;
    unsigned refreshes; /* that it granted */
    unsigned reuses;    /* spent refresh tokens that came back: each ends a sign-in */
};

/* What the runtimes saw last, and how they behave. */
struct runtime {
    unsigned calls;
    unsigned refusals_due; /* so many calls get 401, whatever their token */
    bool silent;
    struct span method, url, body;
    struct headers headers;
};

struct world {
    struct arena arena; /* whatever the world remembers */
    struct gateway gateway;
    uint64_t now;
    uint64_t drawn; /* random seeds so far */
    struct world_row rows[WORLD_MAX_ROWS];
    size_t row_count;
    struct world_copy copies[WORLD_MAX_COPIES];
    size_t copy_count;
    bool limited; /* the rate limiter lets nothing pass */
    struct product products[2];
    struct p256_private client_key;
    struct runtime runtime;
    struct span lines[WORLD_MAX_LINES]; /* of the log */
    size_t line_count;
    size_t exchanges;
    unsigned asked[EFFECT_KINDS]; /* effects performed, by kind */
    uint32_t stale_ms; /* how old an answer the last ledger step takes; it always got a new one */
    size_t run_memory; /* the size of a run's arena */
    void (*exhausted)(void); /* ... and what happens when that is used up */
};

#define ISSUER SPAN("https://mcp.latchkey.dev")
#define PRODUCT SPAN("https://login.product.dev")
#define OTHER_PRODUCT SPAN("https://login.other.dev")
/* The secrets of the clients and resource servers that the configuration names, by their ids. */
#define SECRET_OF(id) id "-secret-of-thirty-two-bytes"
#define PORTAL_SECRET SPAN(SECRET_OF("portal"))
/* Two clients known by their documents; the other authenticates with world.client_key. */
#define DOCUMENT_CLIENT SPAN("https://client.acme.dev/oauth.json")
#define SIGNING_CLIENT SPAN("https://signing.acme.dev/oauth.json")

/* Servers "todo", "notes" (at the product) and "mail" (at the other); see world.c. */
void world_make(struct world *w);

/* The world as it was when it was saved; anything in between has not been. */
struct world_image;
struct world_image *world_save(const struct world *w);
void world_restore(struct world *w, const struct world_image *image);
void world_forget(struct world_image *image);

/* Everything counted is 0 again. */
void world_count_anew(struct world *w);

struct exchange world_begin(struct world *w, const struct asked *asked);

/* One effect. false: there is none left, deferred ones included. */
bool world_step(struct world *w, struct exchange *x, enum fault fault);

/* One effect is not performed, but answered with these bytes, whatever they say. */
bool world_answer(struct world *w, struct exchange *x, struct span answer);

/* To its end. */
void world_finish(struct world *w, struct exchange *x);

/* All to their ends, each time one effect of one of them; `luck` picks whose. */
void world_finish_together(struct world *w, struct exchange *list, size_t count, uint32_t luck);

/* Every run once more, from its journal alone: how many come to something else. */
size_t world_replay(struct world *w, const struct exchange *x);

/* Whether the text stands anywhere in the log, or in the stores. */
bool world_logged(const struct world *w, struct span text);
bool world_stores(const struct world *w, struct span text);

/* ---- the parts ---- */

/* world_ledger.c: the ledger as shim/ledger.js keeps it, and the copies. */
struct span world_ledger(struct world *w, struct arena *a, struct unpacker *effect);
bool world_ledger_waits(const struct world *w, struct span effect);
/* Whether it is a step on the ledger that writes. */
bool world_ledger_writes(const struct world *w, struct span effect);
const struct world_row *world_row(const struct world *w, struct span shard, struct span key);
struct span world_copy_get(const struct world *w, struct span key);
void world_copy_put(struct world *w, struct span key, struct span value, uint32_t seconds);

/* world_product.c: whom the core fetches from. */
void world_products(struct world *w);
struct span world_fetch(struct world *w, struct arena *a, struct unpacker *effect);
struct product *world_product(struct world *w, struct span url);

/* The browser at the product's authorization endpoint: where it is sent when `user` has signed
 * in, or has refused (ABSENT). */
struct span product_sign_in(struct world *w, struct span url, struct span user);

/* From now on it signs with another key, and publishes that alone. */
void product_new_key(struct world *w, struct product *p, struct span name);

/* Whose access token it is; ABSENT if it is not good any more. */
struct span product_user_of(const struct world *w, struct span access_token);

/* world_runtime.c: the answer; *ends: it went to the client. */
struct span world_forward(struct world *w, struct exchange *x, struct unpacker *effect, bool *ends);

/* A mistake of the test or of the core's output, and no failure of a check. */
_Noreturn void world_fault(const char *what, struct span detail);

/* Reads a list of headers off the wire. */
struct headers world_headers(struct arena *a, struct unpacker *u);

#endif
