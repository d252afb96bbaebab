#include "broker/downstream.h"
#include "run.h"

/* The query with which a browser comes back from the product. */
void fuzz(struct arena *a, struct span input)
{
    struct form query;
    struct span code = ABSENT;
    struct downstream server = {.profile = downstream_profile(run_gateway(), SPAN("product"))};
    struct cx cx = run_make(a, ABSENT);
    if (form_parse(a, input, &query) != OK)
        return;
    struct span iss = form_get(&query, SPAN("iss"));
    enum result lenient = downstream_read_answer(&cx, &server, &query, &code);
    if (lenient == OK)
        MUST(code.size > 0 && http_is_field_value(code) && form_count(&query, SPAN("code")) == 1);
    MUST((lenient == OK) == span_present(code));
    MUST(lenient != OK || !span_present(iss) || span_equal(iss, server.profile->issuer));

    /* A server that always sends `iss`: without it there is no code. */
    server.sends_iss = true;
    enum result strict = downstream_read_answer(&cx, &server, &query, &code);
    MUST(strict != OK || (lenient == OK && span_present(iss)));
}
