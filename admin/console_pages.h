/* console_pages: the console's web pages, read into memory at start. */
#ifndef WEIR_CONSOLE_PAGES_H
#define WEIR_CONSOLE_PAGES_H

#include "store/error.h"

#include <stddef.h>

struct console_page {
    char *name; /* "index.html" */
    char *content;
    size_t length;
    const char *type; /* its media type */
    char etag[40];    /* with its quotes; of the content */
};

struct console_pages;

/* The files .html, .css, .js and .svg in `directory`. NULL and ERROR_SYSTEM: it cannot be read, or
 * has no index.html. */
struct console_pages *console_pages_read(const char *directory, struct error *error);
void console_pages_free(struct console_pages *pages); /* NULL is fine */

/* What "/NAME" is, and "/" index.html; NULL: nothing. */
const struct console_page *console_pages_find(const struct console_pages *pages,
                                              const char *target);

#endif
