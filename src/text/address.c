#include "text/address.h"

#include "text/ascii.h"

#include <string.h>

bool address_ipv4(struct span host, uint8_t address[4])
{
    for (size_t i = 0; i < 4; i++) {
        struct span number;
        uint64_t value;
        host = span_cut(host, '.', &number);
        if (span_u64(number, &value) != OK || value > 255 || span_present(host) != (i < 3))
            return false;
        address[i] = (uint8_t)value;
    }
    return true;
}

/*
 * Reads groups "a:b:c" into at most `room` bytes at `to`; the last one may be a
 * dotted quad when `quad` is set. Returns how many bytes, or SIZE_MAX.
 */
static size_t read_groups(struct span text, bool quad, uint8_t *to, size_t room)
{
    size_t size = 0;
    while (span_present(text)) {
        struct span group;
        text = span_cut(text, ':', &group);
        if (quad && !span_present(text) && room - size >= 4 && address_ipv4(group, to + size))
            return size + 4;
        if (group.size < 1 || group.size > 4 || room - size < 2)
            return SIZE_MAX;
        uint32_t value = 0;
        for (size_t i = 0; i < group.size; i++) {
            uint32_t digit = ascii_hex_value(group.data[i]);
            if (digit == 16)
                return SIZE_MAX;
            value = value << 4 | digit;
        }
        to[size++] = (uint8_t)(value >> 8);
        to[size++] = (uint8_t)(value & 0xff);
    }
    return size;
}

bool address_ipv6(struct span host, uint8_t address[16])
{
    /* "::" stands at most once, for at least one group of zeros. */
    size_t gap = 0;
    while (gap < host.size && !span_starts(span_skip(host, gap), SPAN("::")))
        gap++;
    if (gap == host.size)
        return host.size > 0 && read_groups(host, true, address, 16) == 16;

    uint8_t tail[14];
    struct span before = gap == 0 ? ABSENT : span_first(host, gap);
    struct span after = gap + 2 == host.size ? ABSENT : span_skip(host, gap + 2);
    memset(address, 0, 16);
    size_t front = read_groups(before, false, address, 14);
    if (front == SIZE_MAX)
        return false;
    size_t back = read_groups(after, true, tail, 14 - front);
    if (back == SIZE_MAX)
        return false;
    memcpy(address + 16 - back, tail, back);
    return true;
}

bool address_is_numeric(struct span host)
{
    if (span_ends(host, SPAN(".")))
        host.size--;
    struct span label = host;
    for (struct span rest = host; span_present(rest);)
        rest = span_cut(rest, '.', &label);

    bool hexadecimal = span_starts(label, SPAN("0x")) || span_starts(label, SPAN("0X"));
    if (hexadecimal)
        label = span_skip(label, 2);
    for (size_t i = 0; i < label.size; i++)
        if (!ascii_is_digit(label.data[i]) && !(hexadecimal && ascii_hex_value(label.data[i]) < 16))
            return false;
    return hexadecimal || label.size > 0;
}

struct block {
    uint32_t first; /* the first 32 bits of the block's addresses */
    uint32_t bits;  /* how many of them are the same for all: 1 to 32 */
};

static bool is_within(uint32_t value, const struct block *blocks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((value ^ blocks[i].first) >> (32 - blocks[i].bits) == 0)
            return true;
    return false;
}

static uint32_t first_32_bits(const uint8_t *address)
{
    return (uint32_t)address[0] << 24 | (uint32_t)address[1] << 16 | (uint32_t)address[2] << 8 |
           address[3];
}

bool address_ipv4_is_special(const uint8_t address[4])
{
    static const struct block special[] = {
        {0x00000000, 8},  /* this network */
        {0x0a000000, 8},  /* private */
        {0x64400000, 10}, /* shared, carrier-grade NAT */
        {0x7f000000, 8},  /* loopback */
        {0xa9fe0000, 16}, /* link-local, where clouds keep their metadata */
        {0xac100000, 12}, /* private */
        {0xc0000000, 24}, /* protocol assignments */
        {0xc0000200, 24}, /* documentation */
        {0xc0586300, 24}, /* 6to4 relays */
        {0xc0a80000, 16}, /* private */
        {0xc6120000, 15}, /* benchmarking */
        {0xc6336400, 24}, /* documentation */
        {0xcb007100, 24}, /* documentation */
        {0xe0000000, 3},  /* multicast, reserved, broadcast */
    };
    return is_within(first_32_bits(address), special, sizeof special / sizeof *special);
}

bool address_ipv6_is_special(const uint8_t address[16])
{
    static const struct block global[] = {{0x20000000, 3}};
    static const struct block special[] = {
        {0x20010000, 23}, /* protocol assignments: Teredo, benchmarking, ORCHID */
        {0x20010db8, 32}, /* documentation */
        {0x20020000, 16}, /* 6to4 */
        {0x3fff0000, 20}, /* documentation */
    };
    uint32_t first = first_32_bits(address);
    return !is_within(first, global, 1) ||
           is_within(first, special, sizeof special / sizeof *special);
}
