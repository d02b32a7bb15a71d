/* html_style: what a style attribute says about whether text can be seen. */
#ifndef WEIR_HTML_STYLE_H
#define WEIR_HTML_STYLE_H

#include "store/span.h"

#include <stdbool.h>
#include <stdint.h>

/* 0xRRGGBB, or one of these. */
#define COLOUR_UNSET (-1)   /* nothing is said */
#define COLOUR_UNKNOWN (-2) /* an image, a gradient, a name we do not know */
#define COLOUR_DEFAULT (-3) /* the page's own: white, when no style sheet says else */

enum said { SAID_NOTHING, SAID_VISIBLE, SAID_HIDDEN };

struct html_style {
    bool gone;            /* with all that is inside: display:none, opacity:0, off the page */
    enum said visibility; /* these three may be taken back further in */
    enum said font_size;
    enum said indent;
    int32_t colour, background;
};

/* Reads "name: value; …". What is not said stays as it is in `style`. */
void html_style_read(struct span declarations, struct html_style *style);

/* The colour that a value or an attribute names. */
int32_t html_colour(struct span value);

/* True when text of one colour on the other cannot be made out. */
bool html_colours_alike(int32_t a, int32_t b);

#endif
