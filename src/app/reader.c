#include "app/reader.h"

#include "oauth/scope.h"
#include "text/url.h"

enum { SHOWN_MAX = 80, ID_MAX = 64 };

/* ---- places and problems ---- */

struct place place_of(const struct place *in, const char *name)
{
    return (struct place){in, span_of(name), json_member(in->node, span_of(name))};
}

struct place place_at(const struct place *in, const struct json *child)
{
    return (struct place){in, json_name(child), child};
}

static size_t index_of(const struct place *p)
{
    size_t i = 0;
    for (const struct json *each = json_first(p->in->node); each != p->node; each = json_next(each))
        i++;
    return i;
}

/* "servers.todo.origins[2]"; the document itself is "latchkey.json". */
static struct span path_of(struct arena *a, const struct place *p)
{
    if (p->in == NULL)
        return SPAN("latchkey.json");
    struct span way = p->in->in == NULL ? SPAN("") : path_of(a, p->in);
    if (!span_present(p->name))
        return JOIN(a, way, SPAN("["), span_decimal(a, index_of(p)), SPAN("]"));
    return JOIN(a, way, way.size > 0 ? SPAN(".") : SPAN(""), p->name);
}

enum result reader_problem(struct reader *r, const struct place *p, struct span sentence)
{
    r->problem = JOIN(r->scratch, path_of(r->scratch, p), SPAN(": "), sentence);
    return MALFORMED;
}

static struct span found(struct arena *a, const struct json *node)
{
    struct span text = json_text(node);
    if (node == NULL)
        return SPAN("nothing");
    if (span_present(text))
        return JOIN(a, SPAN("\""), span_first(text, SHOWN_MAX),
                    text.size > SHOWN_MAX ? SPAN("...\"") : SPAN("\""));
    if (json_is_object(node))
        return json_count(node) == 0 ? SPAN("an empty object") : SPAN("an object");
    if (json_is_array(node))
        return JOIN(a, SPAN("an array of "), span_decimal(a, json_count(node)));
    if (json_is_number(node))
        return SPAN("a number");
    return json_is_null(node) ? SPAN("null") : SPAN("true or false");
}

enum result reader_expected(struct reader *r, const struct place *p, const char *expected)
{
    struct arena *a = r->scratch;
    return reader_problem(
        r, p, JOIN(a, SPAN("expected "), span_of(expected), SPAN(", found "), found(a, p->node)));
}

/* ---- values ---- */

enum result reader_object(struct reader *r, const struct place *p, const char *members)
{
    if (!json_is_object(p->node))
        return reader_expected(r, p, "an object");
    struct span known = span_of(members);
    for (const struct json *child = json_first(p->node); child != NULL; child = json_next(child)) {
        struct place member = place_at(p, child);
        if (!span_has_word(known, member.name))
            return reader_problem(
                r, &member, JOIN(r->scratch, SPAN("unknown; what can stand here is: "), known));
    }
    return OK;
}

enum result reader_text(struct reader *r, const struct place *p, struct span *value)
{
    struct span text = json_text(p->node);
    if (text.size == 0)
        return reader_expected(r, p, "a text");
    *value = span_copy(r->kept, text);
    return OK;
}

enum result reader_text_or(struct reader *r, const struct place *p, struct span fallback,
                           struct span *value)
{
    if (place_given(p))
        return reader_text(r, p, value);
    *value = fallback;
    return OK;
}

enum result reader_url(struct reader *r, const struct place *p, struct span *value)
{
    struct url url;
    struct span text = json_text(p->node);
    bool parsed = span_present(text) && url_parse(text, &url) == OK;
    bool plain = parsed && r->gateway->development && url_is_http(&url) && url_is_loopback(&url);
    if (!parsed || !(url_is_https(&url) || plain) || url.has_userinfo || span_present(url.fragment))
        return reader_expected(r, p,
                               r->gateway->development
                                   ? "an https URL, or an http URL on a loopback address"
                                   : "an https URL");
    *value = span_copy(r->kept, text);
    return OK;
}

enum result reader_url_or_absent(struct reader *r, const struct place *p, struct span *value)
{
    *value = ABSENT;
    return place_given(p) ? reader_url(r, p, value) : OK;
}

enum result reader_origin(struct reader *r, const struct place *p, struct span *value)
{
    struct url url;
    struct span text = json_text(p->node);
    bool parsed = span_present(text) && url_parse(text, &url) == OK;
    bool plain = parsed && url_is_http(&url) && url_is_loopback(&url);
    if (!parsed || !(url_is_https(&url) || plain) ||
        !span_equal(url_origin(r->scratch, &url), text))
        return reader_expected(
            r, p,
            "an origin such as \"https://mcp.example.com\" (lower case, no path, "
            "no slash at its end; http on a loopback address only)");
    *value = span_copy(r->kept, text);
    return OK;
}

enum result reader_number(struct reader *r, const struct place *p, uint64_t fallback, uint64_t min,
                          uint64_t max, uint64_t *value)
{
    struct arena *a = r->scratch;
    uint64_t number = fallback;
    if (place_given(p) && (json_u64(p->node, &number) != OK || number < min || number > max))
        return reader_problem(r, p,
                              JOIN(a, SPAN("expected a whole number from "), span_decimal(a, min),
                                   SPAN(" to "), span_decimal(a, max)));
    *value = number;
    return OK;
}

enum result reader_id(struct reader *r, const struct place *p)
{
    bool good = p->name.size > 0 && p->name.size <= ID_MAX;
    for (size_t i = 0; i < p->name.size; i++) {
        uint8_t c = p->name.data[i];
        good &= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    if (good)
        return OK;
    return reader_problem(r, p,
                          SPAN("an id has 1 to 64 characters of a-z, 0-9 and \"-\", because it "
                               "becomes part of a URL"));
}

enum result reader_scopes(struct reader *r, const struct place *p, struct span *scopes)
{
    size_t size = 0;
    if (place_given(p) && (!json_is_array(p->node) || json_count(p->node) > MAX_SCOPES))
        return reader_expected(r, p, "an array of at most 64 names of scopes");
    for (const struct json *child = json_first(p->node); child != NULL; child = json_next(child)) {
        struct place item = place_at(p, child);
        struct span name = json_text(child);
        if (name.size == 0 || span_has(name, ' ') || scope_parse(name) != OK)
            return reader_expected(r, &item, "the name of a scope, without spaces and quotes");
        size += name.size + 1;
    }
    struct builder b = builder_make(r->scratch, size);
    for (const struct json *child = json_first(p->node); child != NULL; child = json_next(child)) {
        if (b.size > 0)
            build_byte(&b, ' ');
        build_span(&b, json_text(child));
    }
    *scopes = scope_union(r->kept, built(&b), ABSENT);
    return OK;
}

/* ---- secrets ---- */

struct span reader_secret_named(const struct reader *r, struct span name)
{
    for (size_t i = 0; i < r->secrets->count; i++)
        if (span_equal(r->secrets->list[i].name, name))
            return r->secrets->list[i].value;
    return ABSENT;
}

enum result reader_secret(struct reader *r, const struct place *p, struct span *value)
{
    struct arena *a = r->scratch;
    struct span name = json_member_text(p->node, SPAN("secret"));
    if (!json_is_object(p->node) || json_count(p->node) != 1 || name.size == 0)
        return reader_problem(r, p,
                              SPAN("expected {\"secret\": \"NAME\"}: secrets are named in this "
                                   "document, never written in it"));
    struct span secret = reader_secret_named(r, name);
    if (secret.size == 0)
        return reader_problem(r, p,
                              JOIN(a, SPAN("the secret "), name,
                                   SPAN(" is not set; set it with \"wrangler secret put "), name,
                                   SPAN("\", or in .dev.vars for development")));
    *value = span_copy(r->kept, secret);
    return OK;
}

enum result reader_private_key(struct reader *r, const struct place *p, struct p256_private *key,
                               struct span *kid)
{
    struct span text;
    const struct json *jwk;
    TRY(reader_secret(r, p, &text));
    if (json_parse(r->scratch, text, &jwk) != OK || jwk_private_es256(r->scratch, jwk, key) != OK)
        return reader_problem(r, p,
                              JOIN(r->scratch, SPAN("expected the secret "),
                                   json_member_text(p->node, SPAN("secret")),
                                   SPAN(" to be a JWK with a private P-256 key: kty EC, crv P-256, "
                                        "x, y and d")));
    struct p256_public public_key;
    p256_public_of(key, &public_key);
    struct span own = json_member_text(jwk, SPAN("kid"));
    *kid = own.size > 0 ? span_copy(r->kept, own) : jwk_kid_es256(r->kept, &public_key);
    return OK;
}
