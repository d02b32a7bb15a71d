#include "feedfilter/fetch_links.h"

#include <stdbool.h>

/* Takes what stands before the first of `ends` that is outside of quotes, and that itself. */
static struct span take_until(struct span *text, const char *ends)
{
    size_t length = 0;
    bool quoted = false;
    for (; length < text->length; length++) {
        char c = text->data[length];
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && strchr(ends, c) && c)
            break;
    }
    struct span taken = {text->data, length};
    size_t gone = length < text->length ? length + 1 : length;
    text->data += gone;
    text->length -= gone;
    return span_trim(taken);
}

static bool names(struct span types, struct span relation)
{
    while (types.length) {
        struct span type = take_until(&types, " \t");
        if (span_equal_nocase(type, relation))
            return true;
    }
    return false;
}

/* Whether one of the parameters of a link is rel="… relation …". */
static bool has_relation(struct span parameters, struct span relation)
{
    while (parameters.length) {
        struct span parameter = take_until(&parameters, ";");
        struct span value = parameter, name = take_until(&value, "=");
        value = span_trim(value);
        if (value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"')
            value = (struct span){value.data + 1, value.length - 2};
        if (span_equal_nocase(name, SPAN("rel"))) /* of several the first counts (3.3) */
            return names(value, relation);
    }
    return false;
}

struct span fetch_links_find(struct span value, struct span relation)
{
    while (value.length) {
        const char *open = memchr(value.data, '<', value.length);
        if (!open)
            break;
        struct span rest = {open + 1, value.length - (size_t)(open + 1 - value.data)};
        const char *close = memchr(rest.data, '>', rest.length);
        if (!close)
            break;
        struct span target = {rest.data, (size_t)(close - rest.data)};
        value = (struct span){close + 1, rest.length - target.length - 1};
        struct span parameters = take_until(&value, ",");
        if (has_relation(parameters, relation))
            return span_trim(target);
    }
    return (struct span){NULL, 0};
}
