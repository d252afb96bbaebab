#include "oauth/gateway.h"

#include "check.h"

static uint8_t memory[1 << 20];
static struct arena arena;

static void exhausted(void)
{
    __builtin_trap();
}

static const char *const IDS[] = {"a", "a-b", "a0", "todo", "todo-2", "todos", "z"};

static struct gateway gateway_of(const char *issuer)
{
    struct gateway gateway = {.issuer = span_of(issuer), .server_count = COUNT(IDS)};
    gateway.development = span_starts(gateway.issuer, SPAN("http://"));
    gateway.servers = ARENA_ARRAY(&arena, COUNT(IDS), struct server);
    for (size_t i = 0; i < COUNT(IDS); i++) {
        gateway.servers[i].id = span_of(IDS[i]);
        gateway.servers[i].resource = JOIN(&arena, gateway.issuer, SPAN("/mcp/"), span_of(IDS[i]));
    }
    return gateway;
}

static void test_server(void)
{
    struct gateway gateway = gateway_of("https://gw.host.com");
    for (size_t i = 0; i < COUNT(IDS); i++) {
        check_row(IDS[i]);
        CHECK(gateway_server(&gateway, span_of(IDS[i])) == &gateway.servers[i]);
    }
    static const char *const NONE[] = {"", "A", "b", "tod", "todo-", "zz", "a/", "../todo", "0"};
    for (size_t i = 0; i < COUNT(NONE); i++) {
        check_row(NONE[i]);
        CHECK(gateway_server(&gateway, span_of(NONE[i])) == NULL);
    }
    gateway.server_count = 0;
    CHECK(gateway_server(&gateway, SPAN("a")) == NULL);
}

/* I01, I02, I05: the canonical form, and what is not ours. */
static const struct {
    const char *resource;
    const char *id; /* NULL: none */
} RESOURCES[] = {
    {"https://gw.host.com/mcp/todo", "todo"},
    {"https://gw.host.com/mcp/todo/", "todo"},
    {"HTTPS://GW.Host.com/mcp/todo", "todo"},
    {"https://gw.host.com:443/mcp/todo", "todo"},
    {"https://gw.host.com/mcp/todo-2", "todo-2"},
    {"https://gw.host.com/mcp/TODO", NULL},
    {"https://gw.host.com/MCP/todo", NULL},
    {"https://gw.host.com/mcp/todo#", NULL},
    {"https://gw.host.com/mcp/todo#x", NULL},
    {"https://gw.host.com/mcp/todo?x=1", NULL},
    {"https://gw.host.com/mcp/todo/x", NULL},
    {"https://gw.host.com/mcp/./todo", NULL},
    {"https://gw.host.com/mcp/x/../todo", NULL},
    {"https://gw.host.com/mcp/%74odo", NULL},
    {"https://gw.host.com/mcp//todo", NULL},
    {"https://gw.host.com//mcp/todo", NULL},
    {"https://gw.host.com/mcp/", NULL},
    {"https://gw.host.com/mcp", NULL},
    {"https://gw.host.com", NULL},
    {"https://gw.host.com:8443/mcp/todo", NULL},
    {"http://gw.host.com/mcp/todo", NULL},
    {"https://user@gw.host.com/mcp/todo", NULL},
    {"https://gw.host.com./mcp/todo", NULL},
    {"https://gw.host.com.evil.com/mcp/todo", NULL},
    {"https://evil.com/mcp/todo", NULL},
    {"//gw.host.com/mcp/todo", NULL},
    {"/mcp/todo", NULL},
    {"todo", NULL},
    {"urn:todo", NULL},
    {"https://gw.host.com/mcp/todo ", NULL},
    {" https://gw.host.com/mcp/todo", NULL},
    {"", NULL},
};

static void test_resource(void)
{
    struct gateway gateway = gateway_of("https://gw.host.com");
    for (size_t i = 0; i < COUNT(RESOURCES); i++) {
        check_row(RESOURCES[i].resource);
        const struct server *server =
            gateway_server_of_resource(&arena, &gateway, span_of(RESOURCES[i].resource));
        CHECK_SPAN(server == NULL ? ABSENT : server->id,
                   RESOURCES[i].id == NULL ? ABSENT : span_of(RESOURCES[i].id));
    }
    CHECK(gateway_server_of_resource(&arena, &gateway, ABSENT) == NULL);
}

/* F12, S38, S41; the spellings of addresses are tested in test_url.c. */
static const struct {
    const char *url;
    bool production, development;
} FETCHES[] = {
    {"https://app.client.com/oauth/client.json", true, true},
    {"https://app.client.com", true, true},
    {"https://app.client.com:443/x", true, true},
    {"https://app.client.com:8443/x", true, true},
    {"https://93.184.216.34/x", true, true},
    {"http://127.0.0.1:6274/client.json", false, true},
    {"http://localhost/client.json", false, true},
    {"http://[::1]:9400/jwks", false, true},
    {"http://127.0.0.1/x", false, true}, /* the same host, but another port is another server */
    {"https://127.0.0.1/x", false, false},
    {"https://localhost/x", false, false},
    {"https://[::1]/x", false, false},
    {"https://169.254.169.254/latest/meta-data", false, false},
    {"https://metadata.google.internal/x", false, false},
    {"https://10.0.0.1/x", false, false},
    {"https://2130706433/x", false, false},
    {"https://printer/x", false, false},
    {"https://app.client.com./x", false, false},
    {"http://app.client.com/x", false, false},
    {"http://127.0.0.1.evil.com/x", false, false},
    {"ftp://app.client.com/x", false, false},
    {"file:///etc/passwd", false, false},
    {"data:application/json,{}", false, false},
    {"https://app.client.com:22/x", false, false},
    {"https://app.client.com:25/x", false, false},
    {"https://app.client.com:0/x", false, false},
    {"https://app.client.com:65536/x", false, false},
    {"https://user@app.client.com/x", false, false},
    {"https://user:pw@app.client.com/x", false, false},
    {"https://gw.host.com@app.client.com/x", false, false},
    {"https://gw.host.com/authorize", false, true},
    {"https://GW.HOST.com/x", false, true},
    {"https://gw.host.com:8443/x", false, true},
    {"http://127.0.0.1:8787/authorize", false, false},
    {"//app.client.com/x", false, false},
    {"https:app.client.com", false, false},
    {"", false, false},
};

static void test_may_fetch(void)
{
    struct gateway production = gateway_of("https://gw.host.com");
    struct gateway development = gateway_of("http://127.0.0.1:8787");
    for (size_t i = 0; i < COUNT(FETCHES); i++) {
        struct span url = span_of(FETCHES[i].url);
        check_row(FETCHES[i].url);
        CHECK(gateway_may_fetch(&production, url) == FETCHES[i].production);
        CHECK(gateway_may_fetch(&development, url) == FETCHES[i].development);
    }
    CHECK(!gateway_may_fetch(&production, ABSENT));
}

int main(void)
{
    arena = arena_make(memory, sizeof memory, exhausted);
    test_server();
    test_resource();
    test_may_fetch();
    return check_done();
}
