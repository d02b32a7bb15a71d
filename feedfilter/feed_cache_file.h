/* feed_cache_file: one copy of a feed as a file: a head of fixed length with a checksum over all
 * the rest, what is known about the copy as JSON, the body. Internal to feed_cache. */
#ifndef WEIR_FEED_CACHE_FILE_H
#define WEIR_FEED_CACHE_FILE_H

#include "feedfilter/feed_cache.h"

/* What stands in front of the body; free() it. NULL and ERROR_INPUT when the copy cannot be kept.
 */
char *feed_cache_file_front(const struct cached_feed *feed, size_t *length, struct error *error);

/* NULL when the file is absent, larger than `limit_bytes`, or not whole. */
struct cached_feed *feed_cache_file_read(int directory, const char *file, uint64_t limit_bytes);

#endif
