/* feed: a feed's bytes to items, and an item to a document. Says WHAT the items are; where they
 * stand in the bytes is feedfilter's lexer's to say. RSS 0.9x, 1.0 (RDF) and 2.0, Atom 0.3 and 1.0,
 * CDF (a W3C note of 1997, read as RSS), JSON Feed 1.0 and 1.1. libxml2: no network, no external
 * entities, entities not substituted, depth and size bounded; json_scan.h for JSON. */
#ifndef WEIR_FEED_H
#define WEIR_FEED_H

#include "core/arena.h"
#include "core/document.h"
#include "core/feed_encoding.h"
#include "store/error.h"

#include <stdint.h>

enum feed_format { FEED_RSS, FEED_RDF, FEED_ATOM, FEED_JSON };

/* How much of the feed's address its relative references need ("/1", "1" and "?p=1"), each as much
 * as those before it and more. */
enum feed_base { FEED_BASE_NONE, FEED_BASE_HOST, FEED_BASE_DIRECTORY, FEED_BASE_DOCUMENT };

struct feed_enclosure {
    struct span url, type;
    struct span title; /* JSON Feed's attachments have one */
    size_t length_bytes;
};

/* Spans are UTF-8 in the feed's arena; empty: not there. Links and enclosures are whole URLs: made
 * so with xml:base (RFC 4287 section 2, XML Base) or the feed's own address where those are known.
 * HTML is unescaped once, so `content` and `summary` are HTML when *_is_html, as a reader would
 * show them. */
struct feed_item {
    /* guid or id, or rdf:about; else link; else "hash:" and a hash of title and content */
    struct span guid;
    struct span link, title;
    struct span author;       /* names, or the addresses of who gives none, with commas between */
    struct span author_email; /* with commas between */
    struct span languages;    /* tags of RFC 5646, with commas between: its own, or the feed's */
    struct span date;         /* as it stands: when it was published, else last changed */
    int64_t time_s;           /* what `date` means, in seconds since 1970; 0: no date that is one */
    struct span summary, content;
    bool title_is_html, summary_is_html, content_is_html;
    struct span title_base, summary_base, content_base; /* of relative references in them */
    struct span *categories;
    size_t category_count;
    struct feed_enclosure *enclosures;
    size_t enclosure_count;
    struct span plain;        /* JSON Feed: content_text beside content_html; else empty */
    struct span *other_links; /* what the item leads to besides: external_url, images, related */
    size_t other_link_count;
    /* XML: the how-manieth start tag of the document opens the item. JSON: the how-manieth element
     * of "items" it is, from 1. */
    size_t start_tag;
};

struct feed {
    struct arena *arena;
    enum feed_format format;
    struct span title, link;                /* link: of the site */
    struct span author, author_email, date; /* of the feed, as of an item */
    struct span languages;                  /* as of an item */
    int64_t time_s;
    struct span hub;         /* that tells of changes (WebSub, 4); of several the first */
    struct span self;        /* the feed's own address (Atom's link rel="self") */
    struct feed_item *items; /* in document order */
    size_t item_count;
    struct feed_encoding encoding; /* that it was read in; its spans are the feed's */
    unsigned poll_s; /* between polls, as its ttl or its sy:updatePeriod says; 0: not said */
    /* RSS: bit h: nobody is to ask in hour h of the day (GMT); bit d: on day d, from Sunday. */
    uint32_t skip_hours;
    uint8_t skip_days;
    enum feed_base needed_base; /* by what is relative to the feed's address (XML) */
    bool recovered;             /* it was not well-formed; items are what could be read */
    struct span trouble; /* with `recovered`: "line 12: …", the first thing that was wrong */
    size_t resolved;     /* bytes that references took when they became whole; bounded */
};

/* Input larger than this is passed on unread. */
#define FEED_SIZE_LIMIT (64u * 1024 * 1024)
#define FEED_ITEMS_MAX 20000u

/* `address` is the URL that the feed was fetched from, or empty; then what the feed calls its own
 * address, or its site's, stands for it. NULL with ERROR_INPUT: neither XML
 * nor JSON, XML or JSON that is no feed, XML that is truncated before the first item closed, JSON
 * that is truncated at all, or over a limit; or when the document type gives entities that are
 * used, or default attributes: readers would show what was never judged. Broken XML is recovered
 * where libxml2 can; there an end tag closes the innermost open element of its name. Names of
 * elements and attributes count whatever the size of their letters, and items behind the feed's end
 * as those before it, also in other feeds; what else is there is read as if it stood in the root. A
 * truncated last item does not count. */
struct feed *feed_read(struct span bytes, struct span address, struct error *error);

/* The same of a feed that came by HTTP with that charset in its Content-Type; empty: with none. */
struct feed *feed_read_served(struct span bytes, struct span address, struct span charset,
                              struct error *error);
void feed_free(struct feed *feed);

/* True when `bytes` look like XML whose root is a feed, or like a JSON Feed. */
bool feed_looks_like(struct span bytes);

/* What an item says, for telling whether it was edited: title, summary, content, link, enclosures,
 * other links. */
void feed_item_content_hash(const struct feed_item *item, unsigned char hash[16]);

/* The id of the document that such an item is. */
void feed_item_document_id(struct span feed_name, struct span guid,
                           const unsigned char content_hash[16], unsigned char id[16]);

/* Whether it is somebody's comment on a page, by what the whole feed says of itself. */
bool feed_item_is_comment(const struct feed *feed, const struct feed_item *item);

/* A new document of `item`. `feed_name` is what the feed is known by (subscription name, URL, or
 * the feed's own link). Document id: hash of feed name, guid and content hash. Copies what it
 * needs: outlives the feed. */
struct document *feed_item_document(const struct feed *feed, const struct feed_item *item,
                                    struct span feed_name);

#endif
