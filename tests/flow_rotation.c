/*
 * Secrets and keys change while people sign in and call: with the previous root
 * secret at hand nobody notices; without it everything of it is refused, and
 * nothing breaks. Rows: A7; of the security list J21, S48, S77.
 */
#include "base/base64.h"
#include "check.h"
#include "oauth/record.h"
#include "oauth/shard.h"
#include "support/caller.h"

static struct world world;

static const struct span ROOTS[] = {
    SPAN("root-secret-of-the-tests-0123456789abcdef"),
    SPAN("another-root-secret-0123456789abcdefghijk"),
    SPAN("and-one-more-root-secret-0123456789abcdef"),
};

/* previous ABSENT: it is not kept. */
static void new_root(struct span root, struct span previous)
{
    CHECK_INT(keyring_make(root, previous, &world.gateway.keys), OK);
}

static const struct {
    const char *why;
    enum step step;
    unsigned status;  /* with the previous root secret */
    unsigned refusal; /* without it */
} ROWS[] = {
    {"register", REGISTER, 201, 201},     {"authorize", AUTHORIZE, 200, 400},
    {"consent", CONSENT, 303, 403},       {"callback", CALLBACK, 303, 403},
    {"code", REDEEM, 200, 401},           {"call", CALL, 200, 401},
    {"refresh", REFRESH, 200, 401},       {"revoke", REVOKE, 200, 401},
    {"introspect", INTROSPECT, 200, 200},
};

static void root_secret(void)
{
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        enum step step = ROWS[i].step;
        world_make(&world);
        struct caller c = caller_make(&world, "alice");
        (void)caller_do_until(&c, step < CALL ? step : CALL);
        struct world_image *image = world_save(&world);
        check_row(ROWS[i].why);
        new_root(ROOTS[1], ROOTS[0]);
        struct caller before = c;
        CHECK_INT(caller_do(&before, step), ROWS[i].status);
        CHECK(!span_present(before.error));
        check_row("A7: and all that comes after it");
        for (int next = (int)step + 1; next <= CALL; next++)
            CHECK(caller_do(&before, (enum step)next) < 400);
        CHECK(step >= REVOKE || (caller_is_served(&before) && caller_do(&before, REFRESH) == 200));
        if (step == REFRESH) {
            check_row("A7: the response was lost, and the root secret is another one since");
            struct caller lost = c;
            struct world_image *now = world_save(&world);
            world_restore(&world, image);
            new_root(ROOTS[0], ABSENT);
            struct caller first = c;
            CHECK_INT(caller_do(&first, REFRESH), 200);
            new_root(ROOTS[1], ROOTS[0]);
            CHECK_INT(caller_do(&lost, REFRESH), 200);
            CHECK_SPAN(lost.refresh_token, first.refresh_token);
            world_restore(&world, now);
            world_forget(now);
            new_root(ROOTS[1], ROOTS[0]);
        }
        check_row("A7: a refresh has moved the grant over: the previous one can go");
        new_root(ROOTS[2], ROOTS[1]);
        CHECK(step >= REVOKE || caller_is_served(&before));

        check_row(ROWS[i].why);
        world_restore(&world, image);
        new_root(ROOTS[1], ABSENT);
        CHECK_INT(caller_do(&c, step), ROWS[i].refusal);
        CHECK(!span_contains(c.answer.body, SPAN("\"active\":true")));
        check_row("and signing in anew helps");
        CHECK_INT(caller_do_until(&c, CALL), 200);
        CHECK(caller_is_served(&c));
        world_forget(image);
    }
}

/* The first byte of a box says how it is laid out. */
static struct span of_another_format(struct span box)
{
    struct span changed = span_copy(&world.arena, box);
    ((uint8_t *)changed.data)[0] ^= 0x80;
    return changed;
}

static struct span text_of_another_format(struct span text)
{
    struct span box = SPAN("");
    CHECK_INT(base64url_decode(&world.arena, text, &box), OK);
    return base64url_encode(&world.arena, of_another_format(box));
}

/* The grant's row, but for what is within the box of the downstream tokens. */
static struct span tokens_of_another_format(const struct caller *c, struct span row)
{
    struct cx cx = {.arena = &world.arena, .gateway = &world.gateway, .now = world.now};
    struct presented token;
    struct grant_rows rows = {.token = &token, .digest = token_digest_of(c->access_token)};
    struct span tokens = SPAN("");
    drbg_make(&cx.drbg, SPAN("a seed for a box of the tests.. "));
    CHECK_INT(access_token_open(&cx, c->access_token, &token), OK);
    CHECK_INT(grant_unpack(row, &rows.grant), OK);
    CHECK_INT(live_unpack(world_row(&world, world.rows[0].shard, token.row)->value, &rows.live),
              OK);
    struct key key = shard_data_key(&cx, &rows);
    struct builder owner = builder_make(&world.arena, 256);
    pack_span(&owner, world.gateway.issuer);
    pack_span(&owner, rows.grant.user);
    pack_span(&owner, token.grant_id);
    struct span *box = &rows.grant.sealed_tokens;
    CHECK_INT(unseal_with(&world.arena, &key, built(&owner), *box, &tokens), OK);
    CHECK_INT(
        seal_with(&world.arena, &key, &cx.drbg, built(&owner), of_another_format(tokens), box), OK);
    return grant_pack(&world.arena, &rows.grant);
}

/* Of a newer version, before it was rolled back: nothing in the ledger is taken for an attack. */
static void unknown_formats(void)
{
    check_row("S77: a consent page of another version: the user starts again");
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, CONSENT), 200);
    struct caller other = c;
    other.transaction = text_of_another_format(c.transaction);
    CHECK_INT(caller_do(&other, CONSENT), 403);
    CHECK_INT(caller_do_until(&c, CALL), 200);

    check_row("S77: a code's row of another version: later, and no replay");
    world_make(&world);
    c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, REDEEM), 303);
    struct world_row *code =
        (struct world_row *)world_row(&world, world.rows[0].shard, SPAN("code"));
    struct span first = code->value;
    code->value = of_another_format(first);
    CHECK_INT(caller_do(&c, REDEEM), 503);
    code = (struct world_row *)world_row(&world, world.rows[0].shard, SPAN("code"));
    code->value = first;
    CHECK_INT(caller_do(&c, REDEEM), 200);

    check_row("S77: a kept response of another version: later, and no reuse");
    struct caller again = c;
    CHECK_INT(caller_do(&c, REFRESH), 200);
    struct world_row *row =
        (struct world_row *)world_row(&world, world.rows[0].shard, SPAN("retry"));
    struct span kept = row->value;
    row->value = of_another_format(kept);
    CHECK_INT(caller_do(&again, REFRESH), 503);
    CHECK(caller_is_served(&c));
    check_row("S77: the first version is back");
    row = (struct world_row *)world_row(&world, world.rows[0].shard, SPAN("retry"));
    row->value = kept;
    CHECK_INT(caller_do(&again, REFRESH), 200);
    CHECK_SPAN(again.refresh_token, c.refresh_token);

    check_row("S77: a refresh token's row of another version: later, and no reuse");
    row = (struct world_row *)world_row(&world, world.rows[0].shard, SPAN("refresh"));
    kept = row->value;
    row->value = of_another_format(kept);
    CHECK_INT(caller_do(&c, REFRESH), 503);
    CHECK(caller_is_served(&c));
    row = (struct world_row *)world_row(&world, world.rows[0].shard, SPAN("refresh"));
    row->value = kept;
    CHECK_INT(caller_do(&c, REFRESH), 200);

    check_row("S77: downstream tokens of another version: later, and nothing is lost");
    CHECK(caller_is_served(&c));
    row = (struct world_row *)world_row(&world, world.rows[0].shard, SPAN("grant"));
    kept = row->value;
    row->value = tokens_of_another_format(&c, kept);
    CHECK_INT(caller_do(&c, CALL), 503);
    row = (struct world_row *)world_row(&world, world.rows[0].shard, SPAN("grant"));
    row->value = kept;
    CHECK(caller_is_served(&c));
}

static void key_of_the_product(void)
{
    world_make(&world);
    struct caller c = caller_make(&world, "alice");
    CHECK_INT(caller_do_until(&c, CALL), 200);
    check_row("S48: the product signs with a new key: fetched at once");
    product_new_key(&world, &world.products[0], SPAN("second"));
    world_count_anew(&world);
    CHECK_INT(caller_do_until(&c, CALL), 200);
    check_row("J21: and not again within a minute, whatever keys are named");
    product_new_key(&world, &world.products[0], SPAN("third"));
    world_count_anew(&world);
    CHECK_INT(caller_do_until(&c, REDEEM), 303);
    CHECK_SPAN(c.error, SPAN("server_error"));
    CHECK_INT(world.asked[ASKED_FETCH], 3); /* the product's two tokens, and their revocation */
    world.now += 60;
    CHECK_INT(caller_do_until(&c, CALL), 200);
    CHECK(caller_is_served(&c));
}

int main(void)
{
    root_secret();
    unknown_formats();
    key_of_the_product();
    return check_done();
}
