#include "text/html.h"
#include "fuzz.h"

enum { SHOWN = 16 };

static void check_escaped(struct arena *a, struct span text)
{
    struct span safe = html_escape(a, text);
    for (size_t i = 0; i < safe.size; i++)
        MUST(span_find(SPAN("<>\"'"), safe.data[i]) == 4);
    MUST(safe.size >= text.size);
    MUST(fuzz_same(html_escape(a, ABSENT), SPAN("")));
}

/* Characters that can be seen, not too many, and single spaces between them only. */
static void check_name(struct span name)
{
    size_t characters = 0;
    bool after_space = true;
    MUST(span_present(name) && utf8_valid(name));
    for (struct span rest = name; rest.size > 0; characters++) {
        uint32_t c = 0;
        rest = span_skip(rest, utf8_next(rest, &c));
        MUST(c >= ' ' && (c < 0x7f || c > 0x9f) && c != 0xad && c != 0xfeff);
        MUST((c < 0x200b || c > 0x200f) && (c < 0x202a || c > 0x202e));
        MUST((c < 0x2066 || c > 0x2069) && (c < 0xe0000 || c > 0xe0fff));
        MUST(c != ' ' || !after_space);
        after_space = c == ' ';
    }
    MUST(characters <= SHOWN);
    MUST(characters == 0 || !after_space);
}

void fuzz(struct arena *a, struct span input)
{
    check_escaped(a, input);
    struct span name = html_display_name(a, input, SHOWN);
    check_name(name);
    MUST(fuzz_same(html_display_name(a, name, SHOWN), name));
}
