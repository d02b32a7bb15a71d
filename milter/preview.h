/* preview: weir-release shows held messages to who may ask: the group weir, over a socket of its
 * own (core/preview_client.h has the words). One question at a time, between two passes over the
 * records. */
#ifndef WEIR_PREVIEW_H
#define WEIR_PREVIEW_H

#include "store/error.h"

#include <stdbool.h>

/* Listens at `path`; a stale socket is removed. -1 and ERROR_SYSTEM when it cannot. */
int preview_listen(const char *path, struct error *error);

/* Answers who waits at `listening`, by asking weir-hold; who is slow is cut off after two seconds.
 * false: weir-hold is gone. */
bool preview_answer(int listening, int hold, struct error *error);

#endif
