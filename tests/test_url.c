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
        {"a lone percent sign", SPAN("https://client.example/%")},
        {"an escape in the host", SPAN("https://client.example%2f@evil.example@x/")},
        {"%00 in the host", SPAN("https://client.example%00.evil.example/cb")},
        {"%2e in the host", SPAN("https://client%2eexample/cb")},
        {"two @", SPAN("https://a@b@evil.example/cb")},
        {"a wildcard host", SPAN("https://*.client.example/cb")},
        {"a comma in the host", SPAN("https://a,b/")},
        {"a cyrillic letter", SPAN("https://\xd1\x81lient.example/cb")},
        {"a soft hyphen", SPAN("https://cli\xc2\xad" "ent.example/cb")},
        {"a fullwidth dot", SPAN("https://client\xef\xbc\x8e" "example/cb")},
        {"a sharp s", SPAN("https://stra\xc3\x9f" "e.example/cb")},
        {"a direction override", SPAN("https://client.example/\xe2\x80\xae" "bc")},
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
         SPAN("http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.\xe2\x93\xaa.\xe2\x93\xaa.\xe2\x91\xa0/")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].why);
        struct url url = {.is_ipv6 = true};
        CHECK_INT(url_parse(edge(rows[i].text), &url), MALFORMED);
        CHECK(url.is_ipv6 && !span_present(url.text)); /* written only on OK */
    }
    check_row(NULL);
}

static void test_ipv6_syntax(void)
{
    static const struct {
        const char *host;
        bool want;
    } rows[] = {
        {"::", true},
        {"::1", true},
        {"1::", true},
        {"1:2:3:4:5:6:7:8", true},
        {"1::8", true},
        {"1:2:3:4:5:6:7::", true},
        {"::2:3:4:5:6:7:8", true},
        {"ABCD:ef01::", true},
        {"::1.2.3.4", true},
        {"1:2:3:4:5:6:1.2.3.4", true},
        {"1::2:1.2.3.4", true},
        {":", false},
        {":::", false},
        {"1:", false},
        {":1", false},
        {"1:2:3:4:5:6:7", false},
        {"1:2:3:4:5:6:7:8:9", false},
        {"1:2:3:4:5:6:7:8:", false},
        {":1:2:3:4:5:6:7:8", false},
        {"1:2:3:4:5:6:7:8::", false},
        {"1:2:3:4::5:6:7:8", false}, /* "::" for no group */
        {"1::2::3", false},
        {"1:::2", false},
        {"12345::", false},
        {"g::", false},
        {"::-1", false},
        {"::1.2.3", false},
        {"::1.2.3.4.5", false},
        {"::1.2.3.256", false},
        {"::01.2.3.4", false},
        {"1.2.3.4::", false},
        {"::1.2.3.4:5", false},
        {"1:2:3:4:5:6:7:1.2.3.4", false},
        {"1:2:3:4:5:6::1.2.3.4", false},
        {"1:2:3:4:5:1.2.3.4", false},
        {"1.2.3.4", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].host);
        struct url url;
        struct span text = JOIN(&arena, SPAN("https://["), span_of(rows[i].host), SPAN("]:8443/x"));
        CHECK_INT(url_parse(edge(text), &url), rows[i].want ? OK : MALFORMED);
        if (rows[i].want) {
            CHECK(url.is_ipv6);
            CHECK_SPAN(url.host, span_of(rows[i].host));
            CHECK_SPAN(url.port, SPAN("8443"));
        }
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

/* F12: what parses and yet must not be connected to (the rest is in test_refused). */
static void test_special_use(void)
{
    static const char *const special[] = {
        "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255",
        "100.64.0.0", "100.127.255.255", "169.254.169.254", "172.16.0.0", "172.31.255.255",
        "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.0",
        "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]",
        "[::8.8.8.8]", "[64:ff9b::7f00:1]", "[64:ff9b::8.8.8.8]", "[64:ff9b:1::1]", "[100::1]",
        "[2001::1]", "[2001:0:53aa:64c::1]", "[2001:2::1]", "[2001:10::1]", "[2001:1ff::1]",
        "[2001:db8::1]", "[2002:7f00:1::]", "[2002:808:808::]", "[3fff::1]", "[3fff:fff::1]",
        "[4000::1]", "[5f00::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[FEBF::1]",
        "[fec0::1]", "[ff02::1]", "localhost", "LOCALHOST", "localhost.", "a.localhost",
        "printer.local", "metadata.google.internal", "Metadata.Google.Internal.", "x.home.arpa",
        "x.test", "x.invalid", "client.example", "x.onion", "x.lan", "x.intranet", "x.corp",
        "x.home", "x.private", "localhost.localdomain", "intranet", "metadata", "com",
        "public.com.", "127.0.0.1.nip.io", "10-0-0-1.sslip.io", "a.localtest.me", "lvh.me",
    };
    static const char *const public[] = {
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
        "172.32.0.0", "192.0.1.1", "192.0.3.1", "192.88.98.1", "192.167.255.255", "192.169.0.0",
        "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255",
        "203.0.114.0", "223.255.255.255", "[2000::1]", "[2001:200::1]", "[2001:4860:4860::8888]",
        "[2001:db7::1]", "[2001:db9::1]", "[2003::1]", "[2606:4700::1111]", "[3ffe::1]",
        "[3fff:1000::1]", "client.com", "internal.com", "notlocal.com", "xlocal.dev", "a.b.c.dev",
        "localhost.com", "nip.io.com", "10.example.org", "xn--bcher-kva.ch", "under_score.com",
    };
    for (size_t i = 0; i < COUNT(special) + COUNT(public); i++) {
        bool want = i < COUNT(special);
        const char *host = want ? special[i] : public[i - COUNT(special)];
        check_row(host);
        struct url url;
        struct span text = JOIN(&arena, SPAN("https://"), span_of(host), SPAN("/x"));
        if (CHECK_INT(url_parse(edge(text), &url), OK))
            CHECK_INT(url_is_special_use(&url), want);
    }
    check_row("no host at all");
    struct url url;
    if (CHECK_INT(url_parse(SPAN("com.example.app:/cb"), &url), OK))
        CHECK(url_is_special_use(&url));
    check_row(NULL);
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
    static const char *const schemes[] = {"http://h.com/", "ftp://h.com/", "gopher://h.com/",
                                          "file:///etc/passwd", "data:text/html,x", "httpsx://h/"};
    for (size_t i = 0; i < COUNT(schemes); i++) {
        check_row(schemes[i]);
        if (CHECK_INT(url_parse(edge_of(schemes[i]), &url), OK))
            CHECK(!url_is_https(&url));
    }
    check_row(NULL);
}

static void test_dot_segments(void)
{
    static const struct {
        const char *path;
        bool want;
    } rows[] = {
        {"/.", true}, {"/..", true}, {"/./a", true}, {"/a/../b", true}, {"/a/..", true},
        {"/%2e", true}, {"/%2E%2e/a", true}, {"/.%2e", true}, {"/%2e./", true},
        {"/cb%2f..", true}, {"/cb%2F..%2fx", true}, {"/a%5c..%5cb", true}, {"/cb/..;/x", true},
        {"/..;a=b", true}, {"/.;x/", true}, {"/..%3bx/y", true},
        {"", false}, {"/", false}, {"//", false}, {"/...", false}, {"/a..", false},
        {"/..a", false}, {"/.well-known/x", false}, {"/a.b/c.", false}, {"/a;..", false},
        {"/;..", false}, {"/%252e%252e/", false}, {"/?/../", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].path);
        struct url url;
        struct span text = JOIN(&arena, SPAN("https://h"), span_of(rows[i].path));
        if (CHECK_INT(url_parse(edge(text), &url), OK))
            CHECK_INT(url_has_dot_segments(&url), rows[i].want);
    }
    check_row(NULL);
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

/* ---- redirect URIs ---- */

/* A01: nothing but the registered URI matches it (S15). */
static void test_redirect_variants(void)
{
    static const char *const variants[] = {
        "", "https://client.example", "https://client.example/", "https://client.example/c",
        "https://client.example/cb/", "https://client.example/CB", "https://client.example//cb",
        "https://client.example/cb/../cb", "https://client.example/cb/..;/x",
        "https://client.example/cb%2f..", "https://client.example/%63b",
        "https://client.example/cb;x=1", "https://client.example/cb?",
        "https://client.example/cb?x=1", "https://client.example/cb#",
        "https://client.example/cb#f", "https://client.example:443/cb",
        "https://client.example:8443/cb", "https://CLIENT.example/cb",
        "https://client.example./cb", "http://client.example/cb", "HTTPS://client.example/cb",
        "https://client.example@evil.example/cb", "https://evil.example@client.example/cb",
        "https://a@b@evil.example/cb", "https://client.example%2f@evil.example/",
        "https://client.example\\@evil.example/cb", "https://client.example\\\\@evil.example/cb",
        "https://client.example%00.evil.example/cb", "https://client.example.evil.example/cb",
        "https://evilclient.example/cb", "https://evil.example/client.example/cb",
        "https://evil.example?u=https://client.example/cb", "//evil.example/cb", "/cb",
        "///evil.example", "https:evil.example", "https:/evil.example",
        " https://client.example/cb", "https://client.example/cb ", "\thttps://client.example/cb",
        "https://client.example/cb\n", "https://client.example/cb%0d%0aX:1",
        "https://client.example/cb\r\nX:1", "javascript:alert(1)", "JavaScript:alert(1)",
        "java%0ascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "vbscript:x", "blob:https://client.example/1", "about:blank", "com.app:/cb",
        "http://localhost/cb", "http://127.0.0.1/cb", "http://127.1/cb", "http://2130706433/cb",
        "http://127.0.0.1.evil.example/cb", "http://localhost:99999/cb",
        "https://*.client.example/cb", "https://\xd1\x81lient.example/cb",
        "https://cli\xc2\xad" "ent.example/cb", "https://client\xef\xbc\x8e" "example/cb",
        "https://client.example/\xe2\x80\xae" "cb", "https://stra\xc3\x9f" "e.example/cb",
    };
    struct span registered = SPAN("https://client.example/cb");
    CHECK(url_redirect_matches(edge(registered), edge(registered)));
    CHECK(!url_redirect_matches(edge(registered), ABSENT));
    for (size_t i = 0; i < COUNT(variants); i++) {
        check_row(variants[i]);
        CHECK(!url_redirect_matches(edge(registered), edge_of(variants[i])));
    }
    check_row("20 KB");
    struct builder b = builder_make(&arena, 20 << 10);
    build_span(&b, registered);
    while (b.size < b.max)
        build_byte(&b, 'a');
    CHECK(!url_redirect_matches(registered, edge(built(&b))));
    check_row("a query added, dropped, changed");
    CHECK(!url_redirect_matches(SPAN("https://c.com/cb?a=1"), SPAN("https://c.com/cb?a=1&b=2")));
    CHECK(!url_redirect_matches(SPAN("https://c.com/cb?a=1"), SPAN("https://c.com/cb")));
    CHECK(!url_redirect_matches(SPAN("https://c.com/cb?a=1"), SPAN("https://c.com/cb?a=2")));
    CHECK(url_redirect_matches(SPAN("https://c.com/cb?a=1"), SPAN("https://c.com/cb?a=1")));
    check_row(NULL);
}

/* A02, S16: of a loopback URI only the port may vary. */
static void test_redirect_ports(void)
{
    static const struct {
        const char *registered;
        const char *asked;
        bool want;
    } rows[] = {
        {"http://127.0.0.1/cb", "http://127.0.0.1:33418/cb", true},
        {"http://127.0.0.1:8080/cb", "http://127.0.0.1:33418/cb", true},
        {"http://127.0.0.1:8080/cb", "http://127.0.0.1/cb", true},
        {"http://[::1]/cb", "http://[::1]:65535/cb", true},
        {"http://localhost:3000/cb?x=1", "http://localhost:1/cb?x=1", true},
        {"http://localhost:3000", "http://localhost:3001", true},
        {"cursor://anysphere.cursor-mcp/oauth/callback",
         "cursor://anysphere.cursor-mcp/oauth/callback", true},
        {"http://127.0.0.1/cb", "http://localhost/cb", false},
        {"http://localhost/cb", "http://127.0.0.1/cb", false},
        {"http://localhost/cb", "http://[::1]/cb", false},
        {"http://[::1]/cb", "http://127.0.0.1:1/cb", false},
        {"http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]:1/cb", false},
        {"http://127.0.0.1/cb", "http://127.0.0.2:1/cb", false},
        {"http://127.0.0.1/cb", "http://127.1:1/cb", false},
        {"http://127.0.0.1/cb", "http://2130706433:1/cb", false},
        {"http://localhost/cb", "http://LOCALHOST:1/cb", false},
        {"http://localhost/cb", "HTTP://localhost:1/cb", false},
        {"http://localhost/cb", "http://localhost.:1/cb", false},
        {"http://localhost/cb", "http://localhost.evil.example:1/cb", false},
        {"http://127.0.0.1/cb", "http://127.0.0.1.evil.example:1/cb", false},
        {"http://localhost/cb", "https://localhost:1/cb", false},
        {"https://localhost/cb", "https://localhost:1/cb", false},
        {"http://localhost/cb", "http://localhost:1/cb/", false},
        {"http://localhost/cb", "http://localhost:1/CB", false},
        {"http://localhost/cb", "http://localhost:1/", false},
        {"http://localhost/cb", "http://localhost:1", false},
        {"http://localhost/cb", "http://localhost:1/cb?", false},
        {"http://localhost/cb", "http://localhost:1/cb?x=1", false},
        {"http://localhost/cb?x=1", "http://localhost:1/cb", false},
        {"http://localhost/cb", "http://localhost:1/cb#", false},
        {"http://localhost/cb", "http://localhost:1/cb#f", false},
        {"http://localhost/cb", "http://u@localhost:1/cb", false},
        {"http://localhost/cb", "http://localhost:1@evil.example/cb", false},
        {"http://localhost/cb", "http://localhost:0/cb", false},
        {"http://localhost/cb", "http://localhost:65536/cb", false},
        {"http://localhost/cb", "http://localhost:/cb", false},
        {"http://localhost/cb", "http://localhost:080/cb", false},
        {"http://client.example/cb", "http://client.example:1/cb", false},
        {"http://10.0.0.1/cb", "http://10.0.0.1:1/cb", false},
        {"cursor://localhost/cb", "cursor://localhost:1/cb", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(rows[i].asked);
        CHECK_INT(url_redirect_matches(edge_of(rows[i].registered), edge_of(rows[i].asked)),
                  rows[i].want);
    }
    check_row(NULL);
}

/* A03, A04, E03 */
static void test_redirect_refusals(void)
{
    static const char *const refused[] = {
        "", "/cb", "//client.example/cb", "client.example/cb", "client.example:443/cb",
        "localhost:3000/cb", "127.0.0.1:3000/cb", "https:client.example",
        "https://client.example/cb#", "https://client.example/cb#f", "com.example.app:/cb#f",
        "https://a@client.example/cb", "https://client.example%2f@evil.example/",
        "http://u:p@localhost/cb", "https://*.client.example/cb", "https://client.example/*",
        "https://client.example/cb?x=*", "com.example.app:/*", "http://client.example/cb",
        "HTTP://client.example/cb", "http://0.0.0.0/cb", "http://10.0.0.1/cb",
        "http://localhost./cb", "http://a.localhost/cb", "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb", "http://127.1/cb", "http://2130706433/cb",
        "http://[::ffff:127.0.0.1]/cb", "http://localhost:99999/cb", "https://0x7f000001/cb",
        "javascript:alert(1)", "JavaScript:alert(1)", "javascript://client.example/%0aalert(1)",
        "JAVASCRIPT:/alert(1)", " javascript:alert(1)", "java\tscript:alert(1)",
        "java%0ascript:alert(1)", "java\nscript:/x", "\x01javascript:/x", "data:text/html,x",
        "data:/x", "DATA://x", "file:///etc/passwd", "File:/x", "vbscript:/x", "blob:/x",
        "blob:https://client.example/1", "about:blank", "about:/x", "filesystem:/x",
        "view-source:/x", "ftp://client.example/cb", "ws://client.example/", "wss://x/",
        "gopher://x/", "mailto:a@client.example", "tel:+1", "tel:/1", "intent://x/", "chrome://x",
        "chrome-extension://x/", "moz-extension://x/", "urn:ietf:wg:oauth:2.0:oob",
        "urn:ietf:wg:oauth:2.0:oob:auto", "com.example.app:", "com.example.app:cb", "myapp:?x",
    };
    static const char *const accepted[] = {
        "https://client.example/cb", "https://client.example", "https://client.example:8443/cb?a=1",
        "HTTPS://client.example/cb", "https://claude.ai/api/mcp/auth_callback",
        "https://[2606:4700::1]/cb", "http://localhost/cb", "http://localhost:3000/cb?x=1",
        "http://127.0.0.1:33418", "http://127.0.0.1:33418/", "http://[::1]:1/cb",
        "com.example.app:/cb", "com.example.app://cb", "com.example.app:///cb",
        "cursor://anysphere.cursor-mcp/oauth/callback", "vscode://vscode.github-authentication/did",
        "vscode-insiders://x", "myapp://oauth/callback", "x-my+app.2://cb",
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        check_row(refused[i]);
        CHECK(span_present(url_redirect_refusal(edge_of(refused[i]))));
    }
    for (size_t i = 0; i < COUNT(accepted); i++) {
        check_row(accepted[i]);
        CHECK_SPAN(url_redirect_refusal(edge_of(accepted[i])), ABSENT);
    }
    check_row("absent, NUL, 20 KB");
    CHECK(span_present(url_redirect_refusal(ABSENT)));
    CHECK(span_present(url_redirect_refusal(SPAN("https://client.example/\0"))));
    struct builder b = builder_make(&arena, 20 << 10);
    build_span(&b, SPAN("https://client.example/"));
    while (b.size < b.max)
        build_byte(&b, 'a');
    CHECK(span_present(url_redirect_refusal(built(&b))));
    check_row(NULL);
}

int main(void)
{
    arena = edge_arena(1 << 20);
    test_refused();
    test_ipv6_syntax();
    test_parts();
    test_size_and_truncations();
    test_loopback();
    test_special_use();
    test_visible_parts();
    test_dot_segments();
    test_forms();
    test_redirect_variants();
    test_redirect_ports();
    test_redirect_refusals();
    return check_done();
}
