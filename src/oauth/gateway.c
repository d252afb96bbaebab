#include "oauth/gateway.h"

#include "text/url.h"

const struct server *gateway_server(const struct gateway *gateway, struct span id)
{
    size_t low = 0;
    size_t high = gateway->server_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = span_compare(id, gateway->servers[middle].id);
        if (order == 0)
            return &gateway->servers[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct server *gateway_server_of_resource(struct arena *a, const struct gateway *gateway,
                                                struct span resource)
{
    struct url url;
    /*
     * RFC 8707 section 2: the value "MUST be an absolute URI [...]. The URI MUST NOT include a
     * fragment component". Ours are {issuer}/mcp/{id}, all in canonical form.
     */
    if (url_parse(resource, &url) != OK || !span_present(url.authority) || url.has_userinfo ||
        span_present(url.fragment))
        return NULL;
    struct span canonical = url_canonical(a, &url);
    struct span prefix = JOIN(a, gateway->issuer, SPAN("/mcp/"));
    if (!span_starts(canonical, prefix))
        return NULL;
    return gateway_server(gateway, span_skip(canonical, prefix.size));
}

const struct registered_client *gateway_client(const struct gateway *gateway, struct span id)
{
    for (size_t i = 0; i < gateway->client_count; i++)
        if (span_equal(gateway->clients[i].id, id))
            return &gateway->clients[i];
    return NULL;
}

/* Below 1024 every port but https's own belongs to a protocol that a request could confuse. */
static bool is_web_port(struct span port)
{
    uint64_t number = 0;
    if (!span_present(port))
        return true;
    return span_u64(port, &number) == OK && (number == 443 || number >= 1024);
}

static bool same_port(struct span a, struct span b)
{
    return span_present(a) == span_present(b) && span_equal(a, b);
}

bool gateway_may_fetch(const struct gateway *gateway, struct span text)
{
    struct url url;
    struct url own;
    if (url_parse(text, &url) != OK || url_parse(gateway->issuer, &own) != OK || url.has_userinfo)
        return false;
    /* Ourselves: a request to our own /authorize would ask for another one, without end. */
    bool own_host = span_equal_nocase(url.host, own.host);
    if (gateway->development && url_is_http(&url))
        return url_is_loopback(&url) && !(own_host && same_port(url.port, own.port));
    return url_is_https(&url) && is_web_port(url.port) && !url_is_special_use(&url) && !own_host;
}
