/* held_list: weirctl held list, here or on another machine: entries that filters let pass, in
 * pages, newest first, mail before items; and their ids, for a command that is about all of them.
 */
#ifndef WEIR_HELD_LIST_H
#define WEIR_HELD_LIST_H

#include <jansson.h>

#include "admin/held_filter.h"
#include "admin/records_text.h"

struct held_asked {
    struct held_words words;
    struct held_wish wish; /* what they mean */
    const char *after;     /* an id: entries listed behind it; NULL: from the first on */
    size_t limit;          /* 0: all */
};

/* An entry as it is listed. */
struct held_row {
    enum front front;
    const struct held *held; /* of another machine only what a line shows */
    const json_t *json;      /* its JSON, on another machine; NULL: here */
};

/* Returns false to stop. */
typedef bool held_visit_row(void *context, const struct held_row *row);

/* Visits what is asked for, lent for the call. The exit code. */
int held_list_walk(struct session *session, const struct held_asked *asked, held_visit_row *visit,
                   void *context);

void held_list_print_row(const struct session *session, const struct held_row *row);

/* Prints the entries, or how many there are; the exit code. */
int held_list_print(struct session *session, const struct held_asked *asked);
int held_list_count(struct session *session, const struct held_asked *asked);

#endif
