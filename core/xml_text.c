#include "core/xml_text.h"

#include <stdint.h>
#include <string.h>

#include "core/text.h"

/* XML 1.0, 2.2. */
static bool is_allowed(uint32_t code_point)
{
    return code_point >= 0x20 ? code_point != 0xfffe && code_point != 0xffff
                              : code_point == '\t' || code_point == '\n';
}

void xml_put_text(FILE *out, struct span text)
{
    const char *at = text.data, *end = text.data + text.length;
    while (at < end) {
        char bytes[4];
        uint32_t code_point = text_next(&at, end);
        switch (code_point) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\r':
            break;
        default:
            fwrite(bytes, 1, text_put(bytes, is_allowed(code_point) ? code_point : 0xfffd), out);
        }
    }
}

/* How many quoted values stand in what follows the '<' of a tag. */
static size_t count_values(const char *at, const char *end)
{
    static const bool stops[256] = {['"'] = true, ['\''] = true, ['>'] = true};
    size_t count = 0;
    while ((at = text_find_byte(at, end, stops)) < end && *at != '>') {
        const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
        if (!close)
            break;
        at = close + 1;
        count++;
    }
    return count;
}

/* To libxml2 any '<' ends a tag, in a value too. So only what goes on for long without one need be
 * looked at: from each '<' it is a leap to the last one of those that are near. */
bool xml_has_monstrous_tag(struct span utf8)
{
    const size_t least = 2 * XML_ATTRIBUTES_MAX; /* of quotes */
    const char *end = utf8.data + utf8.length;
    const char *at = utf8.length ? memchr(utf8.data, '<', utf8.length) : NULL;
    while (at && (size_t)(end - at) > least) {
        const char *near = memrchr(at + 1, '<', least);
        const char *next = near ? near : memchr(at + 1, '<', (size_t)(end - at - 1));
        if (!near && count_values(at + 1, next ? next : end) > XML_ATTRIBUTES_MAX)
            return true;
        at = next;
    }
    return false;
}

size_t xml_opaque_length(struct span text)
{
    static const struct {
        struct span open, close;
    } kinds[] = {{SPAN_OF("<!--"), SPAN_OF("-->")},
                 {SPAN_OF("<![CDATA["), SPAN_OF("]]>")},
                 {SPAN_OF("<?"), SPAN_OF("?>")}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct span open = kinds[i].open, close = kinds[i].close;
        if (!span_starts(text, open))
            continue;
        const char *end =
            memmem(text.data + open.length, text.length - open.length, close.data, close.length);
        return end ? (size_t)(end - text.data) + close.length : text.length;
    }
    return 0;
}

struct span xml_tag_name(const char *at, const char *end)
{
    size_t length = 0;
    while (at + length < end && !strchr(" \t\r\n/<>", at[length]))
        length++;
    return (struct span){at, length};
}
