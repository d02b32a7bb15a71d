#include "core/span_buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/memory.h"

void span_buffer_add(struct span_buffer *buffer, struct span text)
{
    if (buffer->room - buffer->length <= text.length) {
        buffer->room = 2 * buffer->room + text.length + 256;
        buffer->data = memory_resize(buffer->data, buffer->room);
    }
    if (text.length)
        memcpy(buffer->data + buffer->length, text.data, text.length);
    buffer->length += text.length;
    buffer->data[buffer->length] = '\0';
}

void span_buffer_text(struct span_buffer *buffer, const char *text)
{
    span_buffer_add(buffer, span_of(text));
}

void span_buffer_printf(struct span_buffer *buffer, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    memory_checked(length < 0 ? NULL : text);
    span_buffer_add(buffer, (struct span){text, (size_t)length});
    free(text);
}

struct span span_buffer_span(const struct span_buffer *buffer)
{
    return (struct span){buffer->data, buffer->length};
}

void span_buffer_free(struct span_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct span_buffer){0};
}
