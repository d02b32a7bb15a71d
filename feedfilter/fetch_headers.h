/* fetch_headers: what a fetch keeps of an answer's header lines, and how long it says that it stays
 * fresh (RFC 9111; weir serves many readers, so it is a shared cache). */
#ifndef WEIR_FETCH_HEADERS_H
#define WEIR_FETCH_HEADERS_H

#include "store/span.h"

#include <stdint.h>

#define FETCH_FRESH_MAX_S (365L * 86400)
#define FETCH_RETRY_MAX_S (7L * 86400)

/* Numbers and times are -1 where nothing usable was said. */
struct fetch_headers {
    /* malloc'd; NULL: not there, or nothing that could be sent */
    char *etag, *last_modified, *content_type, *content_encoding, *location;
    char *hub, *self; /* targets of links, as they stand there */
    int64_t max_age_s, shared_max_age_s, age_s;
    bool revalidate;       /* no-cache, no-store, Pragma: no-cache */
    int64_t expires, date; /* Unix time; expires 0: "already" */
    int64_t retry_after_s, retry_at;
    int64_t length; /* Content-Length; over 2 GiB counts as that */
};

/* Both forget what was there; memory that was never reset must be zeroed. */
void fetch_headers_reset(struct fetch_headers *headers);
void fetch_headers_free(struct fetch_headers *headers);

/* Takes one line, with or without its line end. A status line ("HTTP/…") begins a new answer. */
void fetch_headers_line(struct fetch_headers *headers, struct span line);

/* Seconds for which the answer is fresh still, 0 to FETCH_FRESH_MAX_S: s-maxage, else max-age, else
 * Expires less Date, in each case less Age; 0 when it must be asked for again each time. */
int64_t fetch_headers_fresh_s(const struct fetch_headers *headers, int64_t now);

/* Seconds from now, 0 to FETCH_RETRY_MAX_S. A date counts from upstream's own Date. */
int64_t fetch_headers_retry_after_s(const struct fetch_headers *headers, int64_t now);

/* True when `value` can be sent as a header's value: neither empty nor absurdly long, one line, no
 * control characters. */
bool fetch_headers_may_send(struct span value);

#endif
