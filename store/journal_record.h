/* journal_record: the journal's records as bytes. Internal to the journal; what a record says is in
 * journal.h. */
#ifndef WEIR_JOURNAL_RECORD_H
#define WEIR_JOURNAL_RECORD_H

#include "store/journal.h"

/* Frames (journal_frame.h) one after the other; all zero to begin with; free `data`. */
struct journal_frames {
    unsigned char *data;
    size_t length;
};

/* Append frames, and return all there are. Lessons are written now. */
struct span journal_frames_of_lessons(struct journal_frames *frames,
                                      const struct journal_record *records, size_t n);

/* As long for one epoch as for another, so that it can be written over another one. */
struct span journal_frame_of_epoch(struct journal_frames *frames,
                                   const struct journal_epoch *epoch);

/* False when `bytes` are something else. */
bool journal_read_lesson(struct span bytes, struct journal_record *record);
bool journal_read_epoch(struct span bytes, struct journal_epoch *epoch);

#endif
