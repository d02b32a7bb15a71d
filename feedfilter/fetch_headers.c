#include "feedfilter/fetch_headers.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "feedfilter/fetch_links.h"
#include "store/memory.h"

#define VALUE_MAX 8000
#define NUMBER_MAX INT32_MAX

void fetch_headers_reset(struct fetch_headers *headers)
{
    fetch_headers_free(headers);
    headers->max_age_s = headers->shared_max_age_s = headers->age_s = -1;
    headers->expires = headers->date = -1;
    headers->retry_after_s = headers->retry_at = headers->length = -1;
}

void fetch_headers_free(struct fetch_headers *headers)
{
    free(headers->etag);
    free(headers->last_modified);
    free(headers->content_type);
    free(headers->content_encoding);
    free(headers->location);
    free(headers->hub);
    free(headers->self);
    *headers = (struct fetch_headers){0};
}

bool fetch_headers_may_send(struct span value)
{
    for (size_t i = 0; i < value.length; i++)
        if (((unsigned char)value.data[i] < ' ' && value.data[i] != '\t') || value.data[i] == 0x7f)
            return false;
    return value.length > 0 && value.length <= VALUE_MAX;
}

/* Digits only; more than NUMBER_MAX counts as that (RFC 9111, 1.2.2). */
static int64_t number_of(struct span text)
{
    if (text.length > 1 && text.data[0] == '"' && text.data[text.length - 1] == '"')
        text = (struct span){text.data + 1, text.length - 2};
    int64_t number = text.length ? 0 : -1;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        number = number * 10 + (text.data[i] - '0');
        if (number > NUMBER_MAX)
            number = NUMBER_MAX;
    }
    return number;
}

static int64_t time_of(struct span text)
{
    char date[64];
    if (text.length >= sizeof date)
        return -1;
    memcpy(date, text.data, text.length);
    date[text.length] = '\0';
    return curl_getdate(date, NULL);
}

/* Of several that were said the shortest counts. */
static void keep_shorter(int64_t *kept, int64_t said)
{
    if (said >= 0 && (*kept < 0 || said < *kept))
        *kept = said;
}

static void read_directive(struct fetch_headers *headers, struct span directive)
{
    const char *equals = memchr(directive.data, '=', directive.length);
    size_t length = equals ? (size_t)(equals - directive.data) : directive.length;
    struct span name = span_trim((struct span){directive.data, length});
    struct span value = {0};
    if (equals)
        value = span_trim((struct span){equals + 1, directive.length - length - 1});
    if (span_equal_nocase(name, SPAN("max-age")))
        keep_shorter(&headers->max_age_s, number_of(value));
    else if (span_equal_nocase(name, SPAN("s-maxage")))
        keep_shorter(&headers->shared_max_age_s, number_of(value));
    else if (span_equal_nocase(name, SPAN("no-cache")) || span_equal_nocase(name, SPAN("no-store")))
        headers->revalidate |= !equals; /* no-cache="Set-Cookie" is about that field only */
}

static void read_cache_control(struct fetch_headers *headers, struct span value)
{
    while (value.length) {
        const char *comma = memchr(value.data, ',', value.length);
        size_t length = comma ? (size_t)(comma - value.data) : value.length;
        read_directive(headers, (struct span){value.data, length});
        length += comma ? 1 : 0;
        value = (struct span){value.data + length, value.length - length};
    }
}

static void read_pragma(struct fetch_headers *headers, struct span value)
{
    headers->revalidate |= span_equal_nocase(value, SPAN("no-cache"));
}

static void read_age(struct fetch_headers *headers, struct span value)
{
    headers->age_s = number_of(value);
}

/* "0" and other nonsense mean that it has expired (RFC 9111, 5.3). */
static void read_expires(struct fetch_headers *headers, struct span value)
{
    int64_t expires = time_of(value);
    headers->expires = expires < 0 ? 0 : expires;
}

static void read_date(struct fetch_headers *headers, struct span value)
{
    headers->date = time_of(value);
}

static void read_retry_after(struct fetch_headers *headers, struct span value)
{
    headers->retry_after_s = number_of(value);
    headers->retry_at = headers->retry_after_s < 0 ? time_of(value) : -1;
}

static void keep_text(char **kept, struct span value)
{
    free(*kept);
    *kept = fetch_headers_may_send(value) ? memory_copy(value.data, value.length) : NULL;
}

static void read_length(struct fetch_headers *headers, struct span value)
{
    headers->length = number_of(value);
}

static void read_etag(struct fetch_headers *headers, struct span value)
{
    keep_text(&headers->etag, value);
}

static void read_last_modified(struct fetch_headers *headers, struct span value)
{
    keep_text(&headers->last_modified, value);
}

static void read_content_type(struct fetch_headers *headers, struct span value)
{
    keep_text(&headers->content_type, value);
}

static void read_content_encoding(struct fetch_headers *headers, struct span value)
{
    keep_text(&headers->content_encoding, value);
}

static void read_location(struct fetch_headers *headers, struct span value)
{
    keep_text(&headers->location, value);
}

static void read_link(struct fetch_headers *headers, struct span value)
{
    struct span hub = fetch_links_find(value, SPAN("hub"));
    struct span self = fetch_links_find(value, SPAN("self"));
    if (hub.length && !headers->hub)
        keep_text(&headers->hub, hub);
    if (self.length && !headers->self)
        keep_text(&headers->self, self);
}

static const struct {
    struct span name;
    void (*read)(struct fetch_headers *headers, struct span value);
} known[] = {
    {{"age", 3}, read_age},
    {{"cache-control", 13}, read_cache_control},
    {{"content-encoding", 16}, read_content_encoding},
    {{"content-length", 14}, read_length},
    {{"content-type", 12}, read_content_type},
    {{"date", 4}, read_date},
    {{"etag", 4}, read_etag},
    {{"expires", 7}, read_expires},
    {{"last-modified", 13}, read_last_modified},
    {{"link", 4}, read_link},
    {{"location", 8}, read_location},
    {{"pragma", 6}, read_pragma},
    {{"retry-after", 11}, read_retry_after},
};

void fetch_headers_line(struct fetch_headers *headers, struct span line)
{
    if (span_starts_nocase(line, SPAN("HTTP/"))) {
        fetch_headers_reset(headers);
        return;
    }
    const char *colon = memchr(line.data, ':', line.length);
    if (!colon)
        return;
    struct span name = {line.data, (size_t)(colon - line.data)};
    struct span value = span_trim((struct span){colon + 1, line.length - name.length - 1});
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_equal_nocase(name, known[i].name))
            known[i].read(headers, value);
}

static int64_t between(int64_t least, int64_t value, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

int64_t fetch_headers_fresh_s(const struct fetch_headers *headers, int64_t now)
{
    int64_t whole = -1;
    if (headers->revalidate)
        whole = 0;
    else if (headers->shared_max_age_s >= 0)
        whole = headers->shared_max_age_s;
    else if (headers->max_age_s >= 0)
        whole = headers->max_age_s;
    else if (headers->expires >= 0)
        whole = between(0, headers->expires - (headers->date >= 0 ? headers->date : now),
                        FETCH_FRESH_MAX_S);
    if (whole < 0)
        return -1;
    return between(0, whole - (headers->age_s > 0 ? headers->age_s : 0), FETCH_FRESH_MAX_S);
}

int64_t fetch_headers_retry_after_s(const struct fetch_headers *headers, int64_t now)
{
    if (headers->retry_after_s >= 0)
        return between(0, headers->retry_after_s, FETCH_RETRY_MAX_S);
    if (headers->retry_at < 0)
        return -1;
    int64_t from = headers->date >= 0 ? headers->date : now;
    return between(0, headers->retry_at - from, FETCH_RETRY_MAX_S);
}
