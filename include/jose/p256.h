/*
 * Points of P-256, as ec.h's signatures need them: 04 || x || y, and scalars
 * big-endian, in constant time.
 */
#ifndef JOSE_P256_H
#define JOSE_P256_H

#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>

enum { P256_SCALAR_SIZE = 32, P256_COORDINATE_SIZE = 32, P256_POINT_SIZE = 65 };

/* Whether it is one: both coordinates below the field's prime, and on the curve. */
bool p256_is_point(const uint8_t point[P256_POINT_SIZE]) MUST_USE;

/* The base point times a scalar, which is not 0 and below the order. */
void p256_base_times(const uint8_t scalar[P256_SCALAR_SIZE], uint8_t out[P256_POINT_SIZE]);

/*
 * point * a + base point * b; both below the order, and a not 0. False: it is no
 * point, or the sum is none (nor is it given for b = 0, which no signature has).
 */
bool p256_sum(const uint8_t point[P256_POINT_SIZE], const uint8_t a[P256_SCALAR_SIZE],
              const uint8_t b[P256_SCALAR_SIZE], uint8_t out[P256_POINT_SIZE]) MUST_USE;

#endif
