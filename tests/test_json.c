#include "text/json.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

static const struct json *parsed(struct span text)
{
    const struct json *root = NULL;
    CHECK_INT(json_parse(&arena, edge(text), &root), OK);
    return root;
}

static void test_tree(void)
{
    const struct json *root =
        parsed(SPAN("{\"a\":\"x\\u00e9\",\"A\":\"y\",\"list\":[\"p\",2,true,null,{}],\"n\":null,"
                    "\"o\":{\"k\":\"v\"},\"\":\"\",\"t\":true}"));
    CHECK(json_is_object(root) && !json_is_array(root) && !json_is_string(root));
    CHECK_INT(json_count(root), 7);
    CHECK_SPAN(json_member_text(root, SPAN("a")), SPAN("x\xc3\xa9"));
    CHECK_SPAN(json_member_text(root, SPAN("A")), SPAN("y"));
    CHECK_SPAN(json_member_text(root, SPAN("")), SPAN(""));
    CHECK_SPAN(json_member_text(root, SPAN("LIST")), ABSENT);
    CHECK_SPAN(json_member_text(root, SPAN("lis")), ABSENT);
    CHECK_SPAN(json_member_text(root, SPAN("a\0")), ABSENT);
    CHECK_SPAN(json_member_text(root, SPAN("list")), ABSENT);
    CHECK_SPAN(json_member_text(root, SPAN("k")), ABSENT); /* not from below */
    CHECK_SPAN(json_member_text(root, SPAN("__proto__")), ABSENT);
    CHECK_SPAN(json_member_text(json_member(root, SPAN("o")), SPAN("k")), SPAN("v"));
    CHECK(json_is_null(json_member(root, SPAN("n"))));
    CHECK(!json_is_null(json_member(root, SPAN("missing"))));

    const struct json *list = json_member(root, SPAN("list"));
    CHECK(json_is_array(list) && !json_is_object(list));
    CHECK_INT(json_count(list), 5);
    CHECK_SPAN(json_name(list), SPAN("list"));
    const struct json *element = json_first(list);
    CHECK_SPAN(json_text(element), SPAN("p"));
    CHECK_SPAN(json_name(element), ABSENT);
    element = json_next(element);
    CHECK(json_is_number(element) && !json_is_string(element));
    CHECK_SPAN(json_text(element), ABSENT);
    element = json_next(json_next(element));
    CHECK(json_is_null(element));
    CHECK_INT(json_count(json_next(element)), 0);
    CHECK(json_next(json_next(element)) == NULL);
    CHECK(json_member(list, SPAN("p")) == NULL);
    CHECK(json_member(element, SPAN("p")) == NULL);
    CHECK_SPAN(json_name(root), ABSENT);

    CHECK(!json_is_object(NULL) && !json_is_array(NULL) && !json_is_string(NULL));
    CHECK(!json_is_number(NULL) && !json_is_null(NULL) && json_count(NULL) == 0);
    CHECK(json_first(NULL) == NULL && json_next(NULL) == NULL &&
          json_member(NULL, SPAN("a")) == NULL);
    CHECK_SPAN(json_text(NULL), ABSENT);
    CHECK_SPAN(json_name(NULL), ABSENT);
    CHECK_SPAN(json_text(parsed(SPAN("\"alone\""))), SPAN("alone"));
}

static void test_tree_limits(void)
{
    struct builder b = builder_make(&arena, JSON_MAX_TREE_SIZE + 1);
    build_byte(&b, '"');
    while (b.size < JSON_MAX_TREE_SIZE - 1)
        build_byte(&b, 'a');
    build_byte(&b, '"');
    CHECK_INT(json_text(parsed(built(&b))).size, JSON_MAX_TREE_SIZE - 2);
    build_byte(&b, ' ');
    const struct json *root = NULL;
    CHECK_INT(json_parse(&arena, edge(built(&b)), &root), TOO_LARGE);
    CHECK(root == NULL);
    CHECK_INT(json_parse(&arena, ABSENT, &root), MALFORMED);

    /* A document of our own may be larger, and is read no less strictly. */
    CHECK_INT(json_parse_trusted(&arena, edge(built(&b)), &root), OK);
    CHECK_INT(json_text(root).size, JSON_MAX_TREE_SIZE - 2);
    CHECK_INT(json_parse_trusted(&arena, SPAN("{\"a\":1,\"a\":1}"), &root), MALFORMED);
    struct span huge = span_bytes(ARENA_ARRAY(&arena, JSON_MAX_TRUSTED_SIZE + 1, uint8_t),
                                  JSON_MAX_TRUSTED_SIZE + 1);
    CHECK_INT(json_parse_trusted(&arena, huge, &root), TOO_LARGE);

    /* A tree lies in the arena that it was given. */
    struct arena other = edge_arena(4096);
    CHECK_INT(json_parse(&other, SPAN("[\"x\"]"), &root), OK);
    const uint8_t *text = json_text(json_first(root)).data;
    CHECK(text >= other.start && text < other.at);
    free(other.start);
}

static void test_u64(void)
{
    static const struct {
        const char *text;
        enum result result;
        uint64_t want;
    } rows[] = {
        {"0", OK, 0},
        {"-0", OK, 0},
        {"1", OK, 1},
        {"3600", OK, 3600},
        {"1e3", OK, 1000},
        {"2.0", OK, 2},
        {"25e-1", MALFORMED, 0},
        {"4294967296", OK, 4294967296},
        {"1893456000", OK, 1893456000},
        {"9007199254740990", OK, 9007199254740990},
        {"9007199254740991", OK, 9007199254740991},
        {"9007199254740992", MALFORMED, 0},
        {"9007199254740993", MALFORMED, 0},
        {"18446744073709551615", MALFORMED, 0},
        {"18446744073709551616", MALFORMED, 0},
        {"1e300", MALFORMED, 0},
        {"-1", MALFORMED, 0},
        {"-1e-3", MALFORMED, 0},
        {"1.5", MALFORMED, 0},
        {"0.1", MALFORMED, 0},
        {"\"1\"", MALFORMED, 0},
        {"\"\"", MALFORMED, 0},
        {"true", MALFORMED, 0},
        {"null", MALFORMED, 0},
        {"[1]", MALFORMED, 0},
        {"{}", MALFORMED, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].text);
        uint64_t value = 0;
        CHECK_INT(json_u64(parsed(span_of(rows[i].text)), &value), rows[i].result);
        CHECK(value == rows[i].want);
    }
    check_row(NULL);
    uint64_t value = 5;
    CHECK_INT(json_u64(NULL, &value), NOT_FOUND);
    CHECK_INT(value, 5);

    for (uint64_t bit = 1; bit <= JSON_MAX_WHOLE; bit <<= 1) {
        CHECK_INT(json_u64(parsed(span_decimal(&arena, bit)), &value), OK);
        CHECK(value == bit);
        CHECK_INT(json_u64(parsed(span_decimal(&arena, 2 * bit - 1)), &value), OK);
        CHECK(value == 2 * bit - 1);
    }
}

static void test_bool(void)
{
    bool value = false;
    CHECK(json_bool(parsed(SPAN("true")), false, &value) == OK && value);
    CHECK(json_bool(parsed(SPAN("false")), true, &value) == OK && !value);
    CHECK(json_bool(NULL, true, &value) == OK && value);
    CHECK(json_bool(NULL, false, &value) == OK && !value);
    static const char *const others[] = {"null", "0", "1", "\"true\"", "\"\"", "[]", "{}"};
    for (size_t i = 0; i < COUNT(others); i++) {
        check_row(others[i]);
        CHECK_INT(json_bool(parsed(span_of(others[i])), true, &value), MALFORMED);
        CHECK(!value);
    }
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(8 << 20);
    test_tree();
    test_tree_limits();
    test_u64();
    test_bool();
    return check_done();
}
