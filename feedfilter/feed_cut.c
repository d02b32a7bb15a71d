#include "feedfilter/feed_cut.h"

#include <stdint.h>
#include <stdlib.h>

#include "feedfilter/xml_references.h"

static void cut_stretch(struct feed_edits *edits, size_t start, size_t end)
{
    feed_edits_replace(edits, start, end, SPAN(""));
}

/* An attribute's value as UTF-8, its references resolved. */
static struct span value_of(struct feed_edits *edits, struct span as_it_stands)
{
    const char *trouble;
    struct feed_encoding encoding = *edits->encoding;
    encoding.mark_bytes = 0;
    struct span text =
        span_trim(feed_encoding_to_utf8(edits->arena, as_it_stands, &encoding, &trouble));
    return span_trim(xml_references_resolve(edits->arena, text));
}

static int compare_spans(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = shorter ? memcmp(a->data, b->data, shorter) : 0;
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

/* What the items whose cut[i] is `which` are called in the table of contents, sorted. */
static struct span *names_of(struct feed_edits *edits, const struct feed_ranges *ranges,
                             const bool *cut, bool which, size_t *count)
{
    struct span *names = arena_alloc(edits->arena, (ranges->count + 1) * sizeof *names);
    *count = 0;
    for (size_t i = 0; i < ranges->count; i++)
        if (cut[i] == which && ranges->ranges[i].about.length)
            names[(*count)++] = value_of(edits, ranges->ranges[i].about);
    qsort(names, *count, sizeof *names, compare_spans);
    return names;
}

static void cut_mentions(struct feed_edits *edits, const struct feed_ranges *ranges,
                         const bool *cut)
{
    size_t gone_count, staying_count;
    struct span *gone = names_of(edits, ranges, cut, true, &gone_count);
    struct span *staying = names_of(edits, ranges, cut, false, &staying_count);
    if (!gone_count)
        return;
    for (size_t i = 0; i < ranges->mention_count; i++) {
        struct span name = value_of(edits, ranges->mentions[i].resource);
        if (bsearch(&name, gone, gone_count, sizeof name, compare_spans) &&
            !bsearch(&name, staying, staying_count, sizeof name, compare_spans))
            cut_stretch(edits, ranges->mentions[i].whole.start, ranges->mentions[i].whole.end);
    }
}

/* An item takes the comma in front of it along when anything that stays stands before it, else the
 * one behind it: so the list stays well-formed whichever of its elements go. */
static void cut_elements(struct feed_edits *edits, const struct feed_ranges *ranges,
                         const bool *cut)
{
    bool stays_before = false;
    for (size_t i = 0; i < ranges->count; i++) {
        const struct feed_range *item = &ranges->ranges[i];
        if (item->comma_before == FEED_NOWHERE)
            stays_before = false;
        else if (i == 0 || ranges->ranges[i - 1].comma_after != item->comma_before)
            stays_before = true; /* what is no item */
        else
            stays_before = stays_before || !cut[i - 1];
        if (!cut[i])
            continue;
        if (stays_before)
            cut_stretch(edits, item->comma_before, item->end);
        else if (item->comma_after != FEED_NOWHERE)
            cut_stretch(edits, item->start, item->comma_after + edits->encoding->unit_bytes);
        else
            cut_stretch(edits, item->start, item->end);
    }
}

void feed_cut(struct feed_edits *edits, const struct feed_ranges *ranges, const bool *cut)
{
    if (ranges->json) {
        cut_elements(edits, ranges, cut);
        return;
    }
    bool any = false;
    for (size_t i = 0; i < ranges->count; i++) {
        if (!cut[i])
            continue;
        any = true;
        cut_stretch(edits, ranges->ranges[i].start, ranges->ranges[i].end);
    }
    if (any && ranges->mention_count)
        cut_mentions(edits, ranges, cut);
}
