#include "feedfilter/item_markup.h"

#include <libxml/HTMLparser.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "store/memory.h"

#define ENTITY_NAME_MAX 31u

struct writer {
    char *text; /* malloc'ed */
    size_t length, room;
    const char *from; /* the input is written up to here */
};

static void put(struct writer *writer, const char *data, size_t length)
{
    if (length > writer->room - writer->length) {
        writer->room = 2 * (writer->length + length) + 1024;
        writer->text = memory_resize(writer->text, writer->room);
    }
    if (length)
        memcpy(writer->text + writer->length, data, length);
    writer->length += length;
}

/* Writes the input up to `at`, where something else takes the place of what goes on to `next`. */
static void put_until(struct writer *writer, const char *at, const char *next)
{
    put(writer, writer->from, (size_t)(at - writer->from));
    writer->from = next;
}

static void put_reference(struct writer *writer, uint32_t code_point)
{
    char reference[16];
    put(writer, reference, (size_t)snprintf(reference, sizeof reference, "&#%u;", code_point));
}

/* Behind the entity reference whose '&' is at `at`, and what HTML says it is; `at` for any other
 * '&', and for the five that XML knows. */
static const char *read_entity(const char *at, const char *end, uint32_t *value)
{
    static const char *const predefined[] = {"amp", "lt", "gt", "quot", "apos"};
    char name[ENTITY_NAME_MAX + 1];
    size_t length = 0, left = (size_t)(end - at) - 1;
    while (length < left && length < ENTITY_NAME_MAX && at[1 + length] != ';') {
        char c = at[1 + length];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
            return at;
        name[length++] = c;
    }
    if (length == left || at[1 + length] != ';')
        return at;
    name[length] = '\0';
    for (size_t i = 0; i < sizeof predefined / sizeof *predefined; i++)
        if (strcmp(name, predefined[i]) == 0)
            return at;
    const htmlEntityDesc *known = htmlEntityLookup((const xmlChar *)name);
    if (!known)
        return at;
    *value = known->value;
    return at + 2 + length;
}

static bool is_ascii(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at < 0x80)
        at++;
    return at == end;
}

static const char *find(const char *at, const char *end, struct span what)
{
    const char *found = memmem(at, (size_t)(end - at), what.data, what.length);
    return found ? found : end;
}

static bool looking_at(const char *at, const char *end, struct span what)
{
    return (size_t)(end - at) >= what.length && memcmp(at, what.data, what.length) == 0;
}

/* Text, or an attribute's value: what is between `at` and `end` and holds no markup. */
static void write_text(struct writer *writer, const char *at, const char *end, bool ascii_only)
{
    while (at < end) {
        const char *next = at;
        uint32_t value = 0;
        if (*at == '&')
            next = read_entity(at, end, &value);
        else if (ascii_only && (unsigned char)*at >= 0x80)
            value = text_next(&next, end);
        if (next > at) {
            put_until(writer, at, next);
            put_reference(writer, value);
            at = next;
        } else {
            at++;
        }
    }
}

static void write_comment(struct writer *writer, const char *at, const char *end, bool ascii_only)
{
    while (ascii_only && at < end) {
        const char *next = at;
        if (text_next(&next, end) >= 0x80) {
            put_until(writer, at, next);
            put(writer, "_", 1);
        }
        at = next;
    }
}

static void write_character_data(struct writer *writer, const char *at, const char *end,
                                 bool ascii_only)
{
    const char *start = at + sizeof "<![CDATA[" - 1;
    const char *close = find(start, end, SPAN("]]>"));
    if (!ascii_only || is_ascii(at, close) || close == end)
        return;
    put_until(writer, at, close + 3);
    for (at = start; at < close;) {
        uint32_t c = text_next(&at, close);
        if (c >= 0x80 || c == '<' || c == '>' || c == '&')
            put_reference(writer, c);
        else
            put(writer, (const char[]){(char)c}, 1);
    }
}

/* A tag, its quoted values. Behind it, or NULL: a name is not ASCII. */
static const char *write_tag(struct writer *writer, const char *at, const char *end,
                             bool ascii_only)
{
    while (at < end && *at != '>') {
        if (*at == '"' || *at == '\'') {
            const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
            if (!close)
                return end;
            write_text(writer, at + 1, close, ascii_only);
            at = close;
        } else if (ascii_only && (unsigned char)*at >= 0x80) {
            return NULL;
        }
        at++;
    }
    return at;
}

bool item_markup_portable(struct arena *arena, struct span utf8, bool ascii_only,
                          struct span *portable)
{
    struct writer writer = {.from = utf8.data};
    const char *at = utf8.data, *end = utf8.data + utf8.length;
    while (at && at < end) {
        const char *start = at, *markup = find(at, end, SPAN("<"));
        write_text(&writer, start, markup, ascii_only);
        at = markup;
        if (looking_at(markup, end, SPAN("<!--"))) {
            at = find(markup + 4, end, SPAN("-->"));
            write_comment(&writer, markup, at, ascii_only);
        } else if (looking_at(markup, end, SPAN("<![CDATA["))) {
            at = find(markup, end, SPAN("]]>"));
            write_character_data(&writer, markup, end, ascii_only);
            at += at < end ? 3 : 0;
        } else if (looking_at(markup, end, SPAN("<?"))) {
            at = find(markup + 2, end, SPAN("?>"));
            write_comment(&writer, markup, at, ascii_only);
        } else if (markup < end) {
            at = write_tag(&writer, markup + 1, end, ascii_only);
        }
    }
    *portable = utf8;
    if (at && writer.from != utf8.data) {
        put_until(&writer, end, end);
        *portable = arena_copy(arena, (struct span){writer.text, writer.length});
    }
    free(writer.text);
    return at != NULL;
}

static void put_unit(char *out, uint32_t unit, const struct feed_encoding *encoding)
{
    bool big = encoding->units == UNITS_UTF16_BIG || encoding->units == UNITS_UTF32_BIG;
    for (size_t i = 0; i < encoding->unit_bytes; i++)
        out[big ? encoding->unit_bytes - 1 - i : i] = (char)(unit >> (8 * i));
}

struct span item_markup_widen(struct arena *arena, struct span utf8,
                              const struct feed_encoding *encoding)
{
    /* As many units as bytes at most: four bytes of UTF-8 are two units of UTF-16. */
    char *out = arena_text(arena, utf8.length * encoding->unit_bytes);
    const char *at = utf8.data, *end = utf8.data + utf8.length;
    size_t length = 0;
    while (at < end) {
        uint32_t code_point = text_next(&at, end);
        if (encoding->unit_bytes == 2 && code_point >= 0x10000) {
            put_unit(out + length, 0xd800 + ((code_point - 0x10000) >> 10), encoding);
            length += encoding->unit_bytes;
            code_point = 0xdc00 + (code_point & 0x3ff);
        }
        put_unit(out + length, code_point, encoding);
        length += encoding->unit_bytes;
    }
    return (struct span){out, length};
}
