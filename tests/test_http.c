#include "text/http.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

static void test_headers(void)
{
    struct header list[] = {
        {SPAN("content-type"), SPAN("a")},
        {SPAN("X-Empty"), SPAN("")},
        {SPAN("Content-Type"), SPAN("b")},
    };
    struct headers headers = {list, COUNT(list)};
    CHECK_SPAN(headers_get(&headers, SPAN("Content-Type")), SPAN("a"));
    CHECK_SPAN(headers_get(&headers, SPAN("x-empty")), SPAN(""));
    CHECK_SPAN(headers_get(&headers, SPAN("x_empty")), ABSENT);
    CHECK_SPAN(headers_get(&headers, SPAN("content-typ")), ABSENT);
    CHECK_SPAN(headers_get(&headers, SPAN("")), ABSENT);
    headers.count = 0;
    CHECK_SPAN(headers_get(&headers, SPAN("content-type")), ABSENT);
}

/* C02: the content type is parsed, not searched. */
static void test_types(void)
{
    static const struct {
        const char *why;
        struct span value;
        bool want;
    } rows[] = {
        {"exact", SPAN("application/json"), true},
        {"any case", SPAN("Application/JSON"), true},
        {"utf-8", SPAN("application/json; charset=utf-8"), true},
        {"UTF-8, quoted, no space", SPAN("application/json;charset=\"UTF-8\""), true},
        {"another parameter", SPAN("application/json; profile=\"a, b; c\""), true},
        {"space before the semicolon", SPAN("application/json ; charset=utf-8"), true},
        {"an empty parameter", SPAN("application/json;"), true},
        {"spaces around", SPAN(" application/json\t"), true},
        {"absent", ABSENT, false},
        {"empty", SPAN(""), false},
        {"another type", SPAN("text/plain"), false},
        {"multipart", SPAN("multipart/form-data; boundary=x"), false},
        {"a longer subtype", SPAN("application/json5"), false},
        {"a suffix", SPAN("application/json+x"), false},
        {"a prefix", SPAN("application/jso"), false},
        {"in a parameter", SPAN("text/plain; x=application/json"), false},
        {"in front of a list", SPAN("application/json, text/plain"), false},
        {"at the end of a list", SPAN("text/plain, application/json"), false},
        {"twice", SPAN("application/json, application/json"), false},
        {"a list behind a parameter", SPAN("application/json; charset=utf-8, text/plain"), false},
        {"another charset", SPAN("application/json; charset=utf-16"), false},
        {"another charset, quoted", SPAN("application/json; charset=\"utf-7\""), false},
        {"a second charset", SPAN("application/json; charset=utf-8; charset=utf-16"), false},
        {"charset in capitals", SPAN("application/json; CHARSET=latin1"), false},
        {"an escaped charset", SPAN("application/json; charset=\"\\utf-8\""), false},
        {"an empty charset", SPAN("application/json; charset="), false},
        {"a parameter without a value", SPAN("application/json; charset"), false},
        {"a space before =", SPAN("application/json; charset =utf-8"), false},
        {"a space behind =", SPAN("application/json; charset= utf-8"), false},
        {"junk behind a value", SPAN("application/json; charset=utf-8 x"), false},
        {"junk behind a quote", SPAN("application/json; charset=\"utf-8\"x"), false},
        {"an open quote", SPAN("application/json; x=\"a"), false},
        {"an escaped quote", SPAN("application/json; x=\"\\\"; charset=utf-8"), false},
        {"only a quote", SPAN("application/json; x=\""), false},
        {"a control in a quote", SPAN("application/json; x=\"\x01\""), false},
        {"no type at all", SPAN("; charset=utf-8"), false},
        {"a space inside", SPAN("application /json"), false},
        {"a NUL behind it", SPAN("application/json\0"), false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(http_is_type(edge(rows[i].value), SPAN("application/json")), rows[i].want);
    }
    check_row(NULL);

    struct span whole = SPAN("application/json; charset=\"utf-8\"; a=b");
    for (size_t size = 0; size <= whole.size; size++) {
        bool complete =
            size == 16 || size == 17 || size == 18 || (size >= 33 && size <= 35) || size == 38;
        CHECK_INT(http_is_type(edge(span_first(whole, size)), SPAN("application/json")), complete);
    }
}

static void test_cookies(void)
{
    static const struct {
        const char *why;
        struct span header;
        struct span want;
    } rows[] = {
        {"alone", SPAN("s=1"), SPAN("1")},
        {"between others", SPAN("a=2; s=1; b=3"), SPAN("1")},
        {"without spaces", SPAN("a=2;s=1;b=3"), SPAN("1")},
        {"empty", SPAN("s="), SPAN("")},
        {"with = inside", SPAN("s=YQ==; a=1"), SPAN("YQ==")},
        {"twice the same", SPAN("s=1; s=1"), SPAN("1")},
        {"absent header", ABSENT, ABSENT},
        {"empty header", SPAN(""), ABSENT},
        {"missing", SPAN("a=1"), ABSENT},
        {"another case", SPAN("S=1"), ABSENT},
        {"a longer name", SPAN("xs=1"), ABSENT},
        {"a name that goes on", SPAN("ss=1"), ABSENT},
        {"no value", SPAN("s"), ABSENT},
        {"the value of another", SPAN("a=s=1"), ABSENT},
        {"twice, differing", SPAN("s=1; s=2"), ABSENT},
        {"twice, one empty", SPAN("s=1; s="), ABSENT},
        {"two headers, differing", SPAN("s=1, s=2"), ABSENT},
        {"two headers, the same", SPAN("s=1, s=1"), ABSENT},
        {"injected into a neighbour's value", SPAN("a=1, s=2"), ABSENT},
        {"injected beside the true one", SPAN("a=1, s=2; s=3"), SPAN("3")},
        {"quoted", SPAN("s=\"1\""), ABSENT},
        {"in another's quotes", SPAN("a=\"x; s=2\""), ABSENT},
        {"a space inside", SPAN("s=1 2"), ABSENT},
        {"a backslash", SPAN("s=1\\2"), ABSENT},
        {"a control", SPAN("s=1\x01"), ABSENT},
        {"NUL", SPAN("s=1\0"), ABSENT},
        {"not ASCII", SPAN("s=\xc3\xa9"), ABSENT},
        {"a space before =", SPAN("s =1"), ABSENT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_SPAN(http_cookie(edge(rows[i].header), SPAN("s")), rows[i].want);
    }
    check_row(NULL);
}

/* H09 and the Authorization forms of list 5. */
static void test_credentials(void)
{
    static const struct {
        const char *why;
        struct span header;
        enum result result;
        struct span want;
    } rows[] = {
        {"a token", SPAN("Bearer abc"), OK, SPAN("abc")},
        {"any case (H09)", SPAN("bEARER abc"), OK, SPAN("abc")},
        {"several spaces", SPAN("Bearer  abc"), OK, SPAN("abc")},
        {"all of token68", SPAN("Bearer aZ09-._~+/=="), OK, SPAN("aZ09-._~+/==")},
        {"no header", ABSENT, OK, ABSENT},
        {"an empty header", SPAN(""), OK, ABSENT},
        {"another scheme", SPAN("Basic abc"), OK, ABSENT},
        {"DPoP", SPAN("DPoP abc"), OK, ABSENT},
        {"a longer scheme", SPAN("Bearerx abc"), OK, ABSENT},
        {"a shorter scheme", SPAN("Beare abc"), OK, ABSENT},
        {"a space in front", SPAN(" Bearer abc"), OK, ABSENT},
        {"in second place", SPAN("Basic abc, Bearer abc"), OK, ABSENT},
        {"the scheme alone", SPAN("Bearer"), MALFORMED, ABSENT},
        {"no credentials", SPAN("Bearer "), MALFORMED, ABSENT},
        {"padding only", SPAN("Bearer ="), MALFORMED, ABSENT},
        {"a tab", SPAN("Bearer\tabc"), MALFORMED, ABSENT},
        {"a tab behind the space", SPAN("Bearer \tabc"), MALFORMED, ABSENT},
        {"a fold", SPAN("Bearer\r\n abc"), MALFORMED, ABSENT},
        {"a slash", SPAN("Bearer/abc"), MALFORMED, ABSENT},
        {"a colon", SPAN("Bearer: abc"), MALFORMED, ABSENT},
        {"two of them", SPAN("Bearer abc, Bearer def"), MALFORMED, ABSENT},
        {"two without space", SPAN("Bearer abc,Bearer"), MALFORMED, ABSENT},
        {"two words", SPAN("Bearer abc def"), MALFORMED, ABSENT},
        {"a space behind", SPAN("Bearer abc "), MALFORMED, ABSENT},
        {"quoted", SPAN("Bearer \"abc\""), MALFORMED, ABSENT},
        {"a parameter", SPAN("Bearer a=b"), MALFORMED, ABSENT},
        {"padding in the middle", SPAN("Bearer ab=c"), MALFORMED, ABSENT},
        {"NUL", SPAN("Bearer ab\0c"), MALFORMED, ABSENT},
        {"UTF-8", SPAN("Bearer \xc3\xa9"), MALFORMED, ABSENT},
        {"a line behind", SPAN("Bearer abc\n"), MALFORMED, ABSENT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct span credentials = ABSENT;
        CHECK_INT(http_credentials(edge(rows[i].header), SPAN("Bearer"), &credentials),
                  rows[i].result);
        CHECK_SPAN(credentials, rows[i].want);
    }
    check_row(NULL);
}

static void test_transience(void)
{
    const uint32_t transient[] = {408, 425, 429, 500, 502, 503, 504, 599};
    const uint32_t final[] = {0,   200, 204, 301, 302, 304, 307, 400,
                              401, 403, 404, 409, 410, 426, 431};
    for (size_t i = 0; i < COUNT(transient); i++)
        CHECK(http_is_transient(transient[i]));
    for (size_t i = 0; i < COUNT(final); i++)
        CHECK(!http_is_transient(final[i]));
}

/* Byte by byte, against what the RFCs list. */
static void test_characters(void)
{
    const struct span signs = SPAN("!#$%&'*+-.^_`|~");
    for (int i = 0; i < 256; i++) {
        uint8_t c = (uint8_t)i;
        struct span one = span_bytes(&c, 1);
        bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        CHECK_INT(http_is_token(one), alphanumeric || span_find(signs, c) < signs.size);
        CHECK_INT(http_is_field_value(one), c == '\t' || (c >= 0x20 && c <= 0x7e));
        bool quotable =
            c == 0x20 || c == 0x21 || (c >= 0x23 && c <= 0x5b) || (c >= 0x5d && c <= 0x7e);
        CHECK_SPAN(http_quotable(&arena, one), quotable ? one : SPAN("?"));
    }
    CHECK(!http_is_token(SPAN("")));
    CHECK(!http_is_token(SPAN("a b")));
    CHECK(http_is_token(SPAN("mcp-session-id")));
    CHECK(http_is_field_value(SPAN("")));
    CHECK(!http_is_field_value(SPAN("a\r\nSet-Cookie: x=1")));

    /* H10, A16: nothing that is reflected leaves its quotes or its line. */
    CHECK_SPAN(http_quotable(&arena, SPAN("a\", error=\"x\r\n\0\\\xc3\xa9")),
               SPAN("a?, error=?x??????"));
    CHECK_SPAN(http_quotable(&arena, SPAN("")), SPAN(""));
}

static void test_max_age(void)
{
    static const struct {
        const char *why;
        struct span value;
        uint64_t want;
    } rows[] = {
        {"absent", ABSENT, 300},
        {"empty", SPAN(""), 300},
        {"something else", SPAN("public, s-maxage=5"), 300},
        {"given", SPAN("public, max-age=60"), 60},
        {"any case", SPAN("MAX-AGE=60"), 60},
        {"twice the same", SPAN("max-age=60, max-age=60"), 60},
        {"zero", SPAN("max-age=0"), 0},
        {"ten years", SPAN("max-age=315360000"), 315360000},
        {"no-store", SPAN("no-store"), 0},
        {"no-cache behind an age", SPAN("max-age=60, No-Cache"), 0},
        {"no-cache with fields", SPAN("no-cache=\"a\", max-age=60"), 0},
        {"twice, differing", SPAN("max-age=60, max-age=61"), 0},
        {"twice, the first as the fallback", SPAN("max-age=300, max-age=1"), 0},
        {"no value", SPAN("max-age"), 0},
        {"an empty value", SPAN("max-age="), 0},
        {"negative", SPAN("max-age=-1"), 0},
        {"a fraction", SPAN("max-age=1.5"), 0},
        {"quoted", SPAN("max-age=\"60\""), 0},
        {"beyond 64 bits", SPAN("max-age=99999999999999999999"), 0},
        {"another name", SPAN("xmax-age=60"), 300},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        CHECK_INT(http_max_age(edge(rows[i].value), 300), rows[i].want);
    }
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_headers();
    test_types();
    test_cookies();
    test_credentials();
    test_transience();
    test_characters();
    test_max_age();
    return check_done();
}
