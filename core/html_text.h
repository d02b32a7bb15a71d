/* html_text: the text that comes out of HTML while it is read, piece by piece. */
#ifndef WEIR_HTML_TEXT_H
#define WEIR_HTML_TEXT_H

#include "core/document.h"

#define HIDDEN_SAMPLE_BYTES 120

struct html_text {
    char *data;
    size_t length, room;
    char pending; /* the break before what comes next: 0, ' ', '\t' or '\n' */
    size_t visible, inside_links, hidden;
    size_t stretch, longest; /* hidden code points since visible text was seen, and most so far */
    size_t sample_length, stretch_sample_length;
    char sample[HIDDEN_SAMPLE_BYTES], stretch_sample[HIDDEN_SAMPLE_BYTES];
};

/* What comes next does not touch what came before: the widest break wins. */
void html_text_break(struct html_text *text, char with);

/* Appends UTF-8, blank runs folded. */
void html_text_add(struct html_text *text, const char *data, size_t length, bool inside_link);

/* Text that no reader sees: only counted, what is drawn as nothing not even that. */
void html_text_hide(struct html_text *text, const char *data, size_t length);

/* Call once at the end. */
void html_text_finish(struct html_text *text);

#endif
