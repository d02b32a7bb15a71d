/* feed_fields: which elements of an item (and of the feed about itself) say what, and the gathering
 * of their text. Private to core/feed_read.c, which knows where in the feed the parser stands. */
#ifndef WEIR_FEED_FIELDS_H
#define WEIR_FEED_FIELDS_H

#include "core/feed.h"
#include "core/feed_vocabulary.h"

#include <libxml/xmlstring.h>
#include <stdbool.h>
#include <stddef.h>

/* A start tag as libxml2's SAX2 interface gives it. */
struct feed_element {
    const char *local, *prefix, *uri; /* prefix, uri: NULL when there is none */
    const xmlChar **attributes;       /* five each: local, prefix, URI, value, end of value */
    int attribute_count;
};

/* What an element means where it stands. Names are told apart by their addresses: libxml2's
 * dictionary has each once. */
struct known_element {
    const char *local, *prefix, *uri;
    enum feed_place place;
    enum vocabulary vocabulary;
    const struct feed_row *row; /* NULL: its text says nothing */
};

struct feed_fields {
    struct feed *feed;
    enum feed_format format; /* of the root that was opened last: of the feed, or behind its end */
    const char *root_uri;    /* NULL: the root has no namespace */
    bool is_cdf;             /* whose items say in attributes what RSS says in elements */
    struct span base;        /* what xml:base says where the parser stands; empty: nothing */
    unsigned ttl_s, period_s, frequency;
    struct known_element known[64]; /* those met last */

    struct feed_item *item;       /* the one that is open, or NULL */
    struct span permalink, about; /* its guid where that is one, and its rdf:about */
    unsigned joined;              /* as feed_item_say() keeps it */
    const struct feed_row *item_author, *feed_author; /* what named the author; NULL: nothing yet */

    const struct feed_row *row; /* of the element whose text is gathered, or NULL */
    struct span text_base;      /* `base` there */
    bool to_item;
    bool inline_markup; /* its markup is XML and not escaped (type="xhtml") */
    bool declared_html; /* type="html" */
    bool base64;
    bool has_elements;
    bool is_permalink;
    bool leads_elsewhere; /* a link that is none to the item itself */
    char *text;           /* malloc'ed */
    size_t length, room;
};

/* True when the element's text is gathered from here on, until feed_fields_close(); its attributes
 * were read in any case. */
bool feed_fields_open(struct feed_fields *fields, const struct feed_element *element,
                      enum feed_place place);
void feed_fields_close(struct feed_fields *fields);

/* While text is gathered: text, and elements inside, which become markup again. */
void feed_fields_text(struct feed_fields *fields, const char *data, size_t length);
void feed_fields_inner_open(struct feed_fields *fields, const struct feed_element *element);
void feed_fields_inner_close(struct feed_fields *fields, const char *local);

/* Reads what CDF says in attributes of its root; feed_fields_open_item() reads those of its items.
 */
void feed_fields_open_channel(struct feed_fields *fields, const struct feed_element *element);

/* A root begins, in the namespace `uri` (NULL: in none). */
void feed_fields_open_root(struct feed_fields *fields, enum feed_format format, const char *uri);

/* Reads what the root, and the channel of RSS, say of all that is in them. */
void feed_fields_open_around(struct feed_fields *fields, const struct feed_element *element);

/* Opens the item that `element` starts, and gives the open one what it may lack. */
void feed_fields_open_item(struct feed_fields *fields, const struct feed_element *element,
                           struct feed_item *item);
void feed_fields_close_item(struct feed_fields *fields);

/* Gives the feed what its elements say together. */
void feed_fields_finish(struct feed_fields *fields);

/* An attribute, entities resolved, in the feed's arena; empty: not there. `prefix` NULL: it has
 * none. One whose name has letters of another size counts where there is none of that name. */
struct span feed_attribute(struct arena *arena, const struct feed_element *element,
                           const char *prefix, const char *name);

#endif
