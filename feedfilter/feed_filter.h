/* feed_filter: the bytes of a feed to the bytes that its reader gets. What `--pipe` and the server
 * share: read, locate, judge, cut; and, for the server only, mark, put back and rewrite. */
#ifndef WEIR_FEED_FILTER_H
#define WEIR_FEED_FILTER_H

#include "feedfilter/feed_duplicates.h"
#include "feedfilter/feed_judge.h"
#include "feedfilter/item_links.h"

/* Of the server only. */
struct feed_http {
    struct span own_address;            /* where readers find this feed */
    struct span upstream;               /* without user and password */
    struct span charset;                /* that its Content-Type names, or empty */
    const struct item_links *links;     /* for readers to say what items are; NULL: none */
    struct feed_duplicates *duplicates; /* what another feed shows is left out, and
                                         * told where it is shown; NULL: nothing is */
    int64_t now_s, put_back_s;
    int64_t
        gone_s; /* since when its site has said that it is gone, which readers are told; 0: not */
};

struct filtered_feed {
    struct arena *arena; /* of what follows */
    struct span *pieces; /* the output: stretches of the input, and what was put in */
    size_t piece_count;
    struct span own_address; /* the piece that says it, each time the very same; empty: none does */
    size_t unit_bytes; /* of the feed's characters, and whether the highest byte comes first */
    bool big_units;
    bool unparsed;        /* passed on unjudged: `trouble` says why */
    bool not_well_formed; /* judged as far as it can be read: `trouble` says what */
    bool records_failed;  /* nothing is cut that could not be recorded: `trouble` says why */
    struct error trouble;
    struct span name; /* of the feed, as judged */
    unsigned poll_s;  /* feed.poll_s, and so on */
    uint32_t skip_hours;
    uint8_t skip_days;
    struct span hub, self; /* of the feed, as struct feed has them */
    uint64_t listed;       /* the same while upstream lists items of the same guids; 0: unparsed */
    size_t items, held, tagged, put_back;
    size_t duplicates; /* left out */
    size_t noted;      /* for which others left theirs out */
};

/* Over HTTP a released item that this feed no longer lists is put back in front for `put_back_s`
 * seconds from its release, the latest first, 200 of them at most; not when its guid is listed
 * again, edited or not, nor when an edit came after what was released. A feed that cannot be parsed
 * cannot be edited either, and leads readers wherever it says.
 *
 * `judge` says how, see feed_judge(). `name` empty: what the feed calls itself. `http` NULL: a
 * pipe, where nothing but cuts is done. Whatever is wrong, the result holds the whole feed at
 * least. `bytes` must outlive the result. */
struct filtered_feed *feed_filter(struct feed_judge *judge, struct span bytes, struct span name,
                                  const struct feed_http *http);
void filtered_feed_free(struct filtered_feed *feed);

#endif
