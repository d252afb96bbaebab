/*
 * IP addresses as hosts of URLs spell them, and which of them are not on the
 * public internet (RFC 6890 and its successors in the IANA registries).
 */
#ifndef TEXT_ADDRESS_H
#define TEXT_ADDRESS_H

#include "base/span.h"

/* "192.0.2.1": four decimal numbers, no leading zeros, and nothing else. */
bool address_ipv4(struct span host, uint8_t address[4]);

/* RFC 4291 section 2.2, without brackets and without a zone. */
bool address_ipv6(struct span host, uint8_t address[16]);

/*
 * Whether browsers read the host as an IPv4 address or fail (WHATWG URL, "ends
 * in a number"): the last label is decimal, or hexadecimal behind 0x.
 */
bool address_is_numeric(struct span host);

/* Loopback, private, link-local, shared, documentation, benchmarking, multicast, reserved... */
bool address_ipv4_is_special(const uint8_t address[4]);

/*
 * Everything outside 2000::/3, and within it the protocol assignments,
 * documentation, and what embeds an IPv4 address (6to4, Teredo).
 */
bool address_ipv6_is_special(const uint8_t address[16]);

#endif
