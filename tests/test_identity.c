#include "broker/identity.h"

#include "check.h"

static uint8_t memory[1 << 18];
static struct arena arena;

static void exhausted(void)
{
    __builtin_trap();
}

static const struct profile PROFILE = {
    .claim_subject = {(const uint8_t *)"sub", 3},
    .claim_organization = {(const uint8_t *)"org_id", 6},
};

#define LONG_64 "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
#define LONG_255                                                                              \
    LONG_64 LONG_64 LONG_64 "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddd"

static const struct {
    const char *why;
    const char *claims;
    enum result want;
    const char *subject, *organization; /* NULL: ABSENT */
} READS[] = {
    {"all there", "{\"sub\":\"u1\",\"org_id\":\"o1\",\"email\":\"a@b.example\",\"name\":\"Alice\"}",
     OK, "u1", "o1"},
    {"nothing there", "{}", OK, NULL, NULL},
    {"null is nothing", "{\"sub\":null,\"org_id\":null}", OK, NULL, NULL},
    {"a numbered user", "{\"sub\":12345}", OK, "12345", NULL},
    {"the longest subject", "{\"sub\":\"" LONG_255 "\"}", OK, LONG_255, NULL},
    {"a subject too long", "{\"sub\":\"" LONG_255 "x\"}", MALFORMED, NULL, NULL},
    {"an empty subject", "{\"sub\":\"\"}", MALFORMED, NULL, NULL},
    {"a subject with a line feed", "{\"sub\":\"u\\n1\"}", MALFORMED, NULL, NULL},
    {"a subject with a DEL", "{\"sub\":\"u\\u007f\"}", MALFORMED, NULL, NULL},
    {"a subject that is a list", "{\"sub\":[\"u1\"]}", MALFORMED, NULL, NULL},
    {"a subject that is an object", "{\"sub\":{\"id\":\"u1\"}}", MALFORMED, NULL, NULL},
    {"a subject that is true", "{\"sub\":true}", MALFORMED, NULL, NULL},
    {"a fraction of a user", "{\"sub\":1.5}", MALFORMED, NULL, NULL},
    {"a negative user", "{\"sub\":-1}", MALFORMED, NULL, NULL},
    {"a number beyond exactness", "{\"sub\":9007199254740993}", MALFORMED, NULL, NULL},
    {"an organization that is none", "{\"sub\":\"u1\",\"org_id\":\"\"}", MALFORMED, NULL, NULL},
    {"several organizations", "{\"sub\":\"u1\",\"org_id\":[\"o1\",\"o2\"]}", MALFORMED, NULL, NULL},
    {"another case of the name", "{\"SUB\":\"u1\",\"Org_Id\":\"o1\"}", OK, NULL, NULL},
};

static struct span text_or_absent(const char *text)
{
    return text == NULL ? ABSENT : span_of(text);
}

static void reading(void)
{
    for (size_t i = 0; i < COUNT(READS); i++) {
        check_row(READS[i].why);
        arena_wipe(&arena);
        const struct json *claims;
        if (!CHECK_INT(json_parse(&arena, span_of(READS[i].claims), &claims), OK))
            continue;
        struct downstream_identity who = {0};
        CHECK_INT(identity_read(&arena, &PROFILE, claims, &who), READS[i].want);
        CHECK_SPAN(who.subject, text_or_absent(READS[i].subject));
        CHECK_SPAN(who.organization, text_or_absent(READS[i].organization));
    }
    check_row(NULL);
}

/* What the id_token says is not overwritten by what comes later. */
static void completing(void)
{
    const struct json *claims;
    struct downstream_identity who = {.subject = SPAN("u1")};
    arena_wipe(&arena);
    CHECK_INT(json_parse(&arena, SPAN("{\"sub\":\"u2\",\"org_id\":\"o1\"}"), &claims), OK);
    CHECK_INT(identity_read(&arena, &PROFILE, claims, &who), OK);
    CHECK_SPAN(who.subject, SPAN("u1"));
    CHECK_SPAN(who.organization, SPAN("o1"));
}

/* A claim without a configured name is not the one whose name is empty. */
static void unnamed(void)
{
    const struct json *claims;
    const struct profile profile = {.claim_subject = SPAN("sub")};
    struct downstream_identity who = {0};
    arena_wipe(&arena);
    CHECK_INT(json_parse(&arena, SPAN("{\"sub\":\"u1\",\"\":\"o1\"}"), &claims), OK);
    CHECK_INT(identity_read(&arena, &profile, claims, &who), OK);
    CHECK_SPAN(who.subject, SPAN("u1"));
    CHECK_SPAN(who.organization, ABSENT);
}

static const struct {
    const char *why;
    const char *expected[3], *actual[3]; /* issuer, subject, organization */
    enum identity_outcome want;
} COMPARISONS[] = {
    {"the same person", {"i", "u1", "o1"}, {"i", "u1", "o1"}, IDENTITY_MATCH},
    {"without organizations", {"i", "u1", NULL}, {"i", "u1", NULL}, IDENTITY_MATCH},
    {"an organization on one side", {"i", "u1", "o1"}, {"i", "u1", NULL}, IDENTITY_MATCH},
    {"... on the other", {"i", "u1", NULL}, {"i", "u1", "o1"}, IDENTITY_MATCH},
    {"another subject", {"i", "u1", "o1"}, {"i", "u2", "o1"}, IDENTITY_MISMATCH},
    {"a subject in another case", {"i", "u1", NULL}, {"i", "U1", NULL}, IDENTITY_MISMATCH},
    {"a longer subject", {"i", "u1", NULL}, {"i", "u11", NULL}, IDENTITY_MISMATCH},
    {"another organization", {"i", "u1", "o1"}, {"i", "u1", "o2"}, IDENTITY_MISMATCH},
    {"another issuer", {"i", "u1", NULL}, {"j", "u1", NULL}, IDENTITY_NOT_COMPARABLE},
    {"an issuer with a slash", {"i", "u1", NULL}, {"i/", "u1", NULL}, IDENTITY_NOT_COMPARABLE},
    {"no subject expected", {"i", NULL, NULL}, {"i", "u1", NULL}, IDENTITY_NOT_COMPARABLE},
    {"no subject came", {"i", "u1", NULL}, {"i", NULL, NULL}, IDENTITY_NOT_COMPARABLE},
    {"neither has a subject", {"i", NULL, NULL}, {"i", NULL, NULL}, IDENTITY_NOT_COMPARABLE},
    {"empty subjects", {"i", "", NULL}, {"i", "", NULL}, IDENTITY_NOT_COMPARABLE},
    {"no issuer", {NULL, "u1", NULL}, {NULL, "u1", NULL}, IDENTITY_NOT_COMPARABLE},
    {"empty issuers", {"", "u1", NULL}, {"", "u1", NULL}, IDENTITY_NOT_COMPARABLE},
};

static struct downstream_identity identity_of(const char *const parts[3])
{
    return (struct downstream_identity){
        .issuer = text_or_absent(parts[0]),
        .subject = text_or_absent(parts[1]),
        .organization = text_or_absent(parts[2]),
    };
}

static void comparing(void)
{
    for (size_t i = 0; i < COUNT(COMPARISONS); i++) {
        check_row(COMPARISONS[i].why);
        struct downstream_identity expected = identity_of(COMPARISONS[i].expected);
        struct downstream_identity actual = identity_of(COMPARISONS[i].actual);
        CHECK_INT(identity_compare(&expected, &actual), COMPARISONS[i].want);
    }
    check_row(NULL);
}

int main(void)
{
    arena = arena_make(memory, sizeof memory, exhausted);
    reading();
    completing();
    unnamed();
    comparing();
    return check_done();
}
