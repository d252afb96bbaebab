#include "oauth/record.h"

enum { GRANT_FORMAT = 2, LIVE_FORMAT = 1, CODE_FORMAT = 2, REFRESH_FORMAT = 1, TOKENS_FORMAT = 1 };

/* Room for the numbers and lengths of any record below. */
enum { RECORD_OVERHEAD = 256 };

static bool format_is(struct unpacker *u, uint8_t format)
{
    return unpack_u8(u) == format;
}

struct span grant_pack(struct arena *a, const struct grant *g)
{
    const struct downstream_identity *id = &g->identity;
    size_t max = RECORD_OVERHEAD + g->user.size + g->client_id_hash.size + g->client_name.size +
                 g->server.size + g->scopes.size + g->redirect_uri.size + id->issuer.size +
                 id->subject.size + id->organization.size + g->sealed_tokens.size;
    struct builder b = builder_make(a, max);
    pack_u8(&b, GRANT_FORMAT);
    pack_u8(&b, (uint8_t)g->state);
    pack_span(&b, g->user);
    pack_span(&b, g->client_id_hash);
    pack_span(&b, g->client_name);
    pack_u8(&b, (uint8_t)g->client_auth);
    pack_span(&b, g->server);
    pack_span(&b, g->scopes);
    pack_span(&b, g->redirect_uri);
    pack_u64(&b, g->created);
    pack_span(&b, id->issuer);
    pack_span(&b, id->subject);
    pack_span(&b, id->organization);
    pack_span(&b, g->sealed_tokens);
    return built(&b);
}

enum result grant_unpack(struct span row, struct grant *g)
{
    struct unpacker u = unpack_make(row);
    if (!format_is(&u, GRANT_FORMAT))
        return MALFORMED;
    g->state = (enum grant_state)unpack_u8(&u);
    g->user = unpack_span(&u);
    g->client_id_hash = unpack_span(&u);
    g->client_name = unpack_span(&u);
    g->client_auth = unpack_u8(&u);
    g->server = unpack_span(&u);
    g->scopes = unpack_span(&u);
    g->redirect_uri = unpack_span(&u);
    g->created = unpack_u64(&u);
    g->identity.issuer = unpack_span(&u);
    g->identity.subject = unpack_span(&u);
    g->identity.organization = unpack_span(&u);
    g->sealed_tokens = unpack_span(&u);
    return unpack_done(&u);
}

/* Part of every match: who raises LIVE_FORMAT must go on matching rows of the one before. */
struct span live_start(struct arena *a, const struct token_digest *token)
{
    uint8_t format = LIVE_FORMAT;
    return JOIN(a, span_bytes(&format, 1), hash_span(&token->hash));
}

struct span live_pack(struct arena *a, const struct live_token *live)
{
    struct builder b =
        builder_make(a, RECORD_OVERHEAD + live->hash.size + live->scopes.size + live->share.size);
    pack_u8(&b, LIVE_FORMAT);
    build_span(&b, live->hash);
    pack_u64(&b, live->expires);
    pack_span(&b, live->scopes);
    build_span(&b, live->share);
    return built(&b);
}

enum result live_unpack(struct span row, struct live_token *live)
{
    struct unpacker u = unpack_make(row);
    if (!format_is(&u, LIVE_FORMAT))
        return MALFORMED;
    live->hash = span_first(u.rest, SHA256_SIZE);
    u.rest = span_skip(u.rest, SHA256_SIZE);
    live->expires = unpack_u64(&u);
    live->scopes = unpack_span(&u);
    live->share = u.rest;
    return !u.broken && live->share.size == KEY_SIZE ? OK : MALFORMED;
}

static size_t facts_size(const struct grant_facts *f)
{
    return RECORD_OVERHEAD + f->grant_id.size + f->client_id_hash.size + f->server.size +
           f->scopes.size + f->user.size + f->organization.size;
}

static void facts_pack(struct builder *b, const struct grant_facts *f)
{
    pack_span(b, f->grant_id);
    pack_span(b, f->client_id_hash);
    pack_u8(b, (uint8_t)f->client_auth);
    pack_span(b, f->server);
    pack_span(b, f->scopes);
    pack_span(b, f->user);
    pack_span(b, f->organization);
}

static void facts_unpack(struct unpacker *u, struct grant_facts *f)
{
    f->grant_id = unpack_span(u);
    f->client_id_hash = unpack_span(u);
    f->client_auth = unpack_u8(u);
    f->server = unpack_span(u);
    f->scopes = unpack_span(u);
    f->user = unpack_span(u);
    f->organization = unpack_span(u);
}

struct span code_pack(struct arena *a, const struct code *c)
{
    struct builder b = builder_make(a, facts_size(&c->facts) + c->redirect_uri_hash.size +
                                           c->challenge.size + c->random.size);
    pack_u8(&b, CODE_FORMAT);
    facts_pack(&b, &c->facts);
    pack_u64(&b, c->expires);
    pack_u8(&b, c->refreshes);
    pack_span(&b, c->redirect_uri_hash);
    pack_span(&b, c->challenge);
    pack_span(&b, c->random);
    return built(&b);
}

enum result code_unpack(struct span bytes, struct code *c)
{
    struct unpacker u = unpack_make(bytes);
    if (!format_is(&u, CODE_FORMAT))
        return MALFORMED;
    facts_unpack(&u, &c->facts);
    c->expires = unpack_u64(&u);
    c->refreshes = unpack_u8(&u) != 0;
    c->redirect_uri_hash = unpack_span(&u);
    c->challenge = unpack_span(&u);
    c->random = unpack_span(&u);
    return unpack_done(&u);
}

struct span refresh_pack(struct arena *a, const struct refresh_token *t)
{
    struct builder b = builder_make(a, facts_size(&t->facts) + t->random.size);
    pack_u8(&b, REFRESH_FORMAT);
    facts_pack(&b, &t->facts);
    pack_u64(&b, t->expires);
    pack_u8(&b, t->access_row);
    pack_span(&b, t->random);
    return built(&b);
}

enum result refresh_unpack(struct span bytes, struct refresh_token *t)
{
    struct unpacker u = unpack_make(bytes);
    if (!format_is(&u, REFRESH_FORMAT))
        return MALFORMED;
    facts_unpack(&u, &t->facts);
    t->expires = unpack_u64(&u);
    t->access_row = unpack_u8(&u);
    t->random = unpack_span(&u);
    return unpack_done(&u);
}

struct span tokens_pack(struct arena *a, const struct downstream_tokens *t)
{
    size_t max = RECORD_OVERHEAD + t->access_token.size + t->refresh_token.size;
    struct builder b = builder_make(a, max);
    pack_u8(&b, TOKENS_FORMAT);
    pack_span(&b, t->access_token);
    pack_span(&b, t->refresh_token);
    pack_u64(&b, t->obtained);
    pack_u64(&b, t->expires);
    return built(&b);
}

enum result tokens_unpack(struct span bytes, struct downstream_tokens *t)
{
    struct unpacker u = unpack_make(bytes);
    if (!format_is(&u, TOKENS_FORMAT))
        return MALFORMED;
    t->access_token = unpack_span(&u);
    t->refresh_token = unpack_span(&u);
    t->obtained = unpack_u64(&u);
    t->expires = unpack_u64(&u);
    return unpack_done(&u);
}
