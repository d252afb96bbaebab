#include "text/form.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

static void test_refusals(void)
{
    static const struct {
        const char *why;
        struct span text;
        enum result want;
    } rows[] = {
        {"a lone percent sign", SPAN("a=%"), MALFORMED},
        {"half an escape", SPAN("a=%4"), MALFORMED},
        {"an escape at the end of a pair", SPAN("a=%4&b=1"), MALFORMED},
        {"no hexadecimal digit first", SPAN("a=%g1"), MALFORMED},
        {"no hexadecimal digit second", SPAN("a=%1g"), MALFORMED},
        {"an escape with a sign", SPAN("a=%+1"), MALFORMED},
        {"a broken escape in a name", SPAN("%zz=1"), MALFORMED},
        {"a broken escape in an unknown parameter", SPAN("a=1&zzz=%"), MALFORMED},
        {"%00", SPAN("a=x%00y"), MALFORMED},
        {"%00 in a name", SPAN("a%00=1"), MALFORMED},
        {"a NUL byte", SPAN("a=x\0y"), MALFORMED},
        {"a lone continuation byte", SPAN("a=%80"), MALFORMED},
        {"Latin-1", SPAN("a=caf%e9"), MALFORMED},
        {"an overlong slash", SPAN("a=%c0%af"), MALFORMED},
        {"a surrogate", SPAN("a=%ed%a0%80"), MALFORMED},
        {"above U+10FFFF", SPAN("a=%f4%90%80%80"), MALFORMED},
        {"a cut character", SPAN("a=%e2%82"), MALFORMED},
        {"a character cut by the separator", SPAN("a=%e2%82&b=%ac"), MALFORMED},
        {"raw bytes that are no UTF-8", SPAN("a=\xff"), MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct form form = {NULL, 77};
        CHECK_INT(form_parse(&arena, edge(rows[i].text), &form), rows[i].want);
        CHECK_INT(form.count, 77); /* written only on OK */
    }
    check_row(NULL);
}

static void test_values(void)
{
    static const struct {
        const char *why;
        struct span text;
        struct span want; /* the value of "a" */
    } rows[] = {
        {"plain", SPAN("a=1"), SPAN("1")},
        {"plus is a space", SPAN("a=1+2"), SPAN("1 2")},
        {"an escaped plus is a plus", SPAN("a=1%2b2"), SPAN("1+2")},
        {"escapes in both cases", SPAN("a=%2F%2f"), SPAN("//")},
        {"escapes are decoded once", SPAN("a=%2541"), SPAN("%41")},
        {"escaped separators are data", SPAN("a=%26b%3D1"), SPAN("&b=1")},
        {"UTF-8", SPAN("a=%e2%82%ac"), SPAN("\xe2\x82\xac")},
        {"the value holds =", SPAN("a=b=c"), SPAN("b=c")},
        {"an escaped name", SPAN("%61=1"), SPAN("1")},
        {"a name with a space", SPAN("+a=1"), ABSENT},
        {"an empty value counts as absent (A11)", SPAN("a="), ABSENT},
        {"a name alone counts as absent", SPAN("a"), ABSENT},
        {"missing", SPAN("b=1"), ABSENT},
        {"names have a case", SPAN("A=1"), ABSENT},
        {"array syntax is another name", SPAN("a[]=1"), ABSENT},
        {"no form", ABSENT, ABSENT},
        {"an empty form", SPAN(""), ABSENT},
        {"separators only", SPAN("&&&"), ABSENT},
        {"empty pairs are skipped", SPAN("&a=1&&b=2&"), SPAN("1")},
        {"no value for no name", SPAN("=1"), ABSENT},
        {"a semicolon separates nothing", SPAN("b=1;a=2"), ABSENT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct form form;
        if (CHECK_INT(form_parse(&arena, edge(rows[i].text), &form), OK))
            CHECK_SPAN(form_get(&form, SPAN("a")), rows[i].want);
    }
    check_row(NULL);
}

/* A11: a parameter sent twice makes the request invalid, also when one of them is empty. */
static void test_repetition(void)
{
    static const struct {
        const char *why;
        struct span text;
        struct span allowed;
        struct span want;
    } rows[] = {
        {"once each", SPAN("a=1&b=2"), ABSENT, ABSENT},
        {"nothing at all", SPAN(""), ABSENT, ABSENT},
        {"twice", SPAN("a=1&b=2&a=3"), ABSENT, SPAN("a")},
        {"twice the same", SPAN("a=1&a=1"), ABSENT, SPAN("a")},
        {"empty, then not", SPAN("a=&a=1"), ABSENT, SPAN("a")},
        {"twice empty", SPAN("a&a="), ABSENT, SPAN("a")},
        {"in two spellings", SPAN("redirect_uri=1&redirect%5furi=2"), ABSENT, SPAN("redirect_uri")},
        {"an unknown one", SPAN("x=1&y=2&y=3"), SPAN("x"), SPAN("y")},
        {"allowed", SPAN("resource=1&resource=2"), SPAN("audience resource"), ABSENT},
        {"the allowed list names words", SPAN("re=1&re=2"), SPAN("resource"), SPAN("re")},
        {"allowed and not", SPAN("r=1&r=2&s=1&s=2"), SPAN("r"), SPAN("s")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct form form;
        if (CHECK_INT(form_parse(&arena, edge(rows[i].text), &form), OK))
            CHECK_SPAN(form_repeated(&form, rows[i].allowed), rows[i].want);
    }
    check_row(NULL);

    struct form form;
    if (!CHECK_INT(form_parse(&arena, SPAN("r=1&r=&s=2&r=3"), &form), OK))
        return;
    CHECK_INT(form_count(&form, SPAN("r")), 3);
    CHECK_INT(form_count(&form, SPAN("s")), 1);
    CHECK_INT(form_count(&form, SPAN("t")), 0);
}

static void test_limit(void)
{
    struct builder b = builder_make(&arena, 4 * FORM_MAX_PARAMETERS + 5);
    for (int i = 0; i < FORM_MAX_PARAMETERS; i++)
        build_span(&b, SPAN("a=1&"));
    struct form form;
    CHECK_INT(form_parse(&arena, edge(built(&b)), &form), OK);
    CHECK_INT(form.count, FORM_MAX_PARAMETERS);
    build_span(&b, SPAN("&&b"));
    CHECK_INT(form_parse(&arena, edge(built(&b)), &form), TOO_LARGE);
}

/* Every beginning of a form is read without a step past its end. */
static void test_truncations(void)
{
    struct span text = SPAN("code=%41%42+c&state=%e2%82%ac&r=https%3A%2F%2Fa&&x");
    for (size_t size = 0; size <= text.size; size++) {
        struct form form;
        struct span cut = edge(span_first(text, size));
        enum result result = form_parse(&arena, cut, &form);
        bool in_escape =
            (size > 0 && cut.data[size - 1] == '%') || (size > 1 && cut.data[size - 2] == '%');
        bool in_character = size > 22 && size < 29; /* behind %e2 and %82 */
        CHECK_INT(result, in_escape || in_character ? MALFORMED : OK);
    }
}

static void test_encoding(void)
{
    CHECK_SPAN(form_encode(&arena, SPAN("Az09-._~")), SPAN("Az09-._~"));
    CHECK_SPAN(form_encode(&arena, SPAN(" +&=%/?#\"<>\r\n")),
               SPAN("%20%2B%26%3D%25%2F%3F%23%22%3C%3E%0D%0A"));
    CHECK_SPAN(form_encode(&arena, SPAN("\xe2\x82\xac")), SPAN("%E2%82%AC"));
    CHECK_SPAN(form_encode(&arena, SPAN("")), SPAN(""));

    /* C06: Basic credentials are form-decoded (RFC 6749 section 2.3.1). */
    struct span value = SPAN("untouched");
    CHECK_INT(form_decode(&arena, SPAN("s%3Ae+c%2Br"), &value), OK);
    CHECK_SPAN(value, SPAN("s:e c+r"));
    CHECK_INT(form_decode(&arena, SPAN("%"), &value), MALFORMED);
    CHECK_SPAN(value, SPAN("s:e c+r"));

    struct builder b = builder_make(&arena, 100);
    form_append(&arena, &b, SPAN("code"), SPAN("a b"));
    form_append(&arena, &b, SPAN("state"), ABSENT);
    form_append(&arena, &b, SPAN("iss"), SPAN("https://a"));
    form_append(&arena, &b, SPAN("e&"), SPAN(""));
    CHECK_SPAN(built(&b), SPAN("code=a%20b&iss=https%3A%2F%2Fa&e%26="));

    struct builder small = builder_make(&arena, 6);
    form_append(&arena, &small, SPAN("code"), SPAN("ab"));
    CHECK_SPAN(built(&small), ABSENT);
}

/* Whatever bytes go in (but NUL, and as long as they are UTF-8) come out again. */
static void test_round_trip(void)
{
    for (uint8_t c = 1; c < 128; c++) {
        struct span value = ABSENT;
        CHECK_INT(form_decode(&arena, form_encode(&arena, span_bytes(&c, 1)), &value), OK);
        CHECK_SPAN(value, span_bytes(&c, 1));
    }
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_refusals();
    test_values();
    test_repetition();
    test_limit();
    test_truncations();
    test_encoding();
    test_round_trip();
    return check_done();
}
