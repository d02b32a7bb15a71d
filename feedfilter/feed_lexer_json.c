#include "feedfilter/feed_lexer_json.h"

#include "core/json_scan.h"

static const struct {
    const char *name;
    enum feed_link_kind kind;
} link_members[] = {
    {"feed_url", FEED_LINK_SELF},
    {"next_url", FEED_LINK_PAGE},
    {"hubs", FEED_LINK_HUB},
};

struct json_lexer {
    struct arena *arena;
    struct json_scan scan;
    size_t unit_bytes;
    struct feed_ranges *ranges;
    size_t element; /* of "items", from 1, over all lists of that name, as the reader counts */
    bool has_items;
    struct feed_link *takes_comma; /* whose `whole` ends with the next comma, or NULL */
    bool stays_before;             /* a member that is not to go was passed */
};

static size_t position(const struct json_lexer *lexer, const char *at)
{
    return (size_t)(at - lexer->scan.start) * lexer->unit_bytes;
}

static struct feed_stretch nowhere(void)
{
    return (struct feed_stretch){FEED_NOWHERE, FEED_NOWHERE};
}

/* What stands between the quotes or brackets of `value`, which has them. */
static struct feed_stretch inside_of(const struct json_lexer *lexer, struct span value)
{
    return (struct feed_stretch){position(lexer, value.data + 1),
                                 position(lexer, value.data + value.length - 1)};
}

/* The comma between two values, where only blanks are besides; FEED_NOWHERE: none. */
static size_t comma_between(const struct json_lexer *lexer, const char *from, const char *to)
{
    const char *comma = to > from ? memchr(from, ',', (size_t)(to - from)) : NULL;
    return comma ? position(lexer, comma) : FEED_NOWHERE;
}

static bool is_named(struct json_lexer *lexer, struct span name, const char *wanted)
{
    if (name.length && memchr(name.data, '\\', name.length))
        name = json_scan_text(lexer->arena, name);
    return span_equal(name, span_of(wanted));
}

/* content_html goes before content_text (JSON Feed 1.1, items). */
static void read_body(struct json_lexer *lexer, struct span name, struct span value,
                      struct feed_body *body)
{
    bool html = is_named(lexer, name, "content_html");
    if (!html && (body->rank > 1 || !is_named(lexer, name, "content_text")))
        return;
    *body = (struct feed_body){.rank = html ? 2 : 1,
                               .form = html ? FEED_BODY_HTML : FEED_BODY_TEXT,
                               .inside = inside_of(lexer, value)};
}

/* Of members with one name, most readers take the last. */
static void read_item(struct json_lexer *lexer, struct feed_range *item)
{
    struct span name, value;
    item->start = position(lexer, lexer->scan.at);
    json_scan_open(&lexer->scan, '{');
    item->inside = position(lexer, lexer->scan.at);
    while (json_scan_member(&lexer->scan, &name)) {
        char kind = json_scan_kind(&lexer->scan);
        if (!json_scan_skip(&lexer->scan, &value))
            return;
        if (kind == '"' && is_named(lexer, name, "title"))
            item->title = inside_of(lexer, value);
        else if (kind == '[' && is_named(lexer, name, "tags"))
            item->tags = inside_of(lexer, value);
        else if (kind == '"')
            read_body(lexer, name, value, &item->body);
    }
    item->end = position(lexer, lexer->scan.at);
}

static void read_items(struct json_lexer *lexer)
{
    struct feed_ranges *found = lexer->ranges;
    struct feed_range *last = NULL; /* the element just passed, when it is an item */
    json_scan_open(&lexer->scan, '[');
    lexer->has_items = true;
    found->front = position(lexer, lexer->scan.at);
    for (;;) {
        struct span value;
        const char *from = lexer->scan.at;
        bool more = json_scan_element(&lexer->scan);
        size_t comma = comma_between(lexer, from, lexer->scan.at);
        if (last)
            last->comma_after = comma;
        last = NULL;
        if (!more)
            return;
        lexer->element++;
        if (json_scan_kind(&lexer->scan) != '{') {
            json_scan_skip(&lexer->scan, &value);
            continue;
        }
        found->ranges =
            arena_grow(lexer->arena, found->ranges, found->count, sizeof *found->ranges);
        last = &found->ranges[found->count++];
        *last = (struct feed_range){.start_tag = lexer->element,
                                    .title = nowhere(),
                                    .empty_title = nowhere(),
                                    .tags = nowhere(),
                                    .comma_before = comma,
                                    .comma_after = FEED_NOWHERE};
        read_item(lexer, last);
    }
}

/* A member of the feed that leads elsewhere. What may go takes the comma in front of it along when
 * something stays before it, else the one behind it. */
static void add_link(struct json_lexer *lexer, enum feed_link_kind kind, struct span name,
                     size_t comma_before)
{
    struct feed_ranges *found = lexer->ranges;
    struct feed_link link = {.kind = kind, .value = nowhere()};
    struct span value;
    char value_kind = json_scan_kind(&lexer->scan);
    if (!json_scan_skip(&lexer->scan, &value))
        return;
    if (value_kind == '"')
        link.value = inside_of(lexer, value);
    bool with_comma_before =
        comma_before != FEED_NOWHERE && (kind == FEED_LINK_SELF || lexer->stays_before);
    link.whole.start = with_comma_before ? comma_before : position(lexer, name.data - 1);
    link.whole.end = position(lexer, lexer->scan.at);
    found->links = arena_grow(lexer->arena, found->links, found->link_count, sizeof *found->links);
    found->links[found->link_count] = link;
    lexer->takes_comma = with_comma_before ? NULL : &found->links[found->link_count];
    found->link_count++;
    lexer->stays_before |= kind == FEED_LINK_SELF;
}

static void read_member(struct json_lexer *lexer, struct span name, size_t comma_before)
{
    struct span value;
    for (size_t i = 0; i < sizeof link_members / sizeof *link_members; i++)
        if (is_named(lexer, name, link_members[i].name)) {
            add_link(lexer, link_members[i].kind, name, comma_before);
            return;
        }
    lexer->stays_before = true;
    if (json_scan_kind(&lexer->scan) == '[' && is_named(lexer, name, "items"))
        read_items(lexer);
    else
        json_scan_skip(&lexer->scan, &value);
}

static void read_feed(struct json_lexer *lexer)
{
    struct span name;
    json_scan_open(&lexer->scan, '{');
    for (;;) {
        const char *from = lexer->scan.at;
        bool more = json_scan_member(&lexer->scan, &name);
        size_t comma = comma_between(lexer, from, more ? name.data - 1 : lexer->scan.at);
        if (lexer->takes_comma && comma != FEED_NOWHERE)
            lexer->takes_comma->whole.end = comma + lexer->unit_bytes;
        lexer->takes_comma = NULL;
        if (!more)
            return;
        read_member(lexer, name, comma);
    }
}

bool feed_is_json(struct span text)
{
    size_t first = 0;
    while (first < text.length && (unsigned char)text.data[first] <= ' ')
        first++;
    return first < text.length && text.data[first] == '{';
}

bool feed_lex_json(struct arena *arena, struct span text, const struct feed_encoding *encoding,
                   struct feed_ranges *ranges, struct error *error)
{
    struct json_lexer lexer = {
        .arena = arena,
        .scan = {.start = text.data,
                 .at = text.data + encoding->mark_bytes / encoding->unit_bytes,
                 .end = text.data + text.length},
        .unit_bytes = encoding->unit_bytes,
        .ranges = ranges,
    };
    ranges->json = true;
    read_feed(&lexer);
    if (lexer.scan.trouble)
        return error_set(error, ERROR_INPUT, "not JSON: line %u: %s", json_scan_line(&lexer.scan),
                         lexer.scan.trouble);
    return lexer.has_items || error_set(error, ERROR_INPUT, "JSON without a list of items");
}
