/*
 * Multiples of the base point, for signatures. BearSSL takes a scalar four bits
 * at a time: 256 doublings. A comb (Lim and Lee, CRYPTO '94) takes bits that
 * stand 64 apart together, so that 32 doublings do. Its tables are made when they
 * are first needed: as data of the module they would not compress.
 *
 * The arithmetic is BearSSL's and private to its file, which is compiled here.
 */
#include "jose/p256.h"

#include <ec/ec_p256_m31.c>

enum { LIMBS = 9, TEETH = 4, COMBS = 2, COLUMNS = 32, POINTS = 1 << TEETH };

struct affine {
    uint32_t x[LIMBS];
    uint32_t y[LIMBS];
};

/*
 * combs[c][i] is the sum of 2^(64 t + 32 c) G over the bits t of i; nothing at
 * 0. They depend on nothing, so whether they are made yet changes no result.
 */
static struct affine combs[COMBS][POINTS];
static bool combs_made;

/* All z to 1: one inversion for all, and three products for each. */
static void to_affine(const p256_jacobian *points, size_t count, struct affine *out)
{
    uint32_t products[COMBS * POINTS][LIMBS]; /* of the z so far */
    uint32_t inverse[LIMBS];                  /* of such a product */
    p256_jacobian all;
    memcpy(products[0], points[0].z, sizeof products[0]);
    for (size_t i = 1; i < count; i++)
        mul_f256(products[i], products[i - 1], points[i].z);
    /* Its x is divided by the square of its z. */
    memcpy(all.x, products[count - 1], sizeof all.x);
    memcpy(all.y, products[count - 1], sizeof all.y);
    memcpy(all.z, products[count - 1], sizeof all.z);
    p256_to_affine(&all);
    memcpy(inverse, all.x, sizeof inverse);
    for (size_t i = count; i-- > 0;) {
        uint32_t z[LIMBS]; /* 1 / z */
        uint32_t square[LIMBS];
        memcpy(z, inverse, sizeof z);
        if (i > 0)
            mul_f256(z, inverse, products[i - 1]);
        mul_f256(inverse, inverse, points[i].z);
        square_f256(square, z);
        mul_f256(out[i].x, points[i].x, square);
        mul_f256(square, square, z);
        mul_f256(out[i].y, points[i].y, square);
    }
}

static void make_combs(void)
{
    p256_jacobian points[COMBS][POINTS];
    p256_jacobian base;
    p256_decode(&base, P256_G, sizeof P256_G);
    points[0][0] = points[1][0] = base; /* never looked up */
    for (size_t tooth = 0; tooth < TEETH; tooth++)
        for (size_t comb = 0; comb < COMBS; comb++) {
            p256_jacobian *sums = points[comb];
            size_t bit = (size_t)1 << tooth;
            sums[bit] = base;
            for (size_t i = 1; i < bit; i++) {
                sums[bit + i] = base;
                p256_add(&sums[bit + i], &sums[i]);
            }
            for (size_t i = 0; i < COLUMNS; i++)
                p256_double(&base);
        }
    to_affine(points[0], COMBS * (size_t)POINTS, combs[0]);
    combs_made = true;
}

/* In constant time; index 0 gives no point. */
static void look_up(const struct affine *comb, uint32_t index, p256_jacobian *found)
{
    memset(found, 0, sizeof *found);
    found->z[0] = 1;
    for (uint32_t i = 1; i < POINTS; i++) {
        uint32_t mask = -EQ(index, i);
        for (size_t u = 0; u < LIMBS; u++) {
            found->x[u] |= mask & comb[i].x[u];
            found->y[u] |= mask & comb[i].y[u];
        }
    }
}

/* The bits `column` + 64 t of a big-endian scalar, as one number. */
static uint32_t teeth_at(const uint8_t *scalar, size_t column)
{
    uint32_t index = 0;
    for (size_t tooth = 0; tooth < TEETH; tooth++) {
        size_t bit = column + 64 * tooth;
        index |= (uint32_t)(scalar[P256_SCALAR_SIZE - 1 - bit / 8] >> bit % 8 & 1) << tooth;
    }
    return index;
}

/*
 * BearSSL's addition of a point to itself would be wrong, and nothing can be added
 * to what a point and its opposite make; neither comes up. The sum so far is s G and
 * the part p G, where s and p share no bit, and s + p is made of the leading bits of
 * each 32 bits of the scalar: it is at most the scalar, which is below the order. So
 * s and p differ, and s + p is no multiple of the order.
 */
static void times_base(const uint8_t *scalar, p256_jacobian *sum)
{
    uint32_t empty = 1; /* the sum is nothing yet, which cannot be added to */
    if (!combs_made)
        make_combs();
    memset(sum, 0, sizeof *sum);
    for (size_t column = COLUMNS; column-- > 0;) {
        p256_double(sum);
        for (size_t comb = 0; comb < COMBS; comb++) {
            p256_jacobian part;
            p256_jacobian added = *sum;
            uint32_t index = teeth_at(scalar, column + COLUMNS * comb);
            uint32_t some = NEQ(index, 0);
            look_up(combs[comb], index, &part);
            p256_add_mixed(&added, &part);
            CCOPY(some & empty, sum, &part, sizeof part);
            CCOPY(some & ~empty, sum, &added, sizeof added);
            empty &= ~some;
        }
    }
}

bool p256_is_point(const uint8_t point[P256_POINT_SIZE])
{
    p256_jacobian decoded;
    return p256_decode(&decoded, point, P256_POINT_SIZE) == 1;
}

void p256_base_times(const uint8_t scalar[P256_SCALAR_SIZE], uint8_t out[P256_POINT_SIZE])
{
    p256_jacobian product;
    times_base(scalar, &product);
    p256_to_affine(&product);
    p256_encode(out, &product);
}

static uint32_t is_infinite(p256_jacobian *p)
{
    uint32_t z = 0;
    reduce_final_f256(p->z);
    for (size_t u = 0; u < LIMBS; u++)
        z |= p->z[u];
    return EQ(z, 0);
}

bool p256_sum(const uint8_t point[P256_POINT_SIZE], const uint8_t a[P256_SCALAR_SIZE],
              const uint8_t b[P256_SCALAR_SIZE], uint8_t out[P256_POINT_SIZE])
{
    p256_jacobian sum;
    p256_jacobian other;
    uint32_t is_point = p256_decode(&sum, point, P256_POINT_SIZE);
    p256_mul(&sum, a, P256_SCALAR_SIZE);
    times_base(b, &other);
    /* Of two equal points the addition makes nothing, and says that their y do not differ. */
    uint32_t y_differ = p256_add(&sum, &other);
    p256_double(&other);
    CCOPY(is_infinite(&sum) & ~y_differ, &sum, &other, sizeof sum);
    p256_to_affine(&sum);
    p256_encode(out, &sum);
    return (is_point & ~is_infinite(&sum)) == 1;
}
