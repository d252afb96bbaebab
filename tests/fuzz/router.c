/*
 * The whole gateway, told a story. Clients, people and products are played as
 * support/caller.h and support/world.h play them. A letter is a request:
 *
 *   R register  A authorize  C consent  B callback  T redeem the code  M call
 *   F refresh   V revoke     X revoke the access token   I introspect
 *   ?METHOD URL\nNAME: VALUE\n\nBODY`    any other
 *
 * and what stands before it is what happens on the way to it:
 *
 *   f l d, a digit     that effect fails; its answer is lost; it is done twice
 *   = a digit, TEXT`   that effect is answered with TEXT, whatever is true
 *   &TEXT`             is appended to the form or the query
 *   @TEXT`             is what the client holds as its code and its tokens
 *   ~ two bytes        of what is stored, a byte changes
 *   t, a digit         so many doubled minutes later
 *   p, a digit         the product's mood
 *   o the limiter lets nothing pass, and then again everything
 *   u the runtime refuses   c the other client's turn   s it steals what the first holds
 */
#include "fuzz.h"
#include "oauth/grant.h"
#include "support/scene.h"
#include "text/form.h"
#include "text/json.h"

enum { MAX_REQUESTS = 24, MAX_EFFECTS = 10, MOODS = FORBIDS + 1 };

static struct world world;

struct story {
    struct span text; /* what is still to be told */
    struct caller callers[2];
    size_t turn; /* whose */
    enum fault faults[MAX_EFFECTS];
    struct span lies[MAX_EFFECTS]; /* ABSENT: the truth */
    bool spoilt;                   /* something stored was changed, or lied about */
};

/* What one request has been through. */
struct history {
    bool disturbed, lied, body_failed;
    uint8_t last_store; /* the outcome of the last step on the ledger; FAILED: there was none */
};

/* ---- what must hold of every answer ---- */

static void check_no_secret(struct span text)
{
    MUST(!span_contains(text, SPAN("downstream-access-")));
    MUST(!span_contains(text, SPAN("downstream-refresh-")));
    MUST(!span_contains(text, SPAN("product-secret")) && !span_contains(text, SPAN("root-secret")));
}

static void check_headers(const struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        MUST(http_is_token(headers->list[i].name));
        MUST(http_is_field_value(headers->list[i].value));
        check_no_secret(headers->list[i].value);
    }
}

/* A token that the ledger does not know would be no token. */
static void check_token_is_stored(struct span token)
{
    struct token_digest digest = token_digest_of(token);
    MUST(world_stores(&world, hash_span(&digest.hash)));
}

static void check_code_is_stored(struct span text)
{
    struct code code;
    struct cx cx = {.arena = &world.arena, .gateway = &world.gateway};
    struct presented told;
    MUST(code_open(&cx, text, &code, &told) == OK);
    MUST(world_row(&world, grant_shard(&world.arena, told.grant_id), told.row) != NULL);
}

static void check_answer(const struct story *s, const struct exchange *x, const struct history *h)
{
    struct form query = {0};
    struct span page;
    const struct json *object = NULL;
    struct span location = headers_get(&x->answer.headers, SPAN("location"));
    MUST(x->answered && x->answer.status >= 200 && x->answer.status < 600);
    MUST(x->answer.status != 500 || h->disturbed || s->spoilt);
    MUST(!h->body_failed || x->answer.status >= 400);
    check_headers(&x->answer.headers);
    check_no_secret(x->answer.body);

    bool is_query = form_parse(&world.arena, span_cut(location, '?', &page), &query) == OK;
    bool is_object = json_parse(&world.arena, x->answer.body, &object) == OK;
    struct span code = is_query && world_product(&world, location) == NULL
                           ? form_get(&query, SPAN("code"))
                           : ABSENT;
    struct span token = is_object ? json_member_text(object, SPAN("access_token")) : ABSENT;
    if (span_present(code) || span_present(token))
        MUST(h->last_store != FAILED);
    if (span_present(token) && !s->spoilt)
        check_token_is_stored(token);
    if (span_present(code) && !s->spoilt)
        check_code_is_stored(code);
}

/* ---- one request ---- */

/* The outcome that the core was told last; the journal ends with it. */
static uint8_t outcome_behind(const struct exchange *x, size_t before)
{
    return x->journal.size > before + 4 ? x->journal.data[before + 4] : FAILED;
}

static void take_step(struct story *s, struct exchange *x, struct history *h)
{
    size_t at = x->steps < MAX_EFFECTS ? x->steps : MAX_EFFECTS - 1;
    size_t before = x->journal.size;
    bool was_answered = x->answered;
    enum effect kind = (enum effect)x->effects[x->performed].data[0];
    if (span_present(s->lies[at]) && kind != ASKED_KEEP && !was_answered) {
        s->spoilt = true;
        (void)world_answer(&world, x, s->lies[at]);
    } else {
        (void)world_step(&world, x, s->faults[at]);
    }
    h->disturbed |= s->faults[at] != AS_USUAL;
    if (was_answered)
        return;
    if (kind == ASKED_BODY && outcome_behind(x, before) != DONE)
        h->body_failed = true;
    if (kind == ASKED_LEDGER)
        h->last_store = outcome_behind(x, before);
    if (kind == ASKED_LEDGER && h->last_store > CONFLICTED)
        h->last_store = FAILED;
}

/* To its end: it has one, it is as it must be, and it is the same when it is run again. */
static void take_course(struct story *s, struct exchange *x)
{
    struct history h = {.last_store = FAILED};
    while (x->performed < x->effect_count)
        take_step(s, x, &h);
    check_answer(s, x, &h);
    MUST(world_replay(&world, x) == 0);
    memset(s->faults, 0, sizeof s->faults);
    memset(s->lies, 0, sizeof s->lies);
}

static void request(struct story *s, enum step step)
{
    struct caller *c = &s->callers[s->turn];
    bool by_the_book = !s->spoilt;
    struct exchange x = caller_begin(c, step);
    take_course(s, &x);
    /* A browser that was sent astray does not come back. */
    if (by_the_book && !s->spoilt)
        (void)caller_take(c, step, &x);
}

/* ---- the telling ---- */

static uint8_t next(struct story *s)
{
    uint8_t byte = s->text.size > 0 ? s->text.data[0] : 0;
    s->text = span_skip(s->text, 1);
    return byte;
}

static struct span quoted(struct story *s)
{
    struct span text;
    struct span rest = span_cut(s->text, '`', &text);
    s->text = span_present(rest) ? rest : span_skip(s->text, s->text.size);
    return span_copy(&world.arena, text);
}

/* A digit; any other byte counts as one too. */
static unsigned number(struct story *s, unsigned below)
{
    return (uint8_t)(next(s) - '0') % below;
}

static void any_request(struct story *s)
{
    struct asked asked = {.method = ""};
    struct span rest = quoted(s);
    struct span line = fuzz_line(&rest);
    struct span method;
    struct span url = span_cut(line, ' ', &method);
    asked.method = (const char *)JOIN(&world.arena, method, SPAN("\0")).data;
    asked.url = span_starts(url, SPAN("/")) ? JOIN(&world.arena, ISSUER, url)
                                            : JOIN(&world.arena, SPAN(""), url);
    for (line = fuzz_line(&rest); line.size > 0 && asked.header_count < ASKED_MAX_HEADERS;
         line = fuzz_line(&rest)) {
        struct header *h = &asked.headers[asked.header_count++];
        h->value = span_trim(span_cut(line, ':', &h->name), SPAN(" "));
    }
    asked.body = rest;
    struct exchange x = world_begin(&world, &asked);
    take_course(s, &x);
}

static void hold(struct caller *c, struct span text)
{
    c->code = c->access_token = c->refresh_token = c->transaction = text;
}

static void steal(struct caller *thief, const struct caller *from)
{
    thief->code = from->code;
    thief->access_token = from->access_token;
    thief->refresh_token = from->refresh_token;
    thief->callback_url = from->callback_url;
}

static void spoil(struct story *s, unsigned row, unsigned place)
{
    if (world.row_count == 0)
        return;
    struct world_row *r = &world.rows[row % world.row_count];
    uint8_t *bytes = (uint8_t *)(uintptr_t)r->value.data; /* the world's own copy */
    if (r->value.size > 0)
        bytes[place % r->value.size] ^= (uint8_t)(1 + row);
    s->spoilt = true;
}

/* What is no request. */
static void happen(struct story *s, uint8_t letter)
{
    struct caller *c = &s->callers[s->turn];
    unsigned at;
    switch (letter) {
    case 'f':
        s->faults[number(s, MAX_EFFECTS)] = FAILS;
        return;
    case 'l':
        s->faults[number(s, MAX_EFFECTS)] = ANSWER_LOST;
        return;
    case 'd':
        s->faults[number(s, MAX_EFFECTS)] = DONE_TWICE;
        return;
    case '=':
        at = number(s, MAX_EFFECTS);
        s->lies[at] = quoted(s);
        return;
    case '&':
        c->extra = JOIN(&world.arena, SPAN("&"), quoted(s));
        return;
    case '@':
        hold(c, quoted(s));
        return;
    case '~':
        at = next(s);
        spoil(s, at, next(s));
        return;
    case 't':
        world.now += 60u << number(s, 12);
        return;
    case 'p':
        world.products[0].mood = (enum mood)number(s, MOODS);
        return;
    case 'o':
        world.limited = !world.limited;
        return;
    case 'u':
        world.runtime.refusals_due++;
        return;
    case 'c':
        s->turn = 1 - s->turn;
        return;
    case 's':
        steal(c, &s->callers[1 - s->turn]);
        return;
    default:
        return;
    }
}

static struct story begin(struct span text)
{
    static struct world_image *image;
    if (image == NULL) {
        world_make(&world);
        image = world_save(&world);
    }
    world_restore(&world, image);
    struct story s = {.text = text,
                      .callers = {caller_make(&world, "alice"), caller_make(&world, "bob")}};
    s.callers[1].client_id = SPAN("portal");
    s.callers[1].client_secret = PORTAL_SECRET;
    s.callers[1].redirect_uri = SPAN("https://portal.acme.dev/cb");
    return s;
}

void fuzz(struct arena *a, struct span input)
{
    static const char LETTERS[STEPS + 1] = "RACBTMFVXI"; /* in the order of enum step */
    (void)a;
    struct story s = begin(input);
    for (size_t requests = 0; s.text.size > 0 && requests < MAX_REQUESTS;) {
        uint8_t letter = next(&s);
        size_t step = span_find(span_of(LETTERS), letter);
        requests += letter == '?' || step < STEPS;
        if (letter == '?')
            any_request(&s);
        else if (step < STEPS)
            request(&s, (enum step)step);
        else
            happen(&s, letter);
    }
    MUST(s.spoilt || scene_rows_are_whole(&world));
    for (size_t i = 0; i < world.line_count; i++)
        check_no_secret(world.lines[i]);
}
