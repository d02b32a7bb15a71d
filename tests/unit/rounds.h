#ifndef WEIR_TEST_ROUNDS_H
#define WEIR_TEST_ROUNDS_H
/* How often a test repeats what takes long. Valgrind looks at how memory is used, some thirty times
 * slower, and sees in the first rounds what it sees in the last; what needs them all, a bound or
 * what is so of the most of many, is shown by the build with sanitizers. */

#include <stdlib.h>

/* `usual`, or `few` where `make check-valgrind` runs the test. */
static inline unsigned rounds(unsigned usual, unsigned few)
{
    return getenv("WEIR_UNDER_VALGRIND") ? few : usual;
}

/* A row of an array of CMUnitTest that `make check-valgrind` leaves out: of a test that only shows
 * a bound or what becomes of many, and runs no code that others do not. */
#define with_sanitizers_only(...)                                                                  \
    (getenv("WEIR_UNDER_VALGRIND") ? (struct CMUnitTest){0} : (struct CMUnitTest)__VA_ARGS__)

#endif
