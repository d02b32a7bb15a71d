#include "feedfilter/feed_filter.h"

#include "feedfilter/feed_cut.h"
#include "feedfilter/feed_rewrite.h"

/* A feed on its way through; `out` is what becomes of it. */
struct passage {
    struct filtered_feed *out;
    struct feed_judge *judge;
    const struct feed_http *http;
    struct span bytes;
    struct feed *feed;
    struct feed_encoding encoding;
    struct feed_ranges ranges;
    struct feed_edits edits;
};

static struct span name_of(const struct feed *feed, struct span given)
{
    if (given.length)
        return given;
    if (feed->self.length)
        return feed->self;
    if (feed->link.length)
        return feed->link;
    return feed->title.length ? feed->title : SPAN("unnamed");
}

/* Where the items stand, once lexer and parser agree on which there are. */
static bool locate(struct passage *passage, struct error *error)
{
    const struct feed *feed = passage->feed;
    struct feed_ranges *ranges = &passage->ranges;
    if (!feed_encoding_find(passage->bytes, &passage->encoding, error) ||
        !feed_lex(passage->out->arena, passage->bytes, &passage->encoding, ranges, error))
        return false;
    if (ranges->count != feed->item_count)
        return error_set(error, ERROR_INPUT, "%zu items were read but %zu found in the bytes",
                         feed->item_count, ranges->count);
    for (size_t i = 0; i < ranges->count; i++)
        if (ranges->ranges[i].start_tag != feed->items[i].start_tag)
            return error_set(error, ERROR_INPUT,
                             "item %zu is not the one that was found in the bytes", i + 1);
    return true;
}

/* The input as it is. */
static void pass_whole(struct filtered_feed *out, struct span bytes)
{
    out->pieces = arena_alloc(out->arena, sizeof *out->pieces);
    out->pieces[0] = bytes;
    out->piece_count = bytes.length ? 1 : 0;
}

static void judge_items(struct passage *passage)
{
    struct filtered_feed *out = passage->out;
    struct error error = {0};
    size_t n = passage->feed->item_count;
    enum item_fate *fates = arena_alloc(out->arena, n * sizeof *fates);
    bool *cut = arena_alloc(out->arena, n * sizeof *cut);
    bool *tag = arena_alloc(out->arena, n * sizeof *tag);
    if (!feed_judge(passage->judge, passage->feed, out->name, passage->bytes, &passage->ranges,
                    fates, &error)) {
        out->records_failed = true;
        out->trouble = error;
    }
    for (size_t i = 0; i < n; i++) {
        cut[i] = fates[i] == ITEM_IS_CUT;
        tag[i] = passage->http && fates[i] == ITEM_IS_TAGGED;
        out->held += cut[i];
        out->tagged += tag[i];
    }
    feed_cut(&passage->edits, &passage->ranges, cut);
    if (out->tagged)
        feed_rewrite_tags(&passage->edits, passage->bytes, &passage->ranges, passage->feed->format,
                          tag);
}

static void edit(struct passage *passage)
{
    struct filtered_feed *out = passage->out;
    const struct feed *feed = passage->feed;
    const struct feed_http *http = passage->http;
    passage->edits = (struct feed_edits){.arena = out->arena, .encoding = &passage->encoding};
    if (feed->item_count)
        judge_items(passage);
    if (http)
        feed_rewrite_links(&passage->edits, passage->bytes, &passage->ranges, http->own_address,
                           http->upstream, feed->has_relative);
    out->pieces = feed_edits_apply(&passage->edits, passage->bytes, &out->piece_count);
}

struct filtered_feed *feed_filter(struct feed_judge *judge, struct span bytes, struct span name,
                                  const struct feed_http *http)
{
    struct arena *arena = arena_new();
    struct filtered_feed *out = arena_alloc(arena, sizeof *out);
    struct passage passage = {.out = out, .judge = judge, .http = http, .bytes = bytes};
    struct span address = http ? http->upstream : (struct span){NULL, 0};
    out->arena = arena;
    out->name = arena_copy(arena, name);
    passage.feed = feed_read(bytes, address, &out->trouble);
    if (!passage.feed || !locate(&passage, &out->trouble)) {
        out->unparsed = true;
        pass_whole(out, bytes);
    } else {
        out->name = arena_copy(arena, name_of(passage.feed, name));
        out->poll_s = passage.feed->poll_s;
        out->items = passage.feed->item_count;
        out->not_well_formed = passage.feed->recovered;
        if (out->not_well_formed)
            error_set(&out->trouble, ERROR_INPUT, "%.*s", SPAN_ARGS(passage.feed->trouble));
        edit(&passage);
    }
    feed_free(passage.feed);
    return out;
}

void filtered_feed_free(struct filtered_feed *feed)
{
    if (feed)
        arena_free(feed->arena);
}
