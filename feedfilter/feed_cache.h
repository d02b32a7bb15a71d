/* feed_cache: the last good copy of each upstream feed, on disk. One file a feed, replaced as a
 * whole, with a checksum: what a crash left half written is as good as absent. Bounded in bytes,
 * but for the moment in which a copy is replaced. Thread-safe; one process a directory. */
#ifndef WEIR_FEED_CACHE_H
#define WEIR_FEED_CACHE_H

#include "feedfilter/feed_site.h"
#include "feedfilter/websub.h"
#include "store/error.h"
#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feed_cache;

struct cached_feed {
    char *body; /* upstream's bytes, decoded; empty: none came yet, and only `site` is known */
    size_t length;
    char *url;      /* that was asked for: another one in the configuration voids the copy */
    char *base_url; /* where redirects led from there; NULL: nowhere else */
    char *etag, *last_modified, *content_type; /* as upstream gave them; NULL: not given */
    int64_t fetched_s;                         /* when the body came */
    int64_t fresh_s;                           /* as fetch_answer.fresh_s */
    char page_etag[40];                        /* of what readers got last; empty: nothing yet */
    int64_t page_changed_s; /* since when readers have got that: its Last-Modified */
    struct websub websub;   /* the same of its hub */
    struct feed_site site;  /* as far as a restart is to know it: what is followed, gone, rhythm */
};

/* Makes the directory when its parent is there, removes what a crash left half written. NULL and
 * ERROR_SYSTEM: it cannot be made or written, or another process has it open. */
struct feed_cache *feed_cache_open(const char *directory, uint64_t limit_bytes,
                                   struct error *error);
void feed_cache_close(struct feed_cache *cache); /* NULL is fine */

/* A copy of what is kept for `name`, or NULL when there is nothing whole; never fails. */
struct cached_feed *feed_cache_load(struct feed_cache *cache, const char *name);
void cached_feed_free(struct cached_feed *feed);

/* Keeps `feed` (lent; `url` must be there) once it is on the disk; when that fails the former copy
 * stays. When the whole grows over the limit, the copies go that were stored, or noted as used,
 * longest ago; one that is larger alone is not kept (ERROR_INPUT says so). */
bool feed_cache_store(struct feed_cache *cache, const char *name, const struct cached_feed *feed,
                      struct error *error);

/* Notes that readers ask for this feed: it is among the last to go, also after a restart. */
void feed_cache_use(struct feed_cache *cache, const char *name);

/* Removes the copies of feeds that are not in `names`: they are subscribed to no longer. */
bool feed_cache_keep(struct feed_cache *cache, const char *const *names, size_t count,
                     struct error *error);

#endif
