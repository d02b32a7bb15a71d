#include "core/feed_person.h"

#include <string.h>

#define LIST_LENGTH_MAX 1000u

static bool is_email(struct span text)
{
    size_t ats = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (strchr(" \t\r\n()<>,;:", text.data[i]))
            return false;
        ats += text.data[i] == '@';
    }
    return ats == 1 && text.data[0] != '@' && text.data[text.length - 1] != '@';
}

/* What stands before `open` and between it and `close`, the last character. */
static bool split_at(struct span text, char open, char close, struct span *before,
                     struct span *between)
{
    const char *bracket = memchr(text.data, open, text.length);
    if (!bracket || text.data[text.length - 1] != close)
        return false;
    size_t length = (size_t)(bracket - text.data);
    *before = span_trim((struct span){text.data, length});
    *between = span_trim((struct span){bracket + 1, text.length - length - 2});
    return true;
}

void feed_person_split(struct span text, struct span *name, struct span *email)
{
    struct span before, between;
    text = span_trim(text);
    *name = text;
    *email = (struct span){NULL, 0};
    if (!text.length)
        return;
    if (is_email(text)) {
        *name = *email;
        *email = text;
    } else if (split_at(text, '(', ')', &before, &between) ||
               split_at(text, '<', '>', &before, &between)) {
        if (is_email(between)) {
            *name = before;
            *email = between;
        } else if (is_email(before)) {
            *name = between;
            *email = before;
        }
    }
}

static bool ends_with(struct span list, struct span one)
{
    return list.length >= one.length &&
           memcmp(list.data + list.length - one.length, one.data, one.length) == 0;
}

void feed_person_add(struct arena *arena, struct span *list, struct span one)
{
    if (!list->length)
        *list = one;
    else if (one.length && list->length < LIST_LENGTH_MAX && !ends_with(*list, one))
        *list = arena_printf(arena, "%.*s, %.*s", SPAN_ARGS(*list), SPAN_ARGS(one));
}
