/*
 * The requests that the sweeps look at, each with what has to have happened
 * before it; and what must hold after any of them, whatever went wrong.
 */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include "caller.h"

struct scene {
    const char *name;
    enum step step;    /* the request */
    unsigned calls;    /* tool calls before it */
    uint64_t later;    /* seconds that pass before it */
    unsigned refusals; /* so many calls get 401 from the runtime */
    bool by_document;  /* the client is known by its metadata document */
    bool with_secret;  /* the client was named by the operator */
};

extern const struct scene SCENES[];
extern const size_t SCENE_COUNT;

/* Makes the world anew, up to the moment before the request. */
struct caller scene_set(struct world *w, const struct scene *scene);

/* Whether the step was answered as it should be. */
bool scene_succeeded(const struct caller *c, enum step step, unsigned status);

/* Whether the answer has anything that a client could use: a code or a token. */
bool scene_gives(const struct exchange *x);

/*
 * Whether each grant's rows are what some step of the core leaves: claimed; or
 * stored with a code; or redeemed; or ended and nothing more.
 */
bool scene_rows_are_whole(const struct world *w);

/*
 * How many of the callers' refresh tokens can still be rotated once the retry
 * window is over: more than one is a fork. The world stays as it is.
 */
size_t scene_chains(struct caller *list, size_t count);

/* Nothing that the callers hold works. The world stays as it is. */
bool scene_is_dead(struct caller *list, size_t count);

/* Somebody else can sign in and call. The world stays as it is. */
bool scene_goes_on(struct world *w);

#endif
