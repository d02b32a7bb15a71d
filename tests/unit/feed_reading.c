#include "tests/unit/feed_reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

void assert_span(struct span span, const char *expected)
{
    char *text = strndup(span.data ? span.data : "", span.length);
    assert_string_equal(text, expected);
    free(text);
}

struct feed *read_bytes(struct span bytes)
{
    struct error error = {0};
    struct feed *feed = feed_read(bytes, (struct span){NULL, 0}, &error);
    if (!feed)
        fail_msg("not read: %s", error.message);
    return feed;
}

struct feed *read_text(const char *text)
{
    return read_bytes(span_of(text));
}

void assert_refused(struct span bytes, const char *part_of_message)
{
    struct error error = {0};
    assert_null(feed_read(bytes, (struct span){NULL, 0}, &error));
    assert_int_equal(error.class, ERROR_INPUT);
    if (!strstr(error.message, part_of_message))
        fail_msg("\"%s\" is not in \"%s\"", part_of_message, error.message);
}

struct document *document_of(const char *text, const char *feed_name)
{
    struct feed *feed = read_text(text);
    assert_int_equal(feed->item_count, 1);
    struct document *document = feed_item_document(feed, &feed->items[0], span_of(feed_name));
    feed_free(feed);
    return document;
}
