#include "oauth/scope.h"

#include "check.h"

static uint8_t memory[65536];
static struct arena arena;

static void exhausted(void)
{
    __builtin_trap();
}

static const struct {
    const char *why;
    const char *text;
    enum result want;
} PARSE[] = {
    {"nothing", "", OK},
    {"spaces only", "   ", OK},
    {"one", "todos:read", OK},
    {"a leading space, as Claude sends it", " todos:read todos:write", OK},
    {"runs of spaces", "a   b  ", OK},
    {"every allowed mark", "!#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~", OK},
    {"a quote", "a\"b", MALFORMED},
    {"a backslash", "a\\b", MALFORMED},
    {"a tab", "a\tb", MALFORMED},
    {"a newline", "a\nb", MALFORMED},
    {"a carriage return", "a\r", MALFORMED},
    {"DEL", "a\x7f", MALFORMED},
    {"not ASCII", "caf\xc3\xa9", MALFORMED},
    {"bad behind good", "a b c \x01", MALFORMED},
};

static void test_parse(void)
{
    for (size_t i = 0; i < COUNT(PARSE); i++) {
        check_row(PARSE[i].why);
        CHECK_INT(scope_parse(span_of(PARSE[i].text)), PARSE[i].want);
    }
    check_row("as many as allowed, and one more");
    struct builder b = builder_make(&arena, 2 * (MAX_SCOPES + 1));
    for (int i = 0; i < MAX_SCOPES; i++)
        build_span(&b, SPAN("a "));
    CHECK_INT(scope_parse(built(&b)), OK);
    build_span(&b, SPAN("b"));
    CHECK_INT(scope_parse(built(&b)), MALFORMED);
    check_row("absent");
    CHECK_INT(scope_parse(ABSENT), OK);
}

static const struct {
    const char *why;
    const char *set;
    const char *wanted;
    bool covers;
    const char *both;
    const char *either;
} SETS[] = {
    {"the same", "a b", "a b", true, "a b", "a b"},
    {"the order of what is wanted", "a b c", "c a", true, "c a", "a b c"},
    {"a part", "a b c", "b", true, "b", "a b c"},
    {"nothing wanted", "a", "", true, "", "a"},
    {"nothing had", "", "a", false, "", "a"},
    {"one too many", "a b", "b c", false, "b", "a b c"},
    {"a prefix is not the name", "todos:read", "todos", false, "", "todos:read todos"},
    {"a longer name is not it either", "todos", "todos:read", false, "", "todos todos:read"},
    {"case matters", "Read", "read", false, "", "Read read"},
    {"repetition has no meaning", "a a b", "b b a", true, "b a", "a b"},
    {"nor do runs of spaces", "  a   b ", " b  ", true, "b", "a b"},
};

static void test_sets(void)
{
    for (size_t i = 0; i < COUNT(SETS); i++) {
        struct span set = span_of(SETS[i].set);
        struct span wanted = span_of(SETS[i].wanted);
        check_row(SETS[i].why);
        CHECK(scope_covers(set, wanted) == SETS[i].covers);
        CHECK_SPAN(scope_intersection(&arena, wanted, set), span_of(SETS[i].both));
        CHECK_SPAN(scope_union(&arena, set, wanted), span_of(SETS[i].either));
    }
    check_row("absent sets");
    CHECK_SPAN(scope_intersection(&arena, ABSENT, SPAN("a")), SPAN(""));
    CHECK_SPAN(scope_union(&arena, ABSENT, ABSENT), SPAN(""));
}

int main(void)
{
    arena = arena_make(memory, sizeof memory, exhausted);
    test_parse();
    test_sets();
    return check_done();
}
