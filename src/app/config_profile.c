#include "app/reader.h"
#include "broker/downstream.h"
#include "oauth/client.h"
#include "text/url.h"

static const char MEMBERS[] =
    "name issuer client_id client_secret client_key token_endpoint_auth_method scopes resource "
    "claims authorization_parameters authorization_endpoint token_endpoint userinfo_endpoint "
    "introspection_endpoint revocation_endpoint jwks_uri";

/* What the gateway sends by itself; a second value would make the request invalid. */
static const char OWN_PARAMETERS[] =
    "response_type response_mode client_id redirect_uri scope state nonce code_challenge "
    "code_challenge_method resource request request_uri client_secret";

/* How the gateway authenticates there: what is configured decides, the method may choose. */
static enum result read_auth(struct reader *r, const struct place *p, struct profile *profile)
{
    struct place secret = place_of(p, "client_secret");
    struct place key = place_of(p, "client_key");
    struct place method = place_of(p, "token_endpoint_auth_method");
    if (place_given(&secret) && place_given(&key))
        return reader_problem(r, &key, SPAN("give either client_secret or client_key"));
    unsigned possible = AUTH_NONE;
    profile->auth = AUTH_NONE;
    if (place_given(&secret)) {
        TRY(reader_secret(r, &secret, &profile->client_secret));
        possible = AUTH_SECRET_BASIC | AUTH_SECRET_POST;
        profile->auth = AUTH_SECRET_BASIC;
    }
    if (place_given(&key)) {
        TRY(reader_private_key(r, &key, &profile->client_key, &profile->client_key_id));
        possible = AUTH_PRIVATE_KEY;
        profile->auth = AUTH_PRIVATE_KEY;
    }
    if (!place_given(&method))
        return OK;
    if (client_auth_parse(json_text(method.node), &profile->auth) != OK ||
        (profile->auth & possible) == 0)
        return reader_expected(r, &method,
                               "client_secret_basic or client_secret_post (with client_secret), "
                               "private_key_jwt (with client_key), or none (without both)");
    return OK;
}

/* The claims of the person who signed in. An organization is looked for only if it is named. */
static enum result read_claims(struct reader *r, const struct place *p, struct profile *profile)
{
    struct place claims = place_of(p, "claims");
    if (place_given(&claims))
        TRY(reader_object(r, &claims, "subject organization"));
    struct place subject = place_of(&claims, "subject");
    struct place organization = place_of(&claims, "organization");
    TRY(reader_text_or(r, &subject, SPAN("sub"), &profile->claim_subject));
    return reader_text_or(r, &organization, ABSENT, &profile->claim_organization);
}

static enum result read_parameters(struct reader *r, const struct place *p, struct profile *profile)
{
    struct place parameters = place_of(p, "authorization_parameters");
    if (!place_given(&parameters))
        return OK;
    if (!json_is_object(parameters.node))
        return reader_expected(r, &parameters, "an object of names and values");
    profile->parameters = ARENA_ARRAY(r->kept, json_count(parameters.node), struct header);
    for (const struct json *child = json_first(parameters.node); child != NULL;
         child = json_next(child)) {
        struct place parameter = place_at(&parameters, child);
        struct header *h = &profile->parameters[profile->parameter_count++];
        h->name = span_copy(r->kept, parameter.name);
        TRY(reader_text(r, &parameter, &h->value));
        if (h->name.size == 0 || span_has_word(span_of(OWN_PARAMETERS), h->name))
            return reader_problem(r, &parameter, SPAN("the gateway sets this parameter itself"));
    }
    return OK;
}

/* RFC 8707 section 2: an absolute URI without a fragment. */
static enum result read_resource(struct reader *r, const struct place *p, struct profile *profile)
{
    struct place resource = place_of(p, "resource");
    struct url url;
    TRY(reader_text_or(r, &resource, ABSENT, &profile->resource));
    if (place_given(&resource) &&
        (url_parse(profile->resource, &url) != OK || span_present(url.fragment)))
        return reader_expected(r, &resource, "an absolute URI without a fragment");
    return OK;
}

static enum result read_endpoints(struct reader *r, const struct place *p, struct profile *profile)
{
    const struct {
        const char *name;
        struct span *value;
    } endpoints[] = {
        {"authorization_endpoint", &profile->authorization_endpoint},
        {"token_endpoint", &profile->token_endpoint},
        {"userinfo_endpoint", &profile->userinfo_endpoint},
        {"introspection_endpoint", &profile->introspection_endpoint},
        {"revocation_endpoint", &profile->revocation_endpoint},
        {"jwks_uri", &profile->jwks_uri},
    };
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        struct place endpoint = place_of(p, endpoints[i].name);
        TRY(reader_url_or_absent(r, &endpoint, endpoints[i].value));
    }
    return OK;
}

static enum result read_profile(struct reader *r, const struct place *p, struct profile *profile)
{
    struct place issuer = place_of(p, "issuer");
    struct place name = place_of(p, "name");
    struct place client_id = place_of(p, "client_id");
    struct place scopes = place_of(p, "scopes");
    struct url url;
    TRY(reader_id(r, p));
    TRY(reader_object(r, p, MEMBERS));
    TRY(reader_url(r, &issuer, &profile->issuer));
    TRY(url_parse(profile->issuer, &url));
    if (span_present(url.query))
        return reader_expected(r, &issuer, "a URL without a query");
    profile->id = span_copy(r->kept, p->name);
    profile->redirect_uri = JOIN(r->kept, r->gateway->issuer, SPAN("/callback/"), profile->id);
    TRY(reader_text_or(r, &name, url.host, &profile->name));
    TRY(reader_text(r, &client_id, &profile->client_id));
    TRY(read_auth(r, p, profile));
    TRY(reader_scopes(r, &scopes, &profile->scopes));
    TRY(read_resource(r, p, profile));
    TRY(read_claims(r, p, profile));
    TRY(read_parameters(r, p, profile));
    return read_endpoints(r, p, profile);
}

enum result config_profiles(struct reader *r, const struct place *p)
{
    struct gateway *gateway = r->gateway;
    if (!json_is_object(p->node))
        return reader_expected(r, p, "an object of profiles by their id");
    gateway->profiles = ARENA_ARRAY(r->kept, json_count(p->node), struct profile);
    for (const struct json *child = json_first(p->node); child != NULL; child = json_next(child)) {
        struct place profile = place_at(p, child);
        TRY(read_profile(r, &profile, &gateway->profiles[gateway->profile_count++]));
    }
    return OK;
}
