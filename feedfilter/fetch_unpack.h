/* fetch_unpack: a body as its Content-Encoding says, unpacked piece by piece. Not left to libcurl,
 * because that takes a gzip stream which ends early for a whole one, and refuses what RFC 1952
 * allows (several members) and browsers overlook (padding behind the last one). */
#ifndef WEIR_FETCH_UNPACK_H
#define WEIR_FETCH_UNPACK_H

#include "store/span.h"

struct fetch_unpack;

/* What fetch_unpack_new() understands, for Accept-Encoding. */
#define FETCH_UNPACK_CODINGS "gzip, deflate"

/* NULL: none of these, or several at once. */
struct fetch_unpack *fetch_unpack_new(struct span coding);
void fetch_unpack_free(struct fetch_unpack *unpack); /* NULL is fine */

/* Calls `take` with what comes out, a bounded piece at a time. False when `data` cannot be
 * unpacked, or `take` said false. */
bool fetch_unpack_feed(struct fetch_unpack *unpack, struct span data,
                       bool (*take)(void *context, struct span piece), void *context);

/* True when the stream has come to its end, or never began. */
bool fetch_unpack_is_whole(const struct fetch_unpack *unpack);

#endif
