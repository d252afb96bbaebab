#include "scene.h"

#include "oauth/record.h"

const struct scene SCENES[] = {
    {.name = "register", .step = REGISTER},
    {.name = "authorize", .step = AUTHORIZE},
    {.name = "authorize, by a document", .step = AUTHORIZE, .by_document = true},
    {.name = "consent", .step = CONSENT},
    {.name = "callback", .step = CALLBACK},
    {.name = "code", .step = REDEEM},
    {.name = "code, with a secret", .step = REDEEM, .with_secret = true},
    {.name = "first call", .step = CALL},
    {.name = "call", .step = CALL, .calls = 1},
    {.name = "first call, downstream expired", .step = CALL, .later = 620},
    {.name = "call, downstream expired", .step = CALL, .calls = 1, .later = 620},
    {.name = "call, downstream about to expire", .step = CALL, .calls = 1, .later = 560},
    {.name = "call, refused by the runtime", .step = CALL, .calls = 1, .later = 30, .refusals = 1},
    {.name = "call, refused twice", .step = CALL, .calls = 1, .later = 30, .refusals = 2},
    {.name = "refresh", .step = REFRESH, .calls = 1},
    {.name = "refresh before any call", .step = REFRESH},
    {.name = "revoke", .step = REVOKE, .calls = 1},
    {.name = "revoke an access token", .step = REVOKE_ACCESS, .calls = 1},
    {.name = "introspect", .step = INTROSPECT},
};
const size_t SCENE_COUNT = sizeof SCENES / sizeof *SCENES;

struct caller scene_set(struct world *w, const struct scene *scene)
{
    world_make(w);
    struct caller c = caller_make(w, "alice");
    int first = REGISTER;
    if (scene->by_document) {
        c.client_id = DOCUMENT_CLIENT;
        c.redirect_uri = SPAN("https://client.acme.dev/cb");
        first = AUTHORIZE;
    }
    if (scene->with_secret) {
        c.client_id = SPAN("portal");
        c.client_secret = PORTAL_SECRET;
        c.redirect_uri = SPAN("https://portal.acme.dev/cb");
        first = AUTHORIZE;
    }
    for (int step = first; step < (int)scene->step && step < CALL; step++)
        (void)caller_do(&c, (enum step)step);
    for (unsigned i = 0; i < scene->calls; i++)
        (void)caller_do(&c, CALL);
    w->now += scene->later;
    w->runtime.refusals_due = scene->refusals;
    world_count_anew(w);
    return c;
}

bool scene_succeeded(const struct caller *c, enum step step, unsigned status)
{
    if (step == CONSENT || step == CALLBACK)
        return status == 303 && !span_present(c->error);
    if (step == CALL)
        return status == 200 && span_equal(c->answer.body, c->user);
    return status == (step == REGISTER ? 201 : 200);
}

bool scene_gives(const struct exchange *x)
{
    struct span location = headers_get(&x->answer.headers, SPAN("location"));
    return span_contains(x->answer.body, SPAN("\"access_token\"")) ||
           span_contains(x->answer.body, SPAN("\"refresh_token\"")) ||
           span_contains(location, SPAN("&code="));
}

/* ---- rows ---- */

/* The grant's row outlives what it is for, if that is brief, by as much as a state may still live.
 */
static uint64_t beyond(const struct world *w, uint64_t lifetime)
{
    uint64_t state = w->gateway.lifetimes.transaction;
    return state > lifetime ? state - lifetime : 0;
}

static size_t rows_beside(const struct world *w, struct span shard)
{
    size_t count = 0;
    for (size_t i = 0; i < w->row_count; i++)
        count += span_equal(w->rows[i].shard, shard) && w->rows[i].expires > w->now;
    return count - 1;
}

/* One that somebody may live by, whose row ends with the grant's. */
static bool is_live(const struct world *w, const struct world_row *row,
                    const struct world_row *live, uint64_t lifetime)
{
    struct live_token token;
    return live != NULL && live_unpack(live->value, &token) == OK &&
           row->expires == live->expires + beyond(w, lifetime);
}

/* The first access token's row, which ends with the grant's where nothing is refreshed. */
static bool is_held(const struct world *w, const struct world_row *row)
{
    const struct lifetimes *l = &w->gateway.lifetimes;
    return is_live(w, row, world_row(w, row->shard, SPAN("refresh")), l->refresh_token) ||
           is_live(w, row, world_row(w, row->shard, SPAN("access/0")), l->access_token);
}

static bool grant_is_whole(const struct world *w, const struct world_row *row)
{
    struct grant grant;
    struct live_token token;
    const struct world_row *code = world_row(w, row->shard, SPAN("code"));
    if (grant_unpack(row->value, &grant) != OK)
        return false;
    if (grant.state == GRANT_CLAIMED || grant.state == GRANT_ENDED)
        return rows_beside(w, row->shard) == 0;
    if (grant.state == GRANT_BROKEN)
        return grant.sealed_tokens.size == 0 && world_row(w, row->shard, SPAN("refresh")) == NULL;
    if (grant.sealed_tokens.size == 0)
        return false;
    if (code != NULL && live_unpack(code->value, &token) == OK) /* waits for its client */
        return code->expires == row->expires && rows_beside(w, row->shard) == 1;
    return is_held(w, row);
}

bool scene_rows_are_whole(const struct world *w)
{
    for (size_t i = 0; i < w->row_count; i++) {
        const struct world_row *row = &w->rows[i];
        if (!span_starts(row->shard, SPAN("grant:")) || row->expires <= w->now)
            continue;
        const struct world_row *grant = world_row(w, row->shard, SPAN("grant"));
        if (grant == NULL || !grant_is_whole(w, grant))
            return false;
    }
    return true;
}

/* ---- what still works ---- */

static bool held_before(const struct caller *list, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (span_equal(list[k].refresh_token, list[i].refresh_token))
            return true;
    return false;
}

/* Asks in a world that is put back afterwards. */
static bool would_get(struct caller caller, enum step step, uint64_t later, unsigned status)
{
    struct world *w = caller.world;
    struct world_image *image = world_save(w);
    w->now += later;
    bool got = caller_do(&caller, step) == status;
    world_restore(w, image);
    world_forget(image);
    return got;
}

size_t scene_chains(struct caller *list, size_t count)
{
    size_t chains = 0;
    uint64_t window = list[0].world->gateway.lifetimes.refresh_retry;
    for (size_t i = 0; i < count; i++)
        if (span_present(list[i].refresh_token) && !held_before(list, i))
            chains += would_get(list[i], REFRESH, window, 200);
    return chains;
}

bool scene_is_dead(struct caller *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_present(list[i].access_token) && !would_get(list[i], CALL, 0, 401))
            return false;
        if (span_present(list[i].refresh_token) && !would_get(list[i], REFRESH, 0, 400))
            return false;
    }
    return true;
}

bool scene_goes_on(struct world *w)
{
    struct world_image *image = world_save(w);
    struct caller bob = caller_make(w, "bob");
    for (size_t i = 0; i < 2; i++)
        w->products[i].mood = WELL;
    w->runtime.refusals_due = 0;
    bool went = caller_do_until(&bob, CALL) == 200 && caller_is_served(&bob);
    world_restore(w, image);
    world_forget(image);
    return went;
}
