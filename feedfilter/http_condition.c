#include "feedfilter/http_condition.h"

#include <curl/curl.h>

void http_condition_init(struct http_condition *condition, struct span etag)
{
    *condition = (struct http_condition){.etag = etag, .q_gzip = -1, .q_identity = -1, .q_any = -1};
}

/* Takes what stands before the next `separator`, without blanks around it, from the front of
 * `*text`; false at the end. */
static bool next_part(struct span *text, char separator, struct span *part)
{
    if (!text->data)
        return false;
    const char *end = memchr(text->data, separator, text->length);
    size_t length = end ? (size_t)(end - text->data) : text->length;
    *part = span_trim((struct span){text->data, length});
    *text = end ? (struct span){end + 1, text->length - length - 1} : (struct span){NULL, 0};
    return true;
}

/* A weight in thousandths (RFC 9110, 12.4.2); 1000 where it cannot be read. */
static int read_weight(struct span text)
{
    if (!text.length || (text.data[0] != '0' && text.data[0] != '1'))
        return 1000;
    int weight = (text.data[0] - '0') * 1000, unit = 100;
    for (size_t i = 2; i < text.length && text.data[1] == '.' && unit; i++, unit /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 1000;
        weight += (text.data[i] - '0') * unit;
    }
    return weight > 1000 ? 1000 : weight;
}

static void read_encodings(struct http_condition *condition, struct span value)
{
    struct span element, coding = {NULL, 0}, parameter;
    while (next_part(&value, ',', &element)) {
        int weight = 1000;
        next_part(&element, ';', &coding);
        while (next_part(&element, ';', &parameter)) {
            if (span_starts_nocase(parameter, SPAN("q=")))
                weight = read_weight((struct span){parameter.data + 2, parameter.length - 2});
        }
        /* RFC 9110, 8.4.1.3: x-gzip is the same. */
        if (span_equal_nocase(coding, SPAN("gzip")) || span_equal_nocase(coding, SPAN("x-gzip")))
            condition->q_gzip = weight;
        else if (span_equal_nocase(coding, SPAN("identity")))
            condition->q_identity = weight;
        else if (span_equal(coding, SPAN("*")))
            condition->q_any = weight;
    }
}

/* `tag`, with quotes, is the plain page's or the one as gzip. */
static void note_tag(struct http_condition *condition, struct span tag)
{
    static const struct span ending = {"-gzip\"", 6};
    struct span ours = condition->etag;
    if (!ours.length)
        return;
    if (span_equal(tag, ours))
        condition->known[HTTP_PLAIN] = true;
    else if (tag.length == ours.length - 1 + ending.length &&
             memcmp(tag.data, ours.data, ours.length - 1) == 0 &&
             memcmp(tag.data + ours.length - 1, ending.data, ending.length) == 0)
        condition->known[HTTP_GZIP] = true;
}

/* Commas may stand inside of a tag, so the quotes lead. Weak comparison (RFC 9110, 8.8.3.2): a W/
 * before a tag means nothing. */
static void read_tags(struct http_condition *condition, struct span value)
{
    condition->none_match = true;
    value = span_trim(value);
    if (span_equal(value, SPAN("*"))) {
        condition->known[HTTP_PLAIN] = condition->known[HTTP_GZIP] = true;
        return;
    }
    const char *end = value.data + value.length, *open = value.data, *close;
    while (open < end && (open = memchr(open, '"', (size_t)(end - open))) &&
           (close = memchr(open + 1, '"', (size_t)(end - open) - 1))) {
        note_tag(condition, (struct span){open, (size_t)(close + 1 - open)});
        open = close + 1;
    }
}

void http_condition_field(struct http_condition *condition, const char *name, const char *value)
{
    struct span field = span_of(name);
    if (!name || !value)
        return;
    if (span_equal_nocase(field, SPAN("Accept-Encoding"))) {
        read_encodings(condition, span_of(value));
    } else if (span_equal_nocase(field, SPAN("If-None-Match"))) {
        read_tags(condition, span_of(value));
    } else if (span_equal_nocase(field, SPAN("If-Modified-Since"))) {
        time_t date = curl_getdate(value, NULL);
        condition->modified_since_s = date > 0 ? (int64_t)date : 0;
    }
}

enum http_encoding http_condition_encoding(const struct http_condition *condition, bool has_gzip)
{
    int gzip = condition->q_gzip >= 0 ? condition->q_gzip : condition->q_any;
    return has_gzip && gzip > 0 && gzip >= condition->q_identity ? HTTP_GZIP : HTTP_PLAIN;
}

bool http_condition_unchanged(const struct http_condition *condition, int64_t last_modified_s,
                              enum http_encoding *encoding)
{
    /* Only what we said ourselves is believed: a later time may be of a clock that was ahead, or of
     * ours before it was put right. */
    if (!condition->none_match)
        return last_modified_s && condition->modified_since_s == last_modified_s;
    /* A cache looks for the copy that has the tag of the 304 (RFC 9111, 4.3.4), so it is to be the
     * one that was asked about. */
    enum http_encoding other = *encoding == HTTP_GZIP ? HTTP_PLAIN : HTTP_GZIP;
    if (!condition->known[*encoding] && condition->known[other])
        *encoding = other;
    return condition->known[*encoding];
}
