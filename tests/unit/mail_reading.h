/* mail_reading: the document that a test of core/mail.h reads, and what it says. */
#ifndef WEIR_TEST_MAIL_READING_H
#define WEIR_TEST_MAIL_READING_H

#include "core/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

extern struct document *document;

int mail_set_up(void **state);
int mail_tear_down(void **state);

/* Reads another message into `document`; it must outlive the test's looking at it. */
void read_span(struct span message);
void read_string(const char *message);
#define READ(message) read_span(SPAN(message))

void assert_span(struct span span, const char *expected);
void assert_header(const char *name, const char *expected);

/* The `i`th body text; empty when there are fewer. */
struct span body(size_t i);
size_t bodies(void);

/* `piece` `times` times between `head` and `tail`; to be freed. */
char *repeated(const char *head, const char *piece, size_t times, const char *tail);

#endif
