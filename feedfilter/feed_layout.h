/* feed_layout: what the tags of an XML feed mean to whoever cuts and edits it: items with their
 * titles, the table of contents of RSS 1.0, links of the feed, the head. Told of each tag by
 * feed_lexer.c, in document order, and private to it. */
#ifndef WEIR_FEED_LAYOUT_H
#define WEIR_FEED_LAYOUT_H

#include "feedfilter/feed_lexer.h"

/* Open elements at most; libxml2 stops at 256, broken start tags may add some. */
#define FEED_DEPTH_MAX 512u
/* Namespace declarations kept: those of the root, the channel, one item and one child of it. */
#define FEED_BINDINGS_MAX 192u

struct xml_name {
    struct span prefix, local;
};

struct xml_attribute {
    struct xml_name name;
    struct span value; /* in the projected text, without quotes */
};

struct start_tag {
    const char *start, *end;
    struct xml_name name;
    struct xml_attribute *attributes; /* of elements for which feed_layout_wants_attributes() */
    size_t attribute_count, attribute_room;
};

/* The value of an attribute by its name as it stands, else but for the size of its letters; NULL
 * data: it has none. `prefix` NULL: it is without one. */
struct span start_tag_attribute(const struct start_tag *tag, const char *prefix, const char *local);

enum element_role {
    ROLE_NONE,
    ROLE_CHANNEL,
    ROLE_ITEM,
    ROLE_TITLE, /* of an item */
    ROLE_BODY,  /* of an item */
    ROLE_MENTION,
    ROLE_LINK
};

struct open_element {
    struct xml_name name;
    enum element_role role;
    size_t index;       /* of what it is in the ranges */
    const char *inside; /* behind its start tag */
};

struct namespace_binding {
    size_t depth; /* of the element that declares it */
    struct span prefix, uri;
};

enum layout_format { LAYOUT_NONE, LAYOUT_RSS, LAYOUT_RDF, LAYOUT_ATOM, LAYOUT_CDF };

struct feed_layout {
    struct arena *arena;
    struct span bytes;
    const char *text; /* `bytes` with one byte per unit */
    size_t unit_bytes;
    enum layout_format format;
    struct xml_name root;
    struct span root_uri;
    struct open_element *stack; /* of FEED_DEPTH_MAX */
    size_t depth;
    struct namespace_binding *bindings; /* of FEED_BINDINGS_MAX */
    size_t binding_count;
    size_t start_tags;
    bool root_closed;                 /* once; what is behind its end counts as in it */
    struct feed_stretch further_root; /* start tag of the last root behind that; empty: none */
    size_t item_depth;                /* of the open item; 0: none is open */
    struct span item_uri;
    struct feed_body body;           /* that is open; `inside` is not known yet */
    struct feed_stretch channel_tag; /* of the channel that was opened last */
    bool root_has_base, channel_has_base;
    size_t unfinished; /* items that something else closed */
    struct feed_ranges *ranges;
};

/* Whether the attributes of an element at the current depth matter. */
bool feed_layout_wants_attributes(const struct feed_layout *layout);

/* Opens an element. false: it is the root, and no feed's. */
bool feed_layout_open(struct feed_layout *layout, const struct start_tag *tag);

/* Closes the innermost element. `before`: where the tag that closes it starts, NULL when that is
 * its own start tag; `after`: where it ends; `own_end_tag`: it is the element's. */
void feed_layout_close(struct feed_layout *layout, const char *before, const char *after,
                       bool own_end_tag);

/* Takes away what has no end. false: the end of an item is in doubt. */
bool feed_layout_settle(struct feed_layout *layout, struct error *error);

#endif
