/* printable: text from outside, as a terminal may be given it. What could steer a terminal, forge a
 * line, turn text around or hide in it becomes '?': control characters (C0, DEL, C1), line and
 * paragraph separators, bidi controls, characters that cannot be seen (soft hyphens, blanks without
 * width, fillers, tags; a joiner stays behind what it joins in Arabic, Indic scripts and emoji),
 * and bytes that are no UTF-8. Tabs and line ends become a blank, unless lines are to be kept.
 * Thread-safe. */
#ifndef WEIR_PRINTABLE_H
#define WEIR_PRINTABLE_H

#include "core/arena.h"
#include "store/span.h"

#include <stdio.h>

enum printable_form {
    PRINTABLE_LINE, /* on one line */
    PRINTABLE_LINES /* tabs and line feeds stay */
};

/* The same text in `arena`, on one line. */
struct span printable_text(struct arena *arena, struct span text);

/* The same of its start, of at most `most` bytes, which are three or more: SPAN_MORE (store/span.h)
 * is behind it where there is more. */
struct span printable_start(struct arena *arena, struct span text, size_t most);

void printable_put(FILE *file, struct span text, enum printable_form form);

/* The first `most` characters on one line, and "…" when there are more. */
void printable_put_start(FILE *file, struct span text, size_t most);

#endif
