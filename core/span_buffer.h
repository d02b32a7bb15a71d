/* span_buffer: text that grows. A zeroed one is empty. */
#ifndef WEIR_SPAN_BUFFER_H
#define WEIR_SPAN_BUFFER_H

#include "store/span.h"

struct span_buffer {
    char *data; /* malloc'ed; a NUL stands behind it once something was added */
    size_t length, room;
};

void span_buffer_add(struct span_buffer *buffer, struct span text);
void span_buffer_text(struct span_buffer *buffer, const char *text);
void span_buffer_printf(struct span_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct span span_buffer_span(const struct span_buffer *buffer);
void span_buffer_free(struct span_buffer *buffer);

#endif
