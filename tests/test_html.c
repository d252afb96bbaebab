#include "text/html.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

static void test_escape(void)
{
    CHECK_SPAN(html_escape(&arena, SPAN("<script>alert('x' && \"y\")</script>")),
               SPAN("&lt;script&gt;alert(&#39;x&#39; &amp;&amp; &quot;y&quot;)&lt;/script&gt;"));
    CHECK_SPAN(html_escape(&arena, SPAN("&amp;")), SPAN("&amp;amp;"));
    CHECK_SPAN(html_escape(&arena, SPAN("caf\xc3\xa9 \xff")), SPAN("caf\xc3\xa9 \xff"));
    CHECK_SPAN(html_escape(&arena, SPAN("")), SPAN(""));
    CHECK_SPAN(html_escape(&arena, ABSENT), SPAN(""));

    /* No byte that ends a text or an attribute's value comes out. */
    for (int c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        struct span escaped = html_escape(&arena, span_bytes(&byte, 1));
        CHECK(span_find(escaped, '<') == escaped.size && span_find(escaped, '"') == escaped.size);
        CHECK(span_find(escaped, '>') == escaped.size && span_find(escaped, '\'') == escaped.size);
    }
}

#define ELLIPSIS "\xe2\x80\xa6"
#define UNKNOWN "\xef\xbf\xbd"

/* S33: what a client calls itself cannot rearrange or hide what stands around it. */
static void test_display_name(void)
{
    static const struct {
        const char *why;
        struct span text;
        size_t characters;
        struct span want;
    } rows[] = {
        {"a plain name", SPAN("Claude"), 40, SPAN("Claude")},
        {"other scripts", SPAN("\xe5\xb7\xa5\xe5\x85\xb7"), 40, SPAN("\xe5\xb7\xa5\xe5\x85\xb7")},
        {"an emoji", SPAN("\xf0\x9f\x94\x91 key"), 40, SPAN("\xf0\x9f\x94\x91 key")},
        {"tags are left to html_escape", SPAN("<b>x</b>"), 40, SPAN("<b>x</b>")},
        {"right-to-left override", SPAN("\xe2\x80\xaegoogle\xe2\x80\xac"), 40, SPAN("google")},
        {"left-to-right override", SPAN("a\xe2\x80\xad"), 40, SPAN("a")},
        {"isolates",
         SPAN("\xe2\x81\xa6"
              "a"
              "\xe2\x81\xa9"),
         40, SPAN("a")},
        {"direction marks",
         SPAN("\xe2\x80\x8e"
              "a\xe2\x80\x8f\xd8\x9c"),
         40, SPAN("a")},
        {"zero-width space and joiners", SPAN("G\xe2\x80\x8bo\xe2\x80\x8co\xe2\x80\x8dgle"), 40,
         SPAN("Google")},
        {"word joiner and BOM",
         SPAN("a\xe2\x81\xa0"
              "b\xef\xbb\xbf"),
         40, SPAN("ab")},
        {"soft hyphen", SPAN("Goo\xc2\xadgle"), 40, SPAN("Google")},
        {"tag characters", SPAN("a\xf3\xa0\x81\x81\xf3\xa0\x81\xbf"), 40, SPAN("a")},
        {"variation selectors", SPAN("a\xef\xb8\x8f\xf3\xa0\x84\x80"), 40, SPAN("a")},
        {"Hangul fillers", SPAN("a\xe3\x85\xa4\xe1\x85\x9f\xef\xbe\xa0"), 40, SPAN("a")},
        {"blank Braille", SPAN("a\xe2\xa0\x80"), 40, SPAN("a")},
        {"annotations",
         SPAN("a\xef\xbf\xb9"
              "b"),
         40, SPAN("ab")},
        {"noncharacters", SPAN("a\xef\xbf\xbf\xef\xb7\x90"), 40, SPAN("a")},
        {"NUL, escape, delete, C1", SPAN("a\0b\x1b[2J\x7f\xc2\x9b"), 40, SPAN("ab[2J")},
        {"an invalid byte",
         SPAN("a\xff"
              "b"),
         40, SPAN("a" UNKNOWN "b")},
        {"a cut character", SPAN("a\xe2\x82"), 40, SPAN("a" UNKNOWN UNKNOWN)},
        {"line breaks and tabs", SPAN("a\r\n\t b"), 40, SPAN("a b")},
        {"line separators",
         SPAN("a\xe2\x80\xa8\xe2\x80\xa9\xc2\x85"
              "b"),
         40, SPAN("a b")},
        {"wide and thin spaces",
         SPAN("a\xe3\x80\x80\xc2\xa0\xe2\x80\x89"
              "b"),
         40, SPAN("a b")},
        {"space at both ends", SPAN("  a b  "), 40, SPAN("a b")},
        {"spaces around what is invisible", SPAN("a \xe2\x80\x8b b"), 40, SPAN("a b")},
        {"space only", SPAN(" \t\n"), 40, SPAN("")},
        {"invisible only", SPAN("\xe2\x80\x8b\xe2\x80\xae"), 40, SPAN("")},
        {"empty", SPAN(""), 40, SPAN("")},
        {"absent", ABSENT, 40, SPAN("")},
        {"just fits", SPAN("abcd"), 4, SPAN("abcd")},
        {"just fits with spaces behind", SPAN("abcd  "), 4, SPAN("abcd")},
        {"one too long", SPAN("abcde"), 4, SPAN("abc" ELLIPSIS)},
        {"cut behind a space", SPAN("ab cd"), 4, SPAN("ab" ELLIPSIS)},
        {"cut before a space", SPAN("abc d"), 4, SPAN("abc" ELLIPSIS)},
        {"cut at the space that fits", SPAN("abcd e"), 4, SPAN("abc" ELLIPSIS)},
        {"characters count, not bytes", SPAN("\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91"), 2,
         SPAN("\xf0\x9f\x94\x91" ELLIPSIS)},
        {"room for one", SPAN("ab"), 1, SPAN(ELLIPSIS)},
        {"room for none", SPAN("ab"), 0, SPAN("")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_SPAN(html_display_name(&arena, edge(rows[i].text), rows[i].characters), rows[i].want);
    }
    check_row(NULL);
}

static void test_long_names(void)
{
    struct builder b = builder_make(&arena, 10240);
    for (int i = 0; i < 10240; i++)
        build_byte(&b, 'x');
    struct span shown = html_display_name(&arena, edge(built(&b)), 40);
    CHECK_INT(shown.size, 39 + 3);
    CHECK(span_ends(shown, SPAN("x" ELLIPSIS)));

    /* Whatever bytes: valid UTF-8 comes out, and no more of it than was asked for. */
    uint32_t state = 1;
    for (int round = 0; round < 2000; round++) {
        uint8_t noise[64];
        for (size_t i = 0; i < sizeof noise; i++) {
            state = state * 1664525 + 1013904223;
            noise[i] = (uint8_t)(state >> 24);
        }
        shown = html_display_name(&arena, edge(span_bytes(noise, sizeof noise)), 20);
        size_t characters = 0;
        uint32_t c;
        for (struct span rest = shown; rest.size > 0; characters++) {
            size_t size = utf8_next(rest, &c);
            if (!CHECK(size > 0))
                return;
            rest = span_skip(rest, size);
        }
        CHECK(span_present(shown) && characters <= 20);
        arena_wipe(&arena);
    }
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_escape();
    test_display_name();
    test_long_names();
    return check_done();
}
