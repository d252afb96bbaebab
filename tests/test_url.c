#include "text/url.h"

#include "check.h"
#include "edge.h"

static struct arena arena;

static void test_refused(void)
{
    static const struct {
        const char *why;
        struct span text;
    } rows[] = {
        {"absent", ABSENT},
        {"empty", SPAN("")},
        {"no scheme", SPAN("client.example/cb")},
        {"a relative path", SPAN("/cb")},
        {"a network path", SPAN("//evil.example/cb")},
        {"three slashes", SPAN("///evil.example")},
        {"an empty scheme", SPAN("://client.example")},
        {"a scheme that begins with a digit", SPAN("1https://client.example")},
        {"a scheme with an underscore", SPAN("my_app://cb")},
        {"a scheme with an escape", SPAN("java%0ascript:alert(1)")},
        {"a scheme with a line break", SPAN("java\nscript:alert(1)")},
        {"https without slashes", SPAN("https:evil.example")},
        {"https with one slash", SPAN("https:/evil.example")},
        {"https with three slashes", SPAN("https:///evil.example")},
        {"https with nothing", SPAN("https://")},
        {"a port without a host", SPAN("https://:443/")},
        {"a backslash for a slash", SPAN("https:\\\\client.example")},
        {"a backslash in the authority", SPAN("https://client.example\\@evil.example/cb")},
        {"a backslash in the path", SPAN("https://client.example/a\\b")},
        {"a space in front", SPAN(" https://client.example/cb")},
        {"a space behind", SPAN("https://client.example/cb ")},
        {"a tab", SPAN("https://client.example/\tcb")},
        {"a line break", SPAN("https://client.example/cb\r\nX: 1")},
        {"NUL", SPAN("https://client.example\0.evil.example/")},
        {"DEL", SPAN("https://client.example/\x7f")},
        {"UTF-8 in the path", SPAN("https://client.example/\xc3\xa9")},
        {"quote", SPAN("https://client.example/\"")},
        {"less", SPAN("https://client.example/<")},
        {"greater", SPAN("https://client.example/>")},
        {"caret", SPAN("https://client.example/^")},
        {"backtick", SPAN("https://client.example/`")},
        {"braces", SPAN("https://client.example/{x}")},
        {"a bar", SPAN("https://client.example/a|b")},
        {"brackets in the path", SPAN("https://client.example/[x]")},
        {"brackets in the query", SPAN("https://client.example/?a[]=1")},
        {"brackets in the fragment", SPAN("https://client.example/#[")},
        {"brackets in the userinfo", SPAN("https://[::1]@client.example/")},
        {"a broken escape", SPAN("https://client.example/%2")},
        {"an escape without digits", SPAN("https://client.example/%zz")},
        {"an escape with one digit", SPAN("https://client.example/%0g")},
        {"a lone percent sign", SPAN("https://client.example/%")},
        {"an escape in the host", SPAN("https://client.example%2f@evil.example@x/")},
        {"%00 in the host", SPAN("https://client.example%00.evil.example/cb")},
        {"%2e in the host", SPAN("https://client%2eexample/cb")},
        {"two @", SPAN("https://a@b@evil.example/cb")},
        {"a wildcard host", SPAN("https://*.client.example/cb")},
        {"a comma in the host", SPAN("https://a,b/")},
        {"a cyrillic letter", SPAN("https://\xd1\x81lient.example/cb")},
        {"a soft hyphen", SPAN("https://client\xc2\xad.example/cb")},
        {"a fullwidth dot", SPAN("https://client.example\xef\xbc\x8e/cb")},
        {"a sharp s", SPAN("https://gro\xc3\x9f.example/cb")},
        {"a direction override", SPAN("https://client.example/\xe2\x80\xae/bc")},
        {"an empty label", SPAN("https://client..example/")},
        {"a dot in front", SPAN("https://.client.example/")},
        {"nothing but a dot", SPAN("https://./")},
        {"two dots behind", SPAN("https://client.example../")},
        {"punycode of ASCII", SPAN("https://xn--localhost-/")},
        {"punycode of an internal name", SPAN("https://metadata.google.XN--internal-/")},
        {"an empty port", SPAN("https://client.example:/")},
        {"port 0", SPAN("https://client.example:0/")},
        {"port 65536", SPAN("https://client.example:65536/")},
        {"port 99999", SPAN("http://localhost:99999/cb")},
        {"a port of 30 digits", SPAN("https://client.example:100000000000000000000000000443/")},
        {"a port with a zero in front", SPAN("https://client.example:0443/")},
        {"a port with a sign", SPAN("https://client.example:+443/")},
        {"two ports", SPAN("https://client.example:443:80/")},
        {"a port with a letter", SPAN("https://client.example:44a/")},
        {"a second fragment", SPAN("https://client.example/#a#b")},
        {"IPv6 without brackets", SPAN("https://::1/")},
        {"IPv6 not closed", SPAN("https://[::1/")},
        {"IPv6 and a name", SPAN("https://[::1]evil.example/")},
        {"IPv6 with an empty port", SPAN("https://[::1]:/")},
        {"brackets in brackets", SPAN("https://[[::1]]/")},
        {"a zone", SPAN("https://[fe80::1%25eth0]/")},
        {"empty brackets", SPAN("https://[]/")},
        {"a future address", SPAN("https://[v1.a]/")},
        {"a name in brackets", SPAN("https://[localhost]/")},
        {"127.1", SPAN("https://127.1/")},
        {"127.0.1", SPAN("https://127.0.1/")},
        {"zero", SPAN("https://0/")},
        {"decimal", SPAN("https://2130706433/")},
        {"hexadecimal", SPAN("https://0x7f000001/")},
        {"hexadecimal in capitals", SPAN("https://0X7F000001/")},
        {"an empty hexadecimal", SPAN("https://127.0.0.0x/")},
        {"a hexadecimal part", SPAN("https://0x7f.1/")},
        {"octal", SPAN("https://0177.0.0.1/")},
        {"octal at the end", SPAN("https://127.0.0.01/")},
        {"a part above 255", SPAN("https://192.168.0.256/")},
        {"three parts, the last large", SPAN("https://192.168.257/")},
        {"five parts", SPAN("https://1.127.0.0.1/")},
        {"an address and a dot", SPAN("https://127.0.0.1./")},
        {"a short address and a dot", SPAN("https://127.1./")},
        {"a name that ends in a number", SPAN("https://client.example.1/")},
        {"circled digits",
         SPAN("http://"
              "\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.\xe2\x93\xaa.\xe2\x93\xaa.\xe2\x91\xa0/")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct url url = {.is_ipv6 = true};
        CHECK_INT(url_parse(edge(rows[i].text), &url), MALFORMED);
        CHECK(url.is_ipv6 && !span_present(url.text)); /* written only on OK */
    }
    check_row(NULL);
}

static void test_parts(void)
{
    struct url url;
    struct span text = SPAN("HTTPS://us%20er:p@Client.Example:8443/a/b;c?x=1?y#f?g");
    if (!CHECK_INT(url_parse(edge(text), &url), OK))
        return;
    CHECK_SPAN(url.text, text);
    CHECK_SPAN(url.scheme, SPAN("HTTPS"));
    CHECK_SPAN(url.authority, SPAN("us%20er:p@Client.Example:8443"));
    CHECK_SPAN(url.host, SPAN("Client.Example"));
    CHECK_SPAN(url.port, SPAN("8443"));
    CHECK_SPAN(url.path, SPAN("/a/b;c"));
    CHECK_SPAN(url.query, SPAN("x=1?y"));
    CHECK_SPAN(url.fragment, SPAN("f?g"));
    CHECK(url.has_userinfo && !url.is_ipv6 && url_is_https(&url) && !url_is_http(&url));

    if (!CHECK_INT(url_parse(edge(SPAN("http://h")), &url), OK))
        return;
    CHECK_SPAN(url.host, SPAN("h"));
    CHECK_SPAN(url.port, ABSENT);
    CHECK_SPAN(url.path, SPAN(""));
    CHECK_SPAN(url.query, ABSENT);
    CHECK_SPAN(url.fragment, ABSENT);
    CHECK(!url.has_userinfo && url_is_http(&url) && !url_is_https(&url));

    if (!CHECK_INT(url_parse(edge(SPAN("https://h?#")), &url), OK))
        return;
    CHECK_SPAN(url.path, SPAN(""));
    CHECK_SPAN(url.query, SPAN(""));
    CHECK_SPAN(url.fragment, SPAN(""));

    if (!CHECK_INT(url_parse(edge(SPAN("com.example.app:/cb?x")), &url), OK))
        return;
    CHECK_SPAN(url.scheme, SPAN("com.example.app"));
    CHECK_SPAN(url.authority, ABSENT);
    CHECK_SPAN(url.host, ABSENT);
    CHECK_SPAN(url.path, SPAN("/cb"));
    CHECK_SPAN(url.query, SPAN("x"));

    if (!CHECK_INT(url_parse(edge(SPAN("https://@h/")), &url), OK))
        return;
    CHECK(url.has_userinfo);
    CHECK_SPAN(url.host, SPAN("h"));
}

static void test_size_and_truncations(void)
{
    struct url url;
    struct builder b = builder_make(&arena, URL_MAX_SIZE + 1);
    build_span(&b, SPAN("https://h/"));
    while (b.size < URL_MAX_SIZE)
        build_byte(&b, 'a');
    CHECK_INT(url_parse(edge(built(&b)), &url), OK);
    build_byte(&b, 'a');
    CHECK_INT(url_parse(edge(built(&b)), &url), TOO_LARGE);

    struct span whole = SPAN("https://u@[fe80::1.2.3.4]:8443/a%2fb?q=%41#f");
    for (size_t size = 0; size <= whole.size; size++) {
        struct span cut = span_first(whole, size);
        /* "https://u", and from the closing bracket on, but for a bare ':' and half an escape */
        bool parses = size == 9 || (size >= 25 && size != 26 && size != 33 && size != 34 &&
                                    size != 40 && size != 41);
        enum result result = url_parse(edge(cut), &url);
        CHECK_INT(result, parses ? OK : MALFORMED);
        (void)url_redirect_matches(edge(whole), edge(cut));
        (void)url_redirect_refusal(edge(cut));
    }
}

/* ---- where a URL leads ---- */

static void test_loopback(void)
{
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"http://localhost/", true},
        {"http://LocalHost:3000", true},
        {"http://127.0.0.1/", true},
        {"http://127.255.255.254/", true},
        {"http://[::1]:3000/", true},
        {"http://[0:0:0:0:0:0:0:1]/", true},
        {"https://localhost/", true},
        {"http://localhost./", false},
        {"http://a.localhost/", false},
        {"http://localhost.evil.example/", false},
        {"http://127.0.0.1.evil.example/", false},
        {"http://128.0.0.1/", false},
        {"http://0.0.0.0/", false},
        {"http://10.127.0.1/", false},
        {"http://[::]/", false},
        {"http://[::2]/", false},
        {"http://[::ffff:127.0.0.1]/", false},
        {"http://[1::1]/", false},
        {"com.example.app:/localhost", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].text);
        struct url url;
        if (CHECK_INT(url_parse(edge_of(rows[i].text), &url), OK))
            CHECK_INT(url_is_loopback(&url), rows[i].want);
    }
    check_row(NULL);
}

/* F12: hosts that parse and yet must not be connected to (the rest is in test_refused). */
static const struct span SPECIAL =
    SPAN("0.0.0.0 0.1.2.3 127.0.0.1 127.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 "
         "100.127.255.255 169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.1 192.0.2.1 "
         "192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.1 "
         "203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 [::1] [::] "
         "[0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:8.8.8.8] [::127.0.0.1] "
         "[::8.8.8.8] [64:ff9b::7f00:1] [64:ff9b::8.8.8.8] [64:ff9b:1::1] [100::1] [2001::1] "
         "[2001:0:53aa:64c::1] [2001:2::1] [2001:10::1] [2001:1ff::1] [2001:db8::1] "
         "[2002:7f00:1::] [2002:808:808::] [3fff::1] [3fff:fff::1] [4000::1] [5f00::1] [fc00::1] "
         "[fd00:ec2::254] [fe80::1] [FEBF::1] [fec0::1] [ff02::1] localhost LOCALHOST localhost. "
         "a.localhost printer.local metadata.google.internal Metadata.Google.Internal. "
         "x.home.arpa x.test x.invalid client.example x.onion x.lan x.intranet x.corp x.home "
         "x.private localhost.localdomain intranet metadata com public.com. 127.0.0.1.nip.io "
         "10-0-0-1.sslip.io a.localtest.me lvh.me");

static const struct span PUBLIC =
    SPAN("1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 "
         "128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.1 192.0.3.1 "
         "192.88.98.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 "
         "198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 [2000::1] [2001:200::1] "
         "[2001:4860:4860::8888] [2001:db7::1] [2001:db9::1] [2003::1] [2606:4700::1111] "
         "[3ffe::1] [3fff:1000::1] client.com internal.com notlocal.com xlocal.dev a.mylocal "
         "a.telecorp a.b.c.dev localhost.com nip.io.com 10.example.org xn--bcher-kva.ch "
         "under_score.com");

static void check_special_use(struct span hosts, bool want)
{
    for (struct span host = edge_row(&hosts); span_present(host); host = edge_row(&hosts)) {
        struct url url;
        if (CHECK_INT(url_parse(edge(JOIN(&arena, SPAN("https://"), host, SPAN("/x"))), &url), OK))
            CHECK_INT(url_is_special_use(&url), want);
    }
}

static void test_special_use(void)
{
    check_special_use(SPECIAL, true);
    check_special_use(PUBLIC, false);
    struct url url;
    if (CHECK_INT(url_parse(SPAN("com.example.app:/cb"), &url), OK))
        CHECK(url_is_special_use(&url)); /* no host at all */
}

/* F01: what a client_id's checks are made of; the ports and schemes of list 2 are visible too. */
static void test_visible_parts(void)
{
    struct url url;
    CHECK_INT(url_parse(SPAN("https://a@client.com/x"), &url), OK);
    CHECK(url.has_userinfo);
    CHECK_INT(url_parse(SPAN("https://client.com/x#"), &url), OK);
    CHECK(span_present(url.fragment));
    CHECK_INT(url_parse(SPAN("https://client.com:25/x"), &url), OK);
    CHECK_SPAN(url.port, SPAN("25"));
    struct span others = SPAN("http://h.com/ ftp://h.com/ gopher://h.com/ file:///etc/passwd "
                              "data:text/html,x httpsx://h/");
    for (struct span text = edge_row(&others); span_present(text); text = edge_row(&others))
        if (CHECK_INT(url_parse(text, &url), OK))
            CHECK(!url_is_https(&url));
}

static void check_dot_segments(struct span paths, bool want)
{
    for (struct span path = edge_row(&paths); span_present(path); path = edge_row(&paths)) {
        struct url url;
        if (CHECK_INT(url_parse(edge(JOIN(&arena, SPAN("https://h"), path)), &url), OK))
            CHECK_INT(url_has_dot_segments(&url), want);
    }
}

static void test_dot_segments(void)
{
    check_dot_segments(SPAN("/. /.. /./a /a/../b /a/.. /%2e /%2E%2e/a /.%2e /%2e./ /cb%2f.. "
                            "/cb%2F..%2fx /a%5c..%5cb /cb/..;/x /..;a=b /.;x/ /..%3bx/y"),
                       true);
    check_dot_segments(SPAN("/ // /... /a.. /..a /.well-known/x /a.b/c. /a;.. /;.. /%252e%252e/ "
                            "/?/../"),
                       false);
    struct url url;
    if (CHECK_INT(url_parse(SPAN("https://h"), &url), OK))
        CHECK(!url_has_dot_segments(&url));
}

/* I05: case, default port, trailing slash, dot segments. */
static void test_forms(void)
{
    static const struct {
        const char *text;
        const char *origin;
        const char *canonical;
    } rows[] = {
        {"https://a.com", "https://a.com", "https://a.com"},
        {"HTTPS://A.com/", "https://a.com", "https://a.com"},
        {"https://a.com:443/MCP/", "https://a.com", "https://a.com/MCP"},
        {"https://a.com:80/mcp", "https://a.com:80", "https://a.com:80/mcp"},
        {"http://a.com:80/mcp", "http://a.com", "http://a.com/mcp"},
        {"http://a.com:443", "http://a.com:443", "http://a.com:443"},
        {"https://a.com:8443/a//", "https://a.com:8443", "https://a.com:8443/a"},
        {"https://a.com/a/?x=/", "https://a.com", "https://a.com/a?x=/"},
        {"https://a.com?X", "https://a.com", "https://a.com?X"},
        {"https://a.com/a?", "https://a.com", "https://a.com/a?"},
        {"https://[2606::AB]:443/a", "https://[2606::ab]", "https://[2606::ab]/a"},
        {"https://a.com/./b/", "https://a.com", "https://a.com/./b"},
        {"https://a.com/%7Ea", "https://a.com", "https://a.com/%7Ea"},
        {"https://U@A.com/a", "https://a.com", "https://U@a.com/a"},
        {"https://a.com/a#f", "https://a.com", "https://a.com/a#f"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].text);
        struct url url;
        if (!CHECK_INT(url_parse(edge_of(rows[i].text), &url), OK))
            continue;
        CHECK_SPAN(url_origin(&arena, &url), span_of(rows[i].origin));
        struct span canonical = url_canonical(&arena, &url);
        CHECK_SPAN(canonical, span_of(rows[i].canonical));
        if (CHECK_INT(url_parse(canonical, &url), OK))
            CHECK_SPAN(url_canonical(&arena, &url), canonical);
    }
    check_row(NULL);
    struct url url;
    if (CHECK_INT(url_parse(SPAN("URN:Example:a/"), &url), OK))
        CHECK_SPAN(url_canonical(&arena, &url), SPAN("urn:Example:a"));

    /* A05: a registered query is kept. */
    CHECK_SPAN(url_with_query(&arena, SPAN("https://h/cb"), SPAN("a=1")), SPAN("https://h/cb?a=1"));
    CHECK_SPAN(url_with_query(&arena, SPAN("https://h/cb?x=1"), SPAN("a=1")),
               SPAN("https://h/cb?x=1&a=1"));
    CHECK_SPAN(url_with_query(&arena, SPAN("https://h/cb?"), SPAN("a=1")),
               SPAN("https://h/cb?a=1"));
    CHECK_SPAN(url_with_query(&arena, SPAN("https://h/cb"), SPAN("")), SPAN("https://h/cb"));
    CHECK_SPAN(url_with_query(&arena, SPAN("https://h/cb"), ABSENT), SPAN("https://h/cb"));
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_refused();
    test_parts();
    test_size_and_truncations();
    test_loopback();
    test_special_use();
    test_visible_parts();
    test_dot_segments();
    test_forms();
    return check_done();
}
