#include "core/xml_text.h"

#include <stdint.h>

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

bool xml_has_monstrous_tag(struct span utf8)
{
    static const bool stops[256] = {['"'] = true, ['\''] = true, ['<'] = true, ['>'] = true};
    const char *at = utf8.data, *end = utf8.data + utf8.length;
    while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
        size_t attributes = 0;
        for (at++; at < end; at++) {
            if (!stops[(unsigned char)*at])
                continue;
            if (*at == '>' || *at == '<')
                break;
            const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
            if (!close)
                break;
            at = close;
            if (++attributes > XML_ATTRIBUTES_MAX)
                return true;
        }
    }
    return false;
}
