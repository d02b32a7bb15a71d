/* feed_lexer: where things stand in a feed's raw bytes: its items, what lists them besides, and the
 * addresses that the documented edits over HTTP change. For XML it knows tags, comments, CDATA
 * sections, processing instructions, quoted attributes and the document type with its internal
 * subset, and looks at nothing else; so it works in broken XML too, where it follows core/feed.h:
 * an end tag closes the innermost open element of that name, and one that closes nothing is
 * skipped; ITEM and Item are names like item; and what stands behind the root's end is taken as if
 * it stood in it. JSON Feed is walked with core/json_scan.h, as core/feed.h walks it. What the
 * items say is core/feed.h's to read; whoever cuts compares the two.
 */
#ifndef WEIR_FEED_LEXER_H
#define WEIR_FEED_LEXER_H

#include "core/arena.h"
#include "core/feed_encoding.h"
#include "store/error.h"

#include <stdbool.h>
#include <stddef.h>

#define FEED_NOWHERE ((size_t)-1)

/* Bytes from the start of the input, `end` not included. */
struct feed_stretch {
    size_t start, end;
};

/* What stands below an item's title, and how it is written: as HTML (in XML escaped, or in CDATA
 * sections), as XHTML in a div, or as plain text. */
enum feed_body_form { FEED_BODY_HTML, FEED_BODY_XHTML, FEED_BODY_TEXT };
struct feed_body {
    unsigned rank; /* readers prefer a higher one; 0: there is none, and nothing below is set */
    enum feed_body_form form;
    struct feed_stretch inside; /* between its tags, or its quotes; of a "<description/>" the whole
                                   tag, with `empty` */
    bool empty;
};

/* An item: from the first byte of "<item" to the last of "</item>" (or of "<item/>"); in JSON from
 * its '{' to its '}'. */
struct feed_range {
    size_t start, end;
    size_t start_tag; /* as feed_item.start_tag */
    struct feed_stretch
        title; /* XML: what stands between its (first own) title's tags, CDATA marks
                  included. JSON: the string's inside. start FEED_NOWHERE: none such */
    struct feed_stretch
        empty_title; /* XML: a "<title/>" whole, the last of them; start FEED_NOWHERE: none */
    size_t inside;   /* where children of the item can be put in front: behind its start tag, or its
                        '{'; FEED_NOWHERE: "<item/>" */
    struct feed_stretch
        tags; /* JSON: the inside of its "tags" array; start FEED_NOWHERE: has none */
    size_t comma_before, comma_after; /* JSON: of the list; FEED_NOWHERE: none there */
    struct feed_body body;            /* its content, else its summary; of several the first */
    bool has_summary, has_content; /* Atom: such an element, also one that nothing can be said in */
    struct feed_stretch further_root; /* XML: when a further root opened before it, behind the end
                                         of the first: the start tag of the last; else empty */
    struct span about; /* RSS 1.0: the value of rdf:about as it stands; empty: none */
};

/* RSS 1.0: an rdf:li of the channel's table of contents, whole. */
struct feed_mention {
    struct feed_stretch whole;
    struct span resource; /* the attribute's value as it stands */
};

/* What leads readers elsewhere. */
enum feed_link_kind {
    FEED_LINK_SELF,        /* atom:link rel="self"; JSON's feed_url */
    FEED_LINK_HUB,         /* rel="hub" (WebSub); RSS's cloud (rssCloud); JSON's hubs */
    FEED_LINK_PAGE,        /* rel="next", "prev", "previous", "first", "last", "current" (RFC 5005),
                              "prev-archive", "next-archive"; JSON's next_url */
    FEED_LINK_NEW_FEED_URL /* itunes:new-feed-url */
};
struct feed_link {
    enum feed_link_kind kind;
    struct feed_stretch whole; /* the element with its end tag, empty where it has none; in JSON the
                                  member with the comma that goes with it when all others but
                                  feed_url's go as well */
    struct feed_stretch value; /* of href, or the element's text, or the JSON string: without
                                  quotes; start FEED_NOWHERE: none */
};

struct feed_ranges {
    bool json;
    struct feed_range *ranges; /* in document order; in the arena */
    size_t count;
    struct feed_mention *mentions;
    size_t mention_count;
    struct feed_link *links; /* of the feed, not of its items */
    size_t link_count;
    /* XML: an item is readable alone behind these: the declaration and the start tags of the root
     * and, where items stand in it, of the channel. JSON: both empty. */
    struct feed_stretch declaration;           /* "<?xml … ?>"; empty: there is none */
    struct feed_stretch root_tag, channel_tag; /* whole start tags; channel_tag may be empty */
    bool root_has_base;                        /* xml:base on the root, or the channel */
    size_t front; /* where one more item can be put before all others (in JSON behind the '[' of the
                     last list, so a comma may be needed; in XML before the end of the first root);
                     FEED_NOWHERE: nowhere */
};

/* Finds the `item` elements of RSS or the `entry` elements of Atom that have the namespace of their
 * root and stand in no other, however deep in what was left open, or the objects in JSON's
 * "items". An element that is still open at the end does not count. false and ERROR_INPUT: no feed,
 * elements nested too deeply, or an item without an end tag of its own that others follow, whose
 * end nobody can tell. */
bool feed_lex(struct arena *arena, struct span bytes, const struct feed_encoding *encoding,
              struct feed_ranges *ranges, struct error *error);

#endif
