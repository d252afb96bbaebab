#include "text/address.h"

#include "check.h"
#include "edge.h"

static void test_ipv4(void)
{
    struct span good = SPAN("0.0.0.0 127.0.0.1 255.255.255.255 192.168.0.1");
    struct span bad = SPAN("127.1 127.0.0 1.2.3.4.5 1.2.3. .1.2.3 1..2.3 256.1.1.1 1.2.3.256 "
                           "01.2.3.4 1.2.3.00 0x7f.0.0.1 1.2.3.a -1.2.3.4 1.2.3.4. 2130706433 a");
    uint8_t address[4];
    for (struct span host = edge_row(&good); span_present(host); host = edge_row(&good))
        CHECK(address_ipv4(host, address));
    CHECK_SPAN(span_bytes(address, 4), SPAN("\xc0\xa8\0\1"));
    for (struct span host = edge_row(&bad); span_present(host); host = edge_row(&bad))
        CHECK(!address_ipv4(host, address));
    CHECK(!address_ipv4(SPAN(""), address));
    CHECK(!address_ipv4(ABSENT, address));
    CHECK(!address_ipv4(SPAN("1.2.3.4\0"), address));
}

/* WHATWG URL, "ends in a number": browsers read these as addresses, or fail. */
static void test_numeric(void)
{
    struct span numeric = SPAN("0 127.1 127.0.0.1 127.0.0.1. 2130706433 0x7f000001 0X7F.1 0x 1.0x "
                               "a.0xff a.1 1.2.3.4.5 0177.1 09 a.999999999999 1.");
    struct span names = SPAN("a 1a a1 1.a 0xg 0x1.a x1 1- 1.2.3.4a 1.2.3.4.a 1.. x0x1 0.x");
    for (struct span host = edge_row(&numeric); span_present(host); host = edge_row(&numeric))
        CHECK(address_is_numeric(host));
    for (struct span host = edge_row(&names); span_present(host); host = edge_row(&names))
        CHECK(!address_is_numeric(host));
    CHECK(!address_is_numeric(SPAN("")));
    CHECK(!address_is_numeric(ABSENT));
}

/* RFC 4291 section 2.2 */
static void test_ipv6(void)
{
    static const struct {
        struct span host;
        struct span want;
    } rows[] = {
        {SPAN("::"), SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
        {SPAN("::1"), SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1")},
        {SPAN("1::"), SPAN("\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
        {SPAN("1:2:3:4:5:6:7:8"), SPAN("\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\x08")},
        {SPAN("1::8"), SPAN("\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\x08")},
        {SPAN("1:2:3:4:5:6:7::"), SPAN("\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\0")},
        {SPAN("::2:3:4:5:6:7:8"), SPAN("\0\0\0\2\0\3\0\4\0\5\0\6\0\7\0\x08")},
        {SPAN("ABCD:ef01::9"), SPAN("\xab\xcd\xef\1\0\0\0\0\0\0\0\0\0\0\0\t")},
        {SPAN("::1.2.3.4"), SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3\4")},
        {SPAN("1:2:3:4:5:6:1.2.3.4"), SPAN("\0\1\0\2\0\3\0\4\0\5\0\6\1\2\3\4")},
        {SPAN("1::2:1.2.3.4"), SPAN("\0\1\0\0\0\0\0\0\0\0\0\2\1\2\3\4")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t address[16] = {0x55};
        CHECK(address_ipv6(edge(rows[i].host), address));
        CHECK_SPAN(span_bytes(address, 16), rows[i].want);
    }
    struct span bad = SPAN(": ::: 1: :1 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7:8: "
                           ":1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:8:: 1:2:3:4::5:6:7:8 1::2::3 1:::2 "
                           "12345:: g:: ::-1 ::1.2.3 ::1.2.3.4.5 ::1.2.3.256 ::01.2.3.4 1.2.3.4:: "
                           "::1.2.3.4:5 1:2:3:4:5:6:7:1.2.3.4 1:2:3:4:5:6::1.2.3.4 "
                           "1:2:3:4:5:1.2.3.4 1.2.3.4 ::1%eth0 [::1]");
    uint8_t address[16];
    for (struct span host = edge_row(&bad); span_present(host); host = edge_row(&bad))
        CHECK(!address_ipv6(host, address));
    CHECK(!address_ipv6(SPAN(""), address));
    CHECK(!address_ipv6(ABSENT, address));

    /* No truncation of one is one. */
    struct span whole = SPAN("1:22:333:4444:5555:6666:127.0.0.1");
    for (size_t size = 0; size < whole.size; size++)
        CHECK(!address_ipv6(edge(span_first(whole, size)), address));
    CHECK(address_ipv6(edge(whole), address));
}

/* The edges of every block of the registries (RFC 6890): both sides of each. */
static void test_blocks(void)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } blocks[] = {
        {0x00000000, 0x00ffffff}, {0x0a000000, 0x0affffff}, {0x64400000, 0x647fffff},
        {0x7f000000, 0x7fffffff}, {0xa9fe0000, 0xa9feffff}, {0xac100000, 0xac1fffff},
        {0xc0000000, 0xc00000ff}, {0xc0000200, 0xc00002ff}, {0xc0586300, 0xc05863ff},
        {0xc0a80000, 0xc0a8ffff}, {0xc6120000, 0xc613ffff}, {0xc6336400, 0xc63364ff},
        {0xcb007100, 0xcb0071ff}, {0xe0000000, 0xffffffff},
    };
    for (size_t i = 0; i < COUNT(blocks); i++) {
        const struct {
            uint32_t value;
            bool want;
        } edges[] = {
            {blocks[i].first, true},
            {blocks[i].last, true},
            {blocks[i].first - 1, i == 0},
            {blocks[i].last + 1, i + 1 == COUNT(blocks)},
        };
        for (size_t k = 0; k < COUNT(edges); k++) {
            uint32_t v = edges[k].value;
            uint8_t address[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                                  (uint8_t)v};
            CHECK_INT(address_ipv4_is_special(address), edges[k].want);
        }
    }
}

int main(void)
{
    test_ipv4();
    test_numeric();
    test_ipv6();
    test_blocks();
    return check_done();
}
