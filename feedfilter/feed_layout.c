#include "feedfilter/feed_layout.h"

#include "feedfilter/feed_body.h"
#include "feedfilter/xml_references.h"

/* Of rdf:li: RDF, channel, items, Seq. */
#define MENTION_DEPTH 4u

#define RDF_URI "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

static const struct {
    const char *relation;
    enum feed_link_kind kind;
} relations[] = {
    {"self", FEED_LINK_SELF},         {"hub", FEED_LINK_HUB},
    {"next", FEED_LINK_PAGE},         {"prev", FEED_LINK_PAGE},
    {"previous", FEED_LINK_PAGE},     {"first", FEED_LINK_PAGE},
    {"last", FEED_LINK_PAGE},         {"current", FEED_LINK_PAGE},
    {"prev-archive", FEED_LINK_PAGE}, {"next-archive", FEED_LINK_PAGE},
};

/* How Atom's namespaces end, whatever scheme or none a feed writes before it. */
static const char *const atom_uris[] = {"//www.w3.org/2005/Atom", "//purl.org/atom/ns#"};
static const char itunes_uri[] = "http://www.itunes.com/dtds/podcast-1.0.dtd";

static size_t position(const struct feed_layout *layout, const char *at)
{
    return (size_t)(at - layout->text) * layout->unit_bytes;
}

static struct feed_stretch stretch(const struct feed_layout *layout, const char *start,
                                   const char *end)
{
    return (struct feed_stretch){position(layout, start), position(layout, end)};
}

static struct feed_stretch nowhere(void)
{
    return (struct feed_stretch){FEED_NOWHERE, FEED_NOWHERE};
}

/* What stands in the feed's own units where `text` stands in the projected ones. */
static struct span as_it_stands(const struct feed_layout *layout, struct span text)
{
    if (!text.length)
        return (struct span){NULL, 0};
    return (struct span){layout->bytes.data + position(layout, text.data),
                         text.length * layout->unit_bytes};
}

static void bind(struct feed_layout *layout, const struct xml_attribute *attribute)
{
    const struct xml_name *name = &attribute->name;
    struct span prefix = {NULL, 0};
    if (span_equal(name->prefix, SPAN("xmlns")))
        prefix = name->local;
    else if (name->prefix.length || !span_equal(name->local, SPAN("xmlns")))
        return;
    if (layout->binding_count == FEED_BINDINGS_MAX)
        return;
    layout->bindings[layout->binding_count++] = (struct namespace_binding){
        .depth = layout->depth, .prefix = prefix, .uri = attribute->value};
}

/* The innermost namespace bound to `prefix`; empty: none. */
static struct span resolve(const struct feed_layout *layout, struct span prefix)
{
    for (size_t i = layout->binding_count; i > 0; i--)
        if (span_equal(layout->bindings[i - 1].prefix, prefix))
            return layout->bindings[i - 1].uri;
    return (struct span){NULL, 0};
}

struct span start_tag_attribute(const struct start_tag *tag, const char *prefix, const char *local)
{
    const struct xml_attribute *found = NULL;
    struct span wanted = span_of(local), wanted_prefix = span_of(prefix);
    for (size_t i = 0; i < tag->attribute_count; i++) {
        const struct xml_attribute *attribute = &tag->attributes[i];
        if (!span_equal(attribute->name.prefix, wanted_prefix))
            continue;
        if (span_equal(attribute->name.local, wanted))
            return attribute->value;
        if (!found && span_equal_nocase(attribute->name.local, wanted))
            found = attribute;
    }
    return found ? found->value : (struct span){NULL, 0};
}

/* An attribute of RDF's namespace, or of none as early RDF has it. */
static struct span rdf_attribute(const struct feed_layout *layout, const struct start_tag *tag,
                                 const char *local)
{
    for (size_t i = 0; i < tag->attribute_count; i++) {
        const struct xml_name *name = &tag->attributes[i].name;
        if (span_equal_nocase(name->local, span_of(local)) &&
            (!name->prefix.length || span_equal(resolve(layout, name->prefix), SPAN(RDF_URI))))
            return tag->attributes[i].value;
    }
    return (struct span){NULL, 0};
}

static bool format_of(struct span root, enum layout_format *format)
{
    static const struct {
        struct span root;
        enum layout_format format;
    } rows[] = {{SPAN_OF("rss"), LAYOUT_RSS},
                {SPAN_OF("RDF"), LAYOUT_RDF},
                {SPAN_OF("feed"), LAYOUT_ATOM},
                {SPAN_OF("channel"), LAYOUT_CDF}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (span_equal_nocase(root, rows[i].root)) {
            *format = rows[i].format;
            return true;
        }
    return false;
}

static bool open_root(struct feed_layout *layout, const struct start_tag *tag)
{
    const struct xml_name *name = &tag->name;
    if (!format_of(name->local, &layout->format))
        return false;
    layout->root = *name;
    layout->root_uri = resolve(layout, name->prefix);
    layout->ranges->root_tag = stretch(layout, tag->start, tag->end);
    layout->root_has_base = start_tag_attribute(tag, "xml", "base").data != NULL;
    layout->ranges->root_has_base = layout->root_has_base;
    return true;
}

/* Straight behind the root's end, where another feed may stand. */
static void open_further_root(struct feed_layout *layout, const struct start_tag *tag)
{
    enum layout_format format;
    if (!format_of(tag->name.local, &format) || format == LAYOUT_CDF)
        return;
    layout->format = format;
    layout->root = tag->name;
    layout->root_uri = resolve(layout, tag->name.prefix);
    layout->further_root = stretch(layout, tag->start, tag->end);
}

static bool in_channel(const struct feed_layout *layout)
{
    return layout->depth >= 2 && layout->format != LAYOUT_ATOM &&
           span_equal_nocase(layout->stack[1].name.local, SPAN("channel"));
}

/* Whether a start tag whose declarations are bound opens an item. It may stand deeper than it
 * should: in an element that has no end tag, which readers forgive. */
static bool is_item(const struct feed_layout *layout, const struct xml_name *name)
{
    struct span wanted = layout->format == LAYOUT_ATOM ? SPAN("entry") : SPAN("item");
    if (!span_equal_nocase(name->local, wanted))
        return false;
    /* The root's namespace is RDF's, not that of RSS; CDF has none. */
    if (layout->format == LAYOUT_RDF || layout->format == LAYOUT_CDF)
        return true;
    struct span uri = resolve(layout, name->prefix);
    if (uri.length || layout->root_uri.length)
        return span_equal(uri, layout->root_uri) ||
               (layout->format == LAYOUT_RSS && !uri.length && !name->prefix.length);
    return span_equal(name->prefix, layout->root.prefix);
}

/* Items stand, or would if there were any, from `front` on. */
static void set_front(struct feed_layout *layout, const char *front, bool inside_channel)
{
    struct feed_ranges *found = layout->ranges;
    found->front = position(layout, front);
    found->channel_tag = inside_channel ? layout->channel_tag : (struct feed_stretch){0, 0};
    found->root_has_base = layout->root_has_base || (inside_channel && layout->channel_has_base);
}

static void open_item(struct feed_layout *layout, const struct start_tag *tag,
                      struct open_element *element)
{
    struct feed_ranges *found = layout->ranges;
    if (!found->count && !layout->root_closed)
        set_front(layout, tag->start, in_channel(layout));
    found->ranges = arena_grow(layout->arena, found->ranges, found->count, sizeof *found->ranges);
    found->ranges[found->count] = (struct feed_range){
        .start = position(layout, tag->start),
        .start_tag = layout->start_tags,
        .title = nowhere(),
        .empty_title = nowhere(),
        .inside = position(layout, tag->end),
        .tags = nowhere(),
        .further_root = layout->further_root,
    };
    if (layout->format == LAYOUT_RDF)
        found->ranges[found->count].about =
            as_it_stands(layout, rdf_attribute(layout, tag, "about"));
    element->role = ROLE_ITEM;
    element->index = found->count++;
    layout->item_depth = layout->depth;
    layout->item_uri = resolve(layout, tag->name.prefix);
}

/* The title that belongs to the vocabulary of the item, which media:title does not. */
static bool is_title(const struct feed_layout *layout, const struct xml_name *name)
{
    if (layout->depth != layout->item_depth + 1 || !span_equal_nocase(name->local, SPAN("title")))
        return false;
    const struct open_element *item = &layout->stack[layout->item_depth];
    struct span uri = resolve(layout, name->prefix);
    return layout->ranges->ranges[item->index].title.start == FEED_NOWHERE &&
           span_equal(uri, layout->item_uri) &&
           (uri.length || span_equal(name->prefix, item->name.prefix));
}

static bool is_body(struct feed_layout *layout, const struct start_tag *tag)
{
    const struct open_element *item = &layout->stack[layout->item_depth];
    struct feed_range *range = &layout->ranges->ranges[item->index];
    if (layout->depth != layout->item_depth + 1)
        return false;
    struct span uri = resolve(layout, tag->name.prefix);
    bool own = span_equal(uri, layout->item_uri) &&
               (uri.length || span_equal(tag->name.prefix, item->name.prefix));
    if (layout->format != LAYOUT_ATOM)
        return feed_body_of_rss(tag, own, uri, &layout->body) &&
               layout->body.rank > range->body.rank;
    if (!own)
        return false;
    range->has_summary = range->has_summary || span_equal_nocase(tag->name.local, SPAN("summary"));
    range->has_content = range->has_content || span_equal_nocase(tag->name.local, SPAN("content"));
    return feed_body_of_atom(tag, &layout->body) && layout->body.rank > range->body.rank;
}

static bool is_mention(const struct feed_layout *layout, const struct xml_name *name)
{
    return layout->format == LAYOUT_RDF && layout->depth == MENTION_DEPTH && in_channel(layout) &&
           span_equal_nocase(name->local, SPAN("li")) &&
           span_equal_nocase(layout->stack[2].name.local, SPAN("items")) &&
           span_equal(resolve(layout, name->prefix), SPAN(RDF_URI));
}

static void open_mention(struct feed_layout *layout, const struct start_tag *tag,
                         struct open_element *element)
{
    struct feed_ranges *found = layout->ranges;
    struct span resource = rdf_attribute(layout, tag, "resource");
    if (!resource.length)
        return;
    found->mentions =
        arena_grow(layout->arena, found->mentions, found->mention_count, sizeof *found->mentions);
    found->mentions[found->mention_count] = (struct feed_mention){
        .whole.start = position(layout, tag->start), .resource = as_it_stands(layout, resource)};
    element->role = ROLE_MENTION;
    element->index = found->mention_count++;
}

/* Of one relation of a link, by name or as the IRI that RFC 4287, 4.2.7.2 gives the name. */
static bool relation_kind(struct span relation, enum feed_link_kind *kind)
{
    struct span registry = SPAN("http://www.iana.org/assignments/relation/");
    if (span_starts_nocase(relation, registry)) {
        relation.data += registry.length;
        relation.length -= registry.length;
    }
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
        if (span_equal_nocase(relation, span_of(relations[i].relation))) {
            *kind = relations[i].kind;
            return true;
        }
    return false;
}

static bool link_kind(const struct feed_layout *layout, struct span rel, enum feed_link_kind *kind)
{
    rel = xml_references_resolve(layout->arena, rel);
    while ((rel = span_trim(rel)).length) {
        size_t length = 0;
        while (length < rel.length && !memchr(" \t\r\n", rel.data[length], 4))
            length++;
        if (relation_kind((struct span){rel.data, length}, kind))
            return true;
        rel.data += length;
        rel.length -= length;
    }
    return false;
}

/* Whether the element is of Atom, or of none that is known: readers are lenient about "atom:"
 * without a declaration, and about rel and href on RSS's own link. */
static bool is_atom(const struct feed_layout *layout, const struct xml_name *name)
{
    struct span uri = resolve(layout, name->prefix);
    for (size_t i = 0; i < sizeof atom_uris / sizeof *atom_uris; i++) {
        struct span end = span_of(atom_uris[i]);
        if (uri.length >= end.length &&
            strncasecmp(uri.data + uri.length - end.length, end.data, end.length) == 0)
            return true;
    }
    return !uri.length || span_equal(uri, layout->root_uri);
}

static void open_link(struct feed_layout *layout, const struct start_tag *tag,
                      struct open_element *element)
{
    struct feed_link link = {.value = nowhere()};
    struct span uri = resolve(layout, tag->name.prefix);
    if (span_equal_nocase(tag->name.local, SPAN("link"))) {
        if (!is_atom(layout, &tag->name) ||
            !link_kind(layout, start_tag_attribute(tag, NULL, "rel"), &link.kind))
            return;
        struct span href = start_tag_attribute(tag, NULL, "href");
        if (href.data)
            link.value = stretch(layout, href.data, href.data + href.length);
    } else if (span_equal_nocase(tag->name.local, SPAN("new-feed-url")) &&
               (!uri.length || span_equal_nocase(uri, span_of(itunes_uri)))) {
        link.kind = FEED_LINK_NEW_FEED_URL;
    } else if (span_equal_nocase(tag->name.local, SPAN("cloud")) && layout->format == LAYOUT_RSS &&
               span_equal(uri, layout->root_uri)) {
        link.kind = FEED_LINK_HUB;
    } else {
        return;
    }
    link.whole = stretch(layout, tag->start, tag->start);
    struct feed_ranges *found = layout->ranges;
    found->links = arena_grow(layout->arena, found->links, found->link_count, sizeof *found->links);
    found->links[found->link_count] = link;
    element->role = ROLE_LINK;
    element->index = found->link_count++;
}

static void open_channel(struct feed_layout *layout, const struct start_tag *tag,
                         struct open_element *element)
{
    element->role = ROLE_CHANNEL;
    layout->channel_tag = stretch(layout, tag->start, tag->end);
    layout->channel_has_base = start_tag_attribute(tag, "xml", "base").data != NULL;
}

bool feed_layout_wants_attributes(const struct feed_layout *layout)
{
    return !layout->item_depth || layout->depth <= layout->item_depth + 1;
}

static void find_role(struct feed_layout *layout, const struct start_tag *tag,
                      struct open_element *element)
{
    if (layout->item_depth) {
        if (is_title(layout, &tag->name))
            element->role = ROLE_TITLE;
        else if (is_body(layout, tag))
            element->role = ROLE_BODY;
        else
            return;
        element->index = layout->stack[layout->item_depth].index;
    } else if (is_item(layout, &tag->name)) {
        open_item(layout, tag, element);
    } else if (is_mention(layout, &tag->name)) {
        open_mention(layout, tag, element);
    } else if (layout->depth == 1 && layout->format != LAYOUT_ATOM &&
               span_equal_nocase(tag->name.local, SPAN("channel"))) {
        open_channel(layout, tag, element);
    } else if (layout->depth == 1 || (layout->depth == 2 && in_channel(layout))) {
        open_link(layout, tag, element);
    }
}

bool feed_layout_open(struct feed_layout *layout, const struct start_tag *tag)
{
    if (!layout->depth && layout->start_tags) { /* behind the root's end, which reads as in it */
        layout->depth = 1;
        layout->root_closed = true;
    }
    struct open_element *element = &layout->stack[layout->depth];
    *element = (struct open_element){.name = tag->name, .inside = tag->end};
    layout->start_tags++;
    if (feed_layout_wants_attributes(layout)) {
        for (size_t i = 0; i < tag->attribute_count; i++)
            bind(layout, &tag->attributes[i]);
        if (layout->depth == 1 && layout->root_closed)
            open_further_root(layout, tag);
        if (layout->depth > 0)
            find_role(layout, tag, element);
        else if (!open_root(layout, tag))
            return false;
    }
    layout->depth++;
    return true;
}

static void close_item(struct feed_layout *layout, struct feed_range *item, const char *before,
                       const char *after, bool own_end_tag)
{
    layout->item_depth = 0;
    if (own_end_tag)
        item->end = position(layout, after);
    else
        layout->unfinished++;
    if (!before)
        item->inside = FEED_NOWHERE;
}

static void close_title(struct feed_layout *layout, const struct open_element *element,
                        const char *before, const char *after)
{
    struct feed_range *item = &layout->ranges->ranges[element->index];
    const struct xml_name *name = &element->name;
    const char *start = (name->prefix.length ? name->prefix.data : name->local.data) - 1;
    if (before)
        item->title = stretch(layout, element->inside, before);
    else
        item->empty_title = stretch(layout, start, after);
}

/* What another element cut off stays what it is. */
static void close_body(struct feed_layout *layout, const struct open_element *element,
                       const char *before, const char *after, bool own_end_tag)
{
    struct feed_body *body = &layout->ranges->ranges[element->index].body;
    const struct xml_name *name = &element->name;
    const char *start = (name->prefix.length ? name->prefix.data : name->local.data) - 1;
    if (before && !own_end_tag)
        return;
    *body = layout->body;
    body->empty = !before;
    body->inside =
        before ? stretch(layout, element->inside, before) : stretch(layout, start, after);
}

static void close_link(struct feed_layout *layout, const struct open_element *element,
                       const char *before, const char *after, bool own_end_tag)
{
    struct feed_link *link = &layout->ranges->links[element->index];
    if (own_end_tag)
        link->whole.end = position(layout, after);
    if (link->kind == FEED_LINK_NEW_FEED_URL && before)
        link->value = stretch(layout, element->inside, before);
}

void feed_layout_close(struct feed_layout *layout, const char *before, const char *after,
                       bool own_end_tag)
{
    struct feed_ranges *found = layout->ranges;
    const struct open_element *element = &layout->stack[--layout->depth];
    switch (element->role) {
    case ROLE_ITEM:
        close_item(layout, &found->ranges[element->index], before, after, own_end_tag);
        break;
    case ROLE_TITLE:
        close_title(layout, element, before, after);
        break;
    case ROLE_BODY:
        close_body(layout, element, before, after, own_end_tag);
        break;
    case ROLE_MENTION:
        if (own_end_tag)
            found->mentions[element->index].whole.end = position(layout, after);
        break;
    case ROLE_LINK:
        close_link(layout, element, before, after, own_end_tag);
        break;
    case ROLE_CHANNEL:
        if (layout->format == LAYOUT_RSS && before && !layout->root_closed &&
            found->front == FEED_NOWHERE)
            set_front(layout, before, true);
        break;
    case ROLE_NONE:
        break;
    }
    if (layout->depth == 0 && !layout->root_closed && layout->format != LAYOUT_RSS && before &&
        found->front == FEED_NOWHERE)
        set_front(layout, before, false);
    /* Those of the root hold behind its end, too. */
    size_t first = layout->depth ? layout->depth : 1;
    while (layout->binding_count && layout->bindings[layout->binding_count - 1].depth >= first)
        layout->binding_count--;
}

/* An item that the input breaks off in is simply not there yet; one that was closed by something
 * else makes every boundary after it doubtful. */
bool feed_layout_settle(struct feed_layout *layout, struct error *error)
{
    struct feed_ranges *found = layout->ranges;
    size_t kept = 0;
    if (layout->unfinished)
        return error_set(error, ERROR_INPUT, "%zu item(s) without an end tag", layout->unfinished);
    while (found->count && !found->ranges[found->count - 1].end)
        found->count--;
    for (size_t i = 0; i < found->mention_count; i++)
        if (found->mentions[i].whole.end)
            found->mentions[kept++] = found->mentions[i];
    found->mention_count = kept;
    return true;
}
