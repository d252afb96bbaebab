#include "app/config.h"
#include "broker/downstream.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

static uint8_t kept_memory[8 << 20];
static uint8_t scratch_memory[48 << 20];
static struct arena kept;
static struct arena scratch;

static void exhausted(void)
{
    __builtin_trap();
}

/* A JWK of ES256 (RFC 7517 appendix A.2). */
#define PUBLIC_KEY                                                                            \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"," \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define PRIVATE_PART "\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\""
#define PRIVATE_KEY "{" PUBLIC_KEY "," PRIVATE_PART ",\"kid\":\"mine\"}"

static const char *const SECRETS[][2] = {
    {"LATCHKEY_SECRET", "0123456789abcdef0123456789abcdef"},
    {"TODO_SECRET", "shh, 32 bytes that nobody guesses"},
    {"SHORT", "31 bytes, that somebody guesses"},
    {"BAD_VALUE", "a\r\nX: b"},
    {"KEY", PRIVATE_KEY},
    {"EMPTY", ""},
    {"NO_KEY", "{}"},
    {"KEY_WITHOUT_KID", "{" PUBLIC_KEY "," PRIVATE_PART "}"},
};

static enum result read_with(struct span text, const char *root, const char *previous,
                             struct gateway *gateway, struct span *problem)
{
    struct header list[COUNT(SECRETS) + 1];
    struct secrets secrets = {list, 0};
    kept = arena_make(kept_memory, sizeof kept_memory, exhausted);
    scratch = arena_make(scratch_memory, sizeof scratch_memory, exhausted);
    for (size_t i = 0; i < COUNT(SECRETS); i++)
        list[secrets.count++] = (struct header){span_of(SECRETS[i][0]), span_of(SECRETS[i][1])};
    list[0].value = root == NULL ? ABSENT : span_of(root);
    if (previous != NULL)
        list[secrets.count++] =
            (struct header){SPAN("LATCHKEY_SECRET_PREVIOUS"), span_of(previous)};
    *problem = ABSENT;
    return config_read(&kept, &scratch, text, &secrets, gateway, problem);
}

static enum result read(const char *text, struct gateway *gateway, struct span *problem)
{
    return read_with(span_of(text), SECRETS[0][1], NULL, gateway, problem);
}

#define ISSUER "\"issuer\":\"https://mcp.host.com\""
#define PROFILE "\"issuer\":\"https://auth.todo.com\",\"client_id\":\"latchkey\""
#define PROFILES "\"profiles\":{\"todo\":{" PROFILE "}}"
#define SERVER "\"runtime\":\"https://mcp.todo.com/mcp\",\"profile\":\"todo\""
#define SERVERS "\"servers\":{\"todo\":{" SERVER "}}"
#define LEAST "{" ISSUER "," PROFILES "," SERVERS "}"
#define WITH(member) "{" ISSUER "," PROFILES "," SERVERS "," member "}"
#define IN_PROFILE(member)                                                      \
    "{" ISSUER ",\"profiles\":{\"todo\":{" PROFILE "," member "}}," SERVERS "}"
#define IN_SERVER(member) "{" ISSUER "," PROFILES ",\"servers\":{\"todo\":{" SERVER "," member "}}}"
#define SCOPED(member) IN_SERVER("\"scopes\":[\"r\",\"w\"]," member)
#define IN_CLIENT(members)                                                             \
    WITH("\"clients\":{\"c\":{\"redirect_uris\":[\"https://c.com/cb\"]," members "}}")

#define ORIGIN_WANTED                                                                           \
    "expected an origin such as \"https://mcp.example.com\" (lower case, no path, no slash at " \
    "its "                                                                                      \
    "end; http on a loopback address only), found "
#define NO_SECRET                                                                 \
    "expected {\"secret\": \"NAME\"}: secrets are named in this document, never " \
    "written in it"
#define METHODS_WANTED                                                                          \
    "expected client_secret_basic or client_secret_post (with client_secret), private_key_jwt "

#define A65 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A260 A65 A65 A65 A65
#define A1025 A260 A260 A260 A65 A65 A65 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FIVE "\"a\",\"a\",\"a\",\"a\",\"a\","
#define MANY FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE "\"a\"" /* 66 */

static const struct {
    const char *text;
    const char *problem;
} WRONG[] = {
    {"", "latchkey.json: line 1 is not JSON (RFC 8259): perhaps a comment, a comma behind the last "
         "member, or a name that stands twice in an object"},
    {"{" ISSUER ",}",
     "latchkey.json: line 1 is not JSON (RFC 8259): perhaps a comment, a comma behind the last "
     "member, or a name that stands twice in an object"},
    {"{" ISSUER "," ISSUER "}",
     "latchkey.json: line 1 is not JSON (RFC 8259): perhaps a comment, a comma behind the last "
     "member, or a name that stands twice in an object"},
    {"{\n" ISSUER ",\n\n\"clients\": {}\n // none yet\n}",
     "latchkey.json: line 5 is not JSON (RFC 8259): perhaps a comment, a comma behind the last "
     "member, or a name that stands twice in an object"},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
     "latchkey.json: this is more than can be read: 4 MiB, 32768 members and 32 levels are the "
     "most"},
    {"[]", "latchkey.json: expected an object, found an array of 0"},
    {"null", "latchkey.json: expected an object, found null"},
    {WITH("\"server\":{}"), "server: unknown; what can stand here is: issuer profiles servers "
                            "clients lifetimes body_limit_bytes signing_key previous_signing_key"},
    {WITH("\"agents\":{}"), "agents: unknown; what can stand here is: issuer profiles servers "
                            "clients lifetimes body_limit_bytes signing_key previous_signing_key"},

    /* the issuer */
    {"{" PROFILES "," SERVERS "}", "issuer: " ORIGIN_WANTED "nothing"},
    {"{\"issuer\":1}", "issuer: " ORIGIN_WANTED "a number"},
    {"{\"issuer\":\"https://mcp.host.com/\"}",
     "issuer: " ORIGIN_WANTED "\"https://mcp.host.com/\""},
    {"{\"issuer\":\"https://mcp.host.com/x\"}",
     "issuer: " ORIGIN_WANTED "\"https://mcp.host.com/x\""},
    {"{\"issuer\":\"https://mcp.host.com:443\"}",
     "issuer: " ORIGIN_WANTED "\"https://mcp.host.com:443\""},
    {"{\"issuer\":\"https://MCP.host.com\"}", "issuer: " ORIGIN_WANTED "\"https://MCP.host.com\""},
    {"{\"issuer\":\"https://mcp.host.com?x\"}",
     "issuer: " ORIGIN_WANTED "\"https://mcp.host.com?x\""},
    {"{\"issuer\":\"https://u@mcp.host.com\"}",
     "issuer: " ORIGIN_WANTED "\"https://u@mcp.host.com\""},
    {"{\"issuer\":\"http://mcp.host.com\"}", "issuer: " ORIGIN_WANTED "\"http://mcp.host.com\""},
    {"{\"issuer\":\"mcp.host.com\"}", "issuer: " ORIGIN_WANTED "\"mcp.host.com\""},

    /* the signing key, lifetimes, limits */
    {WITH("\"signing_key\":\"x\""), "signing_key: " NO_SECRET},
    {WITH("\"signing_key\":{\"secret\":\"TODO_SECRET\"}"),
     "signing_key: expected the secret TODO_SECRET to be a JWK with a private P-256 key: kty EC, "
     "crv P-256, x, y and d"},
    {WITH("\"lifetimes\":[]"), "lifetimes: expected an object, found an array of 0"},
    {WITH("\"lifetimes\":{\"code\":1}"),
     "lifetimes.code: unknown; what can stand here is: code_seconds transaction_seconds "
     "access_token_seconds refresh_token_seconds refresh_retry_seconds early_refresh_seconds "
     "grant_cache_seconds"},
    {WITH("\"lifetimes\":{\"code_seconds\":601}"),
     "lifetimes.code_seconds: expected a whole number from 10 to 600"},
    {WITH("\"lifetimes\":{\"code_seconds\":\"60\"}"),
     "lifetimes.code_seconds: expected a whole number from 10 to 600"},
    {WITH("\"lifetimes\":{\"access_token_seconds\":29}"),
     "lifetimes.access_token_seconds: expected a whole number from 30 to 86400"},
    {WITH("\"lifetimes\":{\"refresh_retry_seconds\":601}"),
     "lifetimes.refresh_retry_seconds: expected a whole number from 0 to 600"},
    {WITH("\"lifetimes\":{\"grant_cache_seconds\":61}"),
     "lifetimes.grant_cache_seconds: expected a whole number from 0 to 60"},
    {WITH("\"lifetimes\":{\"grant_cache_seconds\":-1}"),
     "lifetimes.grant_cache_seconds: expected a whole number from 0 to 60"},
    {WITH("\"lifetimes\":{\"grant_cache_seconds\":0.5}"),
     "lifetimes.grant_cache_seconds: expected a whole number from 0 to 60"},
    {WITH("\"lifetimes\":{\"access_token_seconds\":3601,\"refresh_token_seconds\":3600}"),
     "lifetimes.access_token_seconds: an access token cannot live longer than the refresh token "
     "that comes with it: see refresh_token_seconds"},
    {WITH("\"lifetimes\":{\"refresh_token_seconds\":300}"), NULL},
    {WITH("\"body_limit_bytes\":4194305"),
     "body_limit_bytes: expected a whole number from 1024 to 4194304"},

    /* profiles */
    {"{" ISSUER "," SERVERS "}",
     "profiles: expected an object of profiles by their id, found nothing"},
    {"{" ISSUER ",\"profiles\":[]}",
     "profiles: expected an object of profiles by their id, found an array of 0"},
    {"{" ISSUER ",\"profiles\":{\"Todo\":{" PROFILE "}}}",
     "profiles.Todo: an id has 1 to 64 characters of a-z, 0-9 and \"-\", because it becomes part "
     "of a URL"},
    {"{" ISSUER ",\"profiles\":{\"\":{" PROFILE "}}}",
     "profiles.: an id has 1 to 64 characters of a-z, 0-9 and \"-\", because it becomes part of a "
     "URL"},
    {"{" ISSUER ",\"profiles\":{\"todo\":{\"client_id\":\"x\"}}}",
     "profiles.todo.issuer: expected an https URL, found nothing"},
    {"{" ISSUER ",\"profiles\":{\"todo\":{\"issuer\":\"http://127.0.0.1:9400\"}}}",
     "profiles.todo.issuer: expected an https URL, found \"http://127.0.0.1:9400\""},
    {"{\"issuer\":\"http://localhost:8787\",\"profiles\":{\"todo\":{\"issuer\":\"http://a.com\"}}}",
     "profiles.todo.issuer: expected an https URL, or an http URL on a loopback address, found "
     "\"http://a.com\""},
    {"{" ISSUER ",\"profiles\":{\"todo\":{\"issuer\":\"https://a.com/?x\"}}}",
     "profiles.todo.issuer: expected a URL without a query, found \"https://a.com/?x\""},
    {"{" ISSUER ",\"profiles\":{\"todo\":{\"issuer\":\"https://a.com\"}}}",
     "profiles.todo.client_id: expected a text, found nothing"},
    {"{" ISSUER ",\"profiles\":{\"todo\":{\"issuer\":\"https://a.com\",\"client_id\":\"\"}}}",
     "profiles.todo.client_id: expected a text, found \"\""},
    {IN_PROFILE("\"secret\":\"x\""),
     "profiles.todo.secret: unknown; what can stand here is: name issuer client_id client_secret "
     "client_key token_endpoint_auth_method scopes resource claims authorization_parameters "
     "authorization_endpoint token_endpoint userinfo_endpoint introspection_endpoint "
     "revocation_endpoint jwks_uri"},
    {IN_PROFILE("\"client_secret\":\"do not print me\""),
     "profiles.todo.client_secret: " NO_SECRET},
    {IN_PROFILE("\"client_secret\":{\"secret\":\"TODO_SECRET\",\"x\":1}"),
     "profiles.todo.client_secret: " NO_SECRET},
    {IN_PROFILE("\"client_secret\":{\"secret\":\"TODO_CLIENT_SECRET\"}"),
     "profiles.todo.client_secret: the secret TODO_CLIENT_SECRET is not set; set it with "
     "\"wrangler secret put TODO_CLIENT_SECRET\", or in .dev.vars for development"},
    {IN_PROFILE("\"client_secret\":{\"secret\":\"EMPTY\"}"),
     "profiles.todo.client_secret: the secret EMPTY is not set; set it with \"wrangler secret put "
     "EMPTY\", or in .dev.vars for development"},
    {IN_PROFILE(
         "\"client_secret\":{\"secret\":\"TODO_SECRET\"},\"client_key\":{\"secret\":\"KEY\"}"),
     "profiles.todo.client_key: give either client_secret or client_key"},
    {IN_PROFILE("\"client_key\":{\"secret\":\"TODO_SECRET\"}"),
     "profiles.todo.client_key: expected the secret TODO_SECRET to be a JWK with a private P-256 "
     "key: kty EC, crv P-256, x, y and d"},
    {IN_PROFILE("\"token_endpoint_auth_method\":\"client_secret_basic\""),
     "profiles.todo.token_endpoint_auth_method: " METHODS_WANTED
     "(with client_key), or none (without both), found \"client_secret_basic\""},
    {IN_PROFILE("\"client_secret\":{\"secret\":\"TODO_SECRET\"},"
                "\"token_endpoint_auth_method\":\"none\""),
     "profiles.todo.token_endpoint_auth_method: " METHODS_WANTED
     "(with client_key), or none (without both), found \"none\""},
    {IN_PROFILE("\"scopes\":\"openid email\""),
     "profiles.todo.scopes: expected an array of at most 64 names of scopes, found \"openid "
     "email\""},
    {IN_PROFILE("\"scopes\":[\"openid\",\"a b\"]"),
     "profiles.todo.scopes[1]: expected the name of a scope, without spaces and quotes, found \"a "
     "b\""},
    {IN_PROFILE("\"scopes\":[1]"), "profiles.todo.scopes[0]: expected the name of a scope, without "
                                   "spaces and quotes, found a number"},
    {IN_PROFILE("\"resource\":\"todo\""),
     "profiles.todo.resource: expected an absolute URI without a fragment, found \"todo\""},
    {IN_PROFILE("\"resource\":\"https://a.com#x\""),
     "profiles.todo.resource: expected an absolute URI without a fragment, found "
     "\"https://a.com#x\""},
    {IN_PROFILE("\"claims\":{\"sub\":\"x\"}"),
     "profiles.todo.claims.sub: unknown; what can stand here is: subject organization"},
    {IN_PROFILE("\"claims\":{\"subject\":\"x\",\"email\":\"email\"}"),
     "profiles.todo.claims.email: unknown; what can stand here is: subject organization"},
    {IN_PROFILE("\"claims\":{\"organization\":null}"),
     "profiles.todo.claims.organization: expected a text, found null"},
    {IN_PROFILE("\"authorization_parameters\":{\"state\":\"x\"}"),
     "profiles.todo.authorization_parameters.state: the gateway sets this parameter itself"},
    {IN_PROFILE("\"authorization_parameters\":{\"prompt\":true}"),
     "profiles.todo.authorization_parameters.prompt: expected a text, found true or false"},
    {IN_PROFILE("\"token_endpoint\":\"https://u:p@a.com/t\""),
     "profiles.todo.token_endpoint: expected an https URL, found \"https://u:p@a.com/t\""},
    {IN_PROFILE("\"token_endpoint\":\"x\""),
     "profiles.todo.token_endpoint: expected an https URL, found \"x\""},
    {IN_PROFILE("\"token_endpoint\":\"https://a.com/t#x\""),
     "profiles.todo.token_endpoint: expected an https URL, found \"https://a.com/t#x\""},
    {"{" ISSUER ",\"profiles\":{\"to{do\":{" PROFILE "}}}",
     "profiles.to{do: an id has 1 to 64 characters of a-z, 0-9 and \"-\", because it becomes part "
     "of a URL"},
    {"{" ISSUER ",\"profiles\":{\"to.do\":{" PROFILE "}}}",
     "profiles.to.do: an id has 1 to 64 characters of a-z, 0-9 and \"-\", because it becomes part "
     "of a URL"},
    {"{" ISSUER ",\"profiles\":{\"" A65 "\":{" PROFILE "}}}",
     "profiles." A65
     ": an id has 1 to 64 characters of a-z, 0-9 and \"-\", because it becomes part of a URL"},
    {IN_PROFILE("\"scopes\":[" MANY "]"),
     "profiles.todo.scopes: expected an array of at most 64 names of scopes, found an array of 66"},
    {IN_PROFILE("\"scopes\":[\"a\\\"b\"]"), "profiles.todo.scopes[0]: expected the name of a "
                                            "scope, without spaces and quotes, found \"a\"b\""},
    {IN_PROFILE("\"client_secret\":{\"secret\":\"\"}"), "profiles.todo.client_secret: " NO_SECRET},
    {IN_PROFILE("\"client_key\":{\"secret\":\"NO_KEY\"}"),
     "profiles.todo.client_key: expected the secret NO_KEY to be a JWK with a private P-256 key: "
     "kty EC, crv P-256, x, y and d"},
    {IN_PROFILE("\"token_endpoint_auth_method\":\"magic\""),
     "profiles.todo.token_endpoint_auth_method: " METHODS_WANTED
     "(with client_key), or none (without both), found \"magic\""},
    {IN_PROFILE("\"authorization_parameters\":[]"),
     "profiles.todo.authorization_parameters: expected an object of names and values, found an "
     "array of 0"},
    {IN_PROFILE("\"authorization_parameters\":{\"\":\"x\"}"),
     "profiles.todo.authorization_parameters.: the gateway sets this parameter itself"},

    /* servers */
    {"{" ISSUER "," PROFILES "}",
     "servers: expected an object of 1 to 4096 servers by their id, found nothing"},
    {"{" ISSUER "," PROFILES ",\"servers\":{}}",
     "servers: expected an object of 1 to 4096 servers by their id, found an empty object"},
    {"{" ISSUER "," PROFILES ",\"servers\":{\"to/do\":{" SERVER "}}}",
     "servers.to/do: an id has 1 to 64 characters of a-z, 0-9 and \"-\", because it becomes part "
     "of a URL"},
    {IN_SERVER("\"rutime\":\"x\""), "servers.todo.rutime: unknown; what can stand here is: name "
                                    "runtime auth profile scopes default_scopes tools headers "
                                    "origins"},
    {"{" ISSUER "," PROFILES ",\"servers\":{\"todo\":{\"profile\":\"todo\"}}}",
     "servers.todo.runtime: expected an https URL, found nothing"},
    {"{" ISSUER "," PROFILES ",\"servers\":{\"todo\":{\"runtime\":\"ftp://x.com\"}}}",
     "servers.todo.runtime: expected an https URL, found \"ftp://x.com\""},
    {"{" ISSUER "," PROFILES ",\"servers\":{\"todo\":{\"runtime\":\"https://x.com\"}}}",
     "servers.todo.profile: expected a text, found nothing"},
    {"{" ISSUER "," PROFILES
     ",\"servers\":{\"todo\":{\"runtime\":\"https://x.com\",\"profile\":\"tod\"}}}",
     "servers.todo.profile: expected the id of one of the profiles, found \"tod\""},
    {IN_SERVER("\"auth\":\"bearer\""),
     "servers.todo.auth: expected \"gateway\", the one mode offered: callers hold tokens of this "
     "gateway, the runtime gets the user's own downstream token, found \"bearer\""},
    {IN_SERVER("\"scopes\":\"r\""),
     "servers.todo.scopes: expected at most 64 scopes, as an array of names or an object of names "
     "and descriptions, found \"r\""},
    {IN_SERVER("\"scopes\":[\"r\",\"r\"]"), "servers.todo.scopes: r stands twice"},
    {IN_SERVER("\"scopes\":[\"r w\"]"),
     "servers.todo.scopes[0]: the name of a scope has no spaces and quotes"},
    {IN_SERVER("\"scopes\":{\"r\":\"\"}"), "servers.todo.scopes.r: expected a text, found \"\""},
    {IN_SERVER("\"scopes\":{\"r w\":\"Read\"}"),
     "servers.todo.scopes.r w: the name of a scope has no spaces and quotes"},
    {IN_SERVER("\"scopes\":[\"offline_access\"]"),
     "servers.todo.scopes[0]: offline_access is no scope of a server: clients get refresh tokens "
     "without it"},
    {SCOPED("\"default_scopes\":[\"x\"]"),
     "servers.todo.default_scopes: every name must be one of the server's scopes"},
    {SCOPED("\"tools\":[\"x\"]"),
     "servers.todo.tools: expected an object of tools by their name, found an array of 1"},
    {SCOPED("\"tools\":{\"delete todo\":{\"scopes\":[\"r\",\"x\"]}}"),
     "servers.todo.tools.delete todo.scopes: every name must be one of the server's scopes"},
    {SCOPED("\"tools\":{\"t\":{\"scope\":[\"r\"]}}"),
     "servers.todo.tools.t.scope: unknown; what can stand here is: scopes"},
    {SCOPED("\"tools\":{\"\":{}}"), "servers.todo.tools.: the name of a tool has 1 to 1024 bytes"},
    {IN_SERVER("\"headers\":{\"X Y\":\"a\"}"),
     "servers.todo.headers.X Y: this is no name of a header"},
    {IN_SERVER("\"headers\":{\"Host\":\"a\"}"), "servers.todo.headers.Host: the gateway sets this "
                                                "header itself, or it is the client's or the "
                                                "connection's"},
    {IN_SERVER("\"headers\":{\"Authorization\":{\"secret\":\"TODO_SECRET\"}}"),
     "servers.todo.headers.Authorization: the gateway sets this header itself, or it is the "
     "client's or the connection's"},
    {IN_SERVER("\"headers\":{\"Content-Length\":\"1\"}"),
     "servers.todo.headers.Content-Length: the gateway sets this header itself, or it is the "
     "client's or the connection's"},
    {IN_SERVER("\"headers\":{\"Mcp-Name\":\"x\"}"),
     "servers.todo.headers.Mcp-Name: the gateway sets this header itself, or it is the client's or "
     "the connection's"},
    {IN_SERVER("\"headers\":{\"User-Agent\":\"x\"}"), NULL},
    {IN_SERVER("\"headers\":{\"accept-language\":\"x\"}"), NULL},
    {IN_SERVER("\"headers\":{\"traceparent\":\"x\"}"), NULL},
    {IN_SERVER("\"headers\":{\"TraceState\":\"x\"}"),
     "servers.todo.headers.TraceState: the gateway sets this header itself, or it is the client's "
     "or the connection's"},
    {IN_SERVER("\"headers\":{\"X-A\":\"1\",\"x-a\":\"2\"}"),
     "servers.todo.headers.x-a: this header stands twice"},
    {IN_SERVER("\"headers\":{\"X-A\":\"\"}"),
     "servers.todo.headers.X-A: its value is empty, or has other characters than visible ASCII "
     "and spaces"},
    {IN_SERVER("\"headers\":{\"X-A\":{\"secret\":\"BAD_VALUE\"}}"),
     "servers.todo.headers.X-A: its value is empty, or has other characters than visible ASCII "
     "and spaces"},
    {IN_SERVER("\"headers\":{\"X-A\":1}"), "servers.todo.headers.X-A: " NO_SECRET},
    {IN_SERVER("\"origins\":\"https://app.com\""),
     "servers.todo.origins: expected an array of origins, found \"https://app.com\""},
    {IN_SERVER("\"origins\":[\"https://app.com\",\"https://app.com/\"]"),
     "servers.todo.origins[1]: " ORIGIN_WANTED "\"https://app.com/\""},
    {IN_SERVER("\"origins\":[\"*\"]"), "servers.todo.origins[0]: " ORIGIN_WANTED "\"*\""},
    {IN_SERVER("\"origins\":[\"null\"]"), "servers.todo.origins[0]: " ORIGIN_WANTED "\"null\""},
    {IN_SERVER("\"scopes\":[\"\"]"), "servers.todo.scopes[0]: expected a text, found \"\""},
    {IN_SERVER("\"scopes\":[\"a\\\"b\"]"),
     "servers.todo.scopes[0]: the name of a scope has no spaces and quotes"},
    {IN_SERVER("\"scopes\":[" MANY "]"),
     "servers.todo.scopes: expected at most 64 scopes, as an array of names or an object of names "
     "and descriptions, found an array of 66"},
    {SCOPED("\"tools\":{\"" A1025 "\":{}}"),
     "servers.todo.tools." A1025 ": the name of a tool has 1 to 1024 bytes"},
    {IN_SERVER("\"headers\":[]"),
     "servers.todo.headers: expected an object of headers by their name, found an array of 0"},

    /* clients */
    {WITH("\"clients\":[]"),
     "clients: expected an object of clients by their id, found an array of 0"},
    {WITH("\"clients\":{\"https://c.com/x\":{}}"),
     "clients.https://c.com/x: a client's id has 1 to 128 characters of A-Z a-z 0-9 - . _ ~ and "
     "does not begin with \"lkc_\""},
    {WITH("\"clients\":{\"lkc_x\":{}}"),
     "clients.lkc_x: a client's id has 1 to 128 characters of A-Z a-z 0-9 - . _ ~ and does not "
     "begin with \"lkc_\""},
    {WITH("\"clients\":{\"c\":{}}"),
     "clients.c.redirect_uris: expected an array of 1 to 32 redirect URIs, found nothing"},
    {WITH("\"clients\":{\"c\":{\"redirect_uris\":[\"javascript:x\"]}}"), NULL},
    {IN_CLIENT("\"grant_types\":[]"),
     "clients.c.grant_types: unknown; what can stand here is: name redirect_uris client_secret "
     "jwks jwks_uri token_endpoint_auth_method introspect"},
    {IN_CLIENT("\"client_secret\":\"do not print me\""), "clients.c.client_secret: " NO_SECRET},
    {IN_CLIENT("\"client_secret\":{\"secret\":\"SHORT\"}"),
     "clients.c.client_secret: a client's secret has 32 random bytes or more, such as \"openssl "
     "rand "
     "-base64 32\" prints, so that nobody can guess it"},
    {IN_CLIENT("\"client_secret\":{\"secret\":\"TODO_SECRET\"},\"jwks_uri\":\"https://c.com/k\""),
     "clients.c: give only one of client_secret, jwks and jwks_uri"},
    {IN_CLIENT("\"jwks\":{\"keys\":[]}"),
     "clients.c.jwks: expected a JWK set of 1 to 8 public keys for ES256, RS256 or PS256, found an "
     "object"},
    {IN_CLIENT("\"jwks\":{\"keys\":[" PRIVATE_KEY "]}"),
     "clients.c.jwks: expected a JWK set of 1 to 8 public keys for ES256, RS256 or PS256, found an "
     "object"},
    {IN_CLIENT("\"jwks_uri\":\"http://c.com/k\""),
     "clients.c.jwks_uri: expected an https URL, found \"http://c.com/k\""},
    {IN_CLIENT("\"token_endpoint_auth_method\":\"private_key_jwt\""),
     "clients.c.token_endpoint_auth_method: " METHODS_WANTED
     "(with jwks or jwks_uri), or none (without all), found \"private_key_jwt\""},
    {IN_CLIENT("\"introspect\":\"tod\""),
     "clients.c.introspect: expected the id of the server whose tokens it may look at, found "
     "\"tod\""},
    {IN_CLIENT("\"introspect\":\"todo\""),
     "clients.c.introspect: a client that introspects needs client_secret, jwks or jwks_uri"},
    {WITH("\"clients\":{\"\":{}}"), "clients.: a client's id has 1 to 128 characters of A-Z a-z "
                                    "0-9 - . _ ~ and does not begin with \"lkc_\""},
    {WITH("\"clients\":{\"" A65 A65 "\":{}}"),
     "clients." A65 A65 ": a client's id has 1 to 128 characters of A-Z a-z 0-9 - . _ ~ and does "
     "not begin with \"lkc_\""},
    {WITH("\"clients\":{\"a{\":{}}"), "clients.a{: a client's id has 1 to 128 characters of A-Z "
                                      "a-z 0-9 - . _ ~ and does not begin with \"lkc_\""},
    {WITH("\"clients\":{\"a[\":{}}"), "clients.a[: a client's id has 1 to 128 characters of A-Z "
                                      "a-z 0-9 - . _ ~ and does not begin with \"lkc_\""},
    {WITH("\"clients\":{\"a:\":{}}"), "clients.a:: a client's id has 1 to 128 characters of A-Z "
                                      "a-z 0-9 - . _ ~ and does not begin with \"lkc_\""},
    {WITH("\"clients\":{\"c\":{\"redirect_uris\":[]}}"),
     "clients.c.redirect_uris: expected an array of 1 to 32 redirect URIs, found an array of 0"},
    {WITH("\"clients\":{\"c\":{\"redirect_uris\":[" MANY "]}}"),
     "clients.c.redirect_uris: expected an array of 1 to 32 redirect URIs, found an array of 66"},
    {IN_CLIENT("\"token_endpoint_auth_method\":\"magic\""),
     "clients.c.token_endpoint_auth_method: " METHODS_WANTED
     "(with jwks or jwks_uri), or none (without all), found \"magic\""},
    {IN_CLIENT("\"token_endpoint_auth_method\":\"client_secret_basic\""),
     "clients.c.token_endpoint_auth_method: " METHODS_WANTED
     "(with jwks or jwks_uri), or none (without all), found \"client_secret_basic\""},
};

static void test_wrong(void)
{
    struct gateway gateway;
    struct span problem;
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        check_row(WRONG[i].text);
        CHECK_INT(read(WRONG[i].text, &gateway, &problem), MALFORMED);
        if (WRONG[i].problem != NULL)
            CHECK_SPAN(problem, span_of(WRONG[i].problem));
        CHECK(problem.size > 0 && !span_contains(problem, SPAN("do not print me")));
    }
}

/* What is wrong in a part is wrong in the whole, and is told with its own place. */
static const struct {
    const char *text, *place;
} WRONG_PARTS[] = {
    {WITH("\"previous_signing_key\":1"), "previous_signing_key: "},
    {IN_PROFILE("\"name\":1"), "profiles.todo.name: "},
    {IN_PROFILE("\"resource\":1"), "profiles.todo.resource: "},
    {IN_PROFILE("\"claims\":{\"subject\":1}"), "profiles.todo.claims.subject: "},
    {IN_SERVER("\"name\":1"), "servers.todo.name: "},
    {IN_SERVER("\"auth\":1"), "servers.todo.auth: "},
    {IN_SERVER("\"scopes\":{\"\":\"Read\"}"), "servers.todo.scopes.: "},
    {SCOPED("\"default_scopes\":\"r\""), "servers.todo.default_scopes: "},
    {SCOPED("\"tools\":{\"t\":{\"scopes\":\"r\"}}"), "servers.todo.tools.t.scopes: "},
    {IN_CLIENT("\"name\":1"), "clients.c.name: "},
    {WITH("\"clients\":{\"c\":{\"redirect_uris\":[1]}}"), "clients.c.redirect_uris[0]: "},
    {IN_SERVER("\"auth\":\"" A260 "\""), "servers.todo.auth: "},
};

static void test_wrong_parts(void)
{
    struct gateway gateway;
    struct span problem;
    for (size_t i = 0; i < COUNT(WRONG_PARTS); i++) {
        check_row(WRONG_PARTS[i].text);
        CHECK_INT(read(WRONG_PARTS[i].text, &gateway, &problem), MALFORMED);
        CHECK(span_starts(problem, span_of(WRONG_PARTS[i].place)));
        CHECK(!span_contains(problem, SPAN(A260))); /* what is long is not told whole */
    }
}

static void test_client_authentication(void)
{
#define BY_SECRET "\"client_secret\":{\"secret\":\"LATCHKEY_SECRET\"}"
#define METHOD(name) "\"token_endpoint_auth_method\":\"" name "\""
#define BY_KEY "\"jwks_uri\":\"https://c.com/keys\""
    static const struct {
        const char *why, *text;
        enum client_auth want;
    } rows[] = {
        {"none", IN_CLIENT(METHOD("none")), AUTH_NONE},
        {"a secret", IN_CLIENT(BY_SECRET), AUTH_SECRET_BASIC},
        {"in the header", IN_CLIENT(BY_SECRET "," METHOD("client_secret_basic")),
         AUTH_SECRET_BASIC},
        {"in the form", IN_CLIENT(BY_SECRET "," METHOD("client_secret_post")), AUTH_SECRET_POST},
        {"a key", IN_CLIENT(BY_KEY), AUTH_PRIVATE_KEY},
        {"a key, and it is said", IN_CLIENT(BY_KEY "," METHOD("private_key_jwt")),
         AUTH_PRIVATE_KEY},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gateway gateway;
        struct span problem;
        check_row(rows[i].why);
        if (CHECK_INT(read(rows[i].text, &gateway, &problem), OK))
            CHECK_INT(gateway_client(&gateway, SPAN("c"))->auth, rows[i].want);
    }
}

static const struct {
    const char *why;
    const char *root, *previous;
    const char *problem; /* NULL: none */
} ROOTS[] = {
    {"32 bytes", "0123456789abcdef0123456789abcdef", NULL, NULL},
    {"and another before", "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210",
     NULL},
    {"an empty one before is none", "0123456789abcdef0123456789abcdef", "", NULL},
    {"none", NULL, NULL,
     "LATCHKEY_SECRET is not set: 32 random bytes or more, such as \"openssl rand -base64 32\" "
     "prints, set with \"wrangler secret put LATCHKEY_SECRET\", or in .dev.vars for development"},
    {"an empty one", "", NULL,
     "LATCHKEY_SECRET is not set: 32 random bytes or more, such as \"openssl rand -base64 32\" "
     "prints, set with \"wrangler secret put LATCHKEY_SECRET\", or in .dev.vars for development"},
    {"31 bytes", "0123456789abcdef0123456789abcde", NULL,
     "LATCHKEY_SECRET is too short: 32 random bytes or more, such as \"openssl rand -base64 32\" "
     "prints, set with \"wrangler secret put LATCHKEY_SECRET\", or in .dev.vars for development"},
    {"31 bytes before", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcde",
     "LATCHKEY_SECRET_PREVIOUS is too short: 32 random bytes or more, such as \"openssl rand "
     "-base64 32\" prints, set with \"wrangler secret put LATCHKEY_SECRET_PREVIOUS\", or in "
     ".dev.vars for development"},
};

static void test_roots(void)
{
    for (size_t i = 0; i < COUNT(ROOTS); i++) {
        struct gateway gateway;
        struct span problem;
        check_row(ROOTS[i].why);
        CHECK_INT(read_with(SPAN(LEAST), ROOTS[i].root, ROOTS[i].previous, &gateway, &problem),
                  ROOTS[i].problem == NULL ? OK : MALFORMED);
        CHECK_SPAN(problem, ROOTS[i].problem == NULL ? ABSENT : span_of(ROOTS[i].problem));
    }
}

#define OWN "\"signing_key\":{\"secret\":\"KEY\"}"
#define OWN_BEFORE "\"previous_signing_key\":{\"secret\":\"KEY_WITHOUT_KID\"}"

static void test_signing_keys(void)
{
    static const struct {
        const char *why, *text, *previous_root;
        bool has_previous;
    } rows[] = {
        {"a derived one", LEAST, NULL, false},
        {"a derived one, and the one before", LEAST, "fedcba9876543210fedcba9876543210", true},
        {"one's own", WITH(OWN), NULL, false},
        {"one's own: with the root nothing of it rotates", WITH(OWN),
         "fedcba9876543210fedcba9876543210", false},
        {"one's own, and the one before", WITH(OWN "," OWN_BEFORE), NULL, true},
        {"back to the derived one", WITH(OWN_BEFORE), NULL, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gateway gateway;
        struct span problem;
        check_row(rows[i].why);
        CHECK_INT(read_with(span_of(rows[i].text), SECRETS[0][1], rows[i].previous_root, &gateway,
                            &problem),
                  OK);
        CHECK_INT(gateway.keys.has_previous_signing, rows[i].has_previous);
    }
}

static void test_ids(void)
{
    struct gateway g;
    struct span problem;
    check_row("all characters that there may be");
    CHECK_INT(read("{" ISSUER ",\"profiles\":{\"a-z0-9\":{" PROFILE "}},\"servers\":{\"0-9-az\":"
                   "{\"runtime\":\"https://mcp.todo.com/mcp\",\"profile\":\"a-z0-9\"}},"
                   "\"clients\":{\"AZaz09-._~\":{\"redirect_uris\":[\"https://c.com/cb\"]}}}",
                   &g, &problem),
              OK);
    CHECK(gateway_server(&g, SPAN("0-9-az")) != NULL);
    CHECK(gateway_client(&g, SPAN("AZaz09-._~")) != NULL);
    check_row(NULL);
}

static void test_least(void)
{
    struct gateway g;
    struct span problem;
    check_row("what applies when nothing is said");
    if (!CHECK_INT(read(LEAST, &g, &problem), OK))
        return;
    memset(scratch_memory, 0x55, sizeof scratch_memory); /* nothing of it is needed any more */
    CHECK_SPAN(g.issuer, SPAN("https://mcp.host.com"));
    CHECK(!g.development && !g.keys.has_previous);
    CHECK_INT(g.body_limit, 4194304);
    CHECK_INT(g.lifetimes.code, 60);
    CHECK_INT(g.lifetimes.transaction, 600);
    CHECK_INT(g.lifetimes.access_token, 900);
    CHECK_INT(g.lifetimes.refresh_token, 2592000);
    CHECK_INT(g.lifetimes.refresh_retry, 60);
    CHECK_INT(g.lifetimes.early_refresh, 60);
    CHECK_INT(g.lifetimes.grant_cache, 0);
    CHECK_INT(g.client_count, 0);

    const struct profile *p = downstream_profile(&g, SPAN("todo"));
    if (!CHECK(p != NULL))
        return;
    CHECK_SPAN(p->name, SPAN("auth.todo.com"));
    CHECK_SPAN(p->redirect_uri, SPAN("https://mcp.host.com/callback/todo"));
    CHECK_INT(p->auth, AUTH_NONE);
    CHECK_SPAN(p->scopes, SPAN(""));
    CHECK_SPAN(p->resource, ABSENT);
    CHECK_SPAN(p->claim_subject, SPAN("sub"));
    CHECK_SPAN(p->claim_organization, ABSENT);
    CHECK_SPAN(p->token_endpoint, ABSENT);

    const struct server *s = gateway_server(&g, SPAN("todo"));
    if (!CHECK(s != NULL))
        return;
    CHECK(s->profile == p);
    CHECK_SPAN(s->name, SPAN("todo"));
    CHECK_SPAN(s->resource, SPAN("https://mcp.host.com/mcp/todo"));
    CHECK_SPAN(s->all_scopes, SPAN(""));
    CHECK_SPAN(s->default_scopes, SPAN(""));
}

static const char FULL[] =
    "{\"issuer\":\"http://127.0.0.1:8787\",\"signing_key\":{\"secret\":\"KEY\"},"
    "\"lifetimes\":{\"grant_cache_seconds\":5},\"body_limit_bytes\":2048,"
    "\"profiles\":{"
    "\"b\":{\"issuer\":\"https://b.com/tenant\",\"client_id\":\"x\","
    "\"client_key\":{\"secret\":\"KEY\"},\"authorization_parameters\":{\"prompt\":\"consent\"}},"
    "\"a\":{\"issuer\":\"http://localhost:9400\",\"name\":\"A\",\"client_id\":\"y\","
    "\"client_secret\":{\"secret\":\"TODO_SECRET\"},"
    "\"token_endpoint_auth_method\":\"client_secret_post\",\"scopes\":[\"openid\",\"email\"],"
    "\"resource\":\"api://todo\",\"claims\":{\"subject\":\"oid\",\"organization\":\"tid\"},"
    "\"token_endpoint\":\"http://localhost:9400/token\"}},"
    "\"servers\":{"
    "\"zoo\":{\"runtime\":\"https://zoo.com\",\"profile\":\"b\"},"
    "\"todo\":{\"name\":\"Todo "
    "\\u00e9\",\"runtime\":\"http://[::1]:9401/mcp\",\"auth\":\"gateway\","
    "\"profile\":\"a\",\"scopes\":{\"r\":\"Read\",\"w\":\"Write\"},\"default_scopes\":[\"r\"],"
    "\"tools\":{\"del/ete todo\":{\"scopes\":[\"w\",\"r\"]},\"free\":{}},"
    "\"headers\":{\"X-Api-Key\":{\"secret\":\"TODO_SECRET\"},\"X-Tenant-Id\":\"7\"},"
    "\"origins\":[\"https://app.com\",\"http://localhost:3000\"]}},"
    "\"clients\":{"
    "\"one\":{\"name\":\"One\",\"redirect_uris\":[\"https://one.com/cb\",\"http://127.0.0.1/cb\"]},"
    "\"two\":{\"client_secret\":{\"secret\":\"TODO_SECRET\"},\"introspect\":\"todo\"},"
    "\"three\":{\"redirect_uris\":[\"https://three.com/cb\"],"
    "\"jwks\":{\"keys\":[{" PUBLIC_KEY ",\"kid\":\"k\",\"use\":\"sig\"}]}},"
    "\"four\":{\"redirect_uris\":[\"https://four.com/cb\"],"
    "\"jwks_uri\":\"https://four.com/jwks\"}}}";

static void check_full_server(const struct gateway *g)
{
    const struct server *s = gateway_server(g, SPAN("todo"));
    if (!CHECK(s != NULL && gateway_server(g, SPAN("zoo")) != NULL))
        return;
    CHECK_SPAN(s->name, SPAN("Todo \xc3\xa9"));
    CHECK_SPAN(s->profile->id, SPAN("a"));
    CHECK_SPAN(s->all_scopes, SPAN("r w"));
    CHECK_SPAN(s->default_scopes, SPAN("r"));
    CHECK_SPAN(s->scopes[1].description, SPAN("Write"));
    CHECK_INT(s->tool_count, 2);
    CHECK_SPAN(s->tools[0].name, SPAN("del/ete todo"));
    CHECK_SPAN(s->tools[0].scopes, SPAN("w r"));
    CHECK_SPAN(s->tools[1].scopes, SPAN(""));
    CHECK_INT(s->header_count, 2);
    CHECK_SPAN(s->headers[0].name, SPAN("x-api-key"));
    CHECK_SPAN(s->headers[0].value, SPAN("shh, 32 bytes that nobody guesses"));
    CHECK_SPAN(s->headers[1].value, SPAN("7"));
    CHECK_INT(s->origin_count, 2);
    CHECK_SPAN(s->origins[1], SPAN("http://localhost:3000"));
}

static void check_full_clients(const struct gateway *g)
{
    const struct registered_client *one = gateway_client(g, SPAN("one"));
    const struct registered_client *two = gateway_client(g, SPAN("two"));
    const struct registered_client *three = gateway_client(g, SPAN("three"));
    const struct registered_client *four = gateway_client(g, SPAN("four"));
    struct hash hash;
    if (!CHECK(one != NULL && two != NULL && three != NULL && four != NULL))
        return;
    CHECK_INT(one->auth, AUTH_NONE);
    CHECK_INT(one->redirect_uri_count, 2);
    CHECK_INT(two->auth, AUTH_SECRET_BASIC);
    CHECK_SPAN(two->introspects->id, SPAN("todo"));
    sha256(SPAN("shh, 32 bytes that nobody guesses"), &hash);
    CHECK_SPAN(hash_span(&two->secret_hash), hash_span(&hash));
    CHECK_INT(three->auth, AUTH_PRIVATE_KEY);
    CHECK_SPAN(three->jwks, SPAN("{\"keys\":[{" PUBLIC_KEY ",\"kid\":\"k\"}]}"));
    CHECK_INT(four->auth, AUTH_PRIVATE_KEY);
    CHECK_SPAN(four->jwks_uri, SPAN("https://four.com/jwks"));
}

static void test_full(void)
{
    struct gateway g;
    struct span problem;
    check_row("everything at once");
    if (!CHECK_INT(read(FULL, &g, &problem), OK)) {
        check_print("problem", problem);
        return;
    }
    memset(scratch_memory, 0x55, sizeof scratch_memory);
    CHECK(g.development);
    CHECK_INT(g.lifetimes.grant_cache, 5);
    CHECK_INT(g.body_limit, 2048);
    const struct profile *a = downstream_profile(&g, SPAN("a"));
    const struct profile *b = downstream_profile(&g, SPAN("b"));
    if (!CHECK(a != NULL && b != NULL))
        return;
    CHECK_INT(a->auth, AUTH_SECRET_POST);
    CHECK_SPAN(a->client_secret, SPAN("shh, 32 bytes that nobody guesses"));
    CHECK_SPAN(a->scopes, SPAN("openid email"));
    CHECK_SPAN(a->resource, SPAN("api://todo"));
    CHECK_SPAN(a->claim_subject, SPAN("oid"));
    CHECK_SPAN(a->claim_organization, SPAN("tid"));
    CHECK_SPAN(a->token_endpoint, SPAN("http://localhost:9400/token"));
    CHECK_INT(b->auth, AUTH_PRIVATE_KEY);
    CHECK_SPAN(b->client_key_id, SPAN("mine"));
    CHECK_INT(b->parameter_count, 1);
    CHECK_SPAN(b->parameters[0].value, SPAN("consent"));
    CHECK(span_equal(span_bytes(&b->client_key, sizeof b->client_key),
                     span_bytes(&g.keys.signing, sizeof g.keys.signing)));
    check_full_server(&g);
    check_full_clients(&g);
}

/* As many as are allowed, in an order that is not ours; and one more. */
static void test_many(void)
{
    enum { ROOM = 1 << 20 };
    static char text[ROOM];
    struct gateway g;
    struct span problem;
    for (unsigned count = MAX_SERVERS + 1; count >= MAX_SERVERS; count--) {
        int at = snprintf(text, ROOM, "{" ISSUER "," PROFILES ",\"servers\":{");
        for (unsigned i = 0; i < count; i++)
            at +=
                snprintf(text + at, ROOM - (size_t)at, "%s\"s%u\":{" SERVER ",\"scopes\":[\"r\"]}",
                         i > 0 ? "," : "", i * 2654435761u % 1000003u);
        snprintf(text + at, ROOM - (size_t)at, "}}");
        check_row("4096 servers, and one more");
        CHECK_INT(read(text, &g, &problem), count == MAX_SERVERS ? OK : MALFORMED);
    }
    for (size_t i = 0; i < g.server_count; i++)
        CHECK(gateway_server(&g, g.servers[i].id) == &g.servers[i]);
}

/* Names of scopes that come to `size` bytes, spaces counted. */
static const char *with_scopes(unsigned size)
{
    enum { ROOM = 8192, NAMES = 3 };
    static char text[ROOM];
    int at = snprintf(text, ROOM,
                      "{" ISSUER "," PROFILES ",\"servers\":{\"todo\":{" SERVER
                      ",\"default_scopes\":[\"r\",\"r\"],\"scopes\":[\"r\"");
    for (unsigned i = 0; i < NAMES; i++) {
        unsigned part = (size - 1 - NAMES) / NAMES + (i == 0 ? (size - 1 - NAMES) % NAMES : 0);
        at += snprintf(text + at, ROOM - (size_t)at, ",\"%0*u\"", (int)part, i);
    }
    snprintf(text + at, ROOM - (size_t)at, "]}}}");
    return text;
}

static void test_scopes(void)
{
    struct gateway g;
    struct span problem;
    check_row("scopes of 2048 bytes, and one more");
    CHECK_INT(read(with_scopes(SCOPES_MAX_BYTES + 1), &g, &problem), MALFORMED);
    CHECK_SPAN(problem, SPAN("servers.todo.scopes: the names come to more than 2048 bytes; codes "
                             "and tokens have to hold them all"));
    if (!CHECK_INT(read(with_scopes(SCOPES_MAX_BYTES), &g, &problem), OK))
        return;
    CHECK_INT(g.servers[0].all_scopes.size, SCOPES_MAX_BYTES);
    check_row("a default that stands twice counts once");
    CHECK_SPAN(g.servers[0].default_scopes, SPAN("r"));
}

int main(void)
{
    test_wrong();
    test_wrong_parts();
    test_client_authentication();
    test_roots();
    test_signing_keys();
    test_ids();
    test_least();
    test_full();
    test_many();
    test_scopes();
    return check_done();
}
