#include "core/feed_fields.h"

#include "core/feed_item.h"
#include "store/memory.h"

enum vocabulary {
    OWN, /* the namespace of the feed's root, or none */
    ATOM,
    CONTENT,
    DUBLIN_CORE,
    XHTML,
    ITUNES,
    MEDIA,
    OTHER
};

enum field {
    FIELD_TITLE,
    FIELD_LINK,
    FIELD_GUID,
    FIELD_SUMMARY,
    FIELD_CONTENT,
    FIELD_AUTHOR,
    FIELD_AUTHOR_EMAIL, /* only where no name is given */
    FIELD_DATE,
    FIELD_CATEGORY
};

struct feed_row {
    const char *local;
    enum vocabulary vocabulary;
    unsigned places; /* enum feed_place, or-ed */
    enum field field;
    bool fallback; /* only when the field is still empty */
};

/* Elements whose text is gathered, in RSS 0.9x and 2.0, RSS 1.0, Atom 0.3 and 1.0 alike: no name
 * means different things in two of them. */
static const struct feed_row rows[] = {
    {"title", OWN, PLACE_FEED | PLACE_ITEM, FIELD_TITLE, false},
    {"link", OWN, PLACE_FEED | PLACE_ITEM, FIELD_LINK, false},
    {"guid", OWN, PLACE_ITEM, FIELD_GUID, false},
    {"id", OWN, PLACE_ITEM, FIELD_GUID, false},
    {"description", OWN, PLACE_ITEM, FIELD_SUMMARY, false},
    {"summary", OWN, PLACE_ITEM, FIELD_SUMMARY, false},
    {"summary", ATOM, PLACE_ITEM, FIELD_SUMMARY, false},
    {"summary", ITUNES, PLACE_ITEM, FIELD_SUMMARY, true},
    {"description", MEDIA, PLACE_ITEM, FIELD_SUMMARY, true},
    {"content", OWN, PLACE_ITEM, FIELD_CONTENT, false},
    {"content", ATOM, PLACE_ITEM, FIELD_CONTENT, false},
    {"encoded", CONTENT, PLACE_ITEM, FIELD_CONTENT, false},
    {"body", XHTML, PLACE_ITEM, FIELD_CONTENT, false},
    {"div", XHTML, PLACE_ITEM, FIELD_CONTENT, false},
    {"author", OWN, PLACE_ITEM, FIELD_AUTHOR, false},
    {"name", OWN, PLACE_AUTHOR, FIELD_AUTHOR, false},
    {"email", OWN, PLACE_AUTHOR, FIELD_AUTHOR_EMAIL, true},
    {"name", ATOM, PLACE_AUTHOR, FIELD_AUTHOR, false},
    {"creator", DUBLIN_CORE, PLACE_ITEM, FIELD_AUTHOR, true},
    {"pubDate", OWN, PLACE_ITEM, FIELD_DATE, false},
    {"published", OWN, PLACE_ITEM, FIELD_DATE, false},
    {"updated", OWN, PLACE_ITEM, FIELD_DATE, true},
    {"issued", OWN, PLACE_ITEM, FIELD_DATE, true},
    {"modified", OWN, PLACE_ITEM, FIELD_DATE, true},
    {"date", DUBLIN_CORE, PLACE_ITEM, FIELD_DATE, true},
    {"category", OWN, PLACE_ITEM, FIELD_CATEGORY, false},
    {"subject", DUBLIN_CORE, PLACE_ITEM, FIELD_CATEGORY, false},
};

static const struct {
    const char *uri, *prefix; /* prefix: understood when nothing declares it */
    enum vocabulary vocabulary;
} vocabularies[] = {
    {"http://www.w3.org/2005/Atom", "atom", ATOM},
    {"http://purl.org/atom/ns#", "atom03", ATOM},
    {"http://purl.org/rss/1.0/modules/content/", "content", CONTENT},
    {"http://purl.org/dc/elements/1.1/", "dc", DUBLIN_CORE},
    {"http://purl.org/dc/elements/1.0/", "dc10", DUBLIN_CORE},
    {"http://purl.org/dc/terms/", "dcterms", DUBLIN_CORE},
    {"http://www.w3.org/1999/xhtml", "xhtml", XHTML},
    {"http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes", ITUNES},
    {"http://search.yahoo.com/mrss/", "media", MEDIA},
    {"http://search.yahoo.com/mrss", "media", MEDIA},
    {"http://purl.org/rss/1.0/", NULL, OWN},
    {"http://my.netscape.com/rdf/simple/0.9/", NULL, OWN},
    {"http://channel.netscape.com/rdf/simple/0.9/", NULL, OWN},
    {"http://backend.userland.com/rss2", NULL, OWN},
};

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static enum vocabulary vocabulary_of(const struct feed_fields *fields,
                                     const struct feed_element *element)
{
    if (!element->uri && !element->prefix)
        return OWN;
    if (same(element->uri, fields->root_uri))
        return OWN;
    for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies; i++)
        if (element->uri ? same(element->uri, vocabularies[i].uri)
                         : same(element->prefix, vocabularies[i].prefix))
            return vocabularies[i].vocabulary;
    return OTHER;
}

struct span feed_attribute(struct arena *arena, const struct feed_element *element,
                           const char *name)
{
    for (int i = 0; i < element->attribute_count; i++) {
        const xmlChar **attribute = element->attributes + 5 * i;
        if (attribute[1] || strcmp((const char *)attribute[0], name) != 0)
            continue;
        struct span value = {(const char *)attribute[3], (size_t)(attribute[4] - attribute[3])};
        char *out = arena_text(arena, value.length + 1);
        size_t length = 0;
        for (size_t j = 0; j < value.length; j++) {
            out[length++] = value.data[j];
            /* Without entity substitution libxml2 leaves each "&" of a value as "&#38;". */
            if (value.length - j >= 5 && memcmp(value.data + j, "&#38;", 5) == 0)
                j += 4;
        }
        return span_trim((struct span){out, length});
    }
    return (struct span){NULL, 0};
}

static void append(struct feed_fields *fields, const char *data, size_t length)
{
    if (length > fields->room - fields->length) {
        fields->room = 2 * (fields->length + length) + 256;
        fields->text = memory_resize(fields->text, fields->room);
    }
    if (length)
        memcpy(fields->text + fields->length, data, length);
    fields->length += length;
}

static void append_escaped(struct feed_fields *fields, const char *data, size_t length)
{
    size_t from = 0;
    for (size_t i = 0; i < length; i++) {
        const char *escaped = data[i] == '<' ? "&lt;" : data[i] == '&' ? "&amp;" : NULL;
        if (data[i] == '"')
            escaped = "&quot;";
        if (!escaped)
            continue;
        append(fields, data + from, i - from);
        append(fields, escaped, strlen(escaped));
        from = i + 1;
    }
    append(fields, data + from, length - from);
}

void feed_fields_text(struct feed_fields *fields, const char *data, size_t length)
{
    if (fields->inline_markup)
        append_escaped(fields, data, length);
    else
        append(fields, data, length);
}

void feed_fields_inner_open(struct feed_fields *fields, const struct feed_element *element)
{
    fields->has_elements = true;
    append(fields, "<", 1);
    append(fields, element->local, strlen(element->local));
    for (int i = 0; i < element->attribute_count; i++) {
        const xmlChar **attribute = element->attributes + 5 * i;
        append(fields, " ", 1);
        append(fields, (const char *)attribute[0], strlen((const char *)attribute[0]));
        struct span value =
            feed_attribute(fields->feed->arena, element, (const char *)attribute[0]);
        append(fields, "=\"", 2);
        append_escaped(fields, value.data, value.length);
        append(fields, "\"", 1);
    }
    append(fields, ">", 1);
}

void feed_fields_inner_close(struct feed_fields *fields, const char *local)
{
    static const char *const empty[] = {"area", "base",  "br",   "col",  "embed",  "hr",
                                        "img",  "input", "link", "meta", "source", "wbr"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (strcmp(local, empty[i]) == 0)
            return;
    append(fields, "</", 2);
    append(fields, local, strlen(local));
    append(fields, ">", 1);
}

static void add_enclosure(struct feed_fields *fields, const struct feed_element *element,
                          const char *url_name)
{
    struct arena *arena = fields->feed->arena;
    struct span length = feed_attribute(arena, element, "length");
    feed_item_add_enclosure(fields->feed, fields->item,
                            &(struct feed_enclosure){
                                .url = feed_attribute(arena, element, url_name),
                                .type = feed_attribute(arena, element, "type"),
                                .length_bytes = feed_item_read_size(length),
                            });
}

/* Atom's link, which says everything in attributes. */
static void read_link(struct feed_fields *fields, const struct feed_element *element, bool to_item)
{
    struct feed *feed = fields->feed;
    struct span href = feed_attribute(feed->arena, element, "href");
    struct span relation = feed_attribute(feed->arena, element, "rel");
    struct span *target = NULL;
    if (!relation.length || span_equal_nocase(relation, SPAN("alternate")))
        target = to_item ? &fields->item->link : &feed->link;
    else if (!to_item && span_equal_nocase(relation, SPAN("self")))
        target = &feed->self;
    else if (to_item && span_equal_nocase(relation, SPAN("enclosure")))
        add_enclosure(fields, element, "href");
    if (target && !target->length)
        *target = href;
}

static void read_attributes(struct feed_fields *fields, const struct feed_element *element,
                            enum vocabulary vocabulary, enum feed_place place)
{
    bool to_item = place == PLACE_ITEM;
    struct arena *arena = fields->feed->arena;
    if (vocabulary != OWN && vocabulary != ATOM)
        return;
    if (same(element->local, "link") && place != PLACE_AUTHOR)
        read_link(fields, element, to_item);
    if (!to_item)
        return;
    if (same(element->local, "enclosure"))
        add_enclosure(fields, element, "url");
    else if (same(element->local, "content"))
        add_enclosure(fields, element, "src");
    else if (same(element->local, "category"))
        feed_item_add_category(fields->feed, fields->item, feed_attribute(arena, element, "term"));
}

/* What RFC 4287 3.1.1 (type) and Atom 0.3 (mode) say about the markup in a text. */
static void read_type(struct feed_fields *fields, const struct feed_element *element,
                      enum vocabulary vocabulary)
{
    struct arena *arena = fields->feed->arena;
    struct span type = feed_attribute(arena, element, "type");
    struct span mode = feed_attribute(arena, element, "mode");
    bool is_xhtml = memmem(type.data ? type.data : "", type.length, "xhtml", 5) != NULL;
    bool is_html = memmem(type.data ? type.data : "", type.length, "html", 4) != NULL;
    fields->inline_markup = vocabulary == XHTML || (is_xhtml && !span_equal(mode, SPAN("escaped")));
    fields->declared_html = is_html || vocabulary == CONTENT;
}

bool feed_fields_open(struct feed_fields *fields, const struct feed_element *element,
                      enum feed_place place)
{
    enum vocabulary vocabulary = vocabulary_of(fields, element);
    read_attributes(fields, element, vocabulary, place);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].vocabulary != vocabulary || !(rows[i].places & (unsigned)place) ||
            strcmp(rows[i].local, element->local) != 0)
            continue;
        /* An Atom author's text is in its children. */
        if (rows[i].field == FIELD_AUTHOR && place == PLACE_ITEM &&
            fields->feed->format == FEED_ATOM && vocabulary == OWN)
            return false;
        fields->row = &rows[i];
        fields->to_item = fields->item != NULL;
        fields->has_elements = false;
        fields->length = 0;
        read_type(fields, element, vocabulary);
        if (vocabulary == XHTML) /* the element is markup itself */
            fields->has_elements = true;
        return true;
    }
    return false;
}

static void add_text(struct feed_fields *fields, enum feed_item_text which, const struct span *text,
                     bool *is_html, struct span value)
{
    if (!value.length || (text->length && fields->row->fallback))
        return;
    bool plain_type = fields->feed->format == FEED_ATOM && !fields->declared_html;
    *is_html = *is_html || fields->declared_html || fields->has_elements || fields->inline_markup ||
               (!plain_type && feed_item_looks_like_html(value));
    feed_item_say(fields->feed, fields->item, &fields->joined, which, value);
}

static void set(struct span *target, struct span value, bool over)
{
    if (value.length && (over || !target->length))
        *target = value;
}

static void close_in_feed(struct feed_fields *fields, struct span value)
{
    struct feed *feed = fields->feed;
    switch (fields->row->field) {
    case FIELD_TITLE:
        set(&feed->title, value, false);
        break;
    case FIELD_LINK:
        set(&feed->link, value, false);
        break;
    case FIELD_AUTHOR:
        set(&fields->feed_author, value, true);
        break;
    case FIELD_AUTHOR_EMAIL:
        set(&fields->feed_author, value, false);
        break;
    default:
        break;
    }
}

static void close_in_item(struct feed_fields *fields, struct span value)
{
    struct feed_item *item = fields->item;
    switch (fields->row->field) {
    case FIELD_TITLE:
        add_text(fields, ITEM_TITLE, &item->title, &item->title_is_html, value);
        break;
    case FIELD_SUMMARY:
        add_text(fields, ITEM_SUMMARY, &item->summary, &item->summary_is_html, value);
        break;
    case FIELD_CONTENT:
        add_text(fields, ITEM_CONTENT, &item->content, &item->content_is_html, value);
        break;
    case FIELD_LINK:
        set(&item->link, value, false);
        break;
    case FIELD_GUID:
        set(&item->guid, value, false);
        break;
    case FIELD_AUTHOR:
        set(&item->author, value, !fields->row->fallback);
        break;
    case FIELD_AUTHOR_EMAIL:
        set(&item->author, value, false);
        break;
    case FIELD_DATE:
        set(&item->date, value, !fields->row->fallback);
        break;
    case FIELD_CATEGORY:
        feed_item_add_category(fields->feed, fields->item, value);
        break;
    }
}

void feed_fields_close(struct feed_fields *fields)
{
    struct span gathered = {fields->text ? fields->text : "", fields->length};
    struct span value = span_trim(gathered);
    if (value.length)
        value = arena_copy(fields->feed->arena, value);
    if (fields->to_item)
        close_in_item(fields, value);
    else
        close_in_feed(fields, value);
    fields->row = NULL;
}

void feed_fields_finish_item(struct feed_fields *fields)
{
    feed_item_finish(fields->feed, fields->item, fields->feed_author);
    fields->joined = 0;
}
