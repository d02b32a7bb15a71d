/* feeds_reader: `weirctl feeds reader`. */
#ifndef WEIR_FEEDS_READER_H
#define WEIR_FEEDS_READER_H

#include "admin/session.h"

/* The exit code. */
int feeds_reader(struct session *session, int count, char **arguments);

#endif
