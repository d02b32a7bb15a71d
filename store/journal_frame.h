/* journal_frame: how records stand in the journal's files, so that damage costs what it hits and
 * nothing else. A frame is a zero byte, the record behind its length and checksum with all zero
 * bytes stuffed away (Cheshire and Baker, "Consistent overhead byte stuffing", 1999), and a zero
 * byte. The next frame therefore begins behind the next zero byte, whatever stands before it; and
 * nothing inside a record, which holds text of strangers, can be taken for the start of one. */
#ifndef WEIR_JOURNAL_FRAME_H
#define WEIR_JOURNAL_FRAME_H

#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

/* Room that the frame of a record of `length` bytes needs at most. */
size_t journal_frame_bound(size_t length);

/* Writes the frame of `record` (shorter than 4 GiB) to `to`; returns how long it is. */
size_t journal_frame_write(unsigned char *to, struct span record);

/* Reads what stood between two zero bytes, `length` > 0 of them, in their place. False when that
 * is not exactly one record, whole; the bytes are then of no use. */
bool journal_frame_read(unsigned char *bytes, size_t length, struct span *record);

#endif
