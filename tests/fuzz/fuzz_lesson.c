/* Whatever decodes as a lesson is a lesson: it encodes, and decodes to the same bytes again. */
#include "store/lesson.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct lesson *lesson = lesson_decode(data, size, &error);
    if (!lesson)
        return 0;
    size_t length, again_length;
    unsigned char *encoded = lesson_encode(lesson, &length);
    struct lesson *again = lesson_decode(encoded, length, &error);
    if (!again)
        abort();
    unsigned char *encoded_again = lesson_encode(again, &again_length);
    if (length != again_length || memcmp(encoded, encoded_again, length) != 0)
        abort();
    free(encoded);
    free(encoded_again);
    lesson_free(lesson);
    lesson_free(again);
    return 0;
}
