/*
 * JSONTestSuite (nst/JSONTestSuite): 318 documents, read from the folder that
 * VECTORS names.
 */
#include "text/json.h"

#include "check.h"
#include "edge.h"

#include <dirent.h>
#include <stdio.h>

static struct arena arena;

/* The verdict of the scanner; that of the tree must be the same. */
static enum result verdict(struct span text)
{
    const struct json *root = NULL;
    enum result result = json_scan(&arena, text, NULL, 0);
    if (text.size <= JSON_MAX_TREE_SIZE)
        CHECK_INT(json_parse(&arena, text, &root), result);
    CHECK_INT(root != NULL, result == OK && text.size <= JSON_MAX_TREE_SIZE);
    return result;
}

/*
 * Which of its files we refuse though the grammar allows them, and what we do
 * with those that RFC 8259 leaves open (i_): what parsers read alike is
 * accepted, the rest is not.
 */
static const struct {
    const char *name;
    bool accepted;
} decisions[] = {
    {"y_object_duplicated_key.json", false},           /* parsers take the first, the last, all */
    {"y_object_duplicated_key_and_value.json", false}, /* as above */
    {"y_object_escaped_null_in_key.json", false},      /* ends a string in some parsers */
    {"y_string_null_escape.json", false},              /* as above */

    {"i_number_double_huge_neg_exp.json", true}, /* all read 0 */
    {"i_number_real_underflow.json", true},      /* all read 0 */
    {"i_number_too_big_neg_int.json", true},     /* json_u64 takes none that lost digits */
    {"i_number_too_big_pos_int.json", true},
    {"i_number_very_big_negative_int.json", true},
    {"i_number_huge_exp.json", false}, /* infinity to some, an error to others */
    {"i_number_neg_int_huge_exp.json", false},
    {"i_number_pos_double_huge_exp.json", false},
    {"i_number_real_neg_overflow.json", false},
    {"i_number_real_pos_overflow.json", false},
    {"i_object_key_lone_2nd_surrogate.json", false}, /* no character: kept, replaced or refused */
    {"i_string_1st_surrogate_but_2nd_missing.json", false},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", false},
    {"i_string_incomplete_surrogate_and_escape_valid.json", false},
    {"i_string_incomplete_surrogate_pair.json", false},
    {"i_string_incomplete_surrogates_escape_valid.json", false},
    {"i_string_invalid_lonely_surrogate.json", false},
    {"i_string_invalid_surrogate.json", false},
    {"i_string_inverted_surrogates_U+1D11E.json", false},
    {"i_string_lone_second_surrogate.json", false},
    {"i_string_UTF-16LE_with_BOM.json", false}, /* not UTF-8 */
    {"i_string_UTF-8_invalid_sequence.json", false},
    {"i_string_UTF8_surrogate_U+D800.json", false},
    {"i_string_invalid_utf-8.json", false},
    {"i_string_iso_latin_1.json", false},
    {"i_string_lone_utf8_continuation_byte.json", false},
    {"i_string_not_in_unicode_range.json", false},
    {"i_string_overlong_sequence_2_bytes.json", false},
    {"i_string_overlong_sequence_6_bytes.json", false},
    {"i_string_overlong_sequence_6_bytes_null.json", false},
    {"i_string_truncated-utf-8.json", false},
    {"i_string_utf16BE_no_BOM.json", false},
    {"i_string_utf16LE_no_BOM.json", false},
    {"i_structure_UTF-8_BOM_empty_object.json", false}, /* RFC 8259 section 8.1 lets us */
    {"i_structure_500_nested_arrays.json", false},      /* JSON_MAX_DEPTH */
};

static bool is_accepted(struct span name)
{
    for (size_t i = 0; i < COUNT(decisions); i++)
        if (span_equal(span_of(decisions[i].name), name))
            return decisions[i].accepted;
    CHECK(!span_starts(name, SPAN("i_"))); /* all of these are listed */
    return span_starts(name, SPAN("y_"));
}

static struct span read_file(const char *folder, const char *name)
{
    static uint8_t buffer[1 << 19];
    struct span path = JOIN(&arena, span_of(folder), SPAN("/"), span_of(name), SPAN("\0"));
    FILE *file = fopen((const char *)path.data, "rb");
    if (!CHECK(file != NULL))
        return ABSENT;
    size_t size = fread(buffer, 1, sizeof buffer, file);
    CHECK(feof(file) != 0);
    fclose(file);
    return edge(span_bytes(buffer, size));
}

static void test_suite(void)
{
    const char *vectors = getenv("VECTORS");
    struct span path = JOIN(&arena, span_of(vectors != NULL ? vectors : "../shared/vectors"),
                            SPAN("/json/test_parsing\0"));
    const char *folder = (const char *)path.data;
    DIR *listing = opendir(folder);
    if (!CHECK(listing != NULL)) {
        printf("    JSONTestSuite is not at %s: set VECTORS to the folder that has json/\n",
               folder);
        return;
    }
    struct arena before = arena;
    size_t counts[128] = {0};
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        struct span name = span_of(entry->d_name);
        if (!span_ends(name, SPAN(".json")))
            continue;
        check_row(entry->d_name);
        counts[name.data[0] & 127]++;
        CHECK_INT(verdict(read_file(folder, entry->d_name)) == OK, is_accepted(name));
        arena.at = before.at; /* the path stays */
    }
    check_row(NULL);
    closedir(listing);
    CHECK_INT(counts['y'], 95);
    CHECK_INT(counts['n'], 188);
    CHECK_INT(counts['i'], 35);
}

int main(void)
{
    arena = edge_arena(16 << 20);
    test_suite();
    return check_done();
}
