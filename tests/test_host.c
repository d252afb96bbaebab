/*
 * The wire between the core and its host (include/host/wire.h): inputs and journals that
 * are malformed, cut short or answered with nonsense are no success and no
 * crash. And what the core asks for is laid out as docs/host.md says.
 */
#include "app/router.h"
#include "check.h"
#include "edge.h"
#include "support/scene.h"

static struct world world;

/* The first byte of an output. */
enum said { SAID_RESPONSE = 0, SAID_EFFECTS = 1, SAID_MALFORMED };

static struct cx cx;

/* One run of an input that may be anything. */
static enum said run(struct span input, struct span *output)
{
    static struct arena arena;
    static uint8_t *memory;
    if (memory == NULL)
        memory = malloc(WORLD_RUN_MEMORY);
    arena = arena_make(memory, WORLD_RUN_MEMORY, edge_exhausted);
    if (host_begin(&cx, &arena, &world.gateway, edge(input)) != OK)
        return SAID_MALFORMED;
    *output = host_end(&cx, route(&cx));
    return (enum said)output->data[0];
}

static unsigned status_of(struct span output)
{
    struct unpacker u = unpack_make(span_skip(output, 1));
    return unpack_u32(&u);
}

/* ---- inputs ---- */

static struct span input(size_t seed_size, const char *url, uint32_t header_count)
{
    static const uint8_t seed[64] = {1};
    struct builder b = builder_make(&world.arena, 4096);
    pack_u64(&b, world.now);
    pack_span(&b, span_bytes(seed, seed_size));
    pack_span(&b, SPAN("GET"));
    pack_span(&b, span_of(url));
    pack_u32(&b, header_count);
    pack_span(&b, SPAN("accept"));
    pack_span(&b, SPAN("*/*"));
    return built(&b);
}

static void inputs(void)
{
    static const struct {
        const char *why, *url;
        size_t seed_size;
        uint32_t headers;
        enum said said;
    } rows[] = {
        {"as it should be", "https://mcp.latchkey.dev/health", SEED_SIZE, 1, SAID_RESPONSE},
        {"no seed: nothing may be issued", "https://mcp.latchkey.dev/health", 0, 1, SAID_MALFORMED},
        {"a short seed", "https://mcp.latchkey.dev/health", SEED_SIZE - 1, 1, SAID_MALFORMED},
        {"a long seed", "https://mcp.latchkey.dev/health", SEED_SIZE + 1, 1, SAID_MALFORMED},
        {"more headers than there are", "https://mcp.latchkey.dev/health", SEED_SIZE, 2,
         SAID_MALFORMED},
        {"very many headers", "https://mcp.latchkey.dev/health", SEED_SIZE, UINT32_MAX,
         SAID_MALFORMED},
        {"no URL", "", SEED_SIZE, 1, SAID_RESPONSE},
        {"a URL without a path", "https://mcp.latchkey.dev", SEED_SIZE, 1, SAID_RESPONSE},
        {"a colon and nothing else", ":", SEED_SIZE, 1, SAID_RESPONSE},
        {"a URL that ends in its query", "https://mcp.latchkey.dev/?", SEED_SIZE, 1, SAID_RESPONSE},
    };
    world_make(&world);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span output;
        check_row(rows[i].why);
        CHECK_INT(run(input(rows[i].seed_size, rows[i].url, rows[i].headers), &output),
                  rows[i].said);
    }
    struct span whole = input(SEED_SIZE, "https://mcp.latchkey.dev/health", 1);
    for (size_t size = 0; size < whole.size; size++) {
        struct span output;
        check_row("an input that was cut short");
        CHECK_INT(run(span_first(whole, size), &output), SAID_MALFORMED);
    }
}

static void parts_of_the_url(void)
{
    static const struct {
        const char *url, *path, *query;
    } rows[] = {
        {"https://mcp.latchkey.dev/token", "/token", NULL},
        {"https://mcp.latchkey.dev/authorize?a=b?c", "/authorize", "a=b?c"},
        {"https://mcp.latchkey.dev/?", "/", ""},
        {"https://mcp.latchkey.dev/a%2fb", "/a%2fb", NULL},
        {"https://mcp.latchkey.dev/a#b?c", "/a", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span output;
        check_row(rows[i].url);
        CHECK_INT(run(input(SEED_SIZE, rows[i].url, 1), &output), SAID_RESPONSE);
        CHECK_SPAN(cx.request.path, span_of(rows[i].path));
        CHECK_SPAN(cx.request.query, rows[i].query == NULL ? ABSENT : span_of(rows[i].query));
    }
}

/* ---- journals ---- */

static void cut_journals(const struct scene *scene)
{
    struct caller c = scene_set(&world, scene);
    struct exchange x = caller_begin(&c, scene->step);
    size_t first_answer = x.journal.size;
    world_finish(&world, &x);
    unsigned status = caller_take(&c, scene->step, &x);
    size_t last_answer = x.runs[x.run_count - 1].journal_size;
    for (size_t size = first_answer; size < last_answer; size++) {
        struct span output;
        check_row(scene->name);
        enum said said = run(span_bytes(x.journal.data, size), &output);
        CHECK(said != SAID_MALFORMED);
        /* An answer that is cut is one that failed. Some may: a copy is made anew, who is not
         * counted may pass, and a grant is revoked whether or not the product hears of it. */
        bool may_fail = scene->step <= CALLBACK || scene->step == REVOKE;
        CHECK(said == SAID_EFFECTS || status_of(output) >= 400 || status >= 400 || may_fail);
        CHECK(said == SAID_EFFECTS || !span_contains(output, SPAN("\"access_token\":\"")));
    }
}

/* One byte of an answer changed: whatever comes of it, it is an output. */
static void changed_journals(const struct scene *scene)
{
    static uint8_t journal[65536];
    struct caller c = scene_set(&world, scene);
    struct exchange x = caller_begin(&c, scene->step);
    size_t first_answer = x.journal.size;
    world_finish(&world, &x);
    size_t size = x.runs[x.run_count - 1].journal_size;
    memcpy(journal, x.journal.data, size);
    for (size_t i = first_answer; i < size; i++) {
        struct span output;
        check_row(scene->name);
        journal[i] ^= 0xff;
        enum said said = run(span_bytes(journal, size), &output);
        CHECK(said == SAID_EFFECTS ||
              (said == SAID_RESPONSE && status_of(output) >= 200 && status_of(output) < 600));
        journal[i] ^= 0xff;
    }
}

/* ---- answers ---- */

enum asks { BODY, LEDGER, COPY, FETCH, LIMIT, FORWARD };

static enum result ask(enum asks what)
{
    struct span got;
    struct fetched fetched;
    struct ledger_row row;
    struct ledger_step step;
    switch (what) {
    case BODY:
        return host_body(&cx, 4, &got);
    case LEDGER:
        step = ledger_step(&cx, SPAN("shard"), 64);
        ledger_read(&step, SPAN("key"), &row);
        return ledger_commit(&cx, &step);
    case COPY:
        return kv_get(&cx, SPAN("key"), 30000, &got);
    case FETCH:
        return host_fetch(&cx, &(struct fetch){.method = SPAN("GET"), .url = SPAN("u")}, &fetched);
    case LIMIT:
        return host_limit(&cx, SPAN("key"));
    case FORWARD:
        return host_forward(&cx, &(struct forward){.method = SPAN("GET"), .url = SPAN("u")});
    }
    return SERVER_ERROR;
}

static void answers(void)
{
    const struct {
        const char *why;
        enum asks asks;
        struct span answer;
        enum result want;
    } rows[] = {
        {"a body", BODY, SPAN("\0\4\0\0\0abcd"), OK},
        {"none", BODY, SPAN("\0\0\0\0\0"), OK},
        {"too large, says the host", BODY, SPAN("\3\xff\xff\xff\xff"), TOO_LARGE},
        {"too large, though the host has not said so", BODY, SPAN("\0\5\0\0\0abcde"), TOO_LARGE},
        {"broken off", BODY, SPAN("\1"), HOST_FAILED},
        {"absent", BODY, SPAN("\0\xff\xff\xff\xff"), HOST_FAILED},
        {"with more behind it", BODY, SPAN("\0\1\0\0\0ab"), HOST_FAILED},
        {"no answer at all", BODY, SPAN(""), HOST_FAILED},
        {"a row", LEDGER, SPAN("\0\1\0\0\0\1\0\0\0v"), OK},
        {"no row", LEDGER, SPAN("\0\0\0\0\0\xff\xff\xff\xff"), OK},
        {"a row, and a conflict", LEDGER, SPAN("\2\1\0\0\0\1\0\0\0v"), CONFLICT},
        {"failed", LEDGER, SPAN("\1"), HOST_FAILED},
        {"failed, with a row", LEDGER, SPAN("\1\1\0\0\0\1\0\0\0v"), HOST_FAILED},
        {"of no known outcome", LEDGER, SPAN("\7\1\0\0\0\1\0\0\0v"), HOST_FAILED},
        {"without its row", LEDGER, SPAN("\0"), HOST_FAILED},
        {"with a row too many", LEDGER, SPAN("\0\1\0\0\0\1\0\0\0v\1\0\0\0\0\0\0\0"), HOST_FAILED},
        {"no answer at all", LEDGER, SPAN(""), HOST_FAILED},
        {"a copy", COPY, SPAN("\0\1\0\0\0v"), OK},
        {"none", COPY, SPAN("\0\xff\xff\xff\xff"), NOT_FOUND},
        {"failed: it can be made anew", COPY, SPAN("\1"), NOT_FOUND},
        {"an answer", FETCH, SPAN("\0\xc8\0\0\0\0\0\0\0\0\0\0\0"), OK},
        {"too large", FETCH, SPAN("\3"), TOO_LARGE},
        {"failed", FETCH, SPAN("\1"), HOST_FAILED},
        {"without a body", FETCH, SPAN("\0\xc8\0\0\0\0\0\0\0\xff\xff\xff\xff"), HOST_FAILED},
        {"with fewer headers than it says", FETCH, SPAN("\0\xc8\0\0\0\1\0\0\0\0\0\0\0"),
         HOST_FAILED},
        {"may pass", LIMIT, SPAN("\0\1"), OK},
        {"may not", LIMIT, SPAN("\0\0"), TOO_MANY_REQUESTS},
        {"a limiter that fails lets pass", LIMIT, SPAN("\1"), OK},
        {"came back", FORWARD, SPAN("\0"), OK},
        {"no answer", FORWARD, SPAN("\1"), HOST_FAILED},
        {"nonsense", FORWARD, SPAN("\xff"), HOST_FAILED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct builder journal = builder_make(&world.arena, 64);
        check_row(rows[i].why);
        pack_span(&journal, rows[i].answer);
        cx = (struct cx){.arena = &world.arena, .journal = unpack_make(edge(built(&journal)))};
        CHECK_INT(ask(rows[i].asks), rows[i].want);
        check_row("and then there is none yet");
        CHECK_INT(ask(rows[i].asks), PENDING);
        CHECK_INT(cx.effect_count, 1);
    }
}

/* ---- outputs ---- */

static void outputs(void)
{
    struct span output;
    struct arena *a = &world.arena;
    check_row("a response: its status, headers in order and twice, body, nothing for later");
    cx = (struct cx){.arena = a};
    respond(&cx, 200, SPAN("text/plain"), SPAN("hello"));
    respond_header(&cx, SPAN("set-cookie"), SPAN("a=1"));
    respond_header(&cx, SPAN("set-cookie"), SPAN("b=2"));
    output = host_end(&cx, OK);
    struct unpacker u = unpack_make(output);
    CHECK_INT(unpack_u8(&u), SAID_RESPONSE);
    CHECK_INT(unpack_u32(&u), 200);
    struct headers headers = world_headers(a, &u);
    CHECK_INT(headers.count, 3);
    CHECK_SPAN(headers.list[1].value, SPAN("a=1"));
    CHECK_SPAN(headers.list[2].value, SPAN("b=2"));
    CHECK_SPAN(unpack_span(&u), SPAN("hello"));
    CHECK_INT(unpack_u32(&u), 0);
    CHECK_SPAN(unpack_span(&u), SPAN(""));
    CHECK_INT(unpack_done(&u), OK);

    check_row("what is for later comes with the end, not before");
    cx = (struct cx){.arena = a};
    host_log(&cx, SPAN("line"));
    struct span key = SPAN("key");
    kv_put_later(&cx, key, SPAN("value"), 60);
    CHECK_INT(kv_get(&cx, key, 30000, &key), PENDING);
    output = host_end(&cx, PENDING);
    u = unpack_make(output);
    CHECK_INT(unpack_u8(&u), SAID_EFFECTS);
    CHECK_INT(unpack_u8(&u), 0);
    CHECK_INT(unpack_u32(&u), 1);
    CHECK_SPAN(unpack_span(&u), SPAN("\x03\x03\0\0\0key\x30\x75\0\0"));
    CHECK_INT(unpack_u32(&u), 0);
    CHECK_SPAN(unpack_span(&u), SPAN(""));
    CHECK_INT(unpack_done(&u), OK);
    output = host_end(&cx, OK);
    CHECK(span_ends(output, SPAN("\1\0\0\0\x15\0\0\0\4\3\0\0\0key"
                                 "\5\0\0\0value\x3c\0\0\0\4\0\0\0line")));
}

/* What stands in the journal, as answers: kept or not. */
static enum result kept_of(struct span answer, struct span *value)
{
    struct builder journal = builder_make(&world.arena, 64);
    pack_span(&journal, answer);
    cx = (struct cx){.arena = &world.arena, .journal = unpack_make(built(&journal))};
    return host_kept(&cx, value);
}

static void kept_and_not(void)
{
    struct span value = ABSENT;
    check_row("what was kept comes back");
    CHECK_INT(kept_of(SPAN("\x08verified"), &value), OK);
    CHECK_SPAN(value, SPAN("verified"));
    CHECK_INT(kept_of(SPAN("\x08"), &value), OK);
    CHECK_INT(value.size, 0);
    static const char *const OTHERS[] = {"done", "failed", "conflict", "too large", "busy"};
    for (uint8_t outcome = 0; outcome < 5; outcome++) {
        struct span rest = ABSENT;
        uint8_t answer[] = {outcome, 'v', 'e', 'r', 'i', 'f', 'i', 'e', 'd'};
        check_row(OTHERS[outcome]);
        CHECK_INT(kept_of(span_bytes(answer, sizeof answer), &rest), NOT_FOUND);
        CHECK(!span_present(rest) && cx.journal.rest.size == 4 + sizeof answer);
    }
    check_row("nothing yet");
    CHECK_INT(kept_of(SPAN(""), &value), NOT_FOUND);
}

/* Whoever has changed something goes on without the client; whoever only looks, or forwards, does
 * not. */
static void clients_that_leave(void)
{
    enum { NOTHING, WRITES, DERIVES, TOUCHES, DELETES, FETCHES, KINDS };
    enum { AT_ONCE, THEN_LOOKS, THEN_FORWARDS, ENDS };
    static const uint8_t FAILURE[] = {1, 0, 0, 0, FAILED};
    for (int kind = NOTHING; kind < KINDS; kind++)
        for (int end = AT_ONCE; end < ENDS; end++) {
            struct ledger_row row;
            struct fetched got;
            const struct fetch fetch = {.method = SPAN("POST"), .url = SPAN("https://a.dev/")};
            const struct forward forward = {.method = SPAN("POST"), .url = SPAN("https://a.dev/")};
            struct span journal = end == AT_ONCE ? SPAN("") : span_bytes(FAILURE, sizeof FAILURE);
            cx = (struct cx){.arena = &world.arena, .journal = unpack_make(journal)};
            struct ledger_step step = ledger_step(&cx, SPAN("shard"), 256);
            struct ledger_step look = ledger_step(&cx, SPAN("shard"), 256);
            ledger_read(&look, SPAN("key"), &row);
            ledger_wait(&step, SPAN("key"), 1, 1);
            ledger_check(&step, SPAN("key"), 1);
            ledger_match(&step, SPAN("key"), SPAN("value"));
            if (kind == WRITES)
                ledger_write(&step, SPAN("key"), 1, SPAN("value"));
            if (kind == DERIVES)
                ledger_derive(&step, SPAN("key"), 1, SPAN("from"), SPAN("head"), SPAN("mask"));
            if (kind == TOUCHES)
                ledger_touch(&step, SPAN("key"), 1);
            if (kind == DELETES)
                ledger_delete(&step, SPAN("key"));
            enum result first =
                kind == FETCHES ? host_fetch(&cx, &fetch, &got) : ledger_commit(&cx, &step);
            CHECK_INT(first, end == AT_ONCE ? PENDING : HOST_FAILED);
            if (end == THEN_LOOKS)
                CHECK_INT(ledger_commit(&cx, &look), PENDING);
            if (end == THEN_FORWARDS)
                CHECK_INT(host_forward(&cx, &forward), PENDING);
            struct span output = host_end(&cx, PENDING);
            CHECK_INT(output.data[0], SAID_EFFECTS);
            CHECK_INT(output.data[1], kind != NOTHING && end != THEN_FORWARDS);
        }
}

int main(void)
{
    inputs();
    parts_of_the_url();
    for (size_t i = 0; i < SCENE_COUNT; i++) {
        cut_journals(&SCENES[i]);
        changed_journals(&SCENES[i]);
    }
    answers();
    outputs();
    clients_that_leave();
    kept_and_not();
    return check_done();
}
