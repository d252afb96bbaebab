#include "base/base64.h"
#include "edge.h"
#include "jose/jwt.h"
#include "oauth/grant.h"

static struct arena arena;
static struct gateway gateway, other;
static struct cx cx;
static struct span grant_id = SPAN("0123456789abcdef");

static void start(void)
{
    static const uint8_t seed[SEED_SIZE] = {7};
    cx = (struct cx){.arena = &arena, .gateway = &gateway, .now = 1800000000};
    drbg_make(&cx.drbg, span_bytes(seed, sizeof seed));
}

/* ---- what each kind of text says of its grant; ABSENT if it is none of ours ---- */

static struct span code_says(struct span text)
{
    struct code code;
    struct presented told;
    return code_open(&cx, text, &code, &told) == OK ? told.grant_id : ABSENT;
}

static struct span refresh_says(struct span text)
{
    struct refresh_token token;
    struct presented told;
    return refresh_token_open(&cx, text, &token, &told) == OK ? told.grant_id : ABSENT;
}

static struct span access_says(struct span text)
{
    struct presented told;
    return access_token_open(&cx, text, &told) == OK ? told.grant_id : ABSENT;
}

typedef struct span says(struct span text);

static struct span flip(struct span text, size_t at, uint8_t mask)
{
    uint8_t *bytes = ARENA_ARRAY(&arena, text.size, uint8_t);
    memcpy(bytes, text.data, text.size);
    bytes[at] ^= mask;
    return edge(span_bytes(bytes, text.size));
}

/* `checked`: how much of the text is looked at here, the rest being compared by hash later. */
static void check_text(const char *what, struct span text, size_t checked, says *what_it_says)
{
    uint8_t *at = arena.at;
    check_row(what);
    CHECK_SPAN(what_it_says(edge(text)), grant_id);
    for (size_t i = 0; i < checked; i++, arena.at = at) {
        CHECK_SPAN(what_it_says(edge(span_first(text, i))), ABSENT);
        CHECK_SPAN(what_it_says(flip(text, i, 1)), ABSENT);
        CHECK_SPAN(what_it_says(flip(text, i, 0x20)), ABSENT);
    }
    cx.gateway = &other;
    CHECK_SPAN(what_it_says(text), ABSENT); /* of another deployment */
    cx.gateway = &gateway;
    check_row(NULL);
}

static void test_texts(void)
{
    struct span code_text, refresh, access;
    struct code code = {.facts = {.grant_id = grant_id}, .challenge = SPAN("c")};
    struct refresh_token token = {.facts = {.grant_id = grant_id}, .access_row = 9};
    struct access_token_claims claims = {
        .grant_id = grant_id, .user = SPAN("u_x"), .scopes = SPAN("r"), .expires = 1800000900};
    start();
    CHECK_INT(code_seal(&cx, &code, &code_text), OK);
    CHECK_INT(access_token_make(&cx, &claims, &access), OK);
    CHECK_INT(refresh_token_seal(&cx, &token, &refresh), OK);
    struct span header;
    (void)span_cut(access, '.', &header);

    check_text("code", code_text, code_text.size, code_says);
    check_text("refresh token", refresh, refresh.size, refresh_says);
    CHECK_SPAN(access_says(access), grant_id);
    for (size_t i = header.size + 1; i < header.size + 1 + 96; i++) /* the jti */
        CHECK_SPAN(access_says(flip(access, i, 1)), ABSENT);

    check_row("one is not taken for another");
    const struct span texts[] = {code_text, refresh, access};
    says *const SAYS[] = {code_says, refresh_says, access_says};
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t k = 0; k < COUNT(SAYS); k++)
            CHECK_SPAN(SAYS[k](texts[i]), i == k ? grant_id : ABSENT);

    check_row("larger than any of them");
    static const char zeros[JWT_MAX_SIZE + 1];
    struct span long_tail = span_bytes(zeros, JWT_MAX_SIZE);
    for (size_t i = 0; i < COUNT(texts); i++)
        CHECK_SPAN(SAYS[i](JOIN(&arena, texts[i], long_tail)), ABSENT);
    check_row(NULL);
}

static void test_no_tokens(void)
{
    static const char *const NONE[] = {
        "",
        ".",
        "..",
        "a.b.c",
        "lkr_",
        "lkr_AAAA",
        "lkr_=",
        "LKR_AAAA",
        /* a payload of the right size that is no base64url, or says something else first */
        "e30.****************************************************************************"
        "********************.AA",
        "e30.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwic3ViIjoiYWxpY2UiLCJqdGkiOiJB"
        "QUFBQUFBQUFBQUFBQUFBQUFBQUFB.AA",
        /* "jti" with other characters than base64url's */
        "e30.eyJqdGkiOiIqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioq"
        "KioqKioqKioq.AA",
    };
    start();
    for (size_t i = 0; i < COUNT(NONE); i++) {
        check_row(NONE[i]);
        CHECK_SPAN(code_says(edge_of(NONE[i])), ABSENT);
        CHECK_SPAN(refresh_says(edge_of(NONE[i])), ABSENT);
        CHECK_SPAN(access_says(edge_of(NONE[i])), ABSENT);
    }
    check_row(NULL);
}

/* Which row is a token's, and by which root secret it was made. */
static void test_presented(void)
{
    static const char *const ROWS[] = {"access/0", "access/7", "access/0", "access/7"};
    static const uint8_t NUMBERS[] = {0, 7, 8, 255};
    struct gateway rotated = gateway;
    struct span text;
    struct presented told;
    struct code code = {.facts = {.grant_id = grant_id}};
    struct refresh_token refresh = {.facts = {.grant_id = grant_id}};
    CHECK_INT(keyring_make(SPAN("the-root-secret-of-tomorrow-01234"),
                           SPAN("the-root-secret-of-this-test-0123"), &rotated.keys),
              OK);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct access_token_claims claims = {.grant_id = grant_id, .access_row = NUMBERS[i]};
        start();
        check_row(ROWS[i]);
        CHECK_INT(access_token_make(&cx, &claims, &text), OK);
        CHECK_INT(access_token_open(&cx, text, &told), OK);
        CHECK_SPAN(told.row, span_of(ROWS[i]));
        CHECK(!told.previous);
        cx.gateway = &rotated;
        CHECK_INT(access_token_open(&cx, text, &told), OK);
        CHECK(told.previous);
    }
    start();
    check_row("code");
    CHECK_INT(code_seal(&cx, &code, &text), OK);
    CHECK_INT(code_open(&cx, text, &code, &told), OK);
    CHECK_SPAN(told.row, SPAN("code"));
    CHECK_SPAN(told.text, text);
    CHECK(!told.previous);
    cx.gateway = &rotated;
    CHECK_INT(code_open(&cx, text, &code, &told), OK);
    CHECK(told.previous);
    start();
    check_row("refresh token");
    CHECK_INT(refresh_token_seal(&cx, &refresh, &text), OK);
    CHECK_INT(refresh_token_open(&cx, text, &refresh, &told), OK);
    CHECK_SPAN(told.row, SPAN("refresh"));
    CHECK(!told.previous);
    cx.gateway = &rotated;
    CHECK_INT(refresh_token_open(&cx, text, &refresh, &told), OK);
    CHECK(told.previous);
    check_row("the same facts never give the same text");
    struct span again;
    CHECK_INT(refresh_token_seal(&cx, &refresh, &text), OK);
    CHECK_INT(refresh_token_seal(&cx, &refresh, &again), OK);
    CHECK(!span_equal(text, again));
    check_row(NULL);
}

/* RFC 9068 section 2.2; the jti comes first, so that it is found without a parser. */
static void test_claims(void)
{
    struct jwt jwt;
    struct span token;
    static uint8_t scopes[8192];
    struct access_token_claims claims = {
        .grant_id = grant_id,
        .user = SPAN("u_x"),
        .client_id = SPAN("lkc_x"),
        .server_resource = SPAN("https://a.example/mcp/todo"),
        .scopes = SPAN("r w"),
        .expires = 1800000900,
    };
    start();
    CHECK_INT(access_token_make(&cx, &claims, &token), OK);
    CHECK_INT(jwt_parse(&arena, token, &jwt), OK);
    CHECK_SPAN(jwt.header.type, SPAN("at+jwt"));
    CHECK_SPAN(json_name(json_first(jwt.claims)), SPAN("jti"));
    CHECK_SPAN(json_member_text(jwt.claims, SPAN("iss")), SPAN("https://a.example"));
    CHECK_SPAN(json_member_text(jwt.claims, SPAN("aud")), SPAN("https://a.example/mcp/todo"));
    CHECK_SPAN(json_member_text(jwt.claims, SPAN("client_id")), SPAN("lkc_x"));
    CHECK_SPAN(json_member_text(jwt.claims, SPAN("org")), ABSENT);
    check_row("more than there is room for");
    memset(scopes, 'a', sizeof scopes);
    claims.scopes = span_bytes(scopes, sizeof scopes);
    start();
    CHECK_INT(access_token_make(&cx, &claims, &token), SERVER_ERROR);
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(8 << 20);
    gateway = (struct gateway){.issuer = SPAN("https://a.example")};
    CHECK_INT(keyring_make(SPAN("the-root-secret-of-this-test-0123"), ABSENT, &gateway.keys), OK);
    CHECK_INT(keyring_make(SPAN("the-root-secret-of-another-0123456"), ABSENT, &other.keys), OK);
    test_texts();
    test_no_tokens();
    test_presented();
    test_claims();
    return check_done();
}
