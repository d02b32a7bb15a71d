/* keyword_list: lists of short phrases in a document's text, as link farms write them for search
 * engines: between bars, dots, commas or on lines of their own, with the same few words turned over
 * and over. Menus, tables and enumerations made for people repeat themselves less. Used by checks.
 */
#ifndef WEIR_KEYWORD_LIST_H
#define WEIR_KEYWORD_LIST_H

#include "core/document.h"
#include "core/phrases.h"

/* How much of a document's text is searched. */
#define KEYWORD_LIST_BYTES_MAX ((size_t)128 * 1024)

struct keyword_list {
    double strength;          /* above 0, at most 1: how much it looks like one of a farm */
    size_t sharing;           /* of its phrases, those that share words with others */
    struct span common;       /* what most of them share */
    const char *separated_by; /* "bars" */
    struct phrases phrases;
    size_t text; /* of the document, that it stands in */
};

/* Fills the document's `keyword_list` with the strongest, in its arena; NULL when there is none. */
void keyword_list_note(struct document *document);

#endif
