/*
 * Our parsers, each behind an export of its own, so that tests in JavaScript
 * can hold them against those of others:
 *
 *     input(size)      where to put `size` bytes
 *     form(size), ...  enum result; what was read, if OK:
 *     output()         JSON, or bytes, of output_size()
 */
#include "base/base64.h"
#include "base/pack.h"
#include "jose/jwt.h"
#include "text/form.h"
#include "text/json.h"
#include "text/url.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

enum { MEMORY = 8 << 20 };

static _Alignas(16) uint8_t memory[MEMORY];
static struct arena arena;
static struct span text, answer;

uint8_t *input(uint32_t size);
const uint8_t *output(void);
uint32_t output_size(void);
enum result base64url(void);
enum result base64(void);
enum result form(void);
enum result url(void);
enum result json(void);
enum result jwk(void);
enum result jwt(void);

static void exhausted(void)
{
    __builtin_trap();
}

uint8_t *EXPORT(input)(uint32_t size)
{
    arena = arena_make(memory, MEMORY, exhausted);
    uint8_t *place = arena_alloc(&arena, size, 1);
    text = span_bytes(place, size);
    answer = ABSENT;
    return place;
}

const uint8_t *EXPORT(output)(void)
{
    return answer.data;
}

uint32_t EXPORT(output_size)(void)
{
    return (uint32_t)answer.size;
}

/* ---- text ---- */

enum result EXPORT(base64url)(void)
{
    return base64url_decode(&arena, text, &answer);
}

enum result EXPORT(base64)(void)
{
    return base64_decode(&arena, text, &answer);
}

static struct json_writer writer(void)
{
    return json_writer_make(&arena, 4096 + 8 * text.size);
}

enum result EXPORT(form)(void)
{
    struct form f;
    TRY(form_parse(&arena, text, &f));
    struct json_writer w = writer();
    json_begin(&w, '[');
    for (size_t i = 0; i < f.count; i++) {
        json_begin(&w, '[');
        json_add_text(&w, f.parameters[i].name);
        json_add_text(&w, f.parameters[i].value);
        json_end(&w, ']');
    }
    json_end(&w, ']');
    answer = json_written(&w);
    return OK;
}

enum result EXPORT(url)(void)
{
    struct url u;
    TRY(url_parse(text, &u));
    struct json_writer w = writer();
    json_begin(&w, '{');
    json_put_text(&w, "scheme", u.scheme);
    json_put_text(&w, "host", u.host);
    json_put_text(&w, "port", u.port);
    json_put_text(&w, "path", u.path);
    json_put_text(&w, "query", u.query);
    json_put_text(&w, "fragment", u.fragment);
    json_put_bool(&w, "userinfo", u.has_userinfo);
    json_put_bool(&w, "ipv6", u.is_ipv6);
    json_put_bool(&w, "loopback", url_is_loopback(&u));
    json_put_bool(&w, "dots", url_has_dot_segments(&u));
    if (span_present(u.authority))
        json_put_text(&w, "origin", url_origin(&arena, &u));
    json_put_text(&w, "canonical", url_canonical(&arena, &u));
    json_end(&w, '}');
    answer = json_written(&w);
    return OK;
}

/* An object as [{}, name, value, name, value...]; a number that is none of ours as "number". */
static void write_tree(struct json_writer *w, const struct json *node)
{
    uint64_t number;
    bool truth;
    if (json_is_string(node)) {
        json_add_text(w, json_text(node));
    } else if (json_is_object(node) || json_is_array(node)) {
        json_begin(w, '[');
        if (json_is_object(node))
            json_add_raw(w, SPAN("{}"));
        for (const struct json *c = json_first(node); c != NULL; c = json_next(c)) {
            if (json_is_object(node))
                json_add_text(w, json_name(c));
            write_tree(w, c);
        }
        json_end(w, ']');
    } else if (json_is_number(node)) {
        json_add_raw(w, json_u64(node, &number) == OK ? span_decimal(&arena, number)
                                                      : SPAN("{\"number\":true}"));
    } else {
        json_add_raw(w, json_is_null(node)                              ? SPAN("null")
                        : json_bool(node, false, &truth) == OK && truth ? SPAN("true")
                                                                        : SPAN("false"));
    }
}

enum result EXPORT(json)(void)
{
    const struct json *root;
    TRY(json_parse(&arena, text, &root));
    struct json_writer w = writer();
    write_tree(&w, root);
    answer = json_written(&w);
    return OK;
}

/* ---- keys and tokens ---- */

enum result EXPORT(jwk)(void)
{
    struct jwk key;
    const struct json *root;
    TRY(json_parse(&arena, text, &root));
    TRY(jwk_parse(&arena, root, &key));
    struct span first = key.is_ec ? p256_x(&key.ec) : key.rsa.n;
    struct span second = key.is_ec ? p256_y(&key.ec) : key.rsa.e;
    answer =
        JOIN(&arena, base64url_encode(&arena, first), SPAN("."), base64url_encode(&arena, second));
    return OK;
}

/* The input: token, JWK set, issuer, audience, type, u64 now; the output: its claims. */
enum result EXPORT(jwt)(void)
{
    struct jwt token;
    struct jwks set;
    struct unpacker u = unpack_make(text);
    struct span compact = unpack_span(&u);
    struct span keys = unpack_span(&u);
    struct span issuer = unpack_span(&u);
    struct span audience = unpack_span(&u);
    struct span type = unpack_span(&u);
    struct jwt_expectation want = {
        .algorithms = ALG_ES256 | ALG_RS256 | ALG_PS256,
        .type = type,
        .issuer = issuer,
        .audience = audience,
        .now_seconds = unpack_u64(&u),
        .skew_seconds = 30,
    };
    TRY(unpack_done(&u));
    TRY(jwks_parse(&arena, keys, &set));
    TRY(jwt_parse(&arena, compact, &token));
    TRY(jwt_verify(&token, &set, &want));
    answer = token.claims_text;
    return OK;
}
