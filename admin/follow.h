/* follow: what the records tell from now on, front by front, until the program is stopped. */
#ifndef WEIR_FOLLOW_H
#define WEIR_FOLLOW_H

#include "admin/session.h"

/* Prints what came to `front` since `*last`, and moves that on; the `first` time only that. The
 * exit code; anything but EX_OK ends it. */
typedef int follow_front(void *context, enum front front, int64_t *last, bool first);

/* The exit code that it ended with. */
int follow(follow_front *look, void *context);

#endif
