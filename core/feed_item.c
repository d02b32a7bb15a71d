#include "core/feed_item.h"

#include <xxhash.h>

#include "core/text.h"
#include "core/url.h"

/* A guid longer than this is kept as its hash: it is a key in the records. */
#define GUID_MAX 1000u

/* Of categories, enclosures and other links, each. */
#define LIST_MAX 500u

#define LANGUAGE_LENGTH_MAX 64u   /* of a tag; no registered one is half as long */
#define LANGUAGES_LENGTH_MAX 256u /* of a list that gets no longer */

/* What has no colon within so many bytes has no scheme. */
#define SCHEME_MAX 64u

#define RESOLVED_MAX (64u * 1024 * 1024)

struct feed_item *feed_item_open(struct feed *feed)
{
    if (feed->item_count == FEED_ITEMS_MAX)
        return NULL;
    feed->items = arena_grow(feed->arena, feed->items, feed->item_count, sizeof *feed->items);
    struct feed_item *item = &feed->items[feed->item_count];
    *item = (struct feed_item){.start_tag = 0};
    return item;
}

static size_t room_for(size_t length)
{
    size_t room = 64;
    while (room < length)
        room *= 2;
    return room;
}

static struct span *text_of(struct feed_item *item, enum feed_item_text which)
{
    switch (which) {
    case ITEM_TITLE:
        return &item->title;
    case ITEM_SUMMARY:
        return &item->summary;
    case ITEM_CONTENT:
        return &item->content;
    default:
        return &item->plain;
    }
}

/* On a new line. Thousands of titles in one item take no more than twice their length: what was
 * joined before (`*joined` has a bit for each text) has room to grow. */
void feed_item_say(struct feed *feed, struct feed_item *item, unsigned *joined,
                   enum feed_item_text which, struct span value)
{
    struct span *text = text_of(item, which);
    if (!value.length || span_equal(*text, value))
        return;
    if (!text->length) {
        *text = value;
        return;
    }
    size_t length = text->length + 1 + value.length;
    char *joint = (char *)text->data;
    if (!(*joined & 1u << which) || room_for(length) != room_for(text->length)) {
        joint = arena_text(feed->arena, room_for(length));
        memcpy(joint, text->data, text->length);
    }
    joint[text->length] = '\n';
    memcpy(joint + text->length + 1, value.data, value.length);
    *text = (struct span){joint, length};
    *joined |= 1u << which;
}

void feed_item_add_category(struct feed *feed, struct feed_item *item, struct span category)
{
    if (!category.length || item->category_count == LIST_MAX)
        return;
    item->categories =
        arena_grow(feed->arena, item->categories, item->category_count, sizeof *item->categories);
    item->categories[item->category_count++] = category;
}

static bool is_in_list(struct span list, struct span one)
{
    while (list.length) {
        const char *comma = memchr(list.data, ',', list.length);
        size_t length = comma ? (size_t)(comma - list.data) : list.length;
        if (span_equal_nocase(span_trim((struct span){list.data, length}), one))
            return true;
        length += comma != NULL;
        list = (struct span){list.data + length, list.length - length};
    }
    return false;
}

void feed_item_add_language(struct feed *feed, struct span *languages, struct span tag)
{
    if (!tag.length || tag.length > LANGUAGE_LENGTH_MAX ||
        languages->length > LANGUAGES_LENGTH_MAX || is_in_list(*languages, tag))
        return;
    *languages = languages->length ? arena_printf(feed->arena, "%.*s, %.*s", SPAN_ARGS(*languages),
                                                  SPAN_ARGS(tag))
                                   : tag;
}

void feed_item_add_enclosure(struct feed *feed, struct feed_item *item,
                             const struct feed_enclosure *enclosure)
{
    if (!enclosure->url.length || item->enclosure_count == LIST_MAX)
        return;
    /* Podcasts say the same with <enclosure> and <media:content>. */
    for (size_t i = 0; i < item->enclosure_count; i++)
        if (span_equal(item->enclosures[i].url, enclosure->url) && !enclosure->title.length)
            return;
    item->enclosures =
        arena_grow(feed->arena, item->enclosures, item->enclosure_count, sizeof *item->enclosures);
    item->enclosures[item->enclosure_count++] = *enclosure;
}

void feed_item_add_link(struct feed *feed, struct feed_item *item, struct span url)
{
    if (!url.length || item->other_link_count == LIST_MAX)
        return;
    item->other_links = arena_grow(feed->arena, item->other_links, item->other_link_count,
                                   sizeof *item->other_links);
    item->other_links[item->other_link_count++] = url;
}

struct span feed_item_resolve(struct feed *feed, struct span base, struct span reference)
{
    feed->resolved += base.length;
    return feed->resolved > RESOLVED_MAX ? reference : url_resolve(feed->arena, base, reference);
}

size_t feed_item_read_size(struct span text)
{
    size_t size = 0;
    for (size_t i = 0; i < text.length && i < 15; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            break;
        size = size * 10 + (size_t)(text.data[i] - '0');
    }
    return size;
}

/* Whether `mark` stands in it with a letter or one of `others` behind it. */
static bool has_mark(struct span text, char mark, const char *others)
{
    const char *at = text.data, *end = text.data + text.length;
    while (end - at > 1 && (at = memchr(at, mark, (size_t)(end - at - 1)))) {
        char next = *++at;
        if ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') ||
            (next && strchr(others, next)))
            return true;
    }
    return false;
}

bool feed_item_looks_like_html(struct span text)
{
    return has_mark(text, '<', "/!") || has_mark(text, '&', "#");
}

static struct span hash_name(struct arena *arena, const struct span *parts, size_t count)
{
    XXH3_state_t *state = XXH3_createState();
    XXH3_128bits_reset(state);
    for (size_t i = 0; i < count; i++) {
        XXH3_128bits_update(state, &parts[i].length, sizeof parts[i].length);
        if (parts[i].length)
            XXH3_128bits_update(state, parts[i].data, parts[i].length);
    }
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    return arena_printf(arena, "hash:%016llx%016llx", (unsigned long long)hash.high64,
                        (unsigned long long)hash.low64);
}

static void name_item(struct feed *feed, struct feed_item *item)
{
    struct arena *arena = feed->arena;
    if (!item->guid.length)
        item->guid = item->link;
    if (!item->guid.length) {
        const struct span *body = item->content.length ? &item->content : &item->summary;
        item->guid = hash_name(arena, (struct span[]){item->title, *body}, 2);
    } else if (item->guid.length > GUID_MAX) {
        item->guid = hash_name(arena, &item->guid, 1);
    }
}

static enum feed_base more(enum feed_base a, enum feed_base b)
{
    return a > b ? a : b;
}

/* RFC 3986, 4.2 and 5.2.2. */
enum feed_base feed_item_needed_base(struct span reference)
{
    reference = span_trim(reference);
    if (!url_is_relative(reference))
        return FEED_BASE_NONE;
    switch (reference.data[0]) {
    case '/':
    case '\\':
        return FEED_BASE_HOST;
    case '?':
        return FEED_BASE_DOCUMENT;
    default:
        return FEED_BASE_DIRECTORY;
    }
}

/* By the attributes href and src in `html`. */
static enum feed_base needed_by_html(struct span html)
{
    static const bool ends_value[256] = {[' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true,
                                         ['"'] = true, ['\''] = true, ['>'] = true,  ['\0'] = true};
    enum feed_base needed = FEED_BASE_NONE;
    const char *at = html.data, *end = html.data + html.length;
    while (html.length && (at = memchr(at, '=', (size_t)(end - at)))) {
        const char *name_end = at++;
        while (name_end > html.data && (unsigned char)name_end[-1] <= ' ')
            name_end--;
        struct span before = {html.data, (size_t)(name_end - html.data)};
        bool href = before.length > 4 && !strncasecmp(name_end - 4, "href", 4);
        bool src = before.length > 3 && !strncasecmp(name_end - 3, "src", 3);
        if ((!href && !src) || !strchr(" \t\r\n\"'/", name_end[href ? -5 : -4]))
            continue;
        while (at < end && ((unsigned char)*at <= ' ' || *at == '"' || *at == '\''))
            at++;
        const char *limit = (size_t)(end - at) < SCHEME_MAX ? end : at + SCHEME_MAX;
        const char *stop = text_find_byte(at, limit, ends_value);
        needed = more(needed, feed_item_needed_base((struct span){at, (size_t)(stop - at)}));
        if (needed == FEED_BASE_DOCUMENT)
            break;
    }
    return needed;
}

/* By `html`, whose xml:base is `base`. */
static enum feed_base needed_by_text(struct span html, bool is_html, struct span base)
{
    if (!is_html || (base.length && !url_is_relative(base)))
        return FEED_BASE_NONE;
    enum feed_base needed = needed_by_html(html);
    return needed > FEED_BASE_HOST && base.length ? feed_item_needed_base(base) : needed;
}

static enum feed_base needed_by_item(const struct feed_item *item)
{
    enum feed_base needed = feed_item_needed_base(item->link);
    needed = more(needed, needed_by_text(item->content, item->content_is_html, item->content_base));
    needed = more(needed, needed_by_text(item->summary, item->summary_is_html, item->summary_base));
    needed = more(needed, needed_by_text(item->title, item->title_is_html, item->title_base));
    for (size_t i = 0; i < item->enclosure_count; i++)
        needed = more(needed, feed_item_needed_base(item->enclosures[i].url));
    for (size_t i = 0; i < item->other_link_count; i++)
        needed = more(needed, feed_item_needed_base(item->other_links[i]));
    return needed;
}

/* In JSON there is no base that could be set. */
static void find_needed_base(struct feed *feed)
{
    if (feed->format == FEED_JSON)
        return;
    feed->needed_base = more(feed->needed_base, feed_item_needed_base(feed->link));
    for (size_t i = 0; i < feed->item_count && feed->needed_base < FEED_BASE_DOCUMENT; i++)
        feed->needed_base = more(feed->needed_base, needed_by_item(&feed->items[i]));
}

static void make_whole(struct feed *feed, struct span base, struct span *url)
{
    if (url->length)
        *url = feed_item_resolve(feed, base, *url);
}

static void make_item_whole(struct feed *feed, struct span base, struct feed_item *item)
{
    make_whole(feed, base, &item->link);
    for (size_t i = 0; i < item->enclosure_count; i++)
        make_whole(feed, base, &item->enclosures[i].url);
    for (size_t i = 0; i < item->other_link_count; i++)
        make_whole(feed, base, &item->other_links[i]);
    struct span *bases[] = {&item->title_base, &item->summary_base, &item->content_base};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
        *bases[i] = bases[i]->length ? feed_item_resolve(feed, base, *bases[i]) : base;
}

void feed_items_finish(struct feed *feed, struct span address)
{
    struct span candidates[] = {address, feed->self, feed->link}, base = {NULL, 0};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates && !base.length; i++)
        if (!url_is_relative(candidates[i]))
            base = candidates[i];
    /* RFC 4287, 4.2.1, and JSON Feed; who edits a channel of RSS did not write its items. */
    bool inherits = feed->format == FEED_ATOM || feed->format == FEED_JSON;
    find_needed_base(feed);
    make_whole(feed, base, &feed->link);
    make_whole(feed, base, &feed->self);
    for (size_t i = 0; i < feed->item_count; i++) {
        struct feed_item *item = &feed->items[i];
        make_item_whole(feed, base, item);
        name_item(feed, item);
        if (!item->author.length && inherits) {
            item->author = feed->author;
            item->author_email = feed->author_email;
        }
        if (!item->languages.length)
            item->languages = feed->languages;
    }
}
