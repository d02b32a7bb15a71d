#include "core/held_item.h"

#include "core/text.h"

static struct span head_of(const struct held *held)
{
    struct span item = {(const char *)held->item, held->item_length};
    if (held->item_head_length)
        return (struct span){(const char *)held->item_head, held->item_head_length};
    if (span_starts_nocase(item, SPAN("{")))
        return SPAN("{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[");
    if (span_starts_nocase(item, SPAN("<entry")))
        return SPAN("<feed xmlns=\"http://www.w3.org/2005/Atom\">");
    return SPAN("<rss><channel>");
}

struct feed *held_item_read(const struct held *held, struct error *error)
{
    return held_item_read_at(held, (struct span){NULL, 0}, error);
}

struct feed *held_item_read_at(const struct held *held, struct span address, struct error *error)
{
    struct arena *arena = arena_new();
    struct span head = head_of(held), item = {(const char *)held->item, held->item_length};
    bool json = span_starts_nocase(head, SPAN("{"));
    size_t length = head.length + item.length;
    char *bytes = arena_text(arena, length + 2);
    memcpy(bytes, head.data, head.length);
    if (item.length)
        memcpy(bytes + head.length, item.data, item.length);
    memcpy(bytes + length, "]}", 2);
    struct span whole = {bytes, json ? length + 2 : length};
    struct feed *feed = feed_read(whole, address, error);
    arena_free(arena);
    if (feed && feed->item_count != 1) {
        error_set(error, ERROR_INPUT, "the item holds %zu items", feed->item_count);
        feed_free(feed);
        feed = NULL;
    }
    return feed;
}

struct span held_item_text(struct arena *arena, const struct feed *feed, size_t most)
{
    static const struct span between = SPAN("\n\n"), more = SPAN("\n…");
    struct document *document = feed_item_document(feed, &feed->items[0], SPAN(""));
    size_t length = 0, room = most + more.length;
    char *text = arena_text(arena, room);
    bool whole = true;
    for (size_t i = 0; i < document->text_count && whole; i++) {
        struct span content = span_trim(document->texts[i].content);
        if (document->texts[i].kind != TEXT_BODY || !content.length)
            continue;
        if (length + between.length < most && length) {
            memcpy(text + length, between.data, between.length);
            length += between.length;
        }
        struct span part = span_cut(content, most - length);
        memcpy(text + length, part.data, part.length);
        length += part.length;
        whole = part.length == content.length;
    }
    if (!whole) {
        memcpy(text + length, more.data, more.length);
        length += more.length;
    }
    document_free(document);
    return (struct span){text, length};
}
