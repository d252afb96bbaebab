#include "text/url.h"
#include "fuzz.h"
#include "oauth/gateway.h"

/* The parts stand in the text one behind the other, and nothing is between them. */
static void check_parts(struct arena *a, const struct url *url)
{
    struct span whole = JOIN(a, url->scheme, SPAN(":"));
    if (span_present(url->authority))
        whole = JOIN(a, whole, SPAN("//"), url->authority);
    whole = JOIN(a, whole, url->path);
    if (span_present(url->query))
        whole = JOIN(a, whole, SPAN("?"), url->query);
    if (span_present(url->fragment))
        whole = JOIN(a, whole, SPAN("#"), url->fragment);
    MUST(span_equal(whole, url->text));

    struct span host = url->is_ipv6 ? JOIN(a, SPAN("["), url->host, SPAN("]")) : url->host;
    if (span_present(url->port))
        host = JOIN(a, host, SPAN(":"), url->port);
    MUST(url->has_userinfo == (span_find(url->authority, '@') < url->authority.size));
    MUST(span_ends(url->authority, host));
}

/* A canonical form is its own, and an origin that of its URL. */
static void check_forms(struct arena *a, const struct url *url)
{
    struct url canonical, origin;
    struct span text = url_canonical(a, url);
    MUST(url_parse(text, &canonical) == OK);
    MUST(span_equal(url_canonical(a, &canonical), text));
    MUST(url_parse(url_origin(a, url), &origin) == OK);
    MUST(span_equal(url_origin(a, &origin), origin.text));
    MUST(url_is_special_use(&origin) == url_is_special_use(url));
    MUST(!url_is_loopback(url) || url_is_special_use(url));
}

static void check_redirect(struct arena *a, struct span uri)
{
    struct url url;
    if (span_present(url_redirect_refusal(uri)))
        return;
    MUST(url_parse(uri, &url) == OK && !span_present(url.fragment) && !url.has_userinfo);
    MUST(url_is_https(&url) || !url_is_http(&url) || url_is_loopback(&url));
    MUST(url_redirect_matches(uri, uri));
    struct span with_query = url_with_query(a, uri, SPAN("code=1"));
    if (with_query.size <= URL_MAX_SIZE) {
        MUST(url_parse(with_query, &url) == OK);
        MUST(span_ends(url.query, SPAN("code=1")));
    }
}

/* Two URLs, one a line. */
void fuzz(struct arena *a, struct span input)
{
    struct url url, other;
    const struct gateway gateway = {.issuer = SPAN("https://gateway.example.com")};
    struct span first = fuzz_line(&input);
    if (url_redirect_matches(first, input) && !span_equal(first, input)) {
        MUST(url_parse(first, &url) == OK && url_parse(input, &other) == OK);
        MUST(url_is_loopback(&url) && span_equal(url.host, other.host));
        MUST(fuzz_same(url.path, other.path) && fuzz_same(url.query, other.query));
    }
    check_redirect(a, first);
    if (url_parse(first, &url) != OK)
        return;
    check_parts(a, &url);
    if (span_present(url.authority) && span_present(url.host))
        check_forms(a, &url);
    if (gateway_may_fetch(&gateway, first))
        MUST(url_is_https(&url) && !url_is_special_use(&url) && !url.has_userinfo);
}
