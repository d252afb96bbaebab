#include "oauth/record.h"
#include "run.h"

/* What is read from a row and written again is read as the same. */
void fuzz(struct arena *a, struct span input)
{
    struct grant grant;
    struct family family;
    struct code code;
    struct downstream_tokens tokens;
    if (grant_unpack(input, &grant) == OK) {
        struct span row = grant_pack(a, &grant);
        MUST(grant_unpack(row, &grant) == OK && span_equal(grant_pack(a, &grant), row));
    }
    if (family_unpack(input, &family) == OK) {
        MUST(family.access_count <= GRANT_MAX_LIVE_TOKENS);
        MUST(span_equal(family_pack(a, &family), input));
    }
    if (code_unpack(input, &code) == OK) {
        struct span packed = code_pack(a, &code);
        MUST(code_unpack(packed, &code) == OK && span_equal(code_pack(a, &code), packed));
    }
    if (tokens_unpack(input, &tokens) == OK)
        MUST(span_equal(tokens_pack(a, &tokens), input));
}
