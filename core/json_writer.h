/* json_writer: JSON as text, written straight into a growing buffer. For output that is made by
 * the thousand (verdicts); jansson is for reading, and for trees that are worked on. Commas and
 * escapes are the writer's; nesting in the right order is the caller's. */
#ifndef WEIR_JSON_WRITER_H
#define WEIR_JSON_WRITER_H

#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json_writer {
    char *data; /* malloc'ed; not NUL-terminated */
    size_t length, room;
    bool indented; /* each value on a line of its own, for people; else it is all one line */
    unsigned depth;
};

/* A zeroed writer is an empty one; `indented` may be set then. */
void json_writer_free(struct json_writer *writer);

/* Writes what is there to `stream`, whose error flag tells of failure, and empties the writer. */
void json_writer_flush(struct json_writer *writer, FILE *stream);

/* '{', '}', '[' or ']'; with a key inside an object, NULL inside an array or at the top. */
void json_put_open(struct json_writer *writer, const char *key, char bracket);
void json_put_close(struct json_writer *writer, char bracket);

/* `key` NULL: an element of an array. Bytes of a string that are not UTF-8, and
 * NUL, become U+FFFD. */
void json_put_string(struct json_writer *writer, const char *key, struct span value);
void json_put_integer(struct json_writer *writer, const char *key, int64_t value);
/* With at most `decimals` (0 to 9) behind the point; what is not finite or over 1e9 is bounded. */
void json_put_number(struct json_writer *writer, const char *key, double value, unsigned decimals);
void json_put_bool(struct json_writer *writer, const char *key, bool value);

/* `json`, which is JSON already, as a value. */
void json_put_raw(struct json_writer *writer, const char *key, struct span json);

/* A line end between top-level values. */
void json_put_newline(struct json_writer *writer);

#endif
