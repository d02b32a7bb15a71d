/* verdicts_told: which verdicts were logged though they could not be recorded. Without a record an
 * item is judged at each poll; the log is to tell of it once. Not thread-safe. */
#ifndef WEIR_VERDICTS_TOLD_H
#define WEIR_VERDICTS_TOLD_H

#include "store/records.h"

#include <stdbool.h>

/* A feed has hardly more items; further ones are not told of. */
#define VERDICTS_TOLD_MOST (1u << 17)

struct verdicts_told;

/* Notes the item of that document in `*told`, which is made when NULL. True: it was not there yet,
 * so that it is to be logged. */
bool verdicts_told_note(struct verdicts_told **told, const unsigned char id[RECORD_ID_BYTES]);

void verdicts_told_free(struct verdicts_told *told); /* NULL is fine */

#endif
