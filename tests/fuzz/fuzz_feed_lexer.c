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

static void check_cut(struct arena *arena, struct span bytes, const struct feed_ranges *found)
{
    size_t end = 0, left = bytes.length;
    bool *cut = arena_alloc(arena, found->count + 1);
    struct span *kept = arena_alloc(arena, (found->count + 1) * sizeof *kept);
    for (size_t i = 0; i < found->count; i++) {
        must(found->ranges[i].start >= end && found->ranges[i].end > found->ranges[i].start);
        end = found->ranges[i].end;
        cut[i] = true;
        left -= end - found->ranges[i].start;
    }
    must(end <= bytes.length);
    size_t count = feed_cut(bytes, found, cut, kept);
    for (size_t i = 0; i < count; i++)
        left -= kept[i].length;
    must(left == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {(const char *)data, size};
    struct error error = {0};
    struct feed_encoding encoding;
    struct feed_ranges found = {0};
    struct arena *arena = arena_new();
    struct feed *feed = feed_read(bytes, (struct span){NULL, 0}, &error);
    bool lexed = size && feed_encoding_find(bytes, &encoding, &error) &&
                 feed_lex(arena, bytes, &encoding, &found, &error);
    if (lexed)
        check_cut(arena, bytes, &found);
    if (feed && !feed->recovered) {
        must(lexed && found.count == feed->item_count);
        for (size_t i = 0; i < found.count; i++)
            must(found.ranges[i].start_tag == feed->items[i].start_tag);
    }
    feed_free(feed);
    arena_free(arena);
    return 0;
}
