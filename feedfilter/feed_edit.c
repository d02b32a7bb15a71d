#include "feedfilter/feed_edit.h"

#include <stdlib.h>

struct span feed_edits_widen(const struct feed_edits *edits, struct span ascii)
{
    size_t unit_bytes = edits->encoding->unit_bytes;
    if (unit_bytes == 1)
        return ascii;
    bool big =
        edits->encoding->units == UNITS_UTF16_BIG || edits->encoding->units == UNITS_UTF32_BIG;
    size_t length = ascii.length * unit_bytes;
    char *wide = arena_text(edits->arena, length);
    memset(wide, 0, length);
    for (size_t i = 0; i < ascii.length; i++)
        wide[i * unit_bytes + (big ? unit_bytes - 1 : 0)] = ascii.data[i];
    return (struct span){wide, length};
}

void feed_edits_replace_raw(struct feed_edits *edits, size_t start, size_t end, struct span raw)
{
    if (start == end && !raw.length)
        return;
    edits->edits = arena_grow(edits->arena, edits->edits, edits->count, sizeof *edits->edits);
    edits->edits[edits->count] = (struct feed_edit){start, end, raw, edits->count};
    edits->count++;
}

void feed_edits_replace(struct feed_edits *edits, size_t start, size_t end, struct span ascii)
{
    feed_edits_replace_raw(edits, start, end, feed_edits_widen(edits, ascii));
}

/* By place; there, what is put in comes first, and then what reaches farthest, so that whatever
 * lies within another edit comes behind it. */
static int compare(const void *left, const void *right)
{
    const struct feed_edit *a = left, *b = right;
    bool a_puts_in = a->start == a->end, b_puts_in = b->start == b->end;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a_puts_in != b_puts_in)
        return a_puts_in ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

struct span *feed_edits_apply(struct feed_edits *edits, struct span bytes, size_t *count)
{
    struct span *pieces = arena_alloc(edits->arena, (2 * edits->count + 1) * sizeof *pieces);
    size_t done = 0; /* bytes before it are dealt with */
    *count = 0;
    if (edits->count)
        qsort(edits->edits, edits->count, sizeof *edits->edits, compare);
    for (size_t i = 0; i < edits->count; i++) {
        const struct feed_edit *edit = &edits->edits[i];
        bool puts_in = edit->start == edit->end;
        if (puts_in ? edit->start < done : edit->end <= done)
            continue;
        if (edit->start > done)
            pieces[(*count)++] = (struct span){bytes.data + done, edit->start - done};
        if (edit->text.length)
            pieces[(*count)++] = edit->text;
        done = edit->end;
    }
    if (done < bytes.length)
        pieces[(*count)++] = (struct span){bytes.data + done, bytes.length - done};
    return pieces;
}
