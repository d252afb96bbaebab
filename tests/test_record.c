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

static struct live_token example_live(void)
{
    return (struct live_token){SPAN("the hash of a token's own digest"), 1800000900, SPAN("r w"),
                               SPAN("a share: the data key and a pad.")};
}

static struct grant_facts example_facts(void)
{
    return (struct grant_facts){
        .grant_id = SPAN("id"),
        .client_id_hash = SPAN("a hash"),
        .client_auth = AUTH_NONE,
        .server = SPAN("todo"),
        .scopes = SPAN("r"),
        .user = SPAN("u_x"),
        .organization = ABSENT,
    };
}

static struct code example_code(void)
{
    return (struct code){
        .facts = example_facts(),
        .expires = 1800000060,
        .refreshes = true,
        .redirect_uri_hash = SPAN("another"),
        .challenge = SPAN("c"),
        .random = SPAN("random"),
    };
}

static struct refresh_token example_refresh(void)
{
    return (struct refresh_token){example_facts(), 1800000900, 7, SPAN("random")};
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

static enum result read_live(struct span row)
{
    struct live_token l;
    TRY(live_unpack(row, &l));
    CHECK_SPAN(live_pack(&arena, &l), row);
    return OK;
}

static enum result read_refresh(struct span row)
{
    struct refresh_token t;
    TRY(refresh_unpack(row, &t));
    CHECK_SPAN(refresh_pack(&arena, &t), row);
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
    CHECK_INT(code_unpack(code_pack(&arena, &code), &c), OK);
    CHECK_SPAN(c.challenge, SPAN("c"));
    CHECK_SPAN(c.facts.user, SPAN("u_x"));
    CHECK_SPAN(c.facts.organization, ABSENT);
}

/* What the ledger asks of a row, and what it puts together itself. */
static void test_live(void)
{
    struct token_digest token = token_digest_of(SPAN("a token"));
    struct live_token live = example_live();
    struct span share = live.share;
    live.hash = hash_span(&token.hash);
    struct span row = live_pack(&arena, &live);
    check_row("a token's row begins with what is its own");
    CHECK(span_starts(row, live_start(&arena, &token)));
    struct token_digest other = token_digest_of(SPAN("another"));
    CHECK(!span_starts(row, live_start(&arena, &other)));
    check_row("its head, and then the share");
    live.share = SPAN("");
    CHECK_SPAN(JOIN(&arena, live_pack(&arena, &live), share), row);
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(8 << 20);
    struct grant grant = example_grant();
    struct live_token live = example_live();
    struct code code = example_code();
    struct refresh_token refresh = example_refresh();
    struct downstream_tokens tokens = example_tokens();
    check_record("grant", grant_pack(&arena, &grant), read_grant);
    check_record("a live token", live_pack(&arena, &live), read_live);
    check_record("code", code_pack(&arena, &code), read_code);
    check_record("refresh token", refresh_pack(&arena, &refresh), read_refresh);
    check_record("tokens", tokens_pack(&arena, &tokens), read_tokens);
    test_members();
    test_live();
    return check_done();
}
