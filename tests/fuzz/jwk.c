#include "jose/jwk.h"
#include "fuzz.h"

static void check_key(const struct jwk *key)
{
    struct p256_public point;
    struct rsa_public rsa;
    MUST(key->algorithms != 0 && key->kid.size <= JWK_MAX_KID);
    MUST((key->algorithms & ~(unsigned)(ALG_ES256 | ALG_RS256 | ALG_PS256)) == 0);
    MUST(key->is_ec == ((key->algorithms & ALG_ES256) != 0));
    if (key->is_ec)
        MUST(p256_public_parse(p256_x(&key->ec), p256_y(&key->ec), &point) == OK);
    else
        MUST(rsa_public_parse(key->rsa.n, key->rsa.e, &rsa) == OK);
}

void fuzz(struct arena *a, struct span input)
{
    struct jwks set;
    const struct json *root;
    struct jwk key;
    struct p256_private private_key;
    if (jwks_parse(a, input, &set) == OK) {
        MUST(set.count <= JWKS_MAX_KEYS);
        for (size_t i = 0; i < set.count; i++)
            check_key(&set.keys[i]);
    }
    if (json_parse(a, input, &root) != OK)
        return;
    bool is_public = jwk_parse(a, root, &key) == OK;
    if (is_public)
        check_key(&key);
    /* No key is both: what is private is never taken for a public key. */
    if (jwk_private_es256(a, root, &private_key) == OK)
        MUST(!is_public &&
             p256_private_parse(span_bytes(private_key.scalar, 32), &private_key) == OK);
}
