/* document: what is being judged, no matter which front brought it. Built once (by core/mail.h or
 * core/feed.h, then completed by core/gatherers.h), then only read. Everything it points to lives
 * in its arena, or in the input bytes, which the builder's caller keeps as long as the document. */
#ifndef WEIR_DOCUMENT_H
#define WEIR_DOCUMENT_H

#include "core/arena.h"
#include "core/authentication.h"
#include "store/identity.h"
#include "store/span.h"

#include <stdbool.h>
#include <stdint.h>

enum channel { CHANNEL_MAIL = 1, CHANNEL_FEED = 2, CHANNEL_ANY = 3 };

/* "mail" or "feed" */
static inline const char *channel_name(enum channel channel)
{
    return channel == CHANNEL_MAIL ? "mail" : "feed";
}

/* A power of two. */
#define SHINGLE_BINS 32

#define DOCUMENT_ID_BYTES 16
#define DOCUMENT_ID_HEX (2 * DOCUMENT_ID_BYTES + 1)

/* A header as it was sent, in order. `name` as written; `value` unfolded, RFC 2047 words decoded
 * (but those of Authentication-Results are left: decoded, one could end a result and start
 * another), UTF-8, not case-folded. Feed items have none. */
struct header {
    struct span name;
    struct span value;
};

/* A leaf of the MIME tree (an enclosure, for feed items). Spans are empty when not declared. */
struct part {
    struct span type;       /* "text/html", lower case */
    struct span charset;    /* as declared */
    struct span encoding;   /* "base64", lower case */
    struct span file_name;  /* decoded UTF-8 */
    size_t size_bytes;      /* decoded */
    bool is_text;           /* its text is among `texts` */
    bool attachment;        /* Content-Disposition says so, or it is no text */
    unsigned char hash[16]; /* XXH3 128 of the decoded bytes; zero for text parts */
};

enum text_kind {
    TEXT_SUBJECT, /* mail subject, or the item's title */
    TEXT_BODY     /* a body part; HTML is text by now */
};

/* UTF-8, line ends as they came (HTML blocks give '\n'), not case-folded, invisible characters
 * still in it. */
struct text {
    enum text_kind kind;
    struct span content;
    bool from_html;
};

struct link {
    struct span url;    /* as written, entities resolved */
    struct span scheme; /* lower case: "http"; empty when relative */
    struct span host;   /* lower case, IDNA ASCII form, no port; empty for mailto: and the like */
    struct span domain; /* registrable domain of host (public suffix list); host itself for IPs */
    struct span path;   /* path, query and fragment */
    struct span text;   /* what the reader sees as the link, blanks folded; empty for bare URLs */
    bool has_port, has_user, host_is_address;
    bool from_html; /* an <a>, <area>, <form>; else an address found in plain text, or the item's
                       link */
    bool hidden;    /* from HTML: no reader sees where it stands */
};

enum structure_kind { STRUCTURE_TAG, STRUCTURE_ATTRIBUTE };

/* What the HTML is made of, for features: a tag's name, or "tag name=value" of a short attribute;
 * lower case. At most 1,000 a document. */
struct structure {
    enum structure_kind kind;
    struct span name;
};

/* Sizes in code points of visible text over all HTML parts (hidden text is not in `visible`). */
struct html_shape {
    size_t visible;
    size_t inside_links;
    size_t hidden;   /* text that no reader sees: display:none, font-size:0, same colour… */
    size_t pictures; /* <img> elements */
    struct span hidden_sample; /* the start of the longest hidden stretch */
};

/* What the recipients' own lists say of the sender; of several recipients all have to allow it, and
 * one can deny it. */
enum recipients_say { RECIPIENTS_SAY_NOTHING, RECIPIENTS_ALLOW, RECIPIENTS_DENY };
/* Facts about the client that brought a mail; empty when not known (a file, a feed). */
struct envelope {
    struct span client_address; /* "192.0.2.1"; empty: unknown */
    struct span client_name;    /* verified reverse name; empty: none */
    struct span helo;
    struct span sender; /* without <>; empty with `known`: the null sender */
    struct span *recipients;
    size_t recipient_count;
    enum recipients_say recipients_say;
    bool known;    /* an SMTP session brought it */
    bool internal; /* authenticated, ORIGINATING, or from networks.internal */
};

/* How an item differs from those that its feed had before (core/feed_profile.h); strengths from 0
 * to 1. */
struct feed_change {
    bool known; /* else nothing is known of the feed, and all are 0 */
    bool odd;   /* unlike what the feed was, or among such */
    double topic, links, language, flood, promotion;
    double topic_known, topic_usual; /* share of the words that the feed uses; and usually */
    double links_unknown;            /* share of the sites it never linked to; negative: no links */
    double flood_items;              /* of this shape, within a day */
    size_t promotion_words;          /* of advertising, in it and those before */
    unsigned run;                    /* items in another language, one after the other */
};

struct document {
    struct arena *arena;
    enum channel channel;
    unsigned char id[DOCUMENT_ID_BYTES];
    bool truncated;   /* only the start was looked at: over a limit */
    bool headers_cut; /* there are more header fields than `headers` holds */

    struct envelope envelope;
    struct header *headers;
    size_t header_count;
    struct part *parts;
    size_t part_count;
    struct text *texts; /* a subject first when there is one */
    size_t text_count;
    struct link *links; /* at most 1,000 */
    size_t link_count;
    struct structure *structures;
    size_t structure_count;
    struct html_shape html;

    struct span from_name,
        from_address;    /* of the first From mailbox; address lower case in its domain */
    struct span subject; /* or title; not folded */
    struct span feed, guid, author; /* feed items: the feed's name or URL; guid or id or link */
    struct span author_email;       /* feed items: the authors' addresses, with commas between */
    struct span languages;          /* feed items: tags that say so, with commas between */
    struct span *categories;        /* feed items: as their authors filed them */
    size_t category_count;
    struct span date;               /* feed items: when it was published, as written */
    unsigned char content_hash[16]; /* feed items: title, content, link */
    bool formerly_released;         /* feed items: an admin released it before it was edited */
    struct span site;               /* feed items: registrable domain of the item's own link */
    struct feed_change feed_change; /* feed items: against what the feed was before */
    bool is_comment;                /* feed items: somebody's comment on a page, no page itself */

    /* Filled by gatherers. */
    struct authentication authentication;
    struct identity *identities;
    size_t identity_count;

    /* Filled by first_seen_note(), once reputations were read. */
    double first_seen; /* how new all that it links to is, from 0 to 1 */
    struct span first_seen_detail;

    /* Filled by keyword_list_note(), which whatever looks at it calls first. */
    const struct keyword_list *keyword_list; /* NULL: it has none */
    bool keyword_list_noted;

    /* Filled by features_extract(). */
    uint64_t *features; /* hashes, ascending, no doubles, at most 2,000 */
    size_t feature_count;
    uint8_t script;                  /* enum script: that most letters belong to */
    uint64_t shingles[SHINGLE_BINS]; /* min-hash bins over the pairs of the body; UINT64_MAX: bin
                                        empty */
    size_t shingle_pairs;            /* pairs that went into them */
};

/* Creates arena and document. */
struct document *document_new(enum channel channel);

/* Frees the document and its arena; NULL is fine. */
void document_free(struct document *document);

/* The first header of that name (ASCII case does not matter), or NULL. */
const struct header *document_header(const struct document *document, const char *name);

/* Appends; spans are kept, not copied. Doubles of an identity are dropped, and values longer than
 * IDENTITY_VALUE_MAX become "hash:" and 32 hex digits. ASCII letters are made lower case. At most
 * LESSON_IDENTITIES_MAX are kept. */
void document_add_identity(struct document *document, enum identity_type type, struct span value);
void document_add_text(struct document *document, enum text_kind kind, struct span content,
                       bool from_html);

/* Takes the URL apart (url.h) and appends it; what is no URL is dropped. */
void document_add_link(struct document *document, struct span url, struct span text,
                       bool from_html);

/* Lower-case hex with a NUL. */
void document_id_hex(const unsigned char id[DOCUMENT_ID_BYTES], char hex[DOCUMENT_ID_HEX]);

#endif
