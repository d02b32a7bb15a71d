#include "feedfilter/put_back.h"

#include "core/text.h"
#include "feedfilter/item_markup.h"

/* Of a start tag, or of the declaration. */
#define ITEM_HEAD_TAG_BYTES ((size_t)8 * 1024)

struct attribute {
    struct span name, value; /* as it stands between its quotes */
    char quote;
};

struct scope {
    struct attribute *attributes; /* xmlns, xmlns:…, xml:base and xml:lang */
    size_t count;
};

/* A feed, or what was the head of one and an item, as UTF-8 where it matters. */
struct place {
    struct span bytes;
    struct feed_encoding encoding;
    struct feed_ranges ranges;
    bool well_formed;
    struct span root_tag, channel_tag; /* UTF-8 */
    struct scope scope;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span stretch_of(struct span bytes, struct feed_stretch stretch)
{
    return (struct span){bytes.data + stretch.start, stretch.end - stretch.start};
}

static struct span joined(struct arena *arena, struct span a, struct span b, struct span c)
{
    const struct span parts[] = {a, b, c};
    char *text = arena_text(arena, a.length + b.length + c.length), *at = text;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; at += parts[i++].length)
        if (parts[i].length)
            memcpy(at, parts[i].data, parts[i].length);
    return (struct span){text, (size_t)(at - text)};
}

/* A stretch of a feed as UTF-8. `*trouble` as feed_encoding_to_utf8(). */
static struct span utf8_of(struct arena *arena, struct span stretch,
                           const struct feed_encoding *encoding, const char **trouble)
{
    struct feed_encoding inside = *encoding;
    inside.mark_bytes = 0;
    return feed_encoding_to_utf8(arena, stretch, &inside, trouble);
}

/* How long the "<" and the name are that a start tag begins with. */
static size_t name_length(struct span tag)
{
    size_t length = 1;
    while (length < tag.length && !is_blank(tag.data[length]) && tag.data[length] != '/' &&
           tag.data[length] != '>')
        length++;
    return length;
}

static struct span element_name(struct span tag)
{
    return (struct span){tag.data + 1, name_length(tag) - 1};
}

static struct span local_name(struct span tag)
{
    struct span name = element_name(tag);
    const char *colon = name.length ? memchr(name.data, ':', name.length) : NULL;
    if (colon)
        name = (struct span){colon + 1, (size_t)(name.data + name.length - colon - 1)};
    return name;
}

/* The next attribute from *at on; false: the tag ends, or is broken. */
static bool next_attribute(const char **at, const char *end, struct attribute *attribute)
{
    while (*at < end && is_blank(**at))
        ++*at;
    const char *name = *at, *name_end = name;
    while (name_end < end && !is_blank(*name_end) && !memchr("=/>", *name_end, 3))
        name_end++;
    const char *value = name_end;
    while (value < end && is_blank(*value))
        value++;
    if (name_end == name || value == end || *value++ != '=')
        return false;
    while (value < end && is_blank(*value))
        value++;
    if (value == end || (*value != '"' && *value != '\''))
        return false;
    const char *close = memchr(value + 1, *value, (size_t)(end - value - 1));
    if (!close)
        return false;
    *attribute = (struct attribute){
        {name, (size_t)(name_end - name)}, {value + 1, (size_t)(close - value - 1)}, *value};
    *at = close + 1;
    return true;
}

static bool is_absolute(struct span url)
{
    return url.length && memmem(url.data, url.length, "://", 3);
}

static struct attribute *attribute_named(const struct scope *scope, struct span name)
{
    for (size_t i = 0; i < scope->count; i++)
        if (span_equal(scope->attributes[i].name, name))
            return &scope->attributes[i];
    return NULL;
}

/* What a start tag says about all inside it. */
static bool is_about_inside(struct span name)
{
    return span_equal(name, SPAN("xml:base")) || span_equal(name, SPAN("xml:lang")) ||
           span_equal(name, SPAN("xmlns")) || span_starts_nocase(name, SPAN("xmlns:"));
}

/* Adds what a start tag says about all inside it; a tag further in goes over one further out. */
static void enter(struct arena *arena, struct scope *scope, struct span tag)
{
    if (!tag.length)
        return;
    const char *at = tag.data + name_length(tag), *end = tag.data + tag.length;
    struct attribute attribute;
    while (next_attribute(&at, end, &attribute)) {
        bool base = span_equal(attribute.name, SPAN("xml:base"));
        if (!is_about_inside(attribute.name))
            continue;
        struct attribute *former = attribute_named(scope, attribute.name);
        if (former && base && is_absolute(former->value) && !is_absolute(attribute.value))
            continue;
        if (!former) {
            scope->attributes =
                arena_grow(arena, scope->attributes, scope->count, sizeof *scope->attributes);
            former = &scope->attributes[scope->count++];
        }
        *former = attribute;
    }
}

/* --- the head that is kept with an item --- */

/* The start tag `tag`, as it stands where it is short. A longer one, which no feed has in earnest
 * and which would be kept with every item, loses all that is not about what is inside it, and what
 * is too long even so. */
static struct span short_tag(struct arena *arena, struct span tag,
                             const struct feed_encoding *encoding)
{
    if (tag.length <= ITEM_HEAD_TAG_BYTES)
        return tag;
    size_t unit = encoding->unit_bytes;
    struct span text = feed_encoding_project(arena, tag, encoding);
    const char *at = text.data + name_length(text), *end = text.data + text.length;
    struct span blank = SPAN(" "), close = SPAN(">");
    if (unit > 1) {
        blank = item_markup_widen(arena, blank, encoding);
        close = item_markup_widen(arena, close, encoding);
    }
    struct span kept = {tag.data, (size_t)(at - text.data) * unit};
    struct attribute attribute;
    while (kept.length <= ITEM_HEAD_TAG_BYTES && next_attribute(&at, end, &attribute)) {
        size_t start = (size_t)(attribute.name.data - text.data) * unit;
        size_t length = (size_t)(at - attribute.name.data) * unit;
        if (is_about_inside(attribute.name) && length <= ITEM_HEAD_TAG_BYTES - kept.length)
            kept = joined(arena, kept, blank, (struct span){tag.data + start, length});
    }
    return joined(arena, kept, close, (struct span){NULL, 0});
}

/* The same for "<?xml … ?>"; and where the feed is read in another encoding than the declaration
 * says (HTTP said so, or the text did), the item needs that one to be read alone. */
static struct span own_declaration(struct arena *arena, struct span declaration,
                                   const struct feed_encoding *encoding)
{
    bool says_it = span_equal_nocase(encoding->charset, encoding->declared) ||
                   span_equal_nocase(encoding->charset, SPAN("UTF-8")) || encoding->unit_bytes > 1;
    if (declaration.length <= ITEM_HEAD_TAG_BYTES && says_it)
        return declaration;
    struct span text = arena_printf(arena, "<?xml version=\"1.0\" encoding=\"%.*s\"?>",
                                    SPAN_ARGS(encoding->charset));
    return encoding->unit_bytes > 1 ? item_markup_widen(arena, text, encoding) : text;
}

struct span item_head(struct arena *arena, struct span bytes, const struct feed_encoding *encoding,
                      const struct feed_ranges *ranges, const struct feed_range *item)
{
    bool further = item->further_root.end > 0;
    struct feed_stretch root = further ? item->further_root : ranges->root_tag;
    struct feed_stretch channel = further ? (struct feed_stretch){0, 0} : ranges->channel_tag;
    if (ranges->json)
        return (struct span){NULL, 0};
    struct feed_encoding inside = *encoding;
    inside.mark_bytes = 0;
    struct span start =
        joined(arena, (struct span){bytes.data, encoding->mark_bytes},
               own_declaration(arena, stretch_of(bytes, ranges->declaration), &inside),
               short_tag(arena, stretch_of(bytes, root), &inside));
    return joined(arena, start, short_tag(arena, stretch_of(bytes, channel), &inside),
                  (struct span){NULL, 0});
}

/* --- back into the feed --- */

static void read_place(struct arena *arena, struct place *place)
{
    const char *trouble;
    place->root_tag = utf8_of(arena, stretch_of(place->bytes, place->ranges.root_tag),
                              &place->encoding, &trouble);
    place->channel_tag = utf8_of(arena, stretch_of(place->bytes, place->ranges.channel_tag),
                                 &place->encoding, &trouble);
    enter(arena, &place->scope, place->root_tag);
    enter(arena, &place->scope, place->channel_tag);
}

/* Where the item once stood. */
static bool read_former(struct arena *arena, struct span head, struct span item,
                        struct place *former, struct error *error)
{
    char *bytes = arena_text(arena, head.length + item.length);
    memcpy(bytes, head.data, head.length);
    memcpy(bytes + head.length, item.data, item.length);
    former->bytes = (struct span){bytes, head.length + item.length};
    if (!feed_encoding_find(former->bytes, (struct span){NULL, 0}, &former->encoding, error) ||
        !feed_lex(arena, former->bytes, &former->encoding, &former->ranges, error))
        return error_prefix(error, "what the item once stood in");
    if (former->ranges.count != 1 || former->ranges.ranges[0].start != head.length ||
        former->ranges.ranges[0].end != former->bytes.length)
        return error_set(error, ERROR_INPUT, "it is not one item behind the head it is kept with");
    read_place(arena, former);
    return true;
}

/* Whether an item's text uses a namespace's prefix, be it in a value that is a qualified name. */
static bool uses_prefix(struct span item, struct span prefix)
{
    const char *at = item.data, *end = item.data + item.length;
    while (prefix.length && (at = memmem(at, (size_t)(end - at), prefix.data, prefix.length))) {
        const char *behind = at + prefix.length;
        if (behind < end && *behind == ':' && at > item.data &&
            (is_blank(at[-1]) || memchr("</\"'=", at[-1], 5)))
            return true;
        at = behind;
    }
    return false;
}

/* The attributes that an item whose text is `item` lacks in its new place, each with a blank. */
static struct span lacking(struct arena *arena, const struct place *former,
                           const struct place *place, struct span item)
{
    struct span text = {NULL, 0}, xmlns = SPAN("xmlns");
    struct scope own = {0};
    enter(arena, &own, item);
    for (size_t i = 0; i < former->scope.count; i++) {
        const struct attribute *had = &former->scope.attributes[i];
        const struct attribute *has = attribute_named(&place->scope, had->name);
        struct span prefix = {had->name.data + 6, had->name.length - 6};
        if (attribute_named(&own, had->name) || (has && span_equal(has->value, had->value)))
            continue;
        if (span_starts_nocase(had->name, SPAN("xmlns:")) && !uses_prefix(item, prefix))
            continue;
        text = arena_printf(arena, "%.*s %.*s=%c%.*s%c", SPAN_ARGS(text), SPAN_ARGS(had->name),
                            had->quote, SPAN_ARGS(had->value), had->quote);
    }
    const struct attribute *has = attribute_named(&place->scope, xmlns);
    if (has && has->value.length && !attribute_named(&former->scope, xmlns) &&
        !attribute_named(&own, xmlns))
        text = arena_printf(arena, "%.*s xmlns=\"\"", SPAN_ARGS(text));
    return text;
}

/* Whether `alone`, the item in what of the feed stands around it, is read as one item. One that is
 * not well-formed would cost readers who insist on that the whole feed; but in a feed that is not
 * so either, it is as good as the others. */
static bool fits(const struct place *place, struct span alone, struct error *error)
{
    struct feed *feed = feed_read(alone, (struct span){NULL, 0}, error);
    if (!feed)
        return error_prefix(error, "it cannot be put back");
    bool ok = true;
    if (feed->item_count != 1)
        ok = error_set(error, ERROR_INPUT,
                       "it cannot be put back: it is no item of the feed as that is by now");
    else if (feed->recovered && place->well_formed)
        ok = error_set(error, ERROR_INPUT, "it cannot be put back, not being well-formed: %.*s",
                       SPAN_ARGS(feed->trouble));
    feed_free(feed);
    return ok;
}

/* `item` (UTF-8) in its new place, without anything else that stands there. */
static struct span alone_in(struct arena *arena, const struct place *place, struct span item)
{
    struct span end = {NULL, 0};
    if (place->channel_tag.length)
        end = arena_printf(arena, "</%.*s>", SPAN_ARGS(element_name(place->channel_tag)));
    end = arena_printf(arena, "%.*s</%.*s>", SPAN_ARGS(end),
                       SPAN_ARGS(element_name(place->root_tag)));
    struct span tags = joined(arena, place->root_tag, place->channel_tag, item);
    return joined(arena, tags, (struct span){NULL, 0}, end);
}

static bool is_ascii(struct span bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        if ((unsigned char)bytes.data[i] >= 0x80)
            return false;
    return true;
}

static bool is_named_utf8(const struct feed_encoding *encoding)
{
    return !encoding->said.length || span_equal_nocase(encoding->said, SPAN("utf-8")) ||
           span_equal_nocase(encoding->said, SPAN("utf8"));
}

/* Whether an item's bytes are read in their new place as they were in the former one. */
static bool reads_alike(const struct place *former, struct span item, const struct place *place)
{
    const struct feed_encoding *from = &former->encoding, *to = &place->encoding;
    if (from->unit_bytes > 1 || to->unit_bytes > 1)
        return from->units == to->units;
    if (is_ascii(item))
        return true;
    if (is_named_utf8(to))
        return text_is_utf8(item) && text_is_utf8(place->bytes);
    /* Of a feed that is not in the encoding it declares, nobody knows how it is read. */
    bool mislabelled = text_is_utf8(place->bytes) && !is_ascii(place->bytes);
    return !mislabelled && !from->mark_bytes && span_equal_nocase(from->said, to->said);
}

/* Behind the name of `item`'s start tag. */
static struct span with_attributes(struct arena *arena, struct span item, size_t name_end,
                                   struct span attributes)
{
    return joined(arena, (struct span){item.data, name_end}, attributes,
                  (struct span){item.data + name_end, item.length - name_end});
}

/* The item as it will stand in its new place. */
static bool spell(struct feed_edits *edits, const struct place *former, const struct place *place,
                  struct span item, struct span *spelled, struct error *error)
{
    struct arena *arena = edits->arena;
    const struct feed_encoding *encoding = &place->encoding;
    const char *trouble;
    struct span text = utf8_of(arena, item, &former->encoding, &trouble);
    struct span attributes = lacking(arena, former, place, text);
    struct span whole = with_attributes(arena, text, name_length(text), attributes);
    struct span portable;
    item_markup_portable(arena, whole, false, &portable);
    if (!fits(place, alone_in(arena, place, portable), error))
        return false;
    if (!trouble && portable.data == whole.data && is_ascii(attributes) &&
        reads_alike(former, item, place)) {
        struct span projected = feed_encoding_project(arena, item, &former->encoding);
        *spelled = with_attributes(arena, item, name_length(projected) * encoding->unit_bytes,
                                   feed_edits_widen(edits, attributes));
        return true;
    }
    *spelled = portable;
    if (encoding->unit_bytes > 1)
        *spelled = item_markup_widen(arena, portable, encoding);
    else if (!(is_named_utf8(encoding) && text_is_utf8(place->bytes)) &&
             !item_markup_portable(arena, portable, true, spelled))
        return error_set(error, ERROR_INPUT,
                         "it cannot be put back: it has names that the feed's encoding may lack");
    return true;
}

/* RSS 1.0: names the item in the table of contents as those are named that stand there. Where none
 * does, or the name would have to be spelled anew, readers do without. */
static void mention(struct feed_edits *edits, const struct place *place, struct span about)
{
    if (!place->ranges.mention_count || place->encoding.unit_bytes > 1 || !about.length ||
        !is_ascii(about) || memchr(about.data, '"', about.length) ||
        memchr(about.data, '\'', about.length))
        return;
    const struct feed_mention *first = &place->ranges.mentions[0];
    const char *bytes = place->bytes.data, *resource = first->resource.data;
    const char *behind = resource + first->resource.length;
    struct span start = {bytes + first->whole.start,
                         (size_t)(resource - bytes) - first->whole.start};
    struct span end = {behind, first->whole.end - (size_t)(behind - bytes)};
    feed_edits_replace_raw(edits, first->whole.start, first->whole.start,
                           joined(edits->arena, start, about, end));
}

static bool put_back_xml(struct feed_edits *edits, struct place *place, struct span head,
                         struct span item, struct error *error)
{
    struct arena *arena = edits->arena;
    struct place former = {0};
    struct span spelled;
    if (!read_former(arena, head, item, &former, error))
        return false;
    read_place(arena, place);
    if (!span_equal(local_name(former.root_tag), local_name(place->root_tag)))
        return error_set(error, ERROR_INPUT,
                         "it cannot be put back: it stood in <%.*s>, and the feed is <%.*s> by now",
                         SPAN_ARGS(local_name(former.root_tag)),
                         SPAN_ARGS(local_name(place->root_tag)));
    if (!spell(edits, &former, place, item, &spelled, error))
        return false;
    feed_edits_replace_raw(edits, place->ranges.front, place->ranges.front, spelled);
    mention(edits, place, former.ranges.ranges[0].about);
    return true;
}

/* Whether elements of the list of items stay when the edits are applied, and whether some were put
 * in before. Of several lists readers take the last: items of the others do not count. Cuts come in
 * the order of the items, so that the search goes on where it was. */
static void look_at_list(const struct feed_edits *edits, const struct place *place,
                         bool *something_stays, bool *put_in)
{
    const struct feed_ranges *ranges = &place->ranges;
    size_t next = 0, gone = 0;
    *put_in = false;
    for (size_t i = 0; i < edits->count; i++)
        if (edits->edits[i].start == ranges->front && edits->edits[i].end == ranges->front)
            *put_in = true;
    while (gone < ranges->count && ranges->ranges[gone].start < ranges->front)
        gone++;
    bool empty = gone == ranges->count;
    for (; gone < ranges->count; gone++) {
        size_t looked = 0;
        const struct feed_range *item = &ranges->ranges[gone];
        while (looked < edits->count &&
               !(edits->edits[next].start <= item->start && edits->edits[next].end >= item->end)) {
            next = (next + 1) % edits->count;
            looked++;
        }
        if (looked == edits->count)
            break;
    }
    *something_stays = gone < ranges->count;
    if (empty) {
        struct span rest = {place->bytes.data + ranges->front, place->bytes.length - ranges->front};
        rest = span_trim(feed_encoding_project(edits->arena, rest, &place->encoding));
        *something_stays = !rest.length || rest.data[0] != ']';
    }
}

static bool put_back_json(struct feed_edits *edits, const struct place *place, struct span item,
                          struct error *error)
{
    struct arena *arena = edits->arena;
    struct span start = SPAN("{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[");
    bool something_stays, put_in;
    if (!text_is_utf8(item))
        return error_set(error, ERROR_INPUT, "it cannot be put back: it is not UTF-8");
    if (!fits(place, joined(arena, start, item, SPAN("]}")), error))
        return false;
    look_at_list(edits, place, &something_stays, &put_in);
    struct span none = {NULL, 0}, comma = SPAN(",");
    struct span element = joined(arena, !something_stays && put_in ? comma : none, item,
                                 something_stays ? comma : none);
    if (place->encoding.unit_bytes > 1)
        element = item_markup_widen(arena, element, &place->encoding);
    feed_edits_replace_raw(edits, place->ranges.front, place->ranges.front, element);
    return true;
}

bool put_back(struct feed_edits *edits, struct span bytes, const struct feed_ranges *ranges,
              const struct feed *feed, struct span head, struct span item, struct error *error)
{
    struct place place = {.bytes = bytes,
                          .encoding = *edits->encoding,
                          .ranges = *ranges,
                          .well_formed = !feed->recovered};
    bool was_json = !head.length, is_json = feed->format == FEED_JSON;
    if (ranges->front == FEED_NOWHERE)
        return error_set(error, ERROR_INPUT, "the feed has no place for items");
    if (was_json != is_json || !item.length)
        return error_set(error, ERROR_INPUT,
                         "it cannot be put back: the feed is %s by now, and it is not",
                         is_json ? "JSON" : "XML");
    return is_json ? put_back_json(edits, &place, item, error)
                   : put_back_xml(edits, &place, head, item, error);
}
