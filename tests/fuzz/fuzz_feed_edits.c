/* The edits of the server over any bytes that are read as a feed: what comes out is read as a feed
 * again, with the same items less those cut and with those put back. */
#include "core/feed.h"
#include "core/feed_encoding.h"
#include "core/text.h"
#include "feedfilter/feed_cut.h"
#include "feedfilter/feed_edit.h"
#include "feedfilter/feed_footer.h"
#include "feedfilter/feed_lexer.h"
#include "feedfilter/feed_references.h"
#include "feedfilter/feed_rewrite.h"
#include "feedfilter/put_back.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    enum feed_format format;
    const char *start, *item, *end; /* a feed that is well */
} hosts[] = {
    {FEED_RSS, "<rss><channel>", "<item>1</item>", "</channel></rss>"},
    {FEED_RDF, "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>",
     "<item>1</item>", "</rdf:RDF>"},
    {FEED_ATOM, "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>1</entry>", "</feed>"},
    {FEED_JSON, "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[", "{\"id\":\"1\"}",
     "]}"},
};

struct reading {
    struct arena *arena;
    struct span bytes;
    struct feed *feed;
    struct feed_encoding encoding;
    struct feed_ranges ranges;
    struct feed_edits edits;
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* false: no feed, or one whose items the lexer finds elsewhere, which is passed on as it is; or one
 * in broken UTF-8, whose charset is a guess from all its bytes, so that any edit may change it. */
static bool read(struct arena *arena, struct span bytes, struct reading *reading)
{
    *reading = (struct reading){.arena = arena, .bytes = bytes};
    reading->feed = feed_read(bytes, (struct span){NULL, 0}, NULL);
    if (!reading->feed ||
        !feed_encoding_find(bytes, (struct span){NULL, 0}, &reading->encoding, NULL) ||
        !feed_lex(arena, bytes, &reading->encoding, &reading->ranges, NULL) ||
        reading->ranges.count != reading->feed->item_count)
        return false;
    if (reading->feed->recovered && reading->encoding.unit_bytes == 1 && !text_is_utf8(bytes))
        return false;
    for (size_t i = 0; i < reading->ranges.count; i++)
        if (reading->ranges.ranges[i].start_tag != reading->feed->items[i].start_tag)
            return false;
    return true;
}

static struct feed_edits *begin(struct reading *reading)
{
    reading->edits = (struct feed_edits){.arena = reading->arena, .encoding = &reading->encoding};
    return &reading->edits;
}

/* The edited feed, which must be one, of so many items, and no worse than it was. In a broken feed
 * there may be nothing but the inside of an element without an end tag to put an item in. */
static struct feed *read_edited(struct reading *reading, size_t items, bool put_in)
{
    size_t count, length = 0;
    struct span *pieces = feed_edits_apply(&reading->edits, reading->bytes, &count);
    for (size_t i = 0; i < count; i++)
        length += pieces[i].length;
    char *out = arena_alloc(reading->arena, length + 1), *at = out;
    for (size_t i = 0; i < count; i++, at += pieces[i - 1].length)
        memcpy(at, pieces[i].data, pieces[i].length);
    struct feed *feed = feed_read((struct span){out, length}, (struct span){NULL, 0}, NULL);
    must(feed);
    must(feed->item_count == items ||
         (put_in && reading->feed->recovered && feed->item_count + 1 == items));
    must(!feed->recovered || reading->feed->recovered);
    return feed;
}

static void check_links(struct reading *reading)
{
    feed_references_whole(begin(reading), reading->bytes, &reading->ranges,
                          SPAN("http://up.test/a&b/feed"));
    feed_rewrite_links(&reading->edits, reading->bytes, &reading->ranges,
                       SPAN("http://gw.test/f/x"), SPAN("http://up.test/feed"), true);
    struct feed *feed = read_edited(reading, reading->feed->item_count, false);
    for (size_t i = 0; i < feed->item_count && !reading->feed->recovered; i++)
        must(span_equal(feed->items[i].title, reading->feed->items[i].title));
    feed_free(feed);
}

static void check_tags(struct reading *reading)
{
    size_t count = reading->ranges.count;
    bool *tag = arena_alloc(reading->arena, count + 1);
    memset(tag, true, count + 1);
    feed_rewrite_tags(begin(reading), reading->bytes, &reading->ranges, reading->feed->format, tag);
    struct feed *feed = read_edited(reading, count, false);
    for (size_t i = 0; i < count && !reading->feed->recovered; i++) {
        struct span title = feed->items[i].title;
        /* RSS 1.0 lets items be of any vocabulary, whose title is not known then. */
        must(reading->ranges.ranges[i].inside == FEED_NOWHERE ||
             reading->feed->format == FEED_RDF ||
             memmem(title.data ? title.data : "", title.length, "[spam]", 6));
    }
    feed_free(feed);
}

static void check_footers(struct reading *reading)
{
    struct footers footers;
    size_t count = reading->ranges.count;
    feed_footer_begin(&footers, begin(reading), reading->bytes, &reading->ranges,
                      reading->feed->format, LANGUAGE_CHINESE);
    const struct story_place place = {SPAN("A]]> & \"\\' \xf0\x9f\x9a\xa2"),
                                      SPAN("http://b.test/?a=1&b='")};
    const struct footer what = {SPAN("http://console.test/d/x-_"), &place, 1};
    for (size_t i = 0; i < count; i++)
        feed_footer_add(&footers, &reading->ranges.ranges[i], &what);
    struct feed *feed = read_edited(reading, count, false);
    for (size_t i = 0; i < count && !reading->feed->recovered; i++) {
        must(span_equal(feed->items[i].title, reading->feed->items[i].title));
        must(span_equal(feed->items[i].link, reading->feed->items[i].link));
    }
    feed_free(feed);
}

static void check_put_back(struct reading *into, struct span head, struct span item, bool cut_first)
{
    size_t count = into->ranges.count;
    bool *cut = arena_alloc(into->arena, count + 1);
    cut[0] = count && cut_first;
    feed_cut(begin(into), &into->ranges, cut);
    size_t cuts = into->edits.count;
    if (put_back(&into->edits, into->bytes, &into->ranges, into->feed, head, item, NULL)) {
        must(into->edits.count == cuts + 1);
        feed_free(read_edited(into, count - cut[0] + 1, true));
    } else {
        must(into->edits.count == cuts);
    }
}

/* The first item into itself, and into a feed that is well; and an item that is well into it. */
static void check_put_backs(struct reading *reading)
{
    struct arena *arena = reading->arena;
    /* One that the input breaks off in may stand there, and does not count. */
    const struct feed_range *first = reading->ranges.count ? reading->ranges.ranges : NULL;
    struct span head = {NULL, 0};
    if (first)
        head = item_head(arena, reading->bytes, &reading->encoding, &reading->ranges, first);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        if (hosts[i].format != reading->feed->format)
            continue;
        struct span start = span_of(hosts[i].format == FEED_JSON ? NULL : hosts[i].start);
        struct span text =
            arena_printf(arena, "%s%s%s", hosts[i].start, hosts[i].item, hosts[i].end);
        struct reading host;
        must(read(arena, text, &host));
        check_put_back(reading, start, span_of(hosts[i].item), false);
        if (first) {
            struct span item = {reading->bytes.data + first->start, first->end - first->start};
            check_put_back(reading, head, item, true);
            check_put_back(&host, head, item, false);
            check_put_back(&host, head, item, true);
        }
        feed_free(host.feed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct reading reading;
    if (read(arena, (struct span){(const char *)data, size}, &reading)) {
        check_links(&reading);
        check_tags(&reading);
        check_footers(&reading);
        check_put_backs(&reading);
    }
    feed_free(reading.feed);
    arena_free(arena);
    return 0;
}
