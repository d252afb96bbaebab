/*
 * One MCP client, with the browser and the person who signs in. What it does is
 * a list of steps; each is one request, which may be begun and then taken where
 * a test wants it, or simply done:
 *
 *     struct caller c = caller_make(&world, "alice");
 *     CHECK_INT(caller_do_until(&c, REDEEM), 303);
 *     CHECK_INT(caller_do(&c, REDEEM), 200);
 *     CHECK_INT(caller_do(&c, CALL), 200);
 *
 * What a step gave (a code, tokens) stands in the caller, where a test may
 * change it before the next. A caller may be copied: then two hold the same.
 */
#ifndef SUPPORT_CALLER_H
#define SUPPORT_CALLER_H

#include "world.h"

enum step {
    REGISTER,
    AUTHORIZE,
    CONSENT,
    CALLBACK,
    REDEEM, /* the code, at the token endpoint */
    CALL,
    REFRESH,
    REVOKE,        /* the refresh token */
    REVOKE_ACCESS, /* the access token */
    INTROSPECT,    /* not by the client, but by the server's own resource server */
    STEPS
};

struct caller {
    struct world *world;
    struct span user;
    struct span server, tool;
    struct span client_id, client_secret, redirect_uri, scope, state, verifier;
    struct span decision;       /* the button that is pressed on the consent page */
    struct span cookies;        /* as the browser would send them; ABSENT: none */
    struct span transaction;    /* the consent page's hidden field */
    struct span downstream_url; /* where consent has sent the browser */
    struct span callback_url;   /* where the product has sent it then */
    struct span code, access_token, refresh_token, granted;
    struct span extra;     /* appended to the next form or query as it stands: "&a=b" */
    struct span error;     /* of the last answer; ABSENT: it was none */
    struct fetched answer; /* the last; good for WORLD_EXCHANGES more */
};

/* A public client of the server "todo" that is not registered yet. */
struct caller caller_make(struct world *w, const char *user);

struct exchange caller_begin(struct caller *c, enum step step);

/* What the answer says goes to the caller. Returns the status, 0 if there was no answer. */
unsigned caller_take(struct caller *c, enum step step, const struct exchange *x);

/* From begin to end; and all steps before one, up to the first that is refused: the last status. */
unsigned caller_do(struct caller *c, enum step step);
unsigned caller_do_until(struct caller *c, enum step end);

/* One step of many callers at the same time. Their answers are taken; how many got `status`. */
size_t callers_do(struct caller *list, size_t count, enum step step, uint32_t luck,
                  unsigned status);

/* Whether a call is answered as the caller's own user. */
bool caller_is_served(struct caller *c);

#endif
