/* http_condition: what the header fields of a GET ask of a page that is there in two encodings:
 * which one (Accept-Encoding; RFC 9110, 12.5.3), and whether the reader has it already
 * (If-None-Match and If-Modified-Since; RFC 9110, 13.1). Reads field values as they came; what it
 * cannot read it takes as not said. */
#ifndef WEIR_HTTP_CONDITION_H
#define WEIR_HTTP_CONDITION_H

#include "store/span.h"

#include <stdbool.h>
#include <stdint.h>

enum http_encoding { HTTP_PLAIN, HTTP_GZIP, HTTP_ENCODINGS };

struct http_condition {
    struct span etag;              /* of the plain page, with quotes; lent */
    int q_gzip, q_identity, q_any; /* thousandths; -1: not said */
    bool none_match;               /* there was an If-None-Match */
    bool known[HTTP_ENCODINGS];    /* the reader has the page in that encoding */
    int64_t modified_since_s;      /* 0: not said */
};

/* `etag`: "HASH" with its quotes; the page as gzip has "HASH-gzip". */
void http_condition_init(struct http_condition *condition, struct span etag);

/* Takes one header field of the request; fields of other names change nothing. */
void http_condition_field(struct http_condition *condition, const char *name, const char *value);

/* The encoding to answer in, of a page that is there as gzip too (`has_gzip`) or not. */
enum http_encoding http_condition_encoding(const struct http_condition *condition, bool has_gzip);

/* True: answer 304. `*encoding` is the one chosen, and becomes the one that the reader has, where
 * that is the other one. last_modified_s 0: not known. */
bool http_condition_unchanged(const struct http_condition *condition, int64_t last_modified_s,
                              enum http_encoding *encoding);

#endif
