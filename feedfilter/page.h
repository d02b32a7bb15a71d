/* page: what a reader gets: bytes, plain and as gzip, with their validators. Immutable and counted
 * by references, so that a slow reader keeps the version it began with. Each of the two is made
 * when it is first asked for: of most feeds of a large list a page waits for nobody. Thread-safe.
 */
#ifndef WEIR_PAGE_H
#define WEIR_PAGE_H

#include "store/span.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_TAG_SIZE 40

/* The answers of one representation; its strong entity tag is `etag`, or "HASH-gzip". */
struct page_form {
    struct MHD_Response *whole;
    struct MHD_Response *unchanged; /* 304; NULL where the page has no `etag` */
    size_t length;                  /* of the body of `whole` */
};

struct page {
    unsigned status;          /* of HTTP */
    char etag[PAGE_TAG_SIZE]; /* of `plain`, with its quotes: a hash of the bytes; empty: none */
    int64_t last_modified_s;  /* 0: none */
};

/* Lent for as long as the page. There is no gzip (NULL) where it would not be smaller. */
const struct page_form *page_plain(struct page *page);
const struct page_form *page_gzip(struct page *page);

/* The entity tag that a page of `pieces` has. */
void page_tag(const struct span *pieces, size_t count, char etag[PAGE_TAG_SIZE]);

/* 200. Joins `pieces`. `content_type` goes out as it is, unless it is empty,
 * longer than 200 bytes or not printable ASCII. last_modified_s 0: no Last-Modified. */
struct page *page_new(const struct span *pieces, size_t count, const char *content_type,
                      int64_t last_modified_s);

/* Says where the page names its own address: `places` (copied) in its bytes, in order, before "/f/"
 * or "/q/", in units of `unit_bytes`, the highest byte first when `big`. Before anybody else has
 * the page. */
void page_set_own(struct page *page, const size_t *places, size_t count, size_t unit_bytes,
                  bool big);

/* For a page that is kept though nobody may ask for it: its bytes are kept as gzip only, where that
 * is smaller. */
void page_pack(struct page *page);

/* The page for a reader with addresses of its own, in place of `page`, which is released: with
 * "/r/TOKEN" at those places, and for no cache that is shared (RFC 9111, 5.2.2.7). The last few are
 * kept with the page. */
struct page *page_private(struct page *page, const char *token);

/* An answer of one line of text; retry_after_s 0: no Retry-After. */
struct page *page_error(unsigned status, const char *line, int64_t retry_after_s);

struct page *page_retain(struct page *page);
void page_release(struct page *page); /* NULL is fine */

#endif
