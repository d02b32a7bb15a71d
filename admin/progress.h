/* progress: a bar on stderr for work that takes long; silent when stderr is no terminal. */
#ifndef WEIR_PROGRESS_H
#define WEIR_PROGRESS_H

#include <stddef.h>

struct progress;

/* `what` (lent) stands before the bar. */
struct progress *progress_new(const char *what);

/* Draws at most ten times a second. `part` from 0 to 1. */
void progress_show(struct progress *progress, double part, size_t count);

/* Takes the bar off the terminal. */
void progress_free(struct progress *progress);

#endif
