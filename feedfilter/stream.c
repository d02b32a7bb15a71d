#include "feedfilter/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/memory.h"

#define PIECE_BYTES 65536u

/* Bytes read, 0 at the end, -1 with `error` set. */
static ssize_t read_some(int from, char *buffer, size_t room, struct error *error)
{
    ssize_t length;
    do
        length = read(from, buffer, room);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        error_set(error, ERROR_SYSTEM, "the input cannot be read: %s", strerror(errno));
    return length;
}

bool stream_read(int from, size_t limit, struct stream_input *input, struct error *error)
{
    size_t room = 0;
    *input = (struct stream_input){0};
    while (input->length <= limit) {
        if (input->length == room) {
            room = room ? 2 * room : 4 * PIECE_BYTES;
            if (room > limit + 1)
                room = limit + 1;
            input->data = memory_resize(input->data, room);
        }
        ssize_t length = read_some(from, input->data + input->length, room - input->length, error);
        if (length <= 0)
            return length == 0;
        input->length += (size_t)length;
    }
    input->more = true;
    return true;
}

void stream_input_clear(struct stream_input *input)
{
    free(input->data);
    *input = (struct stream_input){0};
}

bool stream_write(int to, const struct span *spans, size_t count, bool *reader_gone,
                  struct error *error)
{
    *reader_gone = false;
    for (size_t i = 0; i < count; i++) {
        struct span left = spans[i];
        while (left.length) {
            ssize_t written = write(to, left.data, left.length);
            if (written < 0 && errno == EINTR)
                continue;
            if (written < 0) {
                *reader_gone = errno == EPIPE;
                return error_set(error, ERROR_SYSTEM, "the output cannot be written: %s",
                                 strerror(errno));
            }
            left.data += written;
            left.length -= (size_t)written;
        }
    }
    return true;
}

bool stream_copy(int from, int to, bool *reader_gone, struct error *error)
{
    char buffer[PIECE_BYTES];
    ssize_t length;
    *reader_gone = false;
    while ((length = read_some(from, buffer, sizeof buffer, error)) > 0) {
        struct span piece = {buffer, (size_t)length};
        if (!stream_write(to, &piece, 1, reader_gone, error))
            return false;
    }
    return length == 0;
}
