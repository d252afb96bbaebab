#include "oauth/record.h"

#include "edge.h"

static struct arena arena;

/* ---- an example of each, with every member told apart ---- */

static struct grant example_grant(void)
{
    return (struct grant){
        .state = GRANT_LIVE,
        .user = SPAN("u_x"),
        .client_id_hash = SPAN("a hash"),
        .client_name = SPAN("Agent"),
        .client_auth = AUTH_NONE | AUTH_PRIVATE_KEY,
        .server = SPAN("todo"),
        .scopes = SPAN("r w"),
        .redirect_uri = SPAN("https://a.example/cb"),
        .created = 1800000000,
        .identity = {SPAN("i"), SPAN("s"), ABSENT},
        .sealed_tokens = SPAN("box"),
    };
}

static struct live_token example_live(const char *hash)
{
    return (struct live_token){span_of(hash), 1800000900, SPAN("r"), SPAN("wrapped")};
}

static struct family example_family(void)
{
    return (struct family){
        .refresh = example_live("refresh"),
        .access = {example_live("one"), example_live("two")},
        .access_count = 2,
        .code_key = SPAN("code key"),
    };
}

static struct code example_code(void)
{
    return (struct code){
        .grant_id = SPAN("id"),
        .expires = 1800000060,
        .client_id_hash = SPAN("a hash"),
        .client_auth = AUTH_NONE,
        .refreshes = true,
        .redirect_uri_hash = SPAN("another"),
        .challenge = SPAN("c"),
        .server = SPAN("todo"),
        .scopes = SPAN("r"),
        .user = SPAN("u_x"),
        .organization = ABSENT,
        .data_key = {{1, 2, 3}},
    };
}

static struct downstream_tokens example_tokens(void)
{
    return (struct downstream_tokens){SPAN("access"), SPAN("refresh"), 1800000000, 1800000600};
}

/* ---- each as a row that is read ---- */

static enum result read_grant(struct span row)
{
    struct grant g;
    TRY(grant_unpack(row, &g));
    CHECK_SPAN(grant_pack(&arena, &g), row);
    return OK;
}

static enum result read_family(struct span row)
{
    struct family f;
    TRY(family_unpack(row, &f));
    CHECK_SPAN(family_pack(&arena, &f), row);
    return OK;
}

static enum result read_code(struct span row)
{
    struct code c;
    TRY(code_unpack(row, &c));
    CHECK_SPAN(code_pack(&arena, &c), row);
    return OK;
}

static enum result read_tokens(struct span row)
{
    struct downstream_tokens t;
    TRY(tokens_unpack(row, &t));
    CHECK_SPAN(tokens_pack(&arena, &t), row);
    return OK;
}

static void check_record(const char *what, struct span row, enum result (*read)(struct span))
{
    uint8_t format = row.data[0];
    check_row(what);
    CHECK_INT(read(edge(row)), OK);
    for (size_t size = 0; size < row.size; size++)
        CHECK_INT(read(edge(span_first(row, size))), MALFORMED);
    CHECK_INT(read(edge(JOIN(&arena, row, SPAN("\0")))), MALFORMED);
    /* A version that does not know a format must not guess. */
    for (unsigned other = 0; other < 256; other++) {
        uint8_t byte = (uint8_t)other;
        struct span changed = JOIN(&arena, span_bytes(&byte, 1), span_skip(row, 1));
        CHECK_INT(read(changed), byte == format ? OK : MALFORMED);
    }
    check_row(NULL);
}

static void test_members(void)
{
    struct grant g;
    struct code c;
    struct grant grant = example_grant();
    struct code code = example_code();
    CHECK_INT(grant_unpack(grant_pack(&arena, &grant), &g), OK);
    CHECK_INT(g.state, GRANT_LIVE);
    CHECK_INT(g.client_auth, AUTH_NONE | AUTH_PRIVATE_KEY);
    CHECK_SPAN(g.redirect_uri, grant.redirect_uri);
    CHECK_SPAN(g.identity.organization, ABSENT);
    CHECK(!g.under_code_key);
    CHECK_INT(code_unpack(code_pack(&arena, &code), &c), OK);
    CHECK_SPAN(c.challenge, SPAN("c"));
    CHECK_SPAN(key_span(&c.data_key), key_span(&code.data_key));
}

/* More live tokens than there is room for. */
static void test_full_house(void)
{
    struct family family = example_family();
    for (size_t i = 0; i < GRANT_MAX_LIVE_TOKENS; i++)
        family.access[i] = example_live("each");
    family.access_count = GRANT_MAX_LIVE_TOKENS;
    struct span row = family_pack(&arena, &family);
    CHECK_INT(read_family(row), OK);
    struct span one = span_skip(row, row.size - (4 + 4 + 8 + 4 + 1 + 4 + 7));
    uint8_t *more = ARENA_ARRAY(&arena, row.size, uint8_t);
    size_t count_at = row.size - GRANT_MAX_LIVE_TOKENS * one.size - 1;
    memcpy(more, row.data, row.size);
    CHECK_INT(more[count_at], GRANT_MAX_LIVE_TOKENS);
    more[count_at]++;
    CHECK_INT(read_family(JOIN(&arena, span_bytes(more, row.size), one)), MALFORMED);
}

int main(void)
{
    arena = edge_arena(8 << 20);
    struct grant grant = example_grant();
    struct family family = example_family();
    struct code code = example_code();
    struct downstream_tokens tokens = example_tokens();
    check_record("grant", grant_pack(&arena, &grant), read_grant);
    check_record("family", family_pack(&arena, &family), read_family);
    check_record("code", code_pack(&arena, &code), read_code);
    check_record("tokens", tokens_pack(&arena, &tokens), read_tokens);
    test_members();
    test_full_house();
    return check_done();
}
