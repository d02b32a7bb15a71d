#include "feedfilter/feed_filter.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "core/held_item.h"
#include "core/url.h"
#include "core/verdict.h"
#include "feedfilter/feed_cut.h"
#include "feedfilter/feed_footer.h"
#include "feedfilter/feed_notice.h"
#include "feedfilter/feed_references.h"
#include "feedfilter/feed_rewrite.h"
#include "feedfilter/put_back.h"

/* Released items that are put back into a feed, the latest; older ones stay away. */
#define PUT_BACK_MOST 200u

/* An item that was put back. */
struct back {
    struct span guid;
    unsigned char document_id[RECORD_ID_BYTES];
};

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
    enum feed_base needed_base;       /* by it, and by what was put back */
    const struct feed_item **by_guid; /* feed->items, sorted by their guids */
    struct back *back;                /* out->put_back of them */
    struct error failure;             /* of the records, while looking for that */
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
    passage->encoding = feed->encoding;
    if (!feed_lex(passage->out->arena, passage->bytes, &passage->encoding, ranges, error))
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

/* Sets left_out[i] for what another feed shows, and notes[i] of what others do not. */
static void leave_out(struct passage *passage, const enum item_fate *fates, bool *left_out,
                      struct story_note *notes)
{
    struct filtered_feed *out = passage->out;
    struct error error = {0};
    if (!passage->http || !passage->http->duplicates || !passage->http->duplicates->records)
        return;
    if (!feed_duplicates_find(passage->http->duplicates, passage->feed, fates, left_out, notes,
                              out->arena, &error)) {
        out->records_failed = true;
        out->trouble = error;
    }
}

/* What feed_judge() is to find out for add_footers(). */
static void begin_links(struct passage *passage, struct feed_showing *showing)
{
    struct arena *arena = passage->out->arena;
    size_t n = passage->feed->item_count;
    *showing = (struct feed_showing){
        .address = arena_copy(arena, passage->http->upstream),
        .now_s = passage->http->now_s,
        .keep_s = passage->http->links->keep_s,
        .since_s = arena_alloc(arena, n * sizeof *showing->since_s),
        .ids = arena_alloc(arena, n * sizeof *showing->ids),
    };
    passage->judge->showing = showing;
}

/* What is said at the ends of items; `ids` NULL: without links. */
static void add_footers(struct passage *passage, const struct feed_showing *showing,
                        const struct story_note *notes, const bool *cut)
{
    struct footers footer;
    const struct item_links *links = passage->http->links;
    feed_footer_begin(&footer, &passage->edits, passage->bytes, &passage->ranges,
                      passage->feed->format, passage->judge->config->digest.language);
    for (size_t i = 0; i < passage->feed->item_count; i++) {
        struct footer what = {.places = notes[i].places, .place_count = notes[i].place_count};
        if (links && showing->since_s[i])
            what.url =
                item_links_url(passage->out->arena, links, showing->ids[i], 0, showing->since_s[i]);
        if (!cut[i] && (what.url.length || what.place_count))
            feed_footer_add(&footer, &passage->ranges.ranges[i], &what);
    }
}

/* Sums up what became of the items; true when any says where else its story is. */
static bool sum_up(struct passage *passage, const enum item_fate *fates, const bool *left_out,
                   const struct story_note *notes, bool *cut, bool *tag)
{
    struct filtered_feed *out = passage->out;
    bool any_place = false;
    for (size_t i = 0; i < passage->feed->item_count; i++) {
        cut[i] = fates[i] == ITEM_IS_CUT || left_out[i];
        tag[i] = passage->http && fates[i] == ITEM_IS_TAGGED && !left_out[i];
        out->held += fates[i] == ITEM_IS_CUT;
        out->tagged += tag[i];
        out->duplicates += left_out[i];
        out->noted += notes[i].left_out > 0;
        any_place = any_place || notes[i].place_count;
    }
    return any_place;
}

static void judge_items(struct passage *passage)
{
    struct feed_showing showing;
    bool links = passage->http && passage->http->links;
    struct filtered_feed *out = passage->out;
    struct error error = {0};
    size_t n = passage->feed->item_count;
    enum item_fate *fates = arena_alloc(out->arena, n * sizeof *fates);
    bool *cut = arena_alloc(out->arena, n * sizeof *cut);
    bool *tag = arena_alloc(out->arena, n * sizeof *tag);
    bool *left_out = arena_alloc(out->arena, n * sizeof *left_out);
    struct story_note *notes = arena_alloc(out->arena, n * sizeof *notes);
    if (links)
        begin_links(passage, &showing);
    if (!feed_judge(passage->judge, passage->feed, out->name, passage->bytes, &passage->ranges,
                    fates, &error)) {
        out->records_failed = true;
        out->trouble = error;
    }
    passage->judge->showing = NULL;
    leave_out(passage, fates, left_out, notes);
    bool any_place = sum_up(passage, fates, left_out, notes, cut, tag);
    feed_cut(&passage->edits, &passage->ranges, cut);
    if (out->tagged)
        feed_rewrite_tags(&passage->edits, passage->bytes, &passage->ranges, passage->feed->format,
                          tag);
    if (links || any_place)
        add_footers(passage, &showing, notes, cut);
}

/* --- released items that upstream no longer lists --- */

static int compare_guids(struct span a, struct span b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_items(const void *left, const void *right)
{
    const struct feed_item *const *a = left, *const *b = right;
    return compare_guids((*a)->guid, (*b)->guid);
}

static void sort_by_guid(struct passage *passage)
{
    size_t count = passage->feed->item_count;
    passage->by_guid = arena_alloc(passage->out->arena, (count + 1) * sizeof *passage->by_guid);
    for (size_t i = 0; i < count; i++)
        passage->by_guid[i] = &passage->feed->items[i];
    qsort(passage->by_guid, count, sizeof *passage->by_guid, compare_items);
}

/* The items of that guid, `*count` of them. */
static const struct feed_item **listed(const struct passage *passage, struct span guid,
                                       size_t *count)
{
    size_t low = 0, high = passage->feed->item_count, end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_guids(passage->by_guid[middle]->guid, guid) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < passage->feed->item_count; end++)
        if (!span_equal(passage->by_guid[end]->guid, guid))
            break;
    *count = end - low;
    return passage->by_guid + low;
}

/* Among items that share a guid, what they say tells which is which, as for feed_judge(). */
static bool says_the_same(const struct feed_item *const *items, size_t count,
                          const struct feed_item *item)
{
    unsigned char hash[RECORD_ID_BYTES], other[RECORD_ID_BYTES];
    feed_item_content_hash(item, hash);
    for (size_t i = 0; i < count; i++) {
        feed_item_content_hash(items[i], other);
        if (memcmp(hash, other, sizeof hash) == 0)
            return true;
    }
    return false;
}

static bool is_back(const struct passage *passage, const struct held *held, bool guid_is_shared)
{
    for (size_t i = 0; i < passage->out->put_back; i++) {
        const struct back *back = &passage->back[i];
        if (span_equal(back->guid, span_of(held->reference)) &&
            (!guid_is_shared || memcmp(back->document_id, held->document_id, RECORD_ID_BYTES) == 0))
            return true;
    }
    return false;
}

/* Whether what was released is the last that the feed said under this guid; an edit after it was
 * judged for itself. */
static bool is_latest(struct passage *passage, const struct held *held, bool *latest)
{
    struct judged judged;
    bool found;
    if (!records_judged_find(passage->judge->records, passage->out->name.data, held->reference,
                             &judged, &found, &passage->failure))
        return false;
    *latest = !found ||
              (judged.held_id == held->id && strcmp(judged.action, action_name(ACTION_HOLD)) == 0);
    return true;
}

static void put_in_front(struct passage *passage, const struct held *held, const struct feed *alone)
{
    struct arena *arena = passage->out->arena;
    struct span head = {(const char *)held->item_head, held->item_head_length};
    struct span item = {(const char *)held->item, held->item_length};
    size_t *count = &passage->out->put_back;
    /* What cannot stand in this feed is not put back: the feed goes before the item. */
    if (!put_back(&passage->edits, passage->bytes, &passage->ranges, passage->feed,
                  arena_copy(arena, head), arena_copy(arena, item), NULL))
        return;
    passage->back = arena_grow(arena, passage->back, *count, sizeof *passage->back);
    struct back *back = &passage->back[(*count)++];
    back->guid = arena_copy(arena, span_of(held->reference));
    memcpy(back->document_id, held->document_id, sizeof back->document_id);
    if (alone->needed_base > passage->needed_base)
        passage->needed_base = alone->needed_base;
}

static bool consider(void *context, const struct held *held)
{
    struct passage *passage = context;
    struct span guid = span_of(held->reference);
    size_t times;
    const struct feed_item **items = listed(passage, guid, &times);
    bool latest = true;
    if (times == 1 || is_back(passage, held, times > 1))
        return true;
    if (times == 0 && !is_latest(passage, held, &latest))
        return false;
    struct feed *alone = latest ? held_item_read(held, NULL) : NULL;
    if (alone && !says_the_same(items, times, &alone->items[0]))
        put_in_front(passage, held, alone);
    feed_free(alone);
    return passage->out->put_back < PUT_BACK_MOST;
}

static void put_back_released(struct passage *passage)
{
    struct filtered_feed *out = passage->out;
    const struct feed_http *http = passage->http;
    struct records *records = passage->judge->records;
    struct error error = {0};
    sort_by_guid(passage);
    bool good =
        !records || records_held_of_feed(records, out->name.data, 1u << HELD_RELEASED,
                                         http->now_s - http->put_back_s, consider, passage, &error);
    if (good && !passage->failure.message[0])
        return;
    out->records_failed = true;
    out->trouble = good ? passage->failure : error;
}

static void edit(struct passage *passage)
{
    struct filtered_feed *out = passage->out;
    const struct feed *feed = passage->feed;
    const struct feed_http *http = passage->http;
    passage->edits = (struct feed_edits){.arena = out->arena, .encoding = &passage->encoding};
    if (feed->item_count)
        judge_items(passage);
    if (http) {
        passage->needed_base = feed->needed_base;
        if (http->gone_s)
            feed_notice_gone(&passage->edits, passage->bytes, &passage->ranges, feed, out->name,
                             http->gone_s);
        put_back_released(passage);
        if (feed->format == FEED_RDF && feed->needed_base && !passage->ranges.root_has_base)
            feed_references_whole(&passage->edits, passage->bytes, &passage->ranges,
                                  http->upstream);
        out->own_address =
            feed_rewrite_links(&passage->edits, passage->bytes, &passage->ranges, http->own_address,
                               http->upstream, passage->needed_base);
    }
    out->unit_bytes = passage->encoding.unit_bytes;
    out->big_units =
        passage->encoding.units == UNITS_UTF16_BIG || passage->encoding.units == UNITS_UTF32_BIG;
    out->pieces = feed_edits_apply(&passage->edits, passage->bytes, &out->piece_count);
}

/* Whatever their order; what else changes in a feed (dates of its making, counters) is no news. */
static uint64_t listed_guids(const struct feed *feed)
{
    uint64_t sum = 1;
    for (size_t i = 0; i < feed->item_count; i++)
        sum += XXH3_64bits(feed->items[i].guid.data, feed->items[i].guid.length);
    return sum;
}

struct filtered_feed *feed_filter(struct feed_judge *judge, struct span bytes, struct span name,
                                  const struct feed_http *http)
{
    struct arena *arena = arena_new();
    struct filtered_feed *out = arena_alloc(arena, sizeof *out);
    struct passage passage = {.out = out, .judge = judge, .http = http, .bytes = bytes};
    struct span none = {NULL, 0};
    out->arena = arena;
    name = arena_copy(arena, url_without_user(arena, name));
    out->name = name;
    passage.feed = feed_read_served(bytes, http ? http->upstream : none,
                                    http ? http->charset : none, &out->trouble);
    if (!passage.feed || !locate(&passage, &out->trouble)) {
        out->unparsed = true;
        pass_whole(out, bytes);
    } else {
        out->name = arena_copy(arena, url_without_user(arena, name_of(passage.feed, name)));
        out->poll_s = passage.feed->poll_s;
        out->skip_hours = passage.feed->skip_hours;
        out->skip_days = passage.feed->skip_days;
        out->hub = arena_copy(arena, passage.feed->hub);
        out->self = arena_copy(arena, passage.feed->self);
        out->listed = listed_guids(passage.feed);
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
