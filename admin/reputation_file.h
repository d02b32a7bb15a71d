/* reputation_file: reputations as lines of a file, as weirctl reputation export writes and import
 * reads them: CSV (RFC 4180) with a header line that names the columns, or an object of JSON on
 * each line. Both have "type", "value", "ham" and "spam" (lessons, to a thousandth, as they stood
 * at "time", which is in seconds since 1970), "override" ("none", "set" or "pin"), "log_odds" of
 * that, "until" of what is set, "seen" (documents, likewise) and "first_seen" (0: not known); the
 * last two may be missing. Nothing is decayed, so what is read is exactly what was written. */
#ifndef WEIR_REPUTATION_FILE_H
#define WEIR_REPUTATION_FILE_H

#include "core/document.h"
#include "core/json_writer.h"
#include "store/counts.h"

#include <stdio.h>

void reputation_file_put_header(FILE *stream); /* of CSV */
void reputation_file_put_csv(FILE *stream, const struct identity *identity,
                             const struct reputation_counts *counts);
void reputation_file_put_json(struct json_writer *json, const struct identity *identity,
                              const struct reputation_counts *counts);

/* --- reading --- */

enum reputation_file_outcome {
    REPUTATION_FILE_ROW,
    REPUTATION_FILE_BROKEN, /* the line cannot be: reader's `line`, and why in `error` */
    REPUTATION_FILE_END     /* or the stream failed: ferror() */
};

#define REPUTATION_FILE_COLUMNS 10
#define REPUTATION_FILE_LINE_MAX 4096

/* Zeroed at first, but for `stream` and `config` (NULL: none), which are lent. */
struct reputation_file {
    FILE *stream;
    const struct config *config;
    unsigned long line; /* at which the last row began, from 1 */
    unsigned long next_line;
    bool begun, ended, json;
    size_t columns; /* of CSV; each one's meaning: */
    size_t meaning[REPUTATION_FILE_COLUMNS];
    char text[REPUTATION_FILE_LINE_MAX]; /* of the row; fields end with a NUL */
    size_t length;
};

/* The next row; the identity's value is in the arena of `scratch`, a fresh document. After a header
 * that cannot be comes the end. */
enum reputation_file_outcome reputation_file_next(struct reputation_file *file,
                                                  struct document *scratch,
                                                  struct identity *identity,
                                                  struct reputation_counts *counts,
                                                  struct error *error);

#endif
