#include "oauth/record.h"
#include "run.h"

/* What is read from a row and written again is read as the same. */
void fuzz(struct arena *a, struct span input)
{
    struct grant grant;
    struct live_token live;
    struct refresh_token refresh;
    struct code code;
    struct downstream_tokens tokens;
    if (grant_unpack(input, &grant) == OK) {
        struct span row = grant_pack(a, &grant);
        MUST(grant_unpack(row, &grant) == OK && span_equal(grant_pack(a, &grant), row));
    }
    if (live_unpack(input, &live) == OK)
        MUST(span_equal(live_pack(a, &live), input));
    if (refresh_unpack(input, &refresh) == OK) {
        struct span packed = refresh_pack(a, &refresh);
        MUST(refresh_unpack(packed, &refresh) == OK &&
             span_equal(refresh_pack(a, &refresh), packed));
    }
    if (code_unpack(input, &code) == OK) {
        struct span packed = code_pack(a, &code);
        MUST(code_unpack(packed, &code) == OK && span_equal(code_pack(a, &code), packed));
    }
    if (tokens_unpack(input, &tokens) == OK)
        MUST(span_equal(tokens_pack(a, &tokens), input));
}
