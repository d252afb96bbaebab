#include "text/json.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

/* The verdict of the scanner; that of the tree must be the same. */
static enum result verdict(struct span text)
{
    const struct json *root = NULL;
    enum result result = json_scan(&arena, text, NULL, 0);
    if (text.size <= JSON_MAX_TREE_SIZE)
        CHECK_INT(json_parse(&arena, text, &root), result);
    CHECK_INT(root != NULL, result == OK && text.size <= JSON_MAX_TREE_SIZE);
    return result;
}

static void test_grammar(void)
{
    static const struct {
        const char *why;
        struct span text;
        enum result want;
    } rows[] = {
        {"all kinds", SPAN(" {\"a\" : [1, -2.5e+3 ,true,false , null,\"x\", {}, []]}\r\n\t"), OK},
        {"an escaped slash and controls", SPAN("\"\\/\\b\\f\\n\\r\\t\\\"\\\\\""), OK},
        {"a pair of surrogates", SPAN("\"\\uD83D\\uDE00\""), OK},
        {"a noncharacter", SPAN("\"\\uFFFF\""), OK},
        {"DEL", SPAN("\"\x7f\""), OK},
        {"absent", ABSENT, MALFORMED},
        {"empty", SPAN(""), MALFORMED},
        {"space only", SPAN(" \n"), MALFORMED},
        {"two values", SPAN("1 2"), MALFORMED},
        {"two documents", SPAN("{}{}"), MALFORMED},
        {"NUL behind", SPAN("{}\0"), MALFORMED},
        {"a BOM", SPAN("\xef\xbb\xbf{}"), MALFORMED},
        {"a no-break space", SPAN("\xc2\xa0{}"), MALFORMED},
        {"a vertical tab", SPAN("\v{}"), MALFORMED},
        {"a form feed", SPAN("{}\f"), MALFORMED},
        {"a comment", SPAN("{}/**/"), MALFORMED},
        {"a comma behind the last element", SPAN("[1,]"), MALFORMED},
        {"a comma behind the last member", SPAN("{\"a\":1,}"), MALFORMED},
        {"a comma in front", SPAN("[,1]"), MALFORMED},
        {"no comma", SPAN("[1 2]"), MALFORMED},
        {"no colon", SPAN("{\"a\" 1}"), MALFORMED},
        {"a name without quotes", SPAN("{a:1}"), MALFORMED},
        {"single quotes", SPAN("{'a':1}"), MALFORMED},
        {"a number as a name", SPAN("{1:1}"), MALFORMED},
        {"the wrong bracket", SPAN("[1}"), MALFORMED},
        {"True", SPAN("True"), MALFORMED},
        {"a word that goes on", SPAN("truex"), MALFORMED},
        {"NaN", SPAN("NaN"), MALFORMED},
        {"Infinity", SPAN("-Infinity"), MALFORMED},
        {"a line break in a string", SPAN("\"a\nb\""), MALFORMED},
        {"NUL in a string", SPAN("\"a\0b\""), MALFORMED},
        {"an escaped NUL", SPAN("\"a\\u0000b\""), MALFORMED},
        {"an escaped NUL in a name", SPAN("{\"iss\\u0000\":1}"), MALFORMED},
        {"an unknown escape", SPAN("\"\\x41\""), MALFORMED},
        {"an escape in capitals", SPAN("\"\\N\""), MALFORMED},
        {"an escape that is no ASCII", SPAN("\"\\\xc3\xa9\""), MALFORMED},
        {"an escape with a capital U", SPAN("\"\\U0041\""), MALFORMED},
        {"three digits", SPAN("\"\\u004\""), MALFORMED},
        {"no hexadecimal digits", SPAN("\"\\u00g0\""), MALFORMED},
        {"a low surrogate", SPAN("\"\\uDE00\""), MALFORMED},
        {"a high surrogate", SPAN("\"\\uD83D\""), MALFORMED},
        {"a high surrogate and a character", SPAN("\"\\uD83D\\u0041\""), MALFORMED},
        {"a high surrogate and another escape", SPAN("\"\\uD83D\\n1234\""), MALFORMED},
        {"a high surrogate and plain text", SPAN("\"\\uD83Dabcdef\""), MALFORMED},
        {"two high surrogates", SPAN("\"\\uD83D\\uD83D\""), MALFORMED},
        {"a surrogate in UTF-8", SPAN("\"\xed\xa0\xbd\""), MALFORMED},
        {"an overlong quote", SPAN("\"\xc0\xa2\""), MALFORMED},
        {"a cut character", SPAN("\"\xe2\x82\""), MALFORMED},
        {"a high byte outside strings", SPAN("[\x80]"), MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(verdict(edge(rows[i].text)), rows[i].want);
    }
    check_row(NULL);
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        enum result want;
    } rows[] = {
        {"0", OK},
        {"-0", OK},
        {"-0.0e-0", OK},
        {"10.25E+2", OK},
        {"1e308", OK},
        {"1.7976931348623157e308", OK},
        {"-1.7976931348623157e+308", OK},
        {"1.79769313486231570814e308", OK},
        {"17976931348623157e292", OK},
        {"0.00017976931348623157e312", OK},
        {"00.1", MALFORMED},
        {"0e999999999999999999999999", OK},
        {"0.000e999", OK},
        {"1e-999999999999999999999999", OK},
        {"100000000000000000000", OK},
        {"1.7976931348623158e308", MALFORMED},
        {"1.8e308", MALFORMED},
        {"2e308", MALFORMED},
        {"-2e308", MALFORMED},
        {"1e309", MALFORMED},
        {"1e400", MALFORMED},
        {"0.1e310", MALFORMED},
        {"1e18446744073709551617", MALFORMED}, /* wraps around to 1 in 64 bits */
        {"1e99999999999999999999999999999", MALFORMED},
        {"", MALFORMED},
        {"-", MALFORMED},
        {"+1", MALFORMED},
        {"--1", MALFORMED},
        {"01", MALFORMED},
        {"-01", MALFORMED},
        {"1.", MALFORMED},
        {".1", MALFORMED},
        {"-.1", MALFORMED},
        {"1.e1", MALFORMED},
        {"1e", MALFORMED},
        {"1e+", MALFORMED},
        {"1e+-1", MALFORMED},
        {"1e1.5", MALFORMED},
        {"1.2.3", MALFORMED},
        {"0x10", MALFORMED},
        {"1_000", MALFORMED},
        {"1a", MALFORMED},
        {"- 1", MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].text);
        CHECK_INT(verdict(edge_of(rows[i].text)), rows[i].want);
        CHECK_INT(verdict(edge(JOIN(&arena, SPAN("["), span_of(rows[i].text), SPAN("]")))),
                  rows[i].text[0] == 0 ? OK : rows[i].want);
    }

    check_row("309 digits and more, in front of the point or behind it");
    struct builder b = builder_make(&arena, 400);
    build_byte(&b, '1');
    while (b.size < 309)
        build_byte(&b, '0');
    CHECK_INT(verdict(edge(built(&b))), OK);
    CHECK_INT(verdict(edge(JOIN(&arena, built(&b), SPAN(".5")))), OK);
    CHECK_INT(verdict(edge(JOIN(&arena, built(&b), SPAN("e1")))), MALFORMED);
    CHECK_INT(verdict(edge(JOIN(&arena, built(&b), SPAN("e-1")))), OK);
    build_byte(&b, '0');
    CHECK_INT(verdict(edge(built(&b))), MALFORMED);
    CHECK_INT(verdict(edge(JOIN(&arena, SPAN("-"), built(&b)))), MALFORMED);
    CHECK_INT(verdict(edge(JOIN(&arena, built(&b), SPAN("e-1")))), OK);
    CHECK_INT(verdict(edge(JOIN(&arena, SPAN("0."), built(&b), SPAN("e308")))), OK);
    CHECK_INT(verdict(edge(JOIN(&arena, SPAN("0.00"), built(&b), SPAN("e311")))), OK);
    CHECK_INT(verdict(edge(JOIN(&arena, SPAN("0.00"), built(&b), SPAN("e312")))), MALFORMED);
    check_row(NULL);
}

/* J12: two names are the same when they mean the same. */
static void test_duplicates(void)
{
    static const struct {
        const char *text;
        bool accepted;
    } rows[] = {
        {"{\"a\":1,\"b\":2}", true},
        {"{\"a\":1,\"A\":2}", true},
        {"{\"a\":1,\"aa\":2,\"aaa\":3,\"\":4}", true},
        {"{\"a\":{\"a\":{\"a\":1}}}", true},
        {"[{\"a\":1},{\"a\":1},{\"a\":1}]", true},
        {"{\"x\":{\"a\":1},\"y\":{\"a\":1}}", true},
        {"{\"a\":\"b\",\"b\":\"a\"}", true},
        {"{\"abcdefgh\":1,\"abcdefg\":2,\"abcdefghi\":3,\"abcdefgi\":4}", true},
        {"{\"\\\\u0061\":1,\"a\":2}", true},
        {"{\"a\":1,\"a\":1}", false},
        {"{\"a\":1,\"b\":{},\"a\":2}", false},
        {"{\"a\":1,\"b\":{\"a\":3,\"c\":[{\"a\":4}]},\"a\":2}", false},
        {"{\"a\":1,\"\\u0061\":2}", false},
        {"{\"\\u0061\":1,\"a\":2}", false},
        {"{\"\\u0061\":1,\"\\u0061\":2}", false},
        {"{\"a/b\":1,\"a\\/b\":2}", false},
        {"{\"\\n\":1,\"\\u000A\":2}", false},
        {"{\"\":1,\"\":2}", false},
        {"{\"abcdefgh\":1,\"abcdefg\\u0068\":2}", false},
        {"{\"abcdefghi\":1,\"\\u0061bcdefghi\":2}", false},
        {"{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\uDE00\":2}", false},
        {"{\"\xc3\xa9\":1,\"\\u00e9\":2}", false},
        {"[[{\"aud\":1,\"exp\":2,\"aud\":3}]]", false},
        {"{\"redirect_uris\":[],\"redirect_uris\":[]}", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].text);
        CHECK_INT(verdict(edge_of(rows[i].text)), rows[i].accepted ? OK : MALFORMED);
    }
    check_row(NULL);
}

/* Of a name of 22 bytes, each character as it is or as an escape: always the same name. */
static void test_spellings(void)
{
    static const struct {
        const char *plain, *escaped;
    } letters[] = {
        {"a", "\\u0061"},
        {"b", "\\u0062"},
        {"/", "\\/"},
        {"\xe2\x82\xac", "\\u20ac"},
        {"c", "\\u0063"},
        {"\xf0\x9f\x98\x80", "\\ud83d\\ude00"},
        {"d", "\\u0064"},
        {"e", "\\u0065"},
        {"\xc3\xa9", "\\u00E9"},
        {"f", "\\u0066"},
        {"g", "\\u0067"},
        {"h", "\\u0068"},
        {"i", "\\u0069"},
        {"j", "\\u006a"},
        {"k", "\\u006b"},
    };
    for (uint32_t spelling = 0; spelling < 1u << COUNT(letters); spelling += 7) {
        struct builder b = builder_make(&arena, 256);
        build_span(&b, SPAN("{\"ab/\xe2\x82\xac"
                            "c\xf0\x9f\x98\x80"
                            "de\xc3\xa9"
                            "fghijk\":0,\""));
        for (size_t i = 0; i < COUNT(letters); i++)
            build_span(&b,
                       span_of((spelling >> i & 1) != 0 ? letters[i].escaped : letters[i].plain));
        size_t same = b.size;
        build_span(&b, SPAN("\":0}"));
        CHECK_INT(json_scan(&arena, edge(built(&b)), NULL, 0), MALFORMED);
        b.size = same;
        build_span(&b, SPAN("k\":0}"));
        CHECK_INT(json_scan(&arena, edge(built(&b)), NULL, 0), OK);
        arena_wipe(&arena);
    }
}

/* However large the document, and however its names are written: no more than a table of them. */
static void test_memory(void)
{
    enum { LARGE = 4 << 20 };
    static uint8_t memory[1 << 20];
    const struct span escape = SPAN("\\u0061");
    struct builder b = builder_make(&arena, LARGE);
    build_byte(&b, '{');
    for (size_t i = 0; i < JSON_MAX_MEMBERS - 1; i++) {
        build_span(&b, SPAN("\"\\u0061"));
        build_u64(&b, i);
        build_span(&b, SPAN("\":0,"));
    }
    build_byte(&b, '"');
    while (b.size + escape.size + 4 <= LARGE)
        build_span(&b, escape);
    build_span(&b, SPAN("\":0}"));
    struct arena small = arena_make(memory, sizeof memory, edge_exhausted);
    CHECK_INT(json_scan(&small, edge(built(&b)), NULL, 0), OK);
    arena_wipe(&arena);
}

static void test_depth(void)
{
    static const struct {
        struct span open;
        struct span close;
        size_t levels; /* of each */
    } rows[] = {
        {SPAN("["), SPAN("]"), 1},
        {SPAN("{\"a\":"), SPAN("}"), 1},
        {SPAN("[{\"a\":"), SPAN("}]"), 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t depth = rows[i].levels; depth <= 40; depth += rows[i].levels) {
            struct builder b = builder_make(&arena, 1000);
            for (size_t k = 0; k < depth; k += rows[i].levels)
                build_span(&b, rows[i].open);
            build_byte(&b, '1');
            for (size_t k = 0; k < depth; k += rows[i].levels)
                build_span(&b, rows[i].close);
            CHECK_INT(verdict(edge(built(&b))), depth <= JSON_MAX_DEPTH ? OK : TOO_LARGE);
        }
    }
    struct builder b = builder_make(&arena, 100000);
    while (b.size < b.max)
        build_byte(&b, '[');
    CHECK_INT(json_scan(&arena, edge(built(&b)), NULL, 0), TOO_LARGE);
    CHECK_INT(verdict(SPAN("[[[]],[[]],[[]],[[]]]")), OK); /* depth goes down again */
}

/* {"a0":0,"a1":0,...}, the members shared out to `objects` objects, the last name twice or not. */
static struct span many_members(size_t count, size_t objects, bool duplicate)
{
    struct builder b = builder_make(&arena, 20 * count + 20 * objects);
    for (size_t o = 0; o < objects; o++) {
        build_span(&b, o == 0 ? SPAN("[{") : SPAN("0},{"));
        for (size_t i = o; i < count; i += objects) {
            build_span(&b, i == o ? SPAN("\"a") : SPAN("0,\"a"));
            build_u64(&b, duplicate && i + 1 == count ? 0 : i);
            build_span(&b, SPAN("\":"));
        }
    }
    build_span(&b, SPAN("0}]"));
    return edge(built(&b));
}

static void test_members(void)
{
    CHECK_INT(json_scan(&arena, many_members(JSON_MAX_MEMBERS, 1, false), NULL, 0), OK);
    arena_wipe(&arena);
    CHECK_INT(json_scan(&arena, many_members(JSON_MAX_MEMBERS, 1, true), NULL, 0), MALFORMED);
    arena_wipe(&arena);
    CHECK_INT(json_scan(&arena, many_members(JSON_MAX_MEMBERS, 7, false), NULL, 0), OK);
    arena_wipe(&arena);
    CHECK_INT(json_scan(&arena, many_members(JSON_MAX_MEMBERS + 1, 1, false), NULL, 0), TOO_LARGE);
    arena_wipe(&arena);
    CHECK_INT(json_scan(&arena, many_members(JSON_MAX_MEMBERS + 1, 7, false), NULL, 0), TOO_LARGE);
    arena_wipe(&arena);
    for (size_t count = 2; count < 300; count++) { /* at every size of the table */
        CHECK_INT(json_scan(&arena, many_members(count, 1, false), NULL, 0), OK);
        CHECK_INT(json_scan(&arena, many_members(count, 1, true), NULL, 0), MALFORMED);
        arena_wipe(&arena);
    }
}

/* ---- names that were made for it ---- */

static const uint64_t ODD = 0xc6a4a7935bd1e995;

static uint64_t mixed(uint64_t word)
{
    word *= ODD;
    return (word ^ word >> 47) * ODD;
}

/* What ODD times it is 1: by Newton's method, each step doubles the bits that are right. */
static uint64_t inverse(void)
{
    uint64_t x = ODD;
    for (int i = 0; i < 5; i++)
        x *= 2 - ODD * x;
    return x;
}

/* The word that mixes to this. */
static uint64_t unmixed(uint64_t value)
{
    value *= inverse();
    return (value ^ value >> 47) * inverse();
}

/*
 * A member of the first object whose name, of 16 plain bytes, has this hash
 * before its last multiplication; `n` goes on.
 */
static void add_made(struct builder *b, uint64_t hash, uint64_t *n)
{
    uint8_t name[16];
    bool plain = false;
    while (!plain) {
        for (size_t i = 0; i < 8; i++)
            name[i] = (uint8_t)('a' + (*n >> (4 * i) & 15));
        uint64_t first;
        memcpy(&first, name, 8);
        uint64_t h = (ODD ^ mixed(first)) * ODD;
        uint64_t second = unmixed(h ^ hash);
        memcpy(name + 8, &second, 8);
        plain = true;
        for (size_t i = 8; i < 16; i++)
            plain = plain && name[i] >= '#' && name[i] < 127 && name[i] != '\\';
        ++*n;
    }
    build_span(b, b->size == 1 ? SPAN("\"") : SPAN(",\""));
    build_span(b, span_bytes(name, 16));
    build_span(b, SPAN("\":0"));
}

/*
 * Somebody who knows the hash of names can choose as many as he likes that
 * collide, or that are looked for in the same slots. Such a document costs a
 * refusal, not quadratic time.
 */
static void test_colliding_names(void)
{
    struct builder b = builder_make(&arena, 4096);
    uint64_t n = 0;
    build_byte(&b, '{');
    add_made(&b, 0x0123456789abcdef, &n);
    CHECK_INT(json_scan(&arena, JOIN(&arena, built(&b), SPAN("}")), NULL, 0), OK);
    add_made(&b, 0x0123456789abcdef, &n);
    CHECK_INT(json_scan(&arena, JOIN(&arena, built(&b), SPAN("}")), NULL, 0), MALFORMED);

    b = builder_make(&arena, 4096);
    build_byte(&b, '{');
    for (uint64_t low = 0; low < 60; low++) { /* the upper half alone says which slots */
        add_made(&b, (0x0123456700000000 + low) * inverse(), &n);
        if (low == 30)
            CHECK_INT(json_scan(&arena, JOIN(&arena, built(&b), SPAN("}")), NULL, 0), OK);
    }
    build_byte(&b, '}');
    CHECK_INT(json_scan(&arena, edge(built(&b)), NULL, 0), TOO_LARGE);
}

static void test_picks(void)
{
    struct span text =
        SPAN(" {\"jsonrpc\":\"2.0\", \"id\" : -1.5e3 ,\"params\":{\"name\":\"a\\nb\","
             "\"arguments\":{ \"name\":[1,{\"id\":2}] },\"_meta\":null},"
             "\"\\u0069d2\":true,\"list\":[{\"name\":1}],\"a/b\":1,\"empty\":{}}");
    struct json_pick picks[] = {
        {"id", ABSENT},
        {"params", ABSENT},
        {"params/name", ABSENT},
        {"params/arguments", ABSENT},
        {"params/arguments/name", ABSENT},
        {"params/_meta", ABSENT},
        {"id2", ABSENT},
        {"list", ABSENT},
        {"list/name", SPAN("stale")},
        {"a/b", SPAN("stale")},
        {"name", SPAN("stale")},
        {"params/id", SPAN("stale")},
        {"jsonrpc/x", SPAN("stale")},
        {"par", SPAN("stale")},
        {"params/name/x", SPAN("stale")},
        {"empty", ABSENT},
    };
    static const char *const want[16] = {
        "-1.5e3",
        "{\"name\":\"a\\nb\",\"arguments\":{ \"name\":[1,{\"id\":2}]"
        " },\"_meta\":null}",
        "\"a\\nb\"",
        "{ \"name\":[1,{\"id\":2}] }",
        "[1,{\"id\":2}]",
        "null",
        "true",
        "[{\"name\":1}]",
        [15] = "{}"};
    CHECK_INT(json_scan(&arena, edge(text), picks, COUNT(picks)), OK);
    for (size_t i = 0; i < COUNT(picks); i++) {
        check_row(picks[i].path);
        CHECK_SPAN(picks[i].raw, want[i] == NULL ? ABSENT : span_of(want[i]));
    }
    check_row(NULL);

    /* The root may be anything; a refused document yields nothing of what was found so far. */
    static const char *const others[] = {"[{\"id\":1}]", "\"id\"",      "1",
                                         "{\"id\":1,}",  "{\"id\":1}x", "{\"id\":1,\"id\":1}"};
    for (size_t i = 0; i < COUNT(others); i++) {
        check_row(others[i]);
        picks[0].raw = SPAN("stale");
        CHECK_INT(json_scan(&arena, edge_of(others[i]), picks, 1), i < 3 ? OK : MALFORMED);
        CHECK_SPAN(picks[0].raw, ABSENT);
    }
    check_row(NULL);
}

/* Where the mistake is seen. */
static void test_reach(void)
{
    static const struct {
        const char *text;
        size_t reach;
    } rows[] = {
        {"", 0},
        {"{ // a\n}", 2},
        {"{\"a\":1,\n}", 8},
        {"{\"a\":1\n\"b\":2}", 7},
        {"{\"a\":\n'b'}", 6},
        {"[1,\n\"a]", 4},
        {"[1] \n2", 5},
        {"{\"a\":1,\"a\":2}", 10},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].text);
        CHECK_INT(verdict(edge_of(rows[i].text)), MALFORMED);
        CHECK_INT(json_scan_reach(&arena, edge_of(rows[i].text)), rows[i].reach);
    }
    check_row(NULL);
}

/* Every truncation is refused; after every change of a byte, scanner and tree agree. */
static void test_truncations(void)
{
    struct span text =
        SPAN("{\"a\\u00e9\":[1.5e-3,true,{\"\xe2\x82\xac\":null,\"d\":\"\\ud83d\\ude00\"}],"
             "\"e\":false,\"f\":{}}");
    CHECK_INT(verdict(edge(text)), OK);
    for (size_t size = 0; size < text.size; size++)
        CHECK_INT(verdict(edge(span_first(text, size))), MALFORMED);
    for (size_t at = 0; at < text.size; at++) {
        for (int c = 0; c < 256; c++) {
            struct span copy = edge(text);
            ((uint8_t *)(uintptr_t)copy.data)[at] = (uint8_t)c;
            (void)verdict(copy);
            arena_wipe(&arena);
        }
    }
}

int main(void)
{
    arena = edge_arena(16 << 20);
    test_grammar();
    test_numbers();
    test_duplicates();
    test_spellings();
    test_memory();
    test_depth();
    test_members();
    test_colliding_names();
    test_picks();
    test_reach();
    test_truncations();
    return check_done();
}
