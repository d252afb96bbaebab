#include "text/http.h"
#include "fuzz.h"

static void check_credentials(struct span authorization)
{
    static const char *const SCHEMES[] = {"Basic", "Bearer"};
    for (size_t i = 0; i < 2; i++) {
        struct span scheme = span_of(SCHEMES[i]);
        struct span value;
        bool is_of_scheme = span_equal_nocase(span_first(authorization, scheme.size), scheme);
        if (http_credentials(authorization, scheme, &value) != OK)
            MUST(is_of_scheme);
        else if (span_present(value))
            MUST(is_of_scheme && value.size > 0 && span_ends(authorization, value) &&
                 span_find(value, ' ') == value.size && span_find(value, ',') == value.size);
    }
}

/* The value stands in the header behind its name, and nothing in it could end it. */
static void check_cookie(struct arena *a, struct span header, struct span name)
{
    struct span value = http_cookie(header, name);
    if (!span_present(value))
        return;
    MUST(span_contains(header, JOIN(a, name, SPAN("="), value)));
    MUST(http_is_field_value(value));
    MUST(span_find(value, ';') == value.size && span_find(value, '"') == value.size);
    struct span twice = JOIN(a, header, SPAN("; "), name, SPAN("="), value);
    MUST(fuzz_same(http_cookie(twice, name), value));
    MUST(!span_present(http_cookie(JOIN(a, twice, SPAN("x")), name)));
}

/* A header's value in the first line; of a second, what is looked for in it. */
void fuzz(struct arena *a, struct span input)
{
    struct span value = fuzz_line(&input);
    check_credentials(value);
    check_cookie(a, value, input);
    if (http_is_type(value, SPAN("application/json"))) {
        MUST(http_is_field_value(value));
        MUST(!http_is_type(value, SPAN("text/html")));
    }
    if (http_is_token(value))
        MUST(http_is_field_value(value) && value.size > 0);
    struct span quotable = http_quotable(a, value);
    MUST(quotable.size == value.size && http_is_field_value(quotable));
    MUST(span_find(quotable, '"') == value.size && span_find(quotable, '\\') == value.size);
    uint64_t age = http_max_age(value, 7);
    MUST(age == 0 || age == 7 || span_contains(value, span_decimal(a, age)));
}
