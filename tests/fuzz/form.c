#include "text/form.h"
#include "fuzz.h"
#include "text/utf8.h"

void fuzz(struct arena *a, struct span input)
{
    struct form form, again;
    struct span value;
    if (form_decode(a, input, &value) == OK) {
        MUST(utf8_valid(value) && span_find(value, 0) == value.size);
        MUST(form_decode(a, form_encode(a, value), &value) == OK);
    }
    if (form_parse(a, input, &form) != OK)
        return;
    MUST(form.count <= FORM_MAX_PARAMETERS);
    for (size_t i = 0; i < form.count; i++) {
        struct span name = form.parameters[i].name;
        MUST(utf8_valid(name) && utf8_valid(form.parameters[i].value));
        MUST(form_count(&form, name) > 1 || !fuzz_same(form_repeated(&form, ABSENT), name));
    }

    /* What is written is read as the same. */
    MUST(form_parse(a, form_write(a, &form), &again) == OK && again.count == form.count);
    for (size_t i = 0; i < form.count; i++) {
        MUST(span_equal(again.parameters[i].name, form.parameters[i].name));
        MUST(span_equal(again.parameters[i].value, form.parameters[i].value));
    }
}
