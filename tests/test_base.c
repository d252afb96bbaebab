#include "base/base64.h"
#include "base/pack.h"
#include "base/span.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

/* ---- span ---- */

static void test_comparisons(void)
{
    CHECK(span_equal(SPAN("a\0b"), SPAN("a\0b")));
    CHECK(span_equal(SPAN(""), ABSENT)); /* bytes only: who cares asks span_present */
    CHECK(!span_equal(SPAN("a"), SPAN("A")));
    CHECK(!span_equal(SPAN("a\0b"), SPAN("a\0c")));
    CHECK(!span_equal(SPAN("a"), SPAN("ab")));
    CHECK(!span_equal(SPAN("ab"), SPAN("a")));
    CHECK(span_equal_nocase(SPAN("AzZ-09"), SPAN("aZz-09")));
    CHECK(!span_equal_nocase(SPAN("["), SPAN("{"))); /* 32 apart, but no letters */
    CHECK(!span_equal_nocase(SPAN("@"), SPAN("`")));
    CHECK(!span_equal_nocase(SPAN("\xc3\x89"), SPAN("\xc3\xa9")));
    CHECK(!span_equal_nocase(SPAN("a"), SPAN("ab")));

    CHECK(span_compare(SPAN("a"), SPAN("b")) < 0 && span_compare(SPAN("b"), SPAN("a")) > 0);
    CHECK(span_compare(SPAN("a"), SPAN("ab")) < 0 && span_compare(SPAN("ab"), SPAN("a")) > 0);
    CHECK(span_compare(SPAN("a\x80"), SPAN("a\x7f")) > 0 &&
          span_compare(SPAN("b"), SPAN("ab")) > 0);
    CHECK(span_compare(SPAN("ab"), SPAN("ab")) == 0 && span_compare(ABSENT, SPAN("")) == 0);

    CHECK(span_starts(SPAN("abc"), SPAN("ab")) && span_starts(SPAN("abc"), SPAN("")));
    CHECK(!span_starts(SPAN("abc"), SPAN("b")) && !span_starts(SPAN("a"), SPAN("ab")));
    CHECK(span_ends(SPAN("abc"), SPAN("bc")) && span_ends(SPAN("abc"), SPAN("abc")));
    CHECK(!span_ends(SPAN("abc"), SPAN("ab")) && !span_ends(SPAN("c"), SPAN("bc")));
    CHECK(!span_starts(ABSENT, SPAN("a")) && !span_ends(ABSENT, SPAN("a")));
    CHECK(span_contains(SPAN("aab"), SPAN("ab")) && span_contains(SPAN("a"), SPAN("")));
    CHECK(span_contains(SPAN(""), SPAN("")) && span_contains(SPAN("a\0b"), SPAN("\0b")));
    CHECK(!span_contains(SPAN("aab"), SPAN("ba")) && !span_contains(SPAN("a"), SPAN("aa")));
    CHECK(!span_contains(ABSENT, SPAN("a")));
}

static void test_cutting(void)
{
    CHECK_INT(span_find(SPAN("a.b.c"), '.'), 1);
    CHECK_INT(span_find(SPAN("abc"), '.'), 3);
    CHECK_INT(span_find(ABSENT, '.'), 0);
    CHECK_SPAN(span_skip(SPAN("abc"), 1), SPAN("bc"));
    CHECK_SPAN(span_skip(SPAN("abc"), 3), SPAN(""));
    CHECK_SPAN(span_skip(SPAN("abc"), SIZE_MAX), SPAN(""));
    CHECK_SPAN(span_skip(ABSENT, 1), ABSENT);
    CHECK_SPAN(span_first(SPAN("abc"), 2), SPAN("ab"));
    CHECK_SPAN(span_first(SPAN("abc"), SIZE_MAX), SPAN("abc"));
    CHECK_SPAN(span_trim(SPAN(" \ta b\t "), SPAN(" \t")), SPAN("a b"));
    CHECK_SPAN(span_trim(SPAN("   "), SPAN(" ")), SPAN(""));
    CHECK_SPAN(span_trim(ABSENT, SPAN(" ")), ABSENT);

    struct span head;
    CHECK_SPAN(span_cut(SPAN("a.b.c"), '.', &head), SPAN("b.c"));
    CHECK_SPAN(head, SPAN("a"));
    CHECK_SPAN(span_cut(SPAN("a."), '.', &head), SPAN(""));
    CHECK_SPAN(head, SPAN("a"));
    CHECK_SPAN(span_cut(SPAN(".a"), '.', &head), SPAN("a"));
    CHECK_SPAN(head, SPAN(""));
    CHECK_SPAN(span_cut(SPAN("a"), '.', &head), ABSENT);
    CHECK_SPAN(head, SPAN("a"));
    CHECK_SPAN(span_cut(SPAN(""), '.', &head), ABSENT);
    CHECK_SPAN(head, SPAN(""));
    CHECK_SPAN(span_cut(ABSENT, '.', &head), ABSENT);
    CHECK_SPAN(head, ABSENT);

    struct span words = SPAN("  read  write ");
    CHECK_SPAN(span_word(&words), SPAN("read"));
    CHECK_SPAN(span_word(&words), SPAN("write"));
    CHECK_SPAN(span_word(&words), ABSENT);
    CHECK_SPAN(span_word(&words), ABSENT);
    words = ABSENT;
    CHECK_SPAN(span_word(&words), ABSENT);

    CHECK(span_has_word(SPAN(" read  write "), SPAN("write")));
    CHECK(!span_has_word(SPAN("read write"), SPAN("writ")));
    CHECK(!span_has_word(SPAN("read write"), SPAN("writer")));
    CHECK(!span_has_word(SPAN("read write"), SPAN("read write")));
    CHECK(!span_has_word(SPAN("read write"), SPAN("")));
    CHECK(!span_has_word(ABSENT, SPAN("read")));
    CHECK(!span_has_word(ABSENT, ABSENT));
}

static void test_copies(void)
{
    CHECK_SPAN(span_of(""), SPAN(""));
    CHECK_SPAN(span_copy(&arena, SPAN("a\0b")), SPAN("a\0b"));
    CHECK_SPAN(span_copy(&arena, SPAN("")), SPAN(""));
    CHECK_SPAN(span_copy(&arena, ABSENT), ABSENT);
    CHECK_SPAN(span_lower(&arena, SPAN("AZ[`az09\xc3\x89")), SPAN("az[`az09\xc3\x89"));
    CHECK_SPAN(JOIN(&arena, SPAN("a"), ABSENT, SPAN(""), SPAN("bc")), SPAN("abc"));
    CHECK_SPAN(JOIN(&arena, ABSENT), SPAN(""));
}

static void test_decimal(void)
{
    static const struct {
        const char *text;
        enum result result;
        uint64_t want;
    } rows[] = {
        {"0", OK, 0},
        {"7", OK, 7},
        {"65535", OK, 65535},
        {"9007199254740993", OK, 9007199254740993},
        {"9999999999999999999", OK, 9999999999999999999u},
        {"", MALFORMED, 0},
        {"00", MALFORMED, 0},
        {"01", MALFORMED, 0},
        {"-1", MALFORMED, 0},
        {"+1", MALFORMED, 0},
        {" 1", MALFORMED, 0},
        {"1 ", MALFORMED, 0},
        {"1.0", MALFORMED, 0},
        {"1e3", MALFORMED, 0},
        {"0x10", MALFORMED, 0},
        {"\xd9\xa1", MALFORMED, 0}, /* an Arabic one */
        {"/", MALFORMED, 0},
        {":", MALFORMED, 0},
        {"10000000000000000000", MALFORMED, 0},
        {"18446744073709551616", MALFORMED, 0},
        {"99999999999999999999999999999", MALFORMED, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].text);
        uint64_t value = 0;
        CHECK_INT(span_u64(edge_of(rows[i].text), &value), rows[i].result);
        CHECK(value == rows[i].want);
        if (rows[i].result == OK)
            CHECK_SPAN(span_decimal(&arena, value), span_of(rows[i].text));
    }
    check_row(NULL);
    uint64_t value = 5;
    CHECK_INT(span_u64(ABSENT, &value), MALFORMED);
    CHECK_INT(value, 5);
    CHECK_SPAN(span_decimal(&arena, UINT64_MAX), SPAN("18446744073709551615"));
}

static void test_builder(void)
{
    struct builder b = builder_make(&arena, 4);
    CHECK_SPAN(built(&b), SPAN(""));
    build_span(&b, SPAN("ab"));
    build_span(&b, ABSENT);
    build_byte(&b, 'c');
    build_u64(&b, 7);
    CHECK_SPAN(built(&b), SPAN("abc7"));
    build_span(&b, SPAN(""));
    CHECK(!b.overflow);
    build_byte(&b, 'x');
    CHECK_SPAN(built(&b), ABSENT);

    /* What would fit behind an overflow is dropped too: no text with a hole. */
    b = builder_make(&arena, 4);
    build_span(&b, SPAN("abcde"));
    build_span(&b, SPAN("a"));
    CHECK(b.overflow && b.size == 0);
    CHECK_SPAN(built(&b), ABSENT);
    b = builder_make(&arena, 0);
    CHECK_SPAN(built(&b), SPAN(""));
    build_byte(&b, 'a');
    CHECK(b.overflow);
}

/* ---- base64 ---- */

/* RFC 4648 section 10 */
static void test_base64_vectors(void)
{
    static const struct {
        const char *bytes;
        const char *padded;
        const char *bare;
    } rows[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].padded);
        struct span want = span_of(rows[i].bytes);
        struct span got = ABSENT;
        CHECK_SPAN(base64_encode(&arena, edge(want)), span_of(rows[i].padded));
        CHECK_SPAN(base64url_encode(&arena, edge(want)), span_of(rows[i].bare));
        CHECK_INT(base64_decode(&arena, edge_of(rows[i].padded), &got), OK);
        CHECK_SPAN(got, want);
        CHECK_INT(base64_decode(&arena, edge_of(rows[i].bare), &got), OK);
        CHECK_SPAN(got, want);
        CHECK_INT(base64url_decode(&arena, edge_of(rows[i].bare), &got), OK);
        CHECK_SPAN(got, want);
    }
    check_row(NULL);
    CHECK_SPAN(base64_encode(&arena, SPAN("\xfb\xff\xbf")), SPAN("+/+/"));
    CHECK_SPAN(base64url_encode(&arena, SPAN("\xfb\xff\xbf")), SPAN("-_-_"));
}

/* J13: one spelling for every value. */
static void test_base64_refusals(void)
{
    static const struct {
        const char *why;
        struct span text;
        bool url; /* refused as base64url */
        bool classic;
    } rows[] = {
        {"one digit", SPAN("Z"), true, true},
        {"five digits", SPAN("Zm9vY"), true, true},
        {"padding", SPAN("Zg=="), true, false},
        {"half the padding", SPAN("Zg="), true, true},
        {"too much padding", SPAN("Zm8=="), true, true},
        {"padding for nothing", SPAN("Zm9v="), true, true},
        {"a group of padding", SPAN("Zm9v===="), true, true},
        {"only padding", SPAN("=="), true, true},
        {"four of it", SPAN("===="), true, true},
        {"padding inside", SPAN("Zg==Zg=="), true, true},
        {"spare bits of one byte", SPAN("Zh"), true, true},
        {"all spare bits of one byte", SPAN("Zv"), true, true},
        {"spare bits of two bytes", SPAN("Zm9"), true, true},
        {"spare bits and padding", SPAN("Zh=="), true, true},
        {"the classic alphabet", SPAN("+/+/"), true, false},
        {"the url alphabet", SPAN("-_-_"), false, true},
        {"a space inside", SPAN("Zm 9v"), true, true},
        {"a space behind", SPAN("Zm9v "), true, true},
        {"a line break", SPAN("Zm9v\r\nYmFy"), true, true},
        {"NUL", SPAN("Zm9\0"), true, true},
        {"a dot", SPAN("Zm.v"), true, true},
        {"a high byte", SPAN("Zm9\xff"), true, true},
        {"before A", SPAN("Zm9@"), true, true},
        {"behind Z", SPAN("Zm9["), true, true},
        {"before a", SPAN("Zm9`"), true, true},
        {"behind z", SPAN("Zm9{"), true, true},
        {"behind 9", SPAN("Zm9:"), true, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct span bytes = SPAN("untouched");
        CHECK_INT(base64url_decode(&arena, edge(rows[i].text), &bytes),
                  rows[i].url ? MALFORMED : OK);
        CHECK(!rows[i].url || span_equal(bytes, SPAN("untouched")));
        CHECK_INT(base64_decode(&arena, edge(rows[i].text), &bytes),
                  rows[i].classic ? MALFORMED : OK);
    }
    check_row(NULL);
}

/* All bytes at all lengths return, and every text that decodes is the one that encodes. */
static void test_base64_round_trip(void)
{
    uint8_t bytes[48];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + 200);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        struct span want = span_bytes(bytes, size);
        struct span got = ABSENT;
        CHECK_INT(base64url_decode(&arena, edge(base64url_encode(&arena, want)), &got), OK);
        CHECK_SPAN(got, want);
        CHECK_INT(base64_decode(&arena, edge(base64_encode(&arena, want)), &got), OK);
        CHECK_SPAN(got, want);
    }
    unsigned accepted = 0;
    for (uint32_t v = 0; v < 65536; v++) {
        uint8_t text[2] = {(uint8_t)(v >> 8), (uint8_t)(v & 0xff)};
        struct span got;
        if (base64url_decode(&arena, span_bytes(text, 2), &got) == OK) {
            accepted++;
            CHECK_SPAN(base64url_encode(&arena, got), span_bytes(text, 2));
        }
        arena_wipe(&arena);
    }
    CHECK_INT(accepted, 256);
}

/* ---- pack ---- */

static struct span packed(void)
{
    struct builder b = builder_make(&arena, 64);
    pack_u8(&b, 0xa1);
    pack_u32(&b, 0x01020304);
    pack_u64(&b, UINT64_C(0xf102030405060708));
    pack_span(&b, SPAN("abc"));
    pack_span(&b, SPAN(""));
    pack_span(&b, ABSENT);
    return built(&b);
}

static void unpack_all(struct unpacker *u)
{
    CHECK_INT(unpack_u8(u), 0xa1);
    CHECK_INT(unpack_u32(u), 0x01020304);
    CHECK(unpack_u64(u) == UINT64_C(0xf102030405060708));
    CHECK_SPAN(unpack_span(u), SPAN("abc"));
    CHECK_SPAN(unpack_span(u), SPAN(""));
    CHECK_SPAN(unpack_span(u), ABSENT);
}

static void test_pack(void)
{
    struct span record = packed();
    CHECK_SPAN(record, SPAN("\xa1\4\3\2\1\x08\7\6\5\4\3\2\xf1\3\0\0\0abc\0\0\0\0\xff\xff\xff\xff"));
    struct unpacker u = unpack_make(edge(record));
    unpack_all(&u);
    CHECK_INT(unpack_done(&u), OK);

    /* One byte more is a record of another kind. */
    u = unpack_make(edge(JOIN(&arena, record, SPAN("\0"))));
    unpack_all(&u);
    CHECK_INT(unpack_done(&u), MALFORMED);

    u = unpack_make(ABSENT);
    CHECK_INT(unpack_done(&u), OK);
    CHECK_INT(unpack_u8(&u), 0);
    CHECK_INT(unpack_done(&u), MALFORMED);
}

/* Whatever is missing, reading goes on with zeros, never past the end, and the end tells. */
static void test_pack_truncations(void)
{
    struct span record = packed();
    for (size_t size = 0; size < record.size; size++) {
        struct unpacker u = unpack_make(edge(span_first(record, size)));
        (void)unpack_u8(&u);
        (void)unpack_u32(&u);
        (void)unpack_u64(&u);
        (void)unpack_span(&u);
        (void)unpack_span(&u);
        (void)unpack_span(&u);
        CHECK(u.broken);
        CHECK_INT(unpack_done(&u), MALFORMED);
    }

    /* Lengths that lie, up to the largest that is not the mark of ABSENT. */
    static const uint8_t lies[][5] = {
        {2, 0, 0, 0, 'a'}, {0, 0, 0, 0x80, 'a'}, {0xfe, 0xff, 0xff, 0xff, 'a'}};
    for (size_t i = 0; i < COUNT(lies); i++) {
        struct unpacker u = unpack_make(edge(span_bytes(lies[i], 5)));
        CHECK_SPAN(unpack_span(&u), ABSENT);
        CHECK(u.broken);
        CHECK_INT(unpack_u8(&u), 0); /* the 'a' is not read as something else */
        CHECK_INT(unpack_done(&u), MALFORMED);
    }

    struct builder small = builder_make(&arena, 6);
    pack_span(&small, SPAN("abc"));
    CHECK_SPAN(built(&small), ABSENT);
}

/* ---- arena ---- */

static void test_arena(void)
{
    static uint8_t memory[256];
    memset(memory, 0x55, sizeof memory);
    struct arena small = arena_make(memory + 1, 200, edge_exhausted);
    for (size_t size = 1; size < 12; size++) {
        uint8_t *p = arena_alloc(&small, 1, size);
        CHECK((uintptr_t)p % 16 == 0);
        for (size_t i = 0; i < size; i++)
            CHECK_INT(p[i], 0);
        memset(p, 0xaa, size);
    }
    CHECK(arena_alloc(&small, 0, 100) != NULL);
    CHECK(arena_alloc(&small, 100, 0) != NULL);

    /* A wiped arena holds nothing of the run before, and gives the same memory again. */
    uint8_t *end = small.at;
    arena_wipe(&small);
    CHECK(small.at == small.start);
    for (uint8_t *p = small.start; p < end; p++)
        CHECK_INT(*p, 0);
    CHECK_INT(memory[0], 0x55);
    CHECK_INT(memory[201], 0x55);

    /* To the last byte. */
    small = arena_make(memory, 64, edge_exhausted);
    size_t padding = -(size_t)memory & 15;
    CHECK(arena_alloc(&small, 1, 64 - padding) == memory + padding);
    CHECK(small.at == small.end);
}

static void ends_well(void)
{
    exit(check_done());
}

/* The last test, because nothing comes back from it: a product that wraps around to 8 bytes. */
static void test_arena_overflow(void)
{
    struct arena small = edge_arena(64);
    small.exhausted = ends_well;
    arena_alloc(&small, SIZE_MAX / 8 + 2, 8);
    CHECK(false);
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_comparisons();
    test_cutting();
    test_copies();
    test_decimal();
    test_builder();
    test_base64_vectors();
    test_base64_refusals();
    test_base64_round_trip();
    test_pack();
    test_pack_truncations();
    test_arena();
    test_arena_overflow();
    return check_done();
}
