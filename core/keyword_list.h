/* keyword_list: lists of short phrases in a document's text, as link farms write them for search
 * engines: between bars, dots, commas or on lines of their own, with the same few words turned over
 * and over. Menus, tables and enumerations made for people repeat themselves less. Who lists
 * keywords under a text of their own lists what the text is about, or its title. Under a text that
 * was taken from elsewhere stands what somebody else is to be found by. Used by checks and
 * features. */
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
    size_t text;       /* of the document, that it stands in */
    struct span lines; /* of that text, that hold it */
    double unrelated;  /* from 0 to 1: how much the text around it is about something else */
    size_t known;      /* of its phrases, those that the text around it, or the title, is about */
};

/* Fills the document's `keyword_list` with the strongest, in its arena; NULL when there is none.
 * Once that is done it does nothing. */
void keyword_list_note(struct document *document);

/* Whether the text around the list was taken from elsewhere to carry it. It says nothing of who
 * took it, and whatever is learned from it is held against who wrote it. */
bool keyword_list_borrows_text(const struct document *document);

#endif
