#include "broker/claims.h"
#include "jose/jwt.h"
#include "run.h"

#define NONCE SPAN("n0nce")

static struct p256_private key;
static struct span jwks_copy, kid;

/* The product's key, and its JWK set as the store has it: u8 1, u64 when, text. */
static void make_key(void)
{
    static uint8_t memory[4096];
    static const uint8_t material[P256_MATERIAL_MIN] = {4, 5, 6};
    struct arena kept = arena_make(memory, sizeof memory, fuzz_exhausted);
    struct p256_public public_key;
    MUST(p256_private_from(span_bytes(material, sizeof material), &key) == OK);
    p256_public_of(&key, &public_key);
    kid = jwk_kid_es256(&kept, &public_key);
    struct span set =
        JOIN(&kept, SPAN("{\"keys\":["), jwk_public_es256(&kept, &public_key), SPAN("]}"));
    struct builder b = builder_make(&kept, 16 + set.size);
    pack_u8(&b, 1);
    pack_u64(&b, WORLD_NOW);
    pack_span(&b, set);
    jwks_copy = answer_copy(&kept, built(&b));
}

/* Nobody is somebody whom the signed claims, or userinfo for the same subject, do not name. */
static void check_identity(struct arena *a, const struct profile *profile, struct span claims,
                           const struct downstream_identity *who)
{
    const struct json *root;
    MUST(json_parse(a, claims, &root) == OK);
    MUST(span_equal(json_member_text(root, SPAN("iss")), profile->issuer));
    MUST(span_equal(json_member_text(root, SPAN("nonce")), NONCE));
    MUST(fuzz_same(json_member_text(root, SPAN("sub")), who->subject));
    MUST(span_equal(who->issuer, profile->issuer));
}

/* The claims of an id_token in the first line, which the product signs; then what userinfo says. */
void fuzz(struct arena *a, struct span input)
{
    struct span token;
    struct downstream_identity who;
    const struct profile *profile = downstream_profile(run_gateway(), SPAN("product"));
    const struct downstream server = {
        .profile = profile,
        .userinfo_endpoint = SPAN("https://login.product.dev/me"),
        .jwks_uri = SPAN("https://login.product.dev/keys"),
    };
    if (!span_present(kid))
        make_key();
    struct span claims = fuzz_line(&input);
    struct span userinfo = answer_fetch(a, 200, SPAN("application/json"), input);
    if (jwt_sign(a, &key, kid, SPAN("JWT"), claims, &token) != OK)
        return;
    struct cx cx = run_make(a, JOIN(a, jwks_copy, userinfo));
    if (claims_identify(&cx, &server, token, SPAN("access"), NONCE, &who) == OK)
        check_identity(a, profile, claims, &who);

    /* After a refresh it must be the same person, whoever says so. */
    const struct downstream_identity expected = {.issuer = profile->issuer, .subject = SPAN("u1")};
    struct cx later = run_make(a, ABSENT);
    if (claims_confirm(&later, &server, token, &expected) == OK)
        MUST(span_contains(claims, SPAN("u1")) || span_find(claims, '\\') < claims.size);
}
