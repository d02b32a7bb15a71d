/* feeds_reader: `weirctl feeds reader`. */
#ifndef WEIR_FEEDS_READER_H
#define WEIR_FEEDS_READER_H

#include "admin/session.h"

/* The exit code. */
int feeds_reader(struct session *session, int count, char **arguments);

/* A line about one; what is said when one was added, whose feeds are at `url`. */
void feeds_reader_print(const struct session *session, const char *name, int64_t added_s);
void feeds_reader_print_added(const struct session *session, const char *name, const char *token,
                              const char *url);

#endif
