/* preview: weir-release shows held messages to who may ask: the group weir, over a socket of its
 * own, on which "QUEUE-ID DOCUMENT" is answered as weir-hold answers "show" (hold_protocol.h). One
 * question at a time, between two passes over the records. */
#ifndef WEIR_PREVIEW_H
#define WEIR_PREVIEW_H

#include "store/error.h"

#include <stdbool.h>

/* Listens at `path`; a stale socket is removed. -1 and ERROR_SYSTEM when it cannot. */
int preview_listen(const char *path, struct error *error);

/* Answers one of those who wait at `listening`, if any, by asking weir-hold; who has not asked
 * after two seconds is cut off. false: weir-hold is gone. */
bool preview_answer(int listening, int hold, struct error *error);

#endif
