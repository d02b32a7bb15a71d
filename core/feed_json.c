#include "core/feed_json.h"

#include "core/feed_date.h"
#include "core/feed_item.h"
#include "core/feed_person.h"
#include "core/json_scan.h"

struct reader {
    struct json_scan scan;
    struct feed *feed;
    size_t element; /* of "items", from 1 */
    bool has_items;
    struct span *names; /* where an author's name goes */

    struct feed_item *item; /* NULL: none is open */
    struct span external_url, modified;
    unsigned joined; /* as feed_item_say() keeps it */
    struct feed_enclosure attachment;
};

/* What each kind of object may hold; a function reads the value, whatever it is. */
struct member {
    const char *name;
    void (*read)(struct reader *reader);
};

static void pass(struct reader *reader)
{
    struct span value;
    json_scan_skip(&reader->scan, &value);
}

/* The next value if it is text, or a number as it stands; else it is passed and empty. */
static struct span read_text(struct reader *reader)
{
    struct span value, none = {NULL, 0};
    char kind = json_scan_kind(&reader->scan);
    if (!json_scan_skip(&reader->scan, &value) || kind == '{' || kind == '[')
        return none;
    if (kind == '"')
        return span_trim(json_scan_text(reader->feed->arena, value));
    if (span_equal(value, SPAN("null")) || span_equal(value, SPAN("true")) ||
        span_equal(value, SPAN("false")))
        return none;
    return arena_copy(reader->feed->arena, value);
}

static void read_object(struct reader *reader, const struct member *members, size_t count)
{
    struct span name;
    if (!json_scan_open(&reader->scan, '{')) {
        pass(reader);
        return;
    }
    while (json_scan_member(&reader->scan, &name)) {
        size_t row = 0;
        if (memchr(name.data, '\\', name.length))
            name = json_scan_text(reader->feed->arena, name);
        while (row < count && !span_equal(name, span_of(members[row].name)))
            row++;
        if (row < count)
            members[row].read(reader);
        else
            pass(reader);
    }
}

/* A list, or the one thing that would be in it. */
static void read_each(struct reader *reader, void (*read)(struct reader *reader))
{
    if (!json_scan_open(&reader->scan, '[')) {
        read(reader);
        return;
    }
    while (json_scan_element(&reader->scan))
        read(reader);
}

#define READ_OBJECT(reader, members)                                                               \
    read_object((reader), (members), sizeof(members) / sizeof *(members))

static void set_once(struct span *target, struct span value)
{
    if (!target->length)
        *target = value;
}

/* --- authors: of the feed and of items --- */

static void read_author_name(struct reader *reader)
{
    feed_person_add(reader->feed->arena, reader->names, read_text(reader));
}

static void read_link(struct reader *reader)
{
    struct span url = read_text(reader);
    if (reader->item)
        feed_item_add_link(reader->feed, reader->item, url);
}

static void read_author(struct reader *reader)
{
    static const struct member members[] = {
        {"name", read_author_name},
        {"url", read_link},
        {"avatar", read_link},
    };
    if (json_scan_kind(&reader->scan) == '{')
        READ_OBJECT(reader, members);
    else
        read_author_name(reader);
}

static void read_authors(struct reader *reader)
{
    reader->names = reader->item ? &reader->item->author : &reader->feed->author;
    read_each(reader, read_author);
}

/* --- attachments --- */

static void read_attachment_url(struct reader *reader)
{
    set_once(&reader->attachment.url, read_text(reader));
}

static void read_attachment_type(struct reader *reader)
{
    set_once(&reader->attachment.type, read_text(reader));
}

static void read_attachment_title(struct reader *reader)
{
    set_once(&reader->attachment.title, read_text(reader));
}

static void read_attachment_size(struct reader *reader)
{
    reader->attachment.length_bytes = feed_item_read_size(read_text(reader));
}

static void read_attachment(struct reader *reader)
{
    static const struct member members[] = {
        {"url", read_attachment_url},
        {"mime_type", read_attachment_type},
        {"title", read_attachment_title},
        {"size_in_bytes", read_attachment_size},
    };
    reader->attachment = (struct feed_enclosure){.length_bytes = 0};
    READ_OBJECT(reader, members);
    feed_item_add_enclosure(reader->feed, reader->item, &reader->attachment);
}

static void read_attachments(struct reader *reader)
{
    read_each(reader, read_attachment);
}

/* --- items --- */

/* True when it looks like HTML. */
static bool say(struct reader *reader, enum feed_item_text which)
{
    struct span value = read_text(reader);
    feed_item_say(reader->feed, reader->item, &reader->joined, which, value);
    return feed_item_looks_like_html(value);
}

static void read_id(struct reader *reader)
{
    set_once(&reader->item->guid, read_text(reader));
}

static void read_url(struct reader *reader)
{
    struct span url = read_text(reader);
    if (reader->item->link.length)
        feed_item_add_link(reader->feed, reader->item, url);
    else
        reader->item->link = url;
}

static void read_external_url(struct reader *reader)
{
    struct span url = read_text(reader);
    if (reader->external_url.length)
        feed_item_add_link(reader->feed, reader->item, url);
    else
        reader->external_url = url;
}

static void read_title(struct reader *reader)
{
    reader->item->title_is_html |= say(reader, ITEM_TITLE);
}

static void read_summary(struct reader *reader)
{
    reader->item->summary_is_html |= say(reader, ITEM_SUMMARY);
}

static void read_content_html(struct reader *reader)
{
    say(reader, ITEM_CONTENT);
    reader->item->content_is_html = true;
}

static void read_content_text(struct reader *reader)
{
    say(reader, ITEM_PLAIN);
}

static void read_date(struct reader *reader)
{
    set_once(&reader->item->date, read_text(reader));
}

static void read_date_modified(struct reader *reader)
{
    set_once(&reader->modified, read_text(reader));
}

static void read_language(struct reader *reader)
{
    struct feed *feed = reader->feed;
    feed_item_add_language(feed, reader->item ? &reader->item->languages : &feed->languages,
                           read_text(reader));
}

static void read_tag(struct reader *reader)
{
    feed_item_add_category(reader->feed, reader->item, read_text(reader));
}

static void read_tags(struct reader *reader)
{
    read_each(reader, read_tag);
}

static void finish_item(struct reader *reader)
{
    struct feed_item *item = reader->item;
    if (!item->link.length)
        item->link = reader->external_url;
    else
        feed_item_add_link(reader->feed, item, reader->external_url);
    if (!item->content.length) {
        item->content = item->plain;
        item->content_is_html = false;
        item->plain = (struct span){NULL, 0};
    }
    if (!feed_date_read(item->date, &item->time_s) && reader->modified.length &&
        (feed_date_read(reader->modified, &item->time_s) || !item->date.length))
        item->date = reader->modified;
}

static void read_item(struct reader *reader)
{
    static const struct member members[] = {
        {"id", read_id},
        {"url", read_url},
        {"external_url", read_external_url},
        {"title", read_title},
        {"content_html", read_content_html},
        {"content_text", read_content_text},
        {"summary", read_summary},
        {"image", read_link},
        {"banner_image", read_link},
        {"date_published", read_date},
        {"date_modified", read_date_modified},
        {"author", read_authors},
        {"authors", read_authors},
        {"tags", read_tags},
        {"attachments", read_attachments},
        {"language", read_language},
    };
    reader->element++;
    if (json_scan_kind(&reader->scan) != '{') {
        pass(reader);
        return;
    }
    reader->item = feed_item_open(reader->feed);
    if (!reader->item) {
        reader->scan.trouble = "it has too many items";
        return;
    }
    reader->item->start_tag = reader->element;
    reader->external_url = reader->modified = (struct span){NULL, 0};
    reader->joined = 0;
    READ_OBJECT(reader, members);
    finish_item(reader);
    reader->item = NULL;
    reader->feed->item_count++;
}

/* --- the feed --- */

static void read_items(struct reader *reader)
{
    if (!json_scan_open(&reader->scan, '[')) {
        pass(reader);
        return;
    }
    reader->has_items = true;
    while (json_scan_element(&reader->scan))
        read_item(reader);
}

static void read_feed_title(struct reader *reader)
{
    set_once(&reader->feed->title, read_text(reader));
}

static void read_home_page(struct reader *reader)
{
    set_once(&reader->feed->link, read_text(reader));
}

static void read_feed_url(struct reader *reader)
{
    set_once(&reader->feed->self, read_text(reader));
}

static void read_hub_url(struct reader *reader)
{
    set_once(&reader->feed->hub, read_text(reader));
}

static const struct member hub_members[] = {{"url", read_hub_url}};

static void read_hubs(struct reader *reader)
{
    if (!json_scan_open(&reader->scan, '[')) {
        pass(reader);
        return;
    }
    while (json_scan_element(&reader->scan))
        READ_OBJECT(reader, hub_members);
}

static const struct member feed_members[] = {
    {"title", read_feed_title}, {"home_page_url", read_home_page}, {"feed_url", read_feed_url},
    {"author", read_authors},   {"authors", read_authors},         {"hubs", read_hubs},
    {"items", read_items},      {"language", read_language},
};

bool feed_json_read(struct feed *feed, struct span utf8, struct span address, struct error *error)
{
    struct reader reader = {
        .scan = {.start = utf8.data, .at = utf8.data, .end = utf8.data + utf8.length},
        .feed = feed,
    };
    feed->format = FEED_JSON;
    READ_OBJECT(&reader, feed_members);
    if (reader.scan.trouble)
        return error_set(error, ERROR_INPUT, "not JSON: line %u: %s", json_scan_line(&reader.scan),
                         reader.scan.trouble);
    if (!reader.has_items)
        return error_set(error, ERROR_INPUT, "JSON, but no feed: it has no list of \"items\"");
    feed_items_finish(feed, address);
    if (span_trim((struct span){reader.scan.at, (size_t)(reader.scan.end - reader.scan.at)})
            .length) {
        feed->recovered = true;
        feed->trouble = arena_printf(feed->arena, "line %u: something follows the feed's end",
                                     json_scan_line(&reader.scan));
    }
    return true;
}

bool feed_json_looks_like(struct span text)
{
    struct json_scan scan = {.start = text.data, .at = text.data, .end = text.data + text.length};
    struct span name, value;
    if (!json_scan_open(&scan, '{'))
        return false;
    while (json_scan_member(&scan, &name)) {
        if (span_equal(name, SPAN("items")) && json_scan_kind(&scan) == '[')
            return true;
        if (!json_scan_skip(&scan, &value))
            return false;
        /* The slashes in it may be escaped. */
        if (span_equal(name, SPAN("version")) &&
            memmem(value.data, value.length, "jsonfeed.org", 12))
            return true;
    }
    return false;
}
