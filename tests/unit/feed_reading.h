/* feed_reading: what the tests of core/feed.h share. */
#ifndef WEIR_TEST_FEED_READING_H
#define WEIR_TEST_FEED_READING_H

#include "core/feed.h"

void assert_span(struct span span, const char *expected);

/* The feed, which has to be one. */
struct feed *read_bytes(struct span bytes);
struct feed *read_text(const char *text);

/* It is no feed, and the error says so. */
void assert_refused(struct span bytes, const char *part_of_message);

/* The document of the only item of a feed. */
struct document *document_of(const char *text, const char *feed_name);

#endif
