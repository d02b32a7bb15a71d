#include "core/opml.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/xml_text.h"
#include "store/memory.h"

struct placed {
    struct opml_feed feed;
    size_t place; /* qsort() keeps no order by itself */
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    struct span x = a->feed.category, y = b->feed.category;
    size_t shorter = x.length < y.length ? x.length : y.length;
    int order = shorter ? memcmp(x.data, y.data, shorter) : 0;
    if (order)
        return order;
    if (x.length != y.length)
        return x.length < y.length ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static void sort_by_category(struct opml_feed *feeds, size_t count)
{
    struct placed *placed = memory_new(count * sizeof *placed);
    for (size_t i = 0; i < count; i++)
        placed[i] = (struct placed){feeds[i], i};
    if (count)
        qsort(placed, count, sizeof *placed, compare_placed);
    for (size_t i = 0; i < count; i++)
        feeds[i] = placed[i].feed;
    free(placed);
}

static size_t depth_of(struct span category)
{
    size_t depth = category.length > 0;
    for (size_t i = 0; i < category.length; i++)
        depth += category.data[i] == '/';
    return depth;
}

/* The folder `depth` of a category, from 0. */
static struct span folder_of(struct span category, size_t depth)
{
    const char *end = category.data + category.length;
    for (; depth; depth--)
        category.data = (const char *)memchr(category.data, '/', (size_t)(end - category.data)) + 1;
    const char *slash = memchr(category.data, '/', (size_t)(end - category.data));
    return (struct span){category.data, (size_t)((slash ? slash : end) - category.data)};
}

static size_t shared_depth(struct span a, struct span b)
{
    size_t depth = 0, most = depth_of(a) < depth_of(b) ? depth_of(a) : depth_of(b);
    while (depth < most && span_equal(folder_of(a, depth), folder_of(b, depth)))
        depth++;
    return depth;
}

static void indent(FILE *out, size_t depth)
{
    fprintf(out, "%*s", (int)(2 * depth + 4), "");
}

/* Closes and opens folders. */
static void go_to(FILE *out, struct span from, struct span to)
{
    size_t shared = shared_depth(from, to);
    for (size_t depth = depth_of(from); depth > shared; depth--) {
        indent(out, depth - 1);
        fputs("</outline>\n", out);
    }
    for (size_t depth = shared; depth < depth_of(to); depth++) {
        indent(out, depth);
        fputs("<outline text=\"", out);
        xml_put_text(out, folder_of(to, depth));
        fputs("\">\n", out);
    }
}

static void put_feed(FILE *out, const struct opml_feed *feed)
{
    indent(out, depth_of(feed->category));
    fputs("<outline type=\"rss\" text=\"", out);
    xml_put_text(out, feed->title);
    fputs("\" title=\"", out);
    xml_put_text(out, feed->title);
    fputs("\" xmlUrl=\"", out);
    xml_put_text(out, feed->url);
    fputs("\"/>\n", out);
}

void opml_write(FILE *out, struct span title, struct opml_feed *feeds, size_t count)
{
    struct span category = SPAN("");
    sort_by_category(feeds, count);
    fputs(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head>\n    <title>",
        out);
    xml_put_text(out, title);
    fputs("</title>\n  </head>\n  <body>\n", out);
    for (size_t i = 0; i < count; i++) {
        go_to(out, category, feeds[i].category);
        put_feed(out, &feeds[i]);
        category = feeds[i].category;
    }
    go_to(out, category, SPAN(""));
    fputs("  </body>\n</opml>\n", out);
}
