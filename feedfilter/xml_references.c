#include "feedfilter/xml_references.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

/* The code point of the reference whose '&' is at *at, which is then passed; '&' when it is none
 * that XML knows without a document type. */
static uint32_t read_reference(const char **at, const char *end)
{
    static const struct {
        const char *name;
        char means;
    } names[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
    const char *name = *at + 1;
    struct span rest = {name, (size_t)(end - name)};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_starts_nocase(rest, span_of(names[i].name))) {
            *at = name + strlen(names[i].name);
            return (unsigned char)names[i].means;
        }
    const char *semicolon = memchr(name, ';', rest.length < 12 ? rest.length : 12);
    char digits[12] = "", *digits_end = digits;
    unsigned long value = 0;
    if (semicolon && *name == '#') {
        memcpy(digits, name + 1, (size_t)(semicolon - name - 1));
        bool hex = digits[0] == 'x' || digits[0] == 'X';
        value = strtoul(digits + hex, &digits_end, hex ? 16 : 10);
    }
    bool whole = value && value <= 0x10ffff && digits_end[0] == '\0';
    *at = whole ? semicolon + 1 : name;
    return whole ? (uint32_t)value : '&';
}

struct span xml_references_resolve(struct arena *arena, struct span text)
{
    if (!text.length || !memchr(text.data, '&', text.length))
        return text;
    char *out = arena_text(arena, text.length);
    size_t length = 0;
    const char *at = text.data, *end = text.data + text.length;
    while (at < end) {
        if (*at == '&')
            length += text_put(out + length, read_reference(&at, end));
        else
            out[length++] = *at++;
    }
    return (struct span){out, length};
}
