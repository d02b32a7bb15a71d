/* feed: a feed's bytes to items, and an item to a document. Says WHAT the items are; where they
 * stand in the bytes is feedfilter's lexer's to say. RSS 2.0 (0.9x alike) and Atom 1.0. libxml2:
 * no network, no external entities, entities not substituted, depth and size bounded. */
#ifndef WEIR_FEED_H
#define WEIR_FEED_H

#include "core/arena.h"
#include "core/document.h"
#include "store/error.h"

enum feed_format { FEED_RSS, FEED_ATOM };

struct feed_enclosure {
    struct span url, type;
    size_t length_bytes;
};

/* Spans are UTF-8 in the feed's arena; empty: not there. HTML is unescaped once, so `content` and
 * `summary` are HTML when *_is_html, as a reader would show them. */
struct feed_item {
    struct span guid; /* guid or id; else link; else "hash:" and a hash of title and content */
    struct span link, title, author, date;
    struct span summary, content;
    bool title_is_html, summary_is_html, content_is_html;
    struct span *categories;
    size_t category_count;
    struct feed_enclosure *enclosures;
    size_t enclosure_count;
    size_t start_tag; /* the how-manieth start tag of the document opens the item */
};

struct feed {
    struct arena *arena;
    enum feed_format format;
    struct span title, link; /* link: of the site */
    struct span self;        /* the feed's own address (Atom's link rel="self") */
    struct feed_item *items; /* in document order */
    size_t item_count;
    struct span encoding; /* that libxml2 read it in: "UTF-8"; lent spelling */
    bool recovered;       /* it was not well-formed; items are what could be read */
    struct span trouble;  /* with `recovered`: "line 12: …", the first thing that was wrong */
};

/* Input larger than this is passed on unread. */
#define FEED_SIZE_LIMIT (64u * 1024 * 1024)
#define FEED_ITEMS_MAX 20000u

/* NULL with ERROR_INPUT: not XML, XML that is no feed, truncated before the first item closed, or
 * over a limit; or when the document type gives entities that are used, or default attributes:
 * readers would show what was never judged. Broken XML is recovered where libxml2 can; there an end
 * tag closes the innermost open element of its name. A truncated last item does not count. */
struct feed *feed_read(struct span bytes, struct error *error);
void feed_free(struct feed *feed);

/* True when `bytes` look like XML whose root is a feed. */
bool feed_looks_like(struct span bytes);

/* What an item says, for telling whether it was edited: title, summary, content, link, enclosures.
 */
void feed_item_content_hash(const struct feed_item *item, unsigned char hash[16]);

/* A new document of `item`. `feed_name` is what the feed is known by (subscription name, URL, or
 * the feed's own link). Document id: hash of feed name, guid and content hash. Copies what it
 * needs: outlives the feed. */
struct document *feed_item_document(const struct feed *feed, const struct feed_item *item,
                                    struct span feed_name);

#endif
