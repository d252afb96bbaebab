/* What the texts of codes and tokens look like; what they mean is grant.c's. */
#include "base/base64.h"
#include "jose/jwt.h"
#include "oauth/error.h"
#include "oauth/grant.h"
#include "oauth/record.h"

enum {
    JTI_RANDOM_SIZE = 16,
    REFRESH_RANDOM_SIZE = 32,
    JTI_SIZE = GRANT_ID_SIZE + JTI_RANDOM_SIZE + MAC_SIZE, /* 48: no base64 remainder */
    JTI_TEXT_SIZE = JTI_SIZE / 3 * 4,
    REFRESH_SIZE = GRANT_ID_SIZE + REFRESH_RANDOM_SIZE + MAC_SIZE,
    CODE_MAX_TEXT = (SCOPES_MAX_BYTES + 1024) / 3 * 4, /* all else that a code holds: below 1 KiB */
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

enum result code_seal(struct cx *cx, const struct code *code, struct span *text)
{
    struct span box;
    TRY(seal(cx->arena, &cx->gateway->keys, FOR_CODE, &cx->drbg, SPAN("code"),
             code_pack(cx->arena, code), &box));
    *text = base64url_encode(cx->arena, box);
    return OK;
}

enum result code_open(struct cx *cx, struct span text, struct code *code)
{
    struct span box;
    struct span packed;
    if (text.size <= CODE_MAX_TEXT && base64url_decode(cx->arena, text, &box) == OK &&
        unseal(cx->arena, &cx->gateway->keys, FOR_CODE, SPAN("code"), box, &packed) == OK &&
        code_unpack(packed, code) == OK)
        return OK;
    return refuse(cx, INVALID_GRANT, "code_unknown",
                  "This authorization code was not issued here, or is damaged.");
}

/* grant id || random || MAC over both. */
static struct span sealed_id(struct cx *cx, enum purpose purpose, struct span grant_id,
                             struct span random)
{
    uint8_t mac[MAC_SIZE];
    mac_make(&cx->gateway->keys, purpose, 2, (struct span[]){grant_id, random}, mac);
    return JOIN(cx->arena, grant_id, random, span_bytes(mac, sizeof mac));
}

static enum result sealed_id_check(struct cx *cx, enum purpose purpose, struct span bytes,
                                   struct span *grant_id)
{
    struct span id = span_first(bytes, GRANT_ID_SIZE);
    size_t random_size = bytes.size - GRANT_ID_SIZE - MAC_SIZE;
    struct span random = span_first(span_skip(bytes, GRANT_ID_SIZE), random_size);
    struct span mac = span_skip(bytes, GRANT_ID_SIZE + random_size);
    TRY(mac_check(&cx->gateway->keys, purpose, 2, (struct span[]){id, random}, mac));
    *grant_id = id;
    return OK;
}

struct span refresh_token_make(struct cx *cx, struct span grant_id)
{
    struct span random = host_random(cx, REFRESH_RANDOM_SIZE);
    struct span id = sealed_id(cx, FOR_REFRESH, grant_id, random);
    return JOIN(cx->arena, REFRESH_PREFIX, base64url_encode(cx->arena, id));
}

enum result refresh_token_grant(struct cx *cx, struct span token, struct span *grant_id)
{
    struct span bytes;
    if (!span_starts(token, REFRESH_PREFIX) || token.size > 2 * REFRESH_SIZE ||
        base64url_decode(cx->arena, span_skip(token, REFRESH_PREFIX.size), &bytes) != OK ||
        bytes.size != REFRESH_SIZE)
        return UNVERIFIABLE;
    return sealed_id_check(cx, FOR_REFRESH, bytes, grant_id);
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

enum result access_token_make(struct cx *cx, const struct access_token_claims *c,
                              struct span *token)
{
    /* Drawn in every run, or what is drawn after it would differ between runs. */
    struct span random = host_random(cx, JTI_RANDOM_SIZE);
    if (host_kept(cx, token) == OK)
        return OK;
    struct span jti = base64url_encode(cx->arena, sealed_id(cx, FOR_ACCESS, c->grant_id, random));
    struct span claims = claims_text(cx, c, jti);
    if (!span_present(claims))
        return SERVER_ERROR;
    const struct keyring *keys = &cx->gateway->keys;
    TRY(jwt_sign(cx->arena, &keys->signing, jwk_kid_es256(cx->arena, &keys->signing_public),
                 SPAN("at+jwt"), claims, token));
    host_keep(cx, *token);
    return OK;
}

enum result access_token_grant(struct cx *cx, struct span token, struct span *grant_id)
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
    return sealed_id_check(cx, FOR_ACCESS, jti, grant_id);
}
