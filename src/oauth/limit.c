#include "oauth/limit.h"

#include "base/base64.h"
#include "oauth/error.h"

/*
 * One caller owns 2^64 addresses of IPv6: only the network's half counts, four
 * groups, or fewer where "::" stands for some of them.
 */
static struct span network_of(struct span address)
{
    size_t groups = 0;
    for (size_t i = 0; i < address.size; i++) {
        if (address.data[i] != ':')
            continue;
        bool abbreviated = i + 1 < address.size && address.data[i + 1] == ':';
        if (++groups == 4 || abbreviated)
            return span_first(address, i);
    }
    return address;
}

enum result limit_caller(struct cx *cx, struct span what)
{
    struct span address = headers_get(&cx->request.headers, SPAN("cf-connecting-ip"));
    if (!span_present(address))
        return OK;
    enum result limit = host_limit(cx, JOIN(cx->arena, what, SPAN(":"), network_of(address)));
    if (limit == TOO_MANY_REQUESTS)
        return refuse(cx, limit, "limit_caller", "Too many requests from this address. Wait.");
    return limit;
}

enum result limit_grant(struct cx *cx, struct span grant_id)
{
    return limit_caller(cx, JOIN(cx->arena, SPAN("token:"), base64url_encode(cx->arena, grant_id)));
}
