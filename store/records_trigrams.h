/* records_trigrams: texts as held_text, the index of what is held, knows them: by each three
 * characters that follow each other, in either case. Internal to store/. */
#ifndef WEIR_RECORDS_TRIGRAMS_H
#define WEIR_RECORDS_TRIGRAMS_H

#include "store/records.h"

#include <sqlite3.h>

/* Whether the index can be asked for the text: it has three characters at least. */
bool records_trigrams_know(const char *text); /* NULL is fine */

/* What the index is asked for in place of a text that has it: it reads all that it knows of each
 * three characters, and some of those are in nearly every entry. */
struct records_part {
    const char *text; /* within the whole; not its end */
    size_t length;
    int64_t entries; /* about so many have it, or fewer */
};

/* The longest part of `text`, which the index knows, whose threes of characters are all rare; the
 * whole when none is, and then INT64_MAX entries. With the lock held. */
bool records_trigrams_part(struct records *records, const char *text, struct records_part *part,
                           struct error *error);

/* Gives the connection has_text(TEXT, COLUMN...): whether one of the columns has the text, which
 * the index knows, exactly as the index would find it. False on failure: the connection knows it.
 */
bool records_trigrams_function(sqlite3 *db);

#endif
