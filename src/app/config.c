#include "app/config.h"

#include "app/reader.h"

static enum result read_issuer(struct reader *r, const struct place *document)
{
    struct place issuer = place_of(document, "issuer");
    TRY(reader_origin(r, &issuer, &r->gateway->issuer));
    /* reader_origin lets plain http pass on a loopback address only. */
    r->gateway->development = span_starts(r->gateway->issuer, SPAN("http://"));
    return OK;
}

/* ---- keys ---- */

static enum result root_secret_problem(struct reader *r, struct span name, struct span sentence)
{
    r->problem = JOIN(r->scratch, name, sentence,
                      SPAN(": 32 random bytes or more, such as \"openssl rand -base64 32\" prints, "
                           "set with \"wrangler secret put "),
                      name, SPAN("\", or in .dev.vars for development"));
    return MALFORMED;
}

static enum result read_root_secrets(struct reader *r)
{
    struct span root = reader_secret_named(r, SPAN("LATCHKEY_SECRET"));
    struct span previous = reader_secret_named(r, SPAN("LATCHKEY_SECRET_PREVIOUS"));
    if (root.size == 0)
        return root_secret_problem(r, SPAN("LATCHKEY_SECRET"), SPAN(" is not set"));
    if (root.size < ROOT_SECRET_MIN)
        return root_secret_problem(r, SPAN("LATCHKEY_SECRET"), SPAN(" is too short"));
    if (previous.size == 0)
        previous = ABSENT;
    else if (previous.size < ROOT_SECRET_MIN)
        return root_secret_problem(r, SPAN("LATCHKEY_SECRET_PREVIOUS"), SPAN(" is too short"));
    return keyring_make(root, previous, &r->gateway->keys);
}

/* A key of the operator's own, in place of the derived one; `given` says whether there is one. */
static enum result read_signing_key(struct reader *r, const struct place *document,
                                    const char *name, struct p256_private *key,
                                    struct p256_public *public_key, bool *given)
{
    struct place member = place_of(document, name);
    struct span kid;
    *given = place_given(&member);
    if (!*given)
        return OK;
    TRY(reader_private_key(r, &member, key, &kid));
    p256_public_of(key, public_key);
    return OK;
}

static enum result read_keys(struct reader *r, const struct place *document)
{
    struct keyring *keys = &r->gateway->keys;
    struct p256_private previous; /* signs no more */
    bool own;
    bool own_previous;
    TRY(read_root_secrets(r));
    TRY(read_signing_key(r, document, "previous_signing_key", &previous,
                         &keys->previous_signing_public, &own_previous));
    TRY(read_signing_key(r, document, "signing_key", &keys->signing, &keys->signing_public, &own));
    keys->has_previous_signing = own_previous || (keys->has_previous && !own);
    return OK;
}

/* ---- numbers ---- */

static enum result read_lifetimes(struct reader *r, const struct place *document)
{
    static const struct {
        const char *name;
        uint64_t usual, min, max;
    } SECONDS[] = {
        {"code_seconds", 60, 10, 600}, /* OAuth 2.1 section 4.1.2: at most ten minutes */
        {"transaction_seconds", 600, 60, 3600},
        {"access_token_seconds", 900, 30, 86400},
        {"refresh_token_seconds", 2592000, 300, 34560000},
        {"refresh_retry_seconds", 60, 0, 600},
        {"early_refresh_seconds", 60, 0, 600},
        {"grant_cache_seconds", 0, 0, 60},
    };
    struct lifetimes *l = &r->gateway->lifetimes;
    uint64_t *const values[] = {&l->code,          &l->transaction,   &l->access_token,
                                &l->refresh_token, &l->refresh_retry, &l->early_refresh,
                                &l->grant_cache};
    struct place lifetimes = place_of(document, "lifetimes");
    if (place_given(&lifetimes))
        TRY(reader_object(r, &lifetimes,
                          "code_seconds transaction_seconds access_token_seconds "
                          "refresh_token_seconds refresh_retry_seconds early_refresh_seconds "
                          "grant_cache_seconds"));
    for (size_t i = 0; i < sizeof SECONDS / sizeof *SECONDS; i++) {
        struct place member = place_of(&lifetimes, SECONDS[i].name);
        TRY(reader_number(r, &member, SECONDS[i].usual, SECONDS[i].min, SECONDS[i].max, values[i]));
    }
    struct place access = place_of(&lifetimes, "access_token_seconds");
    if (l->access_token > l->refresh_token)
        return reader_problem(r, &access,
                              SPAN("an access token cannot live longer than the refresh token that "
                                   "comes with it: see refresh_token_seconds"));
    return OK;
}

static enum result read_body_limit(struct reader *r, const struct place *document)
{
    struct place member = place_of(document, "body_limit_bytes");
    uint64_t bytes;
    TRY(reader_number(r, &member, BODY_LIMIT_USUAL, BODY_LIMIT_MIN, BODY_LIMIT_MAX, &bytes));
    r->gateway->body_limit = (size_t)bytes;
    return OK;
}

/* ---- the whole ---- */

static struct span line_of(struct arena *a, struct span text, size_t at)
{
    uint64_t line = 1;
    for (size_t i = 0; i < at; i++)
        line += text.data[i] == '\n';
    return span_decimal(a, line);
}

static enum result read_json(struct reader *r, struct span text, struct place *document)
{
    enum result parsed = json_parse_trusted(r->scratch, text, &document->node);
    if (parsed == OK)
        return OK;
    if (parsed == TOO_LARGE)
        return reader_problem(r, document,
                              SPAN("this is more than can be read: 4 MiB, 32768 members and 32 "
                                   "levels are the most"));
    size_t reach = json_scan_reach(r->scratch, text);
    return reader_problem(r, document,
                          JOIN(r->scratch, SPAN("line "), line_of(r->scratch, text, reach),
                               SPAN(" is not JSON (RFC 8259): perhaps a comment, a comma behind "
                                    "the last member, or a name that stands twice in an object")));
}

static enum result read_document(struct reader *r, struct span text)
{
    struct place document = {NULL, ABSENT, NULL};
    TRY(read_json(r, text, &document));
    TRY(reader_object(r, &document,
                      "issuer profiles servers clients lifetimes body_limit_bytes signing_key "
                      "previous_signing_key"));
    TRY(read_issuer(r, &document));
    TRY(read_keys(r, &document));
    TRY(read_lifetimes(r, &document));
    TRY(read_body_limit(r, &document));
    struct place profiles = place_of(&document, "profiles");
    struct place servers = place_of(&document, "servers");
    struct place clients = place_of(&document, "clients");
    TRY(config_profiles(r, &profiles));
    TRY(config_servers(r, &servers));
    return config_clients(r, &clients);
}

enum result config_read(struct arena *kept, struct arena *scratch, struct span text,
                        const struct secrets *secrets, struct gateway *gateway,
                        struct span *problem)
{
    struct reader r = {.kept = kept, .scratch = scratch, .secrets = secrets, .gateway = gateway};
    *gateway = (struct gateway){.issuer = ABSENT};
    enum result read = read_document(&r, text);
    if (read != OK)
        *problem = r.problem;
    return read;
}
