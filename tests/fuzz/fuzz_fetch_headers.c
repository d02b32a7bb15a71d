/* Header lines of any bytes; what is kept of them must be fit to be sent back, and every time in
 * its range. */
#include "feedfilter/fetch_headers.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now = 1700000000;
    struct fetch_headers headers = {0};
    struct span rest = {(const char *)data, size};
    fetch_headers_reset(&headers);
    while (rest.length) {
        const char *end = memchr(rest.data, '\n', rest.length);
        size_t length = end ? (size_t)(end - rest.data) + 1 : rest.length;
        fetch_headers_line(&headers, (struct span){rest.data, length});
        rest = (struct span){rest.data + length, rest.length - length};
    }
    int64_t fresh_s = fetch_headers_fresh_s(&headers, now);
    int64_t retry_s = fetch_headers_retry_after_s(&headers, now);
    must(fresh_s >= -1 && fresh_s <= FETCH_FRESH_MAX_S);
    must(retry_s >= -1 && retry_s <= FETCH_RETRY_MAX_S);
    must(!headers.etag || fetch_headers_may_send(span_of(headers.etag)));
    must(!headers.location || fetch_headers_may_send(span_of(headers.location)));
    fetch_headers_free(&headers);
    return 0;
}
