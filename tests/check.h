/*
 * Assertions for the C tests. A test program checks, goes on, and ends with
 *
 *     return check_done();
 *
 * which fails when a check failed or none was made. Only stdio is asked of the
 * platform, so the same program runs natively and as wasm.
 *
 *     for (size_t i = 0; i < COUNT(rows); i++) {
 *         check_row(rows[i].why);
 *         CHECK_INT(url_parse(&arena, rows[i].input, &url), rows[i].want);
 *     }
 *
 * Each CHECK is an expression, true when it held: `if (!CHECK(...)) return;`
 * protects what makes no sense after a failure.
 */
#ifndef CHECK_H
#define CHECK_H

#include "base/span.h"

#include <inttypes.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition)
#define CHECK_INT(got, want) check_int((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, #got)
#define CHECK_SPAN(got, want) check_span((got), (want), __FILE__, __LINE__, #got)

static struct {
    unsigned made, failed;
    const char *row; /* which row of a table is being checked; NULL: none */
} checks;

/* Names the table row at hand; it is printed with each failure until the next. */
static inline void check_row(const char *why)
{
    checks.row = why;
}

static inline bool check(bool held, const char *file, int line, const char *what)
{
    checks.made++;
    if (held)
        return true;
    checks.failed++;
    printf("%s:%d: %s", file, line, what);
    if (checks.row != NULL)
        printf(" [%s]", checks.row);
    printf("\n");
    return false;
}

static inline bool check_int(int64_t got, int64_t want, const char *file, int line,
                             const char *what)
{
    if (check(got == want, file, line, what))
        return true;
    printf("    got %" PRId64 ", want %" PRId64 "\n", got, want);
    return false;
}

static inline void check_print(const char *name, struct span s)
{
    printf("    %s ", name);
    if (!span_present(s))
        printf("ABSENT");
    for (size_t i = 0; i < s.size; i++)
        printf(s.data[i] >= 0x20 && s.data[i] < 0x7f && s.data[i] != '\\' ? "%c" : "\\x%02x",
               s.data[i]);
    printf("\n");
}

/* ABSENT and empty are not the same. */
static inline bool check_span(struct span got, struct span want, const char *file, int line,
                              const char *what)
{
    bool same = span_present(got) == span_present(want) && span_equal(got, want);
    if (check(same, file, line, what))
        return true;
    check_print("got ", got);
    check_print("want", want);
    return false;
}

/* The exit status of the program. */
static inline int check_run(const char *file)
{
    if (checks.failed > 0)
        printf("%s: %u of %u checks failed\n", file, checks.failed, checks.made);
    else
        printf("%s: %u checks passed\n", file, checks.made);
    return checks.failed > 0 || checks.made == 0;
}
#define check_done() check_run(__FILE__)

#endif
