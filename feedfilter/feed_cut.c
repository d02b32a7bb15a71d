#include "feedfilter/feed_cut.h"

size_t feed_cut(struct span bytes, const struct feed_ranges *ranges, const bool *cut,
                struct span *kept)
{
    size_t count = 0, from = 0;
    for (size_t i = 0; i <= ranges->count; i++) {
        bool last = i == ranges->count;
        if (!last && !cut[i])
            continue;
        size_t to = last ? bytes.length : ranges->ranges[i].start;
        if (to > from)
            kept[count++] = (struct span){bytes.data + from, to - from};
        if (!last)
            from = ranges->ranges[i].end;
    }
    return count;
}
