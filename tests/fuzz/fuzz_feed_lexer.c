/* The lexer over any bytes; what it finds must be stretches in order, and in a feed that libxml2
 * finds nothing wrong with, exactly the items that were read. */
#include "core/feed.h"
#include "core/feed_encoding.h"
#include "feedfilter/feed_cut.h"
#include "feedfilter/feed_lexer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_stretch(struct feed_stretch stretch, size_t start, size_t end)
{
    must(stretch.start == FEED_NOWHERE ||
         (start <= stretch.start && stretch.start <= stretch.end && stretch.end <= end));
}

static void check_ranges(const struct feed_ranges *found, size_t size)
{
    size_t end = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct feed_range *item = &found->ranges[i];
        must(item->start >= end && item->end > item->start);
        end = item->end;
        check_stretch(item->title, item->start, item->end);
        check_stretch(item->tags, item->start, item->end);
        must(item->inside == FEED_NOWHERE ||
             (item->inside > item->start && item->inside <= item->end));
    }
    must(end <= size);
    /* JSON may have several lists of items; the last counts. */
    must(!found->count || found->json || found->front == FEED_NOWHERE ||
         found->front <= found->ranges[0].start);
    for (size_t i = 0; i < found->link_count; i++) {
        check_stretch(found->links[i].whole, 0, size);
        check_stretch(found->links[i].value, found->links[i].whole.start,
                      found->links[i].whole.end);
    }
    for (size_t i = 0; i < found->mention_count; i++)
        check_stretch(found->mentions[i].whole, 0, size);
    check_stretch(found->declaration, 0, size);
    check_stretch(found->root_tag, 0, size);
    check_stretch(found->channel_tag, 0, size);
}

/* All items are cut: what is left is no longer than the input without them. */
static void check_cut(struct arena *arena, struct span bytes, const struct feed_encoding *encoding,
                      const struct feed_ranges *found)
{
    size_t left = bytes.length, count, length = 0;
    struct feed_edits edits = {.arena = arena, .encoding = encoding};
    bool *cut = arena_alloc(arena, found->count + 1);
    for (size_t i = 0; i < found->count; i++) {
        left -= found->ranges[i].end - found->ranges[i].start;
        cut[i] = true;
    }
    feed_cut(&edits, found, cut);
    struct span *kept = feed_edits_apply(&edits, bytes, &count);
    for (size_t i = 0; i < count; i++)
        length += kept[i].length;
    must(length <= left && (length == left || found->json || found->mention_count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    struct error error = {0};
    struct feed_encoding encoding;
    struct feed_ranges found = {0};
    struct arena *arena = arena_new();
    struct feed *feed = feed_read(bytes, (struct span){NULL, 0}, &error);
    bool lexed = size && feed_encoding_find(bytes, (struct span){NULL, 0}, &encoding, &error) &&
                 feed_lex(arena, bytes, &encoding, &found, &error);
    if (lexed) {
        check_ranges(&found, size);
        check_cut(arena, bytes, &encoding, &found);
    }
    if (feed && !feed->recovered) {
        must(lexed && found.count == feed->item_count);
        for (size_t i = 0; i < found.count; i++)
            must(found.ranges[i].start_tag == feed->items[i].start_tag);
    }
    feed_free(feed);
    arena_free(arena);
    return 0;
}
