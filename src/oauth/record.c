#include "oauth/record.h"

#include <string.h>

enum { GRANT_FORMAT = 1, FAMILY_FORMAT = 2, CODE_FORMAT = 1, TOKENS_FORMAT = 1 };

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
    pack_u8(&b, g->under_code_key);
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
    g->under_code_key = unpack_u8(&u) != 0;
    g->sealed_tokens = unpack_span(&u);
    return unpack_done(&u);
}

/* Room for it: 20 bytes are lengths and the expiry. */
static size_t live_size(const struct live_token *live)
{
    return 20 + live->hash.size + live->scopes.size + live->wrapped.size;
}

static void live_pack(struct builder *b, const struct live_token *live)
{
    pack_span(b, live->hash);
    pack_u64(b, live->expires);
    pack_span(b, live->scopes);
    pack_span(b, live->wrapped);
}

static void live_unpack(struct unpacker *u, struct live_token *live)
{
    live->hash = unpack_span(u);
    live->expires = unpack_u64(u);
    live->scopes = unpack_span(u);
    live->wrapped = unpack_span(u);
}

struct span family_pack(struct arena *a, const struct family *f)
{
    size_t max = RECORD_OVERHEAD + f->code_key.size + live_size(&f->refresh);
    for (size_t i = 0; i < f->access_count; i++)
        max += live_size(&f->access[i]);
    struct builder b = builder_make(a, max);
    pack_u8(&b, FAMILY_FORMAT);
    pack_span(&b, f->code_key);
    live_pack(&b, &f->refresh);
    pack_u8(&b, (uint8_t)f->access_count);
    for (size_t i = 0; i < f->access_count; i++)
        live_pack(&b, &f->access[i]);
    return built(&b);
}

enum result family_unpack(struct span row, struct family *f)
{
    struct unpacker u = unpack_make(row);
    if (!format_is(&u, FAMILY_FORMAT))
        return MALFORMED;
    f->code_key = unpack_span(&u);
    live_unpack(&u, &f->refresh);
    f->access_count = unpack_u8(&u);
    if (f->access_count > GRANT_MAX_LIVE_TOKENS)
        return MALFORMED;
    for (size_t i = 0; i < f->access_count; i++)
        live_unpack(&u, &f->access[i]);
    return unpack_done(&u);
}

struct span code_pack(struct arena *a, const struct code *c)
{
    size_t max = RECORD_OVERHEAD + c->grant_id.size + c->client_id_hash.size +
                 c->redirect_uri_hash.size + c->challenge.size + c->server.size + c->scopes.size +
                 c->user.size + c->organization.size;
    struct builder b = builder_make(a, max);
    pack_u8(&b, CODE_FORMAT);
    pack_span(&b, c->grant_id);
    pack_u64(&b, c->expires);
    pack_span(&b, c->client_id_hash);
    pack_u8(&b, (uint8_t)c->client_auth);
    pack_u8(&b, c->refreshes);
    pack_span(&b, c->redirect_uri_hash);
    pack_span(&b, c->challenge);
    pack_span(&b, c->server);
    pack_span(&b, c->scopes);
    pack_span(&b, c->user);
    pack_span(&b, c->organization);
    build_span(&b, key_span(&c->data_key));
    return built(&b);
}

enum result code_unpack(struct span bytes, struct code *c)
{
    struct unpacker u = unpack_make(bytes);
    if (!format_is(&u, CODE_FORMAT))
        return MALFORMED;
    c->grant_id = unpack_span(&u);
    c->expires = unpack_u64(&u);
    c->client_id_hash = unpack_span(&u);
    c->client_auth = unpack_u8(&u);
    c->refreshes = unpack_u8(&u) != 0;
    c->redirect_uri_hash = unpack_span(&u);
    c->challenge = unpack_span(&u);
    c->server = unpack_span(&u);
    c->scopes = unpack_span(&u);
    c->user = unpack_span(&u);
    c->organization = unpack_span(&u);
    if (u.broken || u.rest.size != KEY_SIZE)
        return MALFORMED;
    memcpy(c->data_key.bytes, u.rest.data, KEY_SIZE);
    return OK;
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
