#include "base/base64.h"
#include "oauth/grant.h"
#include "run.h"

/* Where its input is "position, mask" in bytes, a text with these bits changed. */
static struct span changed(struct arena *a, struct span text, struct span changes)
{
    uint8_t *bytes = ARENA_ARRAY(a, text.size, uint8_t);
    memcpy(bytes, text.data, text.size);
    for (size_t i = 0; i + 1 < changes.size; i += 2)
        bytes[changes.data[i] % text.size] ^= changes.data[i + 1];
    return span_bytes(bytes, text.size);
}

/* What nobody but us can make: no text is taken that we did not write. */
static void check_forged(struct cx *cx, struct span text)
{
    struct code code;
    struct refresh_token refresh;
    struct presented told;
    MUST(code_open(cx, text, &code, &told) == INVALID_GRANT);
    MUST(refresh_token_open(cx, text, &refresh, &told) == UNVERIFIABLE);
    MUST(access_token_open(cx, text, &told) == UNVERIFIABLE);
}

static void check_changed(struct cx *cx, struct span changes)
{
    static const uint8_t id[GRANT_ID_SIZE] = "0123456789abcde";
    struct span grant_id = span_bytes(id, sizeof id);
    struct span code_text, refresh_text, access;
    struct presented told;
    struct code code = {.facts = {.grant_id = grant_id}, .challenge = SPAN("c")};
    struct refresh_token refresh = {.facts = {.grant_id = grant_id}};
    struct access_token_claims claims = {.grant_id = grant_id, .scopes = SPAN("s")};

    MUST(code_seal(cx, &code, &code_text) == OK);
    struct span text = changed(cx->arena, code_text, changes);
    MUST((code_open(cx, text, &code, &told) == OK) == span_equal(text, code_text));

    MUST(refresh_token_seal(cx, &refresh, &refresh_text) == OK);
    text = changed(cx->arena, refresh_text, changes);
    MUST((refresh_token_open(cx, text, &refresh, &told) == OK) == span_equal(text, refresh_text));

    /* Of an access token only the jti is looked at here; its hash is compared later. */
    MUST(access_token_make(cx, &claims, &access) == OK);
    text = changed(cx->arena, access, changes);
    if (access_token_open(cx, text, &told) == OK)
        MUST(span_equal(told.grant_id, grant_id));
    else
        MUST(!span_equal(text, access));
}

/* A code or refresh token that we sealed, whatever we wrote in it. */
static void check_sealed(struct cx *cx, struct span packed)
{
    struct span box;
    struct code code;
    struct refresh_token refresh;
    struct presented told;
    MUST(seal(cx->arena, &cx->gateway->keys, FOR_CODE, &cx->drbg, SPAN("code"), packed, &box) ==
         OK);
    (void)code_open(cx, base64url_encode(cx->arena, box), &code, &told);
    MUST(seal(cx->arena, &cx->gateway->keys, FOR_REFRESH, &cx->drbg, SPAN("refresh"), packed,
              &box) == OK);
    struct span text = JOIN(cx->arena, SPAN("lkr_"), base64url_encode(cx->arena, box));
    (void)refresh_token_open(cx, text, &refresh, &told);
}

void fuzz(struct arena *a, struct span input)
{
    struct cx cx = run_make(a, ABSENT);
    check_forged(&cx, input);
    check_sealed(&cx, input);
    if (input.size <= 16)
        check_changed(&cx, input);
}
