#include "oauth/keys.h"

#include "base/base64.h"
#include "oauth/gateway.h"
#include "script.h"

enum { NOW = 1800000000 };
#define JWKS_URL "https://login.example/jwks"
#define GET_JWKS "GET " JWKS_URL

static struct gateway gateway;
static struct script script;
static struct span copy_key;
static struct span kid; /* asked for */
static struct jwks found;

static enum result find(struct cx *cx)
{
    return jwks_find(cx, SPAN(JWKS_URL), kid, &found);
}

static void start(struct span wanted_kid)
{
    struct hash hash;
    kid = wanted_kid;
    found = (struct jwks){NULL, 0};
    script_start(&script, &gateway, NOW);
    sha256(SPAN(JWKS_URL), &hash);
    copy_key =
        JOIN(&script.arena, SPAN("jwks:"), base64url_encode(&script.arena, hash_span(&hash)));
}

/* A set with one key for each letter of `names`; it is the letter that makes the key. */
static struct span key_set(const char *names)
{
    struct json_writer w = json_writer_make(&script.arena, 4096);
    json_begin(&w, '{');
    json_begin_member(&w, "keys", '[');
    for (size_t i = 0; i < span_of(names).size; i++) {
        uint8_t material[48];
        struct p256_private key;
        struct p256_public public;
        memset(material, names[i], sizeof material);
        CHECK_INT(p256_private_from(span_bytes(material, sizeof material), &key), OK);
        p256_public_of(&key, &public);
        struct span x = base64url_encode(&script.arena, span_bytes(public.point + 1, 32));
        struct span y = base64url_encode(&script.arena, span_bytes(public.point + 33, 32));
        json_begin(&w, '{');
        json_put_text(&w, "kty", SPAN("EC"));
        json_put_text(&w, "crv", SPAN("P-256"));
        json_put_text(&w, "kid", span_bytes(names + i, 1));
        json_put_text(&w, "x", x);
        json_put_text(&w, "y", y);
        json_end(&w, '}');
    }
    json_end(&w, ']');
    json_end(&w, '}');
    return json_written(&w);
}

static struct span copy_of(struct span text, uint8_t format, uint64_t expires)
{
    struct builder b = builder_make(&script.arena, 16 + text.size);
    pack_u8(&b, format);
    pack_u64(&b, expires);
    pack_span(&b, text);
    return built(&b);
}

static void check_stored(struct span text)
{
    struct span put;
    if (!CHECK_INT(script_deferred(&script, ASKS_KV_PUT, &put), 1))
        return;
    struct unpacker u = unpack_make(span_skip(put, 1));
    CHECK_SPAN(unpack_span(&u), copy_key);
    CHECK_SPAN(unpack_span(&u), copy_of(text, 1, NOW + JWKS_CACHE_SECONDS));
    CHECK_INT(unpack_u32(&u), JWKS_CACHE_SECONDS);
    CHECK_INT(unpack_done(&u), OK);
}

static void check_not_stored(void)
{
    struct span put;
    CHECK_INT(script_deferred(&script, ASKS_KV_PUT, &put), 0);
}

/* ---- the copy ---- */

static const struct {
    const char *why;
    const char *copy; /* the letters of its keys */
    uint64_t age;
    const char *kid; /* NULL: any */
    bool used;
} COPIES[] = {
    {"fresh", "ab", 0, "b", true},
    {"any key will do", "ab", 0, NULL, true},
    {"in its last second", "ab", JWKS_CACHE_SECONDS - 1, "a", true},
    {"too old", "ab", JWKS_CACHE_SECONDS, "a", false},
    {"much too old", "ab", 100 * JWKS_CACHE_SECONDS, "a", false},
    {"too old, whatever the key", "ab", JWKS_CACHE_SECONDS, NULL, false},
    {"without keys", "", 0, "a", false},
};

static void copies(void)
{
    for (size_t i = 0; i < COUNT(COPIES); i++) {
        check_row(COPIES[i].why);
        start(COPIES[i].kid == NULL ? ABSENT : span_of(COPIES[i].kid));
        struct span fetched = key_set("ab");
        expect_kv(&script, copy_key,
                  copy_of(key_set(COPIES[i].copy), 1, NOW + JWKS_CACHE_SECONDS - COPIES[i].age));
        if (!COPIES[i].used)
            expect_fetch(&script, GET_JWKS, 200, "application/json", fetched);
        CHECK_INT(script_run(&script, find), OK);
        CHECK_INT(found.count, 2);
        if (COPIES[i].used)
            check_not_stored();
        else
            check_stored(fetched);
    }
    check_row(NULL);
}

/* Whatever stands in the store and is no copy of ours is as good as nothing. */
static void broken_copies(void)
{
    start(SPAN("a"));
    struct span good = span_copy(&script.arena, copy_of(key_set("a"), 1, NOW + JWKS_CACHE_SECONDS));
    for (size_t size = 0; size <= good.size + 1; size++) {
        start(SPAN("a"));
        struct span text = key_set("a");
        struct builder b = builder_make(&script.arena, good.size + 1);
        build_span(&b, copy_of(text, 1, NOW + JWKS_CACHE_SECONDS));
        build_byte(&b, 0);
        expect_kv(&script, copy_key, span_first(built(&b), size));
        if (size != good.size)
            expect_fetch(&script, GET_JWKS, 200, "application/json", text);
        CHECK_INT(script_run(&script, find), OK);
    }
    start(SPAN("a"));
    expect_kv(&script, copy_key, copy_of(key_set("a"), 2, NOW + JWKS_CACHE_SECONDS));
    expect_fetch(&script, GET_JWKS, 200, "application/json", key_set("a"));
    CHECK_INT(script_run(&script, find), OK);
}

/* ---- the answer ---- */

static const struct {
    const char *why;
    uint32_t status;
    const char *type;
    const char *body; /* NULL: a good one */
    enum result want;
} ANSWERS[] = {
    {"good", 200, "application/json", NULL, OK},
    {"its own type", 200, "application/jwk-set+json", NULL, OK},
    {"with a charset", 200, "application/json; charset=utf-8", NULL, OK},
    {"an error", 500, "application/json", NULL, TEMPORARILY_UNAVAILABLE},
    {"not there", 404, "application/json", NULL, TEMPORARILY_UNAVAILABLE},
    {"elsewhere", 302, "application/json", NULL, TEMPORARILY_UNAVAILABLE},
    {"another success", 203, "application/json", NULL, TEMPORARILY_UNAVAILABLE},
    {"a page", 200, "text/html", NULL, TEMPORARILY_UNAVAILABLE},
    {"untyped text", 200, "text/plain", NULL, TEMPORARILY_UNAVAILABLE},
    {"empty", 200, "application/json", "", TEMPORARILY_UNAVAILABLE},
    {"cut off", 200, "application/json", "{\"keys\":[{\"kty\":\"EC\"", TEMPORARILY_UNAVAILABLE},
    {"no set", 200, "application/json", "{}", TEMPORARILY_UNAVAILABLE},
    {"a list", 200, "application/json", "[]", TEMPORARILY_UNAVAILABLE},
    {"an empty set", 200, "application/json", "{\"keys\":[]}", TEMPORARILY_UNAVAILABLE},
    {"only keys that are not for us", 200, "application/json",
     "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
     "\"AA\"}]}",
     TEMPORARILY_UNAVAILABLE},
    {"two sets in one", 200, "application/json", "{\"keys\":[],\"keys\":[]}",
     TEMPORARILY_UNAVAILABLE},
};

static void answers(void)
{
    for (size_t i = 0; i < COUNT(ANSWERS); i++) {
        check_row(ANSWERS[i].why);
        start(SPAN("a"));
        struct span good = key_set("a");
        expect_kv(&script, copy_key, ABSENT);
        expect_fetch(&script, GET_JWKS, ANSWERS[i].status, ANSWERS[i].type,
                     ANSWERS[i].body == NULL ? good : span_of(ANSWERS[i].body));
        CHECK_INT(script_run(&script, find), ANSWERS[i].want);
        if (ANSWERS[i].want == OK)
            check_stored(good);
        else
            check_not_stored();
    }
    check_row(NULL);
}

static void no_answer(void)
{
    const uint8_t outcomes[] = {FAILED, TOO_MUCH};
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        start(SPAN("a"));
        expect_kv(&script, copy_key, ABSENT);
        expect_fetch_failure(&script, GET_JWKS, outcomes[i]);
        CHECK_INT(script_run(&script, find), TEMPORARILY_UNAVAILABLE);
        CHECK_SPAN(script.cx.error_reason, SPAN("jwks_unavailable"));
        check_not_stored();
    }
}

/* ---- a key that is not in the copy (J21, S48 to S50) ---- */

static void rotated(void)
{
    start(SPAN("b"));
    struct span fresh = key_set("ab");
    expect_kv(&script, copy_key, copy_of(key_set("a"), 1, NOW + 600));
    expect_ledger(&script, copy_key, HELD);
    expect_fetch(&script, GET_JWKS, 200, "application/json", fresh);
    CHECK_INT(script_run(&script, find), OK);
    CHECK_INT(found.count, 2);
    check_stored(fresh);
}

/* The new set is kept even though it does not help this request: a key may be gone from it. */
static void still_unknown(void)
{
    start(SPAN("x"));
    struct span fresh = key_set("b");
    expect_kv(&script, copy_key, copy_of(key_set("a"), 1, NOW + 600));
    expect_ledger(&script, copy_key, HELD);
    expect_fetch(&script, GET_JWKS, 200, "application/json", fresh);
    CHECK_INT(script_run(&script, find), NOT_FOUND);
    check_stored(fresh);

    start(SPAN("x"));
    expect_kv(&script, copy_key, ABSENT);
    expect_fetch(&script, GET_JWKS, 200, "application/json", key_set("b"));
    CHECK_INT(script_run(&script, find), NOT_FOUND);
}

/* Of all requests within JWKS_REFETCH_SECONDS one may write the row; the others do not fetch. */
static void storm(void)
{
    const struct {
        const char *why;
        const char *stored; /* meanwhile, by whoever had the turn */
        uint64_t expires;
        enum result wanted;
    } rows[] = {
        {"the store has no more", "a", NOW + 600, NOT_FOUND},
        {"the store has it by now", "abx", NOW + 600, OK},
        {"the store had it", "abx", NOW, NOT_FOUND},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        start(SPAN("x"));
        expect_kv(&script, copy_key, copy_of(key_set("a"), 1, NOW + 600));
        expect_ledger(&script, copy_key, CONFLICTED);
        expect_kv_now(&script, copy_key, copy_of(key_set(rows[i].stored), 1, rows[i].expires));
        CHECK_INT(script_run(&script, find), rows[i].wanted);
        CHECK_INT(script.sent_count, 0);
        check_not_stored();
    }
    check_row("a ledger that is away says nothing of the key");
    start(SPAN("x"));
    expect_kv(&script, copy_key, copy_of(key_set("a"), 1, NOW + 600));
    expect_ledger(&script, copy_key, FAILED);
    CHECK_INT(script_run(&script, find), TEMPORARILY_UNAVAILABLE);
    CHECK_INT(script.sent_count, 0);
    check_not_stored();
    check_row(NULL);
}

static void outage(void)
{
    start(SPAN("x"));
    expect_kv(&script, copy_key, copy_of(key_set("a"), 1, NOW + 600));
    expect_ledger(&script, copy_key, HELD);
    expect_fetch(&script, GET_JWKS, 503, "text/plain", SPAN("later"));
    CHECK_INT(script_run(&script, find), NOT_FOUND);
    check_not_stored(); /* the copy is still there for the keys that it has */
}

/* By a stranger's URL: counted is what is fetched, and before anybody's turn is used up. */
static enum result find_limited(struct cx *cx)
{
    static struct header address[1] = {{SPAN("cf-connecting-ip"), SPAN("192.0.2.7")}};
    cx->request.headers = (struct headers){address, 1};
    return jwks_find_limited(cx, SPAN(JWKS_URL), kid, &found);
}

static void limited(void)
{
    start(SPAN("a"));
    expect_kv(&script, copy_key, copy_of(key_set("a"), 1, NOW + JWKS_CACHE_SECONDS));
    CHECK_INT(script_run(&script, find_limited), OK);

    start(SPAN("a"));
    expect_kv(&script, copy_key, ABSENT);
    expect_limit(&script, "limit jwks:192.0.2.7", true);
    expect_fetch(&script, GET_JWKS, 200, "application/json", key_set("a"));
    CHECK_INT(script_run(&script, find_limited), OK);

    start(SPAN("a"));
    expect_kv(&script, copy_key, ABSENT);
    expect_limit(&script, "limit jwks:192.0.2.7", false);
    CHECK_INT(script_run(&script, find_limited), TOO_MANY_REQUESTS);

    start(SPAN("b"));
    expect_kv(&script, copy_key, copy_of(key_set("a"), 1, NOW + 600));
    expect_limit(&script, "limit jwks:192.0.2.7", false);
    CHECK_INT(script_run(&script, find_limited), TOO_MANY_REQUESTS);
    CHECK_INT(script.sent_count, 0);
}

/* A key without an id is found by nobody who names one, not even the empty one. */
static void anonymous_key(void)
{
    const struct span names[] = {SPAN("a"), SPAN("")};
    for (size_t i = 0; i < COUNT(names); i++) {
        start(names[i]);
        struct span text = key_set("a");
        struct builder b = builder_make(&script.arena, text.size);
        for (size_t at = 0; at < text.size; at++) /* "kid" becomes "kxd" */
            build_byte(&b, span_starts(span_skip(text, at), SPAN("id\":")) ? 'x' : text.data[at]);
        expect_kv(&script, copy_key, copy_of(built(&b), 1, NOW + JWKS_CACHE_SECONDS));
        expect_ledger(&script, copy_key, CONFLICTED);
        expect_kv_now(&script, copy_key, copy_of(built(&b), 1, NOW + JWKS_CACHE_SECONDS));
        CHECK_INT(script_run(&script, find), NOT_FOUND);
        CHECK(span_contains(built(&b), SPAN("\"kxd\":")));
    }
}

int main(void)
{
    copies();
    broken_copies();
    answers();
    no_answer();
    rotated();
    still_unknown();
    storm();
    outage();
    limited();
    anonymous_key();
    return check_done();
}
