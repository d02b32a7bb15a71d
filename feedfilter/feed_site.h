/* feed_site: what is learned of a feed's site from one poll to the next: how often the feed really
 * changes, where it has moved to, whether it is gone for good. Plain data; whoever holds it locks.
 * The configured URL stays the admin's: what is followed instead is remembered here. */
#ifndef WEIR_FEED_SITE_H
#define WEIR_FEED_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A permanent redirect (301, 308) and 410 count once so many polls in a row said so: a slip of a
 * site ends and moves nothing. */
#define FEED_SITE_CONVINCED 3u
/* The configured URL is asked again so often, to see whether it still redirects. */
#define FEED_SITE_CONFIRM_S (7 * 86400)
/* The same where it answers a page that names a feed: a host's own page may stand there for a
 * while. */
#define FEED_SITE_PAGE_S 86400

struct feed_site {
    char *moved_to;      /* where permanent redirects lead; NULL: nowhere */
    unsigned moved_seen; /* how many polls in a row said so */
    bool moved_told;     /* that it is followed */
    int64_t moved_s;     /* when that was last seen */
    char *
        found; /* the feed that the page at the configured URL names; NULL: that is a feed itself */
    bool found_told;
    int64_t found_s;    /* when the page was last seen to name it; 0: it is to be asked again */
    unsigned gone_seen; /* how many polls in a row answered 410 */
    int64_t gone_s;     /* since when it is asked no more; 0: it is asked */
    uint64_t items;     /* what distinguishes the items that it lists */
    int64_t changed_s;  /* when those last changed, or were first seen; 0: never yet */
    int64_t rhythm_s;   /* between changes, see poll_schedule.h; 0: not known */
};

void feed_site_clear(struct feed_site *site);
void feed_site_copy(struct feed_site *to, const struct feed_site *from); /* `to` is cleared first */

/* What is to be asked instead of the configured URL (lent); NULL: nothing else. */
const char *feed_site_address(const struct feed_site *site, int64_t now_s);

/* Where the feed has moved to and is fetched from (lent), once that was told; NULL: it is fetched
 * from the configured URL, or what its page names. While that is asked whether it still redirects,
 * nothing has changed, unless it is `failing`. */
const char *feed_site_moved(const struct feed_site *site, bool failing, int64_t now_s);

/* The configured URL was asked with success, and led permanently to `moved_to` (NULL: it did not).
 * True when what is followed, or since when, is to be remembered. */
bool feed_site_redirected(struct feed_site *site, const char *moved_to, int64_t now_s);

/* True once, when it is followed from now on: to be told. */
bool feed_site_tell_moved(struct feed_site *site);

/* The configured URL answers a page that names the feed `found`, which answered; NULL: it answers a
 * feed itself. True when that is to be remembered. */
bool feed_site_found(struct feed_site *site, const char *found, int64_t now_s);

/* True once, when what was found is asked from now on: to be told. */
bool feed_site_tell_found(struct feed_site *site);

/* A poll brought nothing good but `status` (0: none); `followed`: the address it moved to, or
 * what its page names, was asked, so that the next one asks the configured URL. True when the feed
 * is gone from now on. */
bool feed_site_failed(struct feed_site *site, int status, bool followed, int64_t now_s);

/* A poll succeeded, and the feed lists `items`. */
void feed_site_listed(struct feed_site *site, uint64_t items, int64_t now_s);

/* Scheme, host and port of an URL, as far as they fit, for logs: the rest may hold secrets. */
void feed_site_origin(const char *url, char *text, size_t size);

#endif
