#include "text/json.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

static void test_writer(void)
{
    struct json_writer w = json_writer_make(&arena, 512);
    json_begin(&w, '{');
    json_put_text(&w, "iss", SPAN("https://a/\"b\"\\"));
    json_put_text(&w, "left out", ABSENT);
    json_put_text(&w, "empty", SPAN(""));
    json_put_u64(&w, "exp", UINT64_MAX);
    json_put_bool(&w, "yes", true);
    json_put_bool(&w, "no", false);
    json_put_raw(&w, "raw", SPAN("[1, 2]"));
    json_put_raw(&w, "no raw", ABSENT);
    json_begin_member(&w, "list", '[');
    json_add_text(&w, SPAN("x"));
    json_add_text(&w, ABSENT);
    json_add_raw(&w, SPAN("null"));
    json_add_raw(&w, ABSENT);
    json_begin(&w, '{');
    json_end(&w, '}');
    json_begin(&w, '[');
    json_end(&w, ']');
    json_end(&w, ']');
    json_begin_member(&w, "o", '{');
    json_put_text_at(&w, SPAN("a\"\n"), SPAN("b"));
    json_put_text_at(&w, SPAN("gone"), ABSENT);
    json_end(&w, '}');
    json_put_u64(&w, "last", 0);
    json_end(&w, '}');
    CHECK_SPAN(json_written(&w),
               SPAN("{\"iss\":\"https://a/\\\"b\\\"\\\\\",\"empty\":\"\","
                    "\"exp\":18446744073709551615,\"yes\":true,\"no\":false,\"raw\":[1, 2],"
                    "\"list\":[\"x\",null,{},[]],\"o\":{\"a\\\"\\n\":\"b\"},\"last\":0}"));
    CHECK_INT(json_scan(&arena, edge(json_written(&w)), NULL, 0), OK);

    for (size_t max = 0; max < 9; max++) {
        w = json_writer_make(&arena, max);
        json_begin(&w, '{');
        json_put_text(&w, "a", SPAN("bc"));
        json_end(&w, '}');
        CHECK_SPAN(json_written(&w), ABSENT);
    }
}

/* Whatever bytes a text has, what is written is a string, and reads back as the text. */
static void test_written_bytes(void)
{
    for (int c = 0; c < 256; c++) {
        uint8_t text[3] = {'a', (uint8_t)c, 'b'};
        struct json_writer w = json_writer_make(&arena, 16);
        json_add_text(&w, edge(span_bytes(text, 3)));
        struct span value = ABSENT;
        if (c == 0) {
            CHECK_SPAN(json_written(&w), SPAN("\"a\\u0000b\"")); /* which nobody of ours reads */
            continue;
        }
        CHECK_INT(json_unquote(&arena, json_written(&w), &value), OK);
        CHECK_SPAN(value, c < 0x80 ? span_bytes(text, 3)
                                   : SPAN("a\xef\xbf\xbd"
                                          "b"));
    }
    struct json_writer w = json_writer_make(&arena, 64);
    json_add_text(&w, edge(SPAN("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xed\xa0\x80\xe2\x82")));
    CHECK_SPAN(json_written(&w),
               SPAN("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd"
                    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""));
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_writer();
    test_written_bytes();
    return check_done();
}
