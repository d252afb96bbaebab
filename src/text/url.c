#include "text/url.h"

#include "text/address.h"
#include "text/ascii.h"

/* ---- parsing ---- */

/* Printable ASCII without what browsers repair; every '%' with two hexadecimal digits. */
static bool has_only_url_bytes(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ' || c > '~' || span_has(SPAN("\\\"<>^`{|}"), c))
            return false;
        if (c != '%')
            continue;
        if (text.size - i < 3 || ascii_hex_value(text.data[i + 1]) == 16 ||
            ascii_hex_value(text.data[i + 2]) == 16)
            return false;
    }
    return true;
}

/* RFC 3986 section 3.1 */
static bool is_scheme(struct span s)
{
    if (s.size == 0 || !ascii_is_alpha(s.data[0]))
        return false;
    for (size_t i = 0; i < s.size; i++)
        if (!ascii_is_alphanumeric(s.data[i]) && !span_has(SPAN("+-."), s.data[i]))
            return false;
    return true;
}

static bool is_name(struct span host)
{
    for (size_t i = 0; i < host.size; i++)
        if (!ascii_is_alphanumeric(host.data[i]) && !span_has(SPAN("-._"), host.data[i]))
            return false;
    return !span_starts(host, SPAN(".")) && !span_contains(host, SPAN(".."));
}

/* Punycode that ends in '-' is plain ASCII: some parsers read "xn--localhost-" as localhost. */
static bool has_hollow_label(struct span host)
{
    while (span_present(host)) {
        struct span label;
        host = span_cut(host, '.', &label);
        if (span_equal_nocase(span_first(label, 4), SPAN("xn--")) && span_ends(label, SPAN("-")))
            return true;
    }
    return false;
}

/* A name, or an address in the one spelling that all parsers of http(s) URLs agree on. */
static bool is_web_host(struct span host)
{
    uint8_t address[4];
    return host.size > 0 && !has_hollow_label(host) &&
           (!address_is_numeric(host) || address_ipv4(host, address));
}

static enum result parse_host(struct span host_and_port, struct url *u)
{
    struct span port;
    u->is_ipv6 = span_starts(host_and_port, SPAN("["));
    if (u->is_ipv6) {
        uint8_t address[16];
        struct span before_port;
        struct span rest = span_cut(span_skip(host_and_port, 1), ']', &u->host);
        port = span_cut(rest, ':', &before_port);
        if (!span_present(rest) || before_port.size > 0 || !address_ipv6(u->host, address))
            return MALFORMED;
    } else {
        port = span_cut(host_and_port, ':', &u->host);
        if (!is_name(u->host))
            return MALFORMED;
    }

    uint64_t number;
    if (span_present(port) && (span_u64(port, &number) != OK || number < 1 || number > 65535))
        return MALFORMED;
    u->port = port;
    return OK;
}

/* The size of the part before the first byte of `set`. */
static size_t find_any(struct span s, struct span set)
{
    size_t i = 0;
    while (i < s.size && !span_has(set, s.data[i]))
        i++;
    return i;
}

enum result url_parse(struct span text, struct url *url)
{
    if (text.size > URL_MAX_SIZE)
        return TOO_LARGE;
    if (!has_only_url_bytes(text))
        return MALFORMED;

    struct url u = {.text = text};
    struct span rest = span_cut(text, ':', &u.scheme);
    if (!span_present(rest) || !is_scheme(u.scheme))
        return MALFORMED;
    if (span_starts(rest, SPAN("//"))) {
        rest = span_skip(rest, 2);
        u.authority = span_first(rest, find_any(rest, SPAN("/?#")));
        rest = span_skip(rest, u.authority.size);
        /* RFC 3986 section 3.2.1: userinfo holds no '@', and a host neither. */
        struct span userinfo;
        struct span host_and_port = span_cut(u.authority, '@', &userinfo);
        u.has_userinfo = span_present(host_and_port);
        if (u.has_userinfo && find_any(userinfo, SPAN("[]")) < userinfo.size)
            return MALFORMED;
        TRY(parse_host(u.has_userinfo ? host_and_port : u.authority, &u));
    }
    if ((url_is_https(&u) || url_is_http(&u)) && !u.is_ipv6 && !is_web_host(u.host))
        return MALFORMED;

    /* RFC 3986 sections 3.2.2 and 3.5: brackets are for IP literals only, and one '#' is all. */
    if (find_any(rest, SPAN("[]")) < rest.size)
        return MALFORMED;
    u.fragment = span_cut(rest, '#', &rest);
    if (span_has(u.fragment, '#'))
        return MALFORMED;
    u.query = span_cut(rest, '?', &u.path);
    *url = u;
    return OK;
}

/* ---- questions ---- */

bool url_is_https(const struct url *url)
{
    return span_equal_nocase(url->scheme, SPAN("https"));
}

bool url_is_http(const struct url *url)
{
    return span_equal_nocase(url->scheme, SPAN("http"));
}

bool url_is_loopback(const struct url *url)
{
    if (url->is_ipv6) {
        static const uint8_t one[16] = {[15] = 1};
        uint8_t address[16];
        return address_ipv6(url->host, address) &&
               span_equal(span_bytes(address, 16), span_bytes(one, 16));
    }
    uint8_t address[4];
    return span_equal_nocase(url->host, SPAN("localhost")) ||
           (address_ipv4(url->host, address) && address[0] == 127);
}

/* Names that are not delegated, or that resolve to the address which they spell. */
static const struct span SPECIAL_DOMAINS =
    SPAN("localhost local internal home.arpa test invalid example onion lan intranet corp home "
         "private localdomain nip.io sslip.io localtest.me lvh.me");

/* The host is the domain or one under it. */
static bool is_under(struct span host, struct span domain)
{
    if (host.size < domain.size)
        return false;
    struct span before = span_first(host, host.size - domain.size);
    return span_equal_nocase(span_skip(host, before.size), domain) &&
           (before.size == 0 || span_ends(before, SPAN(".")));
}

bool url_is_special_use(const struct url *url)
{
    uint8_t v4[4];
    uint8_t v6[16];
    if (url->is_ipv6)
        return !address_ipv6(url->host, v6) || address_ipv6_is_special(v6);
    if (address_ipv4(url->host, v4))
        return address_ipv4_is_special(v4);

    struct span domains = SPECIAL_DOMAINS;
    for (struct span d = span_word(&domains); span_present(d); d = span_word(&domains))
        if (is_under(url->host, d))
            return true;
    bool single_label = !span_has(url->host, '.');
    return single_label || address_is_numeric(url->host) || span_ends(url->host, SPAN("."));
}

bool url_has_dot_segments(const struct url *url)
{
    size_t dots = 0;
    bool other = false;     /* the segment has a byte that is no dot */
    bool parameter = false; /* behind ';', which some servers strip before they resolve dots */
    for (size_t i = 0; i < url->path.size; i++) {
        uint32_t c = url->path.data[i];
        if (c == '%' && url->path.size - i > 2) {
            c = ascii_hex_value(url->path.data[i + 1]) << 4 |
                ascii_hex_value(url->path.data[i + 2]);
            i += 2;
        }
        if (c == '/' || c == '\\') {
            if (!other && (dots == 1 || dots == 2))
                return true;
            dots = 0;
            other = parameter = false;
        } else if (c == ';') {
            parameter = true;
        } else if (!parameter) {
            dots += c == '.';
            other = other || c != '.';
        }
    }
    return !other && (dots == 1 || dots == 2);
}

/* ---- forms ---- */

/* scheme, "://", whatever userinfo there is, host and port: the comparable head of a URL. */
static struct span canonical_head(struct arena *a, const struct url *url, bool with_userinfo)
{
    struct span userinfo = ABSENT;
    if (with_userinfo && url->has_userinfo)
        userinfo = span_first(url->authority, span_find(url->authority, '@') + 1);
    bool default_port = (url_is_https(url) && span_equal(url->port, SPAN("443"))) ||
                        (url_is_http(url) && span_equal(url->port, SPAN("80")));
    bool with_port = span_present(url->port) && !default_port;
    return JOIN(a, span_lower(a, url->scheme), SPAN("://"), userinfo,
                url->is_ipv6 ? SPAN("[") : ABSENT, span_lower(a, url->host),
                url->is_ipv6 ? SPAN("]") : ABSENT, with_port ? SPAN(":") : ABSENT,
                with_port ? url->port : ABSENT);
}

struct span url_origin(struct arena *a, const struct url *url)
{
    return canonical_head(a, url, false);
}

struct span url_canonical(struct arena *a, const struct url *url)
{
    struct span head = span_present(url->authority)
                           ? canonical_head(a, url, true)
                           : JOIN(a, span_lower(a, url->scheme), SPAN(":"));
    struct span path = url->path;
    while (span_ends(path, SPAN("/")))
        path.size--;
    size_t before_tail = (size_t)(url->path.data - url->text.data) + url->path.size;
    return JOIN(a, head, path, span_skip(url->text, before_tail));
}

struct span url_with_query(struct arena *a, struct span base, struct span query)
{
    if (query.size == 0)
        return base;
    struct span separator = !span_has(base, '?')         ? SPAN("?")
                            : span_ends(base, SPAN("?")) ? ABSENT
                                                         : SPAN("&");
    return JOIN(a, base, separator, query);
}

/* ---- redirect URIs ---- */

bool url_redirect_matches(struct span registered, struct span asked)
{
    if (span_equal(registered, asked))
        return true;
    struct url r;
    struct url q;
    if (url_parse(registered, &r) != OK || url_parse(asked, &q) != OK)
        return false;
    /* RFC 8252 section 7.3: the port of a loopback redirect is chosen at the time of the request.
     */
    if (!url_is_http(&r) || !url_is_loopback(&r) || r.has_userinfo || q.has_userinfo)
        return false;
    struct span r_tail = span_skip(r.text, (size_t)(r.path.data - r.text.data));
    struct span q_tail = span_skip(q.text, (size_t)(q.path.data - q.text.data));
    return span_equal(r.scheme, q.scheme) && span_equal(r.host, q.host) &&
           span_equal(r_tail, q_tail);
}

/*
 * Schemes that never lead to a native client: what runs or shows its own text,
 * reads files, talks to a server of another kind, or belongs to a browser or a
 * system itself.
 */
static const struct span FOREIGN_SCHEMES = SPAN(
    "javascript vbscript livescript data blob filesystem file content resource jar about cid mid "
    "view-source ftp ftps sftp tftp ws wss gopher dict ldap ldaps telnet ssh smb nfs news nntp "
    "mailto tel sms sip sips urn intent android-app chrome chrome-extension chrome-search devtools "
    "edge moz-extension moz-icon shell search-ms ms-msdt");

static bool is_foreign(struct span scheme)
{
    struct span words = FOREIGN_SCHEMES;
    for (struct span word = span_word(&words); span_present(word); word = span_word(&words))
        if (span_equal_nocase(word, scheme))
            return true;
    return false;
}

struct span url_redirect_refusal(struct span redirect_uri)
{
    struct url u;
    if (redirect_uri.size > URL_MAX_SIZE)
        return SPAN("it is longer than 2048 bytes");
    if (url_parse(redirect_uri, &u) != OK)
        return SPAN("it is not a well-formed absolute URI");
    if (span_present(u.fragment))
        return SPAN("it has a fragment");
    if (u.has_userinfo)
        return SPAN("it has a user name or password");
    if (span_has(redirect_uri, '*'))
        return SPAN("it has a wildcard; redirect URIs are compared as they are");
    if (url_is_https(&u))
        return ABSENT;
    if (url_is_http(&u))
        return url_is_loopback(&u)
                   ? ABSENT
                   : SPAN("plain http is for localhost, 127.0.0.1 and [::1] only; use https");
    if (is_foreign(u.scheme))
        return SPAN("its scheme does not lead back to an application");
    /* Without the slash "localhost:3000/cb" would be the scheme "localhost". */
    if (!span_present(u.authority) && !span_starts(u.path, SPAN("/")))
        return SPAN("\"/\" must follow the scheme's colon (RFC 8252 section 7.1)");
    return ABSENT;
}
