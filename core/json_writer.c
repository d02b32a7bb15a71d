#include "core/json_writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

static char *reserve(struct json_writer *writer, size_t length)
{
    if (length > writer->room - writer->length) {
        size_t room = writer->room ? writer->room * 2 : 4096;
        while (room - writer->length < length)
            room *= 2;
        char *data = realloc(writer->data, room);
        if (!data) {
            fprintf(stderr, "weir: out of memory (%zu bytes)\n", room);
            abort();
        }
        writer->data = data;
        writer->room = room;
    }
    return writer->data + writer->length;
}

static void put(struct json_writer *writer, const char *text, size_t length)
{
    memcpy(reserve(writer, length), text, length);
    writer->length += length;
}

void json_writer_free(struct json_writer *writer)
{
    free(writer->data);
    *writer = (struct json_writer){.indented = writer->indented};
}

void json_writer_flush(struct json_writer *writer, FILE *stream)
{
    if (writer->length)
        fwrite(writer->data, 1, writer->length, stream);
    writer->length = 0;
}

/* Length of the well-formed UTF-8 sequence at `at` (RFC 3629), 0 when there is none. */
static size_t sequence_length(const unsigned char *at, size_t left)
{
    size_t length = at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    if (!length || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xed && at[1] >= 0xa0;
    bool too_large = at[0] == 0xf4 && at[1] >= 0x90;
    return overlong || surrogate || too_large ? 0 : length;
}

/* Writes the escape of a byte that may not stand as it is; returns its length. */
static size_t put_escape(char *out, unsigned char byte)
{
    static const char names[] = "\"\"\\\\\nn\tt\rr\bb\ff";
    static const char digits[] = "0123456789abcdef";
    out[0] = '\\';
    for (const char *name = names; *name; name += 2) {
        if ((unsigned char)name[0] == byte) {
            out[1] = name[1];
            return 2;
        }
    }
    memcpy(out + 1, "u00", 3);
    out[4] = digits[byte >> 4];
    out[5] = digits[byte & 15];
    return 6;
}

static void put_string(struct json_writer *writer, struct span value)
{
    static const bool special[256] = {
        [0x00 ... 0x1f] = true, ['"'] = true, ['\\'] = true, [0x7f ... 0xff] = true};
    const char *at = value.data, *end = at + value.length;
    char *start = reserve(writer, 6 * value.length + 2), *out = start;
    *out++ = '"';
    while (at < end) {
        const char *plain = at;
        at = text_find_byte(at, end, special);
        out = mempcpy(out, plain, (size_t)(at - plain));
        if (at == end)
            break;
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x80 && byte) {
            out += put_escape(out, byte);
            at++;
            continue;
        }
        size_t length = sequence_length((const unsigned char *)at, (size_t)(end - at));
        out = mempcpy(out, length ? at : "\xef\xbf\xbd", length ? length : 3);
        at += length ? length : 1;
    }
    *out++ = '"';
    writer->length += (size_t)(out - start);
}

static void break_line(struct json_writer *writer)
{
    size_t length = 1 + 2 * (size_t)writer->depth;
    char *line = reserve(writer, length);
    memset(line, ' ', length);
    *line = '\n';
    writer->length += length;
}

/* What comes before a value: a comma where a value came before, and the key. */
static void begin(struct json_writer *writer, const char *key)
{
    if (writer->length) {
        char last = writer->data[writer->length - 1];
        if (last != '{' && last != '[' && last != '\n')
            put(writer, ",", 1);
    }
    if (writer->indented && writer->depth)
        break_line(writer);
    if (key) {
        put(writer, "\"", 1);
        put(writer, key, strlen(key));
        put(writer, "\": ", writer->indented ? 3 : 2);
    }
}

void json_put_open(struct json_writer *writer, const char *key, char bracket)
{
    begin(writer, key);
    put(writer, &bracket, 1);
    writer->depth++;
}

void json_put_close(struct json_writer *writer, char bracket)
{
    char last = writer->data[writer->length - 1];
    writer->depth--;
    if (writer->indented && last != '{' && last != '[')
        break_line(writer);
    put(writer, &bracket, 1);
}

void json_put_string(struct json_writer *writer, const char *key, struct span value)
{
    begin(writer, key);
    put_string(writer, value);
}

static void put_digits(struct json_writer *writer, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    put(writer, digits + at, sizeof digits - at);
}

void json_put_integer(struct json_writer *writer, const char *key, int64_t value)
{
    begin(writer, key);
    if (value < 0)
        put(writer, "-", 1);
    put_digits(writer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_put_number(struct json_writer *writer, const char *key, double value, unsigned decimals)
{
    begin(writer, key);
    uint64_t scale = 1;
    for (unsigned i = 0; i < decimals; i++)
        scale *= 10;
    double bounded = isnan(value) ? 0 : fmin(fmax(value, -1e9), 1e9);
    uint64_t scaled = (uint64_t)llround(fabs(bounded) * (double)scale);
    if (bounded < 0 && scaled)
        put(writer, "-", 1);
    put_digits(writer, scaled / scale);
    uint64_t fraction = scaled % scale;
    if (!fraction)
        return;
    char digits[10] = ".";
    unsigned length = 0;
    for (uint64_t unit = scale / 10; fraction; unit /= 10) {
        digits[++length] = (char)('0' + fraction / unit);
        fraction %= unit;
    }
    put(writer, digits, length + 1);
}

void json_put_bool(struct json_writer *writer, const char *key, bool value)
{
    json_put_raw(writer, key, value ? SPAN("true") : SPAN("false"));
}

void json_put_raw(struct json_writer *writer, const char *key, struct span json)
{
    begin(writer, key);
    put(writer, json.data, json.length);
}

void json_put_newline(struct json_writer *writer)
{
    put(writer, "\n", 1);
}
