#include "oauth/pkce.h"

#include "check.h"

static uint8_t memory[65536];
static struct arena arena;

static void exhausted(void)
{
    __builtin_trap();
}

/* RFC 7636 appendix B (security.md B09). */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static const struct {
    const char *why;
    const char *challenge;
    enum result want;
} CHALLENGES[] = {
    {"appendix B", CHALLENGE, OK},
    {"nothing", "", MALFORMED},
    {"42 characters", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", MALFORMED},
    {"44 characters", CHALLENGE "A", MALFORMED},
    {"padding", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", MALFORMED},
    {"the classic alphabet", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", MALFORMED},
    {"a verifier's mark", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw.cM", MALFORMED},
    {"spare bits set", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN", MALFORMED},
    {"a space", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c ", MALFORMED},
    {"a newline", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c\n", MALFORMED},
};

/* 42, 43, 128 and 129 characters. */
#define TEN "0123456789"
#define FORTY TEN TEN TEN TEN

static const struct {
    const char *why;
    const char *verifier;
    enum result want;
} VERIFIERS[] = {
    {"appendix B", VERIFIER, OK},
    {"every mark", "-._~" FORTY, OK},
    {"43 characters", FORTY "abc", OK},
    {"128 characters", FORTY FORTY FORTY "abcdefgh", OK},
    {"nothing", "", MALFORMED},
    {"42 characters", FORTY "ab", MALFORMED},
    {"129 characters", FORTY FORTY FORTY "abcdefghi", MALFORMED},
    {"a plus", FORTY "ab+", MALFORMED},
    {"a slash", FORTY "ab/", MALFORMED},
    {"padding", FORTY "ab=", MALFORMED},
    {"a space", FORTY "ab ", MALFORMED},
    {"a percent sign", FORTY "a%41", MALFORMED},
    {"not ASCII", FORTY "a\xc3\xa9", MALFORMED},
};

static void test_checks(void)
{
    for (size_t i = 0; i < COUNT(CHALLENGES); i++) {
        check_row(CHALLENGES[i].why);
        CHECK_INT(pkce_challenge_check(span_of(CHALLENGES[i].challenge)), CHALLENGES[i].want);
    }
    for (size_t i = 0; i < COUNT(VERIFIERS); i++) {
        check_row(VERIFIERS[i].why);
        CHECK_INT(pkce_verifier_check(span_of(VERIFIERS[i].verifier)), VERIFIERS[i].want);
    }
    check_row("NUL inside");
    CHECK_INT(pkce_verifier_check(SPAN(FORTY "\0bc")), MALFORMED);
    CHECK_INT(pkce_verifier_check(ABSENT), MALFORMED);
    CHECK_INT(pkce_challenge_check(ABSENT), MALFORMED);
}

static void test_verify(void)
{
    check_row("appendix B");
    CHECK_SPAN(pkce_challenge_of(&arena, SPAN(VERIFIER)), SPAN(CHALLENGE));
    CHECK_INT(pkce_verify(&arena, SPAN(CHALLENGE), SPAN(VERIFIER)), OK);
    check_row("the challenge itself, as in plain");
    CHECK_INT(pkce_verify(&arena, SPAN(CHALLENGE), SPAN(CHALLENGE)), UNVERIFIABLE);
    CHECK_INT(pkce_verify(&arena, SPAN(VERIFIER), SPAN(VERIFIER)), UNVERIFIABLE);
    check_row("nothing at all");
    CHECK_INT(pkce_verify(&arena, ABSENT, ABSENT), UNVERIFIABLE);
    CHECK_INT(pkce_verify(&arena, SPAN(CHALLENGE), ABSENT), UNVERIFIABLE);
    CHECK_INT(pkce_verify(&arena, ABSENT, SPAN(VERIFIER)), UNVERIFIABLE);

    struct span good = SPAN(VERIFIER);
    check_row("every byte changed, every truncation");
    for (size_t i = 0; i < good.size; i++) {
        uint8_t *other = (uint8_t *)(uintptr_t)span_copy(&arena, good).data;
        other[i] = other[i] == 'x' ? 'y' : 'x';
        CHECK_INT(pkce_verify(&arena, SPAN(CHALLENGE), span_bytes(other, good.size)), UNVERIFIABLE);
        CHECK_INT(pkce_verify(&arena, SPAN(CHALLENGE), span_first(good, i)), UNVERIFIABLE);
    }
}

int main(void)
{
    arena = arena_make(memory, sizeof memory, exhausted);
    test_checks();
    test_verify();
    return check_done();
}
