#include "text/utf8.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

static void test_refusals(void)
{
    static const struct {
        const char *why;
        struct span text;
    } rows[] = {
        {"a lone continuation byte", SPAN("\x80")},
        {"the last continuation byte", SPAN("\xbf")},
        {"two bytes, cut", SPAN("\xc3")},
        {"three bytes, cut to one", SPAN("\xe2")},
        {"three bytes, cut to two", SPAN("\xe2\x82")},
        {"four bytes, cut to three", SPAN("\xf0\x9d\x84")},
        {"a character instead of a continuation", SPAN("\xc3(")},
        {"a lead instead of a continuation", SPAN("\xc3\xc3")},
        {"a character in the middle", SPAN("\xe2(\xac")},
        {"an overlong NUL", SPAN("\xc0\x80")},
        {"an overlong slash", SPAN("\xc0\xaf")},
        {"the last overlong form of two", SPAN("\xc1\xbf")},
        {"the last overlong form of three", SPAN("\xe0\x9f\xbf")},
        {"the last overlong form of four", SPAN("\xf0\x8f\xbf\xbf")},
        {"the first surrogate", SPAN("\xed\xa0\x80")},
        {"the last surrogate", SPAN("\xed\xbf\xbf")},
        {"a pair of surrogates (CESU-8)", SPAN("\xed\xa0\xbd\xed\xb8\x80")},
        {"above U+10FFFF", SPAN("\xf4\x90\x80\x80")},
        {"far above", SPAN("\xf7\xbf\xbf\xbf")},
        {"five bytes", SPAN("\xf8\x88\x80\x80\x80")},
        {"six bytes", SPAN("\xfc\x84\x80\x80\x80\x80")},
        {"0xfe", SPAN("\xfe")},
        {"0xff", SPAN("\xff")},
        {"UTF-16", SPAN("\xff\xfe{\0")},
        {"good, then bad", SPAN("ab\xc3\xa9\x80")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK(!utf8_valid(edge(rows[i].text)));
    }
    check_row(NULL);
}

/* Every code point is written and read again; its neighbours decide the bounds above. */
static void test_round_trip(void)
{
    unsigned wrong = 0;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        uint32_t read = UINT32_MAX;
        struct builder b = builder_make(&arena, 4);
        utf8_build(&b, c);
        size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        wrong += b.size != size || utf8_next(built(&b), &read) != size || read != c;
        for (size_t cut = 0; cut < size; cut++)
            wrong += utf8_next(span_first(built(&b), cut), &read) != 0;
        arena_wipe(&arena);
    }
    CHECK_INT(wrong, 0);
}

int main(void)
{
    arena = edge_arena(1 << 10);
    test_refusals();
    test_round_trip();
    CHECK(utf8_valid(SPAN("")));
    CHECK(utf8_valid(ABSENT));
    CHECK(utf8_valid(SPAN("a\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"
                          "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")));
    return check_done();
}
