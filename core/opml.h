/* opml: a list of subscriptions for feed readers to import (OPML 2.0, http://opml.org/spec2.opml).
 */
#ifndef WEIR_OPML_H
#define WEIR_OPML_H

#include "store/span.h"

#include <stddef.h>
#include <stdio.h>

struct opml_feed {
    struct span title, url;
    struct span category; /* names of folders, '/' between them: "News/Science"; empty: none */
};

/* The whole document, as UTF-8. Puts `feeds` in the order of their categories, those without first;
 * within one they stay as they are. */
void opml_write(FILE *out, struct span title, struct opml_feed *feeds, size_t count);

#endif
