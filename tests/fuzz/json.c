#include "text/json.h"
#include "fuzz.h"
#include "text/utf8.h"

/* What the tree says, as text again: an object as a list of its names and values. */
static void write(struct arena *a, struct json_writer *w, const struct json *node)
{
    uint64_t number = 0;
    bool truth;
    if (json_is_string(node)) {
        MUST(utf8_valid(json_text(node)) && span_find(json_text(node), 0) == json_text(node).size);
        json_add_text(w, json_text(node));
        return;
    }
    if (!json_is_object(node) && !json_is_array(node)) {
        MUST(json_is_null(node) || json_is_number(node) || json_bool(node, false, &truth) == OK);
        MUST(json_u64(node, &number) != OK || number <= JSON_MAX_WHOLE);
        json_add_raw(w, span_decimal(a, number));
        return;
    }
    json_begin(w, '[');
    for (const struct json *child = json_first(node); child != NULL; child = json_next(child)) {
        if (json_is_object(node)) {
            MUST(json_member(node, json_name(child)) == child);
            json_add_text(w, json_name(child));
        }
        write(a, w, child);
    }
    json_end(w, ']');
}

/* The scanner finds what the tree has. */
static void check_pick(struct arena *a, const struct json *root, struct span raw)
{
    const struct json *node = json_member(json_member(root, SPAN("a")), SPAN("b"));
    struct span text = ABSENT;
    MUST(span_present(raw) == (node != NULL));
    bool is_string = node != NULL && json_unquote(a, raw, &text) == OK;
    MUST(json_is_string(node) == is_string);
    MUST(json_is_string(node) == (json_kind(raw) == '"'));
    MUST(json_is_object(node) == (json_kind(raw) == '{'));
    MUST(json_is_array(node) == (json_kind(raw) == '['));
    MUST(json_is_number(node) == (json_kind(raw) == '0'));
    MUST(fuzz_same(json_text(node), text));
}

void fuzz(struct arena *a, struct span input)
{
    const struct json *root = NULL;
    struct json_pick picks[] = {{.path = "a/b"}, {.path = "a"}};
    enum result scanned = json_scan(a, input, picks, 2);
    enum result parsed = json_parse(a, input, &root);
    MUST(input.size > JSON_MAX_TREE_SIZE || scanned == parsed);
    MUST(scanned == OK || (!span_present(picks[0].raw) && !span_present(picks[1].raw)));
    if (parsed != OK)
        return;
    MUST(utf8_valid(input));
    check_pick(a, root, picks[0].raw);
    struct json_writer w = json_writer_make(a, 64 + 8 * input.size);
    write(a, &w, root);
    MUST(json_scan(a, json_written(&w), NULL, 0) == OK);
}
