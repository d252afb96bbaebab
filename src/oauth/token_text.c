/* What the texts of codes and tokens look like; what they mean is grant.c's. */
#include "base/base64.h"
#include "jose/jwt.h"
#include "oauth/error.h"
#include "oauth/grant.h"
#include "oauth/record.h"
#include "oauth/shard.h"

enum {
    RANDOM_SIZE = 32, /* in a code or refresh token: it must not follow from our keys */
    JTI_RANDOM_SIZE = 15,
    JTI_SIZE = GRANT_ID_SIZE + 1 + JTI_RANDOM_SIZE + MAC_SIZE, /* 48: no base64 remainder */
    JTI_TEXT_SIZE = JTI_SIZE / 3 * 4,
    SEALED_MAX_TEXT = (SCOPES_MAX_BYTES + 1024) / 3 * 4, /* all but the scopes: below 1 KiB */
    CLAIMS_MAX = 8192
};

/* Secret scanners know a token by its prefix. */
#define REFRESH_PREFIX SPAN("lkr_")

struct span user_id_of(struct arena *a, const struct downstream_identity *id)
{
    size_t max = 16 + id->issuer.size + id->subject.size + id->organization.size;
    struct builder b = builder_make(a, max);
    pack_span(&b, id->issuer);
    pack_span(&b, id->subject);
    pack_span(&b, id->organization);
    struct hash h;
    sha256(built(&b), &h);
    return JOIN(a, SPAN("u_"), base64url_encode(a, span_first(hash_span(&h), 20)));
}

struct span grant_shard(struct arena *a, struct span grant_id)
{
    return JOIN(a, SPAN("grant:"), base64url_encode(a, grant_id));
}

static enum result seal_text(struct cx *cx, enum purpose purpose, struct span aad,
                             struct span packed, struct span *text)
{
    struct span box;
    TRY(seal(cx->arena, &cx->gateway->keys, purpose, &cx->drbg, aad, packed, &box));
    *text = base64url_encode(cx->arena, box);
    return OK;
}

static enum result open_text(struct cx *cx, enum purpose purpose, struct span aad, struct span text,
                             struct span *packed, bool *previous)
{
    struct span box;
    if (text.size > SEALED_MAX_TEXT || base64url_decode(cx->arena, text, &box) != OK)
        return UNVERIFIABLE;
    return unseal(cx->arena, &cx->gateway->keys, purpose, aad, box, packed, previous);
}

enum result code_seal(struct cx *cx, const struct code *code, struct span *text)
{
    struct code sealed = *code;
    sealed.random = host_random(cx, RANDOM_SIZE);
    return seal_text(cx, FOR_CODE, SPAN("code"), code_pack(cx->arena, &sealed), text);
}

enum result code_open(struct cx *cx, struct span text, struct code *code,
                      struct presented *presented)
{
    struct span packed;
    *presented = (struct presented){.text = text, .row = ROW_CODE};
    if (open_text(cx, FOR_CODE, SPAN("code"), text, &packed, &presented->previous) != OK ||
        code_unpack(packed, code) != OK)
        return refuse(cx, INVALID_GRANT, "code_unknown",
                      "This authorization code was not issued here, or is damaged.");
    presented->grant_id = code->facts.grant_id;
    return OK;
}

enum result refresh_token_seal(struct cx *cx, const struct refresh_token *token, struct span *text)
{
    struct refresh_token sealed = *token;
    sealed.random = host_random(cx, RANDOM_SIZE);
    TRY(seal_text(cx, FOR_REFRESH, SPAN("refresh"), refresh_pack(cx->arena, &sealed), text));
    *text = JOIN(cx->arena, REFRESH_PREFIX, *text);
    return OK;
}

enum result refresh_token_open(struct cx *cx, struct span text, struct refresh_token *token,
                               struct presented *presented)
{
    struct span packed;
    struct span box = span_skip(text, REFRESH_PREFIX.size);
    *presented = (struct presented){.text = text, .row = ROW_REFRESH};
    if (!span_starts(text, REFRESH_PREFIX) ||
        open_text(cx, FOR_REFRESH, SPAN("refresh"), box, &packed, &presented->previous) != OK ||
        refresh_unpack(packed, token) != OK)
        return UNVERIFIABLE;
    presented->grant_id = token->facts.grant_id;
    return OK;
}

/*
 * The jti comes first in the claims, so that a call finds it without parsing
 * JSON: the 8 + 64 bytes up to its end are the first 96 characters of the payload.
 */
#define CLAIMS_START SPAN("{\"jti\":\"")
enum { CLAIMS_START_SIZE = 8, JTI_END = CLAIMS_START_SIZE + JTI_TEXT_SIZE };

static struct span claims_text(struct cx *cx, const struct access_token_claims *c, struct span jti)
{
    struct json_writer w = json_writer_make(cx->arena, CLAIMS_MAX);
    json_begin(&w, '{');
    json_put_text(&w, "jti", jti);
    json_put_text(&w, "iss", cx->gateway->issuer);
    json_put_text(&w, "sub", c->user);
    json_put_text(&w, "aud", c->server_resource);
    json_put_text(&w, "client_id", c->client_id);
    json_put_text(&w, "scope", c->scopes);
    json_put_text(&w, "org", c->organization);
    json_put_u64(&w, "iat", cx->now);
    json_put_u64(&w, "exp", c->expires);
    json_end(&w, '}');
    return json_written(&w);
}

/* grant id || which of its access rows || random || MAC over them. */
static struct span jti_make(struct cx *cx, const struct access_token_claims *c, struct span random)
{
    uint8_t mac[MAC_SIZE];
    struct span id = JOIN(cx->arena, c->grant_id, span_bytes(&c->access_row, 1), random);
    mac_make(&cx->gateway->keys, FOR_ACCESS, 1, &id, mac);
    return base64url_encode(cx->arena, JOIN(cx->arena, id, span_bytes(mac, sizeof mac)));
}

enum result access_token_make(struct cx *cx, const struct access_token_claims *c,
                              struct span *token)
{
    /* Drawn in every run, or what is drawn after it would differ between runs. */
    struct span random = host_random(cx, JTI_RANDOM_SIZE);
    if (host_kept(cx, token) == OK)
        return OK;
    struct span claims = claims_text(cx, c, jti_make(cx, c, random));
    if (!span_present(claims))
        return SERVER_ERROR;
    const struct keyring *keys = &cx->gateway->keys;
    TRY(jwt_sign(cx->arena, &keys->signing, jwk_kid_es256(cx->arena, &keys->signing_public),
                 SPAN("at+jwt"), claims, token));
    host_keep(cx, *token);
    return OK;
}

enum result access_token_open(struct cx *cx, struct span token, struct presented *presented)
{
    struct span header;
    struct span payload;
    struct span start;
    struct span jti;
    struct span rest = span_cut(token, '.', &header);
    struct span signature = span_cut(rest, '.', &payload);
    if (token.size > JWT_MAX_SIZE || !span_present(signature) || payload.size < JTI_END / 3 * 4 ||
        base64url_decode(cx->arena, span_first(payload, JTI_END / 3 * 4), &start) != OK ||
        !span_starts(start, CLAIMS_START))
        return UNVERIFIABLE;
    if (base64url_decode(cx->arena, span_skip(start, CLAIMS_START_SIZE), &jti) != OK)
        return UNVERIFIABLE;
    struct span id = span_first(jti, JTI_SIZE - MAC_SIZE);
    *presented = (struct presented){.text = token, .grant_id = span_first(id, GRANT_ID_SIZE)};
    TRY(mac_check(&cx->gateway->keys, FOR_ACCESS, 1, &id, span_skip(jti, id.size),
                  &presented->previous));
    presented->row = shard_access_row(id.data[GRANT_ID_SIZE]);
    return OK;
}
