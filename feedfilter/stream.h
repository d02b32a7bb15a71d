/* stream: the input whole, the output in stretches. */
#ifndef WEIR_STREAM_H
#define WEIR_STREAM_H

#include "store/error.h"
#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

struct stream_input {
    char *data; /* malloc'ed */
    size_t length;
    bool more; /* `limit` bytes were read and the input goes on */
};

/* Reads `from` up to its end, or a byte more than `limit`. On failure (ERROR_SYSTEM) holds what
 * came until then. */
bool stream_read(int from, size_t limit, struct stream_input *input, struct error *error);
void stream_input_clear(struct stream_input *input);

/* All of it, or ERROR_SYSTEM; `*reader_gone`: nobody reads any more (EPIPE). */
bool stream_write(int to, const struct span *spans, size_t count, bool *reader_gone,
                  struct error *error);

/* What is left of `from`, in pieces. */
bool stream_copy(int from, int to, bool *reader_gone, struct error *error);

#endif
