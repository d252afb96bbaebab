#include "text/json.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

/* Strings are skipped by eight bytes: every byte at every place must stop it, or not. */
static void test_string_bytes(void)
{
    unsigned wrong = 0;
    for (size_t size = 1; size <= 20; size++) {
        for (size_t at = 0; at < size; at++) {
            for (int c = 0; c < 256; c++) {
                uint8_t text[22];
                memset(text, 'a', sizeof text);
                text[0] = text[size + 1] = '"';
                text[at + 1] = (uint8_t)c;
                bool want = c >= ' ' && c < 0x80 && c != '"' && c != '\\';
                struct span document = edge(span_bytes(text, size + 2));
                wrong += json_scan(&arena, document, NULL, 0) != (want ? OK : MALFORMED);
                arena_wipe(&arena);
            }
        }
    }
    CHECK_INT(wrong, 0);
}

static void test_unquote(void)
{
    static const struct {
        struct span raw;
        struct span want; /* ABSENT: MALFORMED */
    } rows[] = {
        {SPAN("\"\""), SPAN("")},
        {SPAN("\"abc\""), SPAN("abc")},
        {SPAN("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\""), SPAN("a\"\\/\b\f\n\r\tz")},
        {SPAN("\"\\u0041\\u00e9\\u20AC\\uFFFF\""), SPAN("A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf")},
        {SPAN("\"\\uD83D\\uDE00!\""), SPAN("\xf0\x9f\x98\x80!")},
        {SPAN("\"\\ud800\\udc00\\uDBFF\\uDFFF\""), SPAN("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
        {SPAN("\"\xc3\xa9\\\\u0041\""), SPAN("\xc3\xa9\\u0041")},
        {ABSENT, ABSENT},
        {SPAN(""), ABSENT},
        {SPAN("\""), ABSENT},
        {SPAN("1"), ABSENT},
        {SPAN("null"), ABSENT},
        {SPAN("abc\""), ABSENT},
        {SPAN("\"abc"), ABSENT},
        {SPAN("\"abc\\\""), ABSENT},
        {SPAN("\"a\"b\""), ABSENT},
        {SPAN("\"a\" "), ABSENT},
        {SPAN("\"\\u0000\""), ABSENT},
        {SPAN("\"\\ud800\""), ABSENT},
        {SPAN("\"\xff\""), ABSENT}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span value = ABSENT;
        bool good = span_present(rows[i].want);
        CHECK_INT(json_unquote(&arena, edge(rows[i].raw), &value), good ? OK : MALFORMED);
        CHECK_SPAN(value, rows[i].want);
    }
    static const char texts[] = "{[\"tfn0";
    static const char *const raws[] = {"{}", "[]", "\"\"", "true", "false", "null", "-1", "7", ""};
    for (size_t i = 0; i < COUNT(raws); i++)
        CHECK_INT(json_kind(edge_of(raws[i])), i < 7 ? texts[i] : i == 7 ? '0' : 0);
    CHECK_INT(json_kind(ABSENT), 0);
    CHECK_INT(json_kind(SPAN(" 1")), 0);
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_string_bytes();
    test_unquote();
    return check_done();
}
