/* bench_program: what the programs of the benchmarks share. */
#ifndef WEIR_BENCH_PROGRAM_H
#define WEIR_BENCH_PROGRAM_H

#include "store/span.h"

/* Processor time of this process so far, in seconds. */
double now_s(void);

/* Prints "program: what: why" and ends the program. */
_Noreturn void fail(const char *what, const char *why);

/* All bytes of a file, or the end of the program. The caller frees the data; a NUL stands behind.
 */
struct span read_file(const char *path);

#endif
