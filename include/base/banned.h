/*
 * Forced into every file of ours (-include, see the Makefile): these names do
 * not compile. Their system headers come first, because a poisoned name may
 * not be declared afterwards either; so <stdio.h> and <time.h> are out too.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdlib.h>
#include <string.h>

/* Memory comes from the arena. */
#pragma GCC poison malloc calloc realloc reallocarray aligned_alloc free alloca strdup strndup

/* Text is a span: no terminator to look for, to forget or to run past. */
#pragma GCC poison strlen strnlen strcpy strncpy stpcpy stpncpy strlcpy strlcat strcat strncat
#pragma GCC poison strcmp strncmp strcasecmp strncasecmp strcoll strchr strrchr strstr strpbrk
#pragma GCC poison strspn strcspn strtok strtok_r strsep strerror
#pragma GCC poison atoi atol atoll atof strtol strtoul strtoll strtoull strtod strtof strtold

/* Bytes are compared by span_equal, secrets by crypto_equal. */
#pragma GCC poison memcmp bcmp

/* Output is an effect, or a builder. */
#pragma GCC poison printf fprintf sprintf snprintf vprintf vfprintf vsprintf vsnprintf
#pragma GCC poison puts fputs putchar sscanf

/* A run is a function of its input: time and randomness are given. */
#pragma GCC poison time clock gettimeofday clock_gettime rand rand_r srand
#pragma GCC poison getrandom getentropy arc4random getenv

/* Control flow is plain; what cannot go on is __builtin_trap. */
#pragma GCC poison setjmp longjmp exit _Exit abort atexit system

#endif
