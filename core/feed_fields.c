#include "core/feed_fields.h"

#include <glib.h>
#include <stdint.h>

#include "core/feed_date.h"
#include "core/feed_item.h"
#include "core/feed_person.h"
#include "core/feed_skip.h"
#include "core/text.h"
#include "core/url.h"
#include "store/memory.h"

#define MINUTE_S 60u
#define DAY_S (24 * 60 * MINUTE_S)
/* A feed that says to be polled once a century is polled once a year. */
#define POLL_MAX_S (365 * DAY_S)

static bool same(const char *a, const char *b)
{
    return a && b && *a == *b && strcmp(a, b) == 0;
}

/* Without entity substitution libxml2 leaves each "&" of a value as "&#38;". */
static struct span copy_value(struct arena *arena, struct span value)
{
    const char *at = value.data, *end = value.data + value.length, *reference;
    char *out = arena_text(arena, value.length + 1);
    size_t length = 0;
    while (at < end) {
        reference = span_find_rare(at, end, SPAN("&#38;"));
        const char *stop = reference ? reference + 1 : end;
        memcpy(out + length, at, (size_t)(stop - at));
        length += (size_t)(stop - at);
        at = reference ? reference + 5 : end;
    }
    return (struct span){out, length};
}

struct span feed_attribute(struct arena *arena, const struct feed_element *element,
                           const char *prefix, const char *name)
{
    const xmlChar **found = NULL;
    for (int i = 0; i < element->attribute_count; i++) {
        const xmlChar **attribute = element->attributes + 5 * i;
        const char *its_prefix = (const char *)attribute[1];
        if (!feed_name_is((const char *)attribute[0], name) ||
            ((its_prefix || prefix) && !same(its_prefix, prefix)))
            continue;
        if (strcmp((const char *)attribute[0], name) == 0) {
            found = attribute;
            break;
        }
        found = found ? found : attribute;
    }
    if (!found)
        return (struct span){NULL, 0};
    struct span value = {(const char *)found[3], (size_t)(found[4] - found[3])};
    return span_trim(copy_value(arena, value));
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

static bool is_reference(const xmlChar **attribute)
{
    const char *name = (const char *)attribute[0];
    return !attribute[1] && (feed_name_is(name, "href") || feed_name_is(name, "src") ||
                             feed_name_is(name, "action"));
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
        struct span value = feed_attribute(fields->feed->arena, element, (const char *)attribute[1],
                                           (const char *)attribute[0]);
        /* A base inside the text is forgotten with the elements' prefixes. */
        if (!span_equal(fields->base, fields->text_base) && is_reference(attribute))
            value = feed_item_resolve(fields->feed, fields->base, value);
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
        if (feed_name_is(local, empty[i]))
            return;
    append(fields, "</", 2);
    append(fields, local, strlen(local));
    append(fields, ">", 1);
}

/* The reference in an attribute, as whole as xml:base makes it. */
static struct span read_reference(struct feed_fields *fields, const struct feed_element *element,
                                  const char *name)
{
    struct span value = feed_attribute(fields->feed->arena, element, NULL, name);
    return value.length ? feed_item_resolve(fields->feed, fields->base, value) : value;
}

static void add_enclosure(struct feed_fields *fields, const struct feed_element *element,
                          const char *url_name)
{
    struct arena *arena = fields->feed->arena;
    struct span length = feed_attribute(arena, element, NULL, "length");
    if (!length.length)
        length = feed_attribute(arena, element, NULL, "fileSize"); /* of media:content */
    feed_item_add_enclosure(fields->feed, fields->item,
                            &(struct feed_enclosure){
                                .url = read_reference(fields, element, url_name),
                                .type = feed_attribute(arena, element, NULL, "type"),
                                .length_bytes = feed_item_read_size(length),
                            });
}

/* Atom's link, which says everything in attributes. */
static void read_link(struct feed_fields *fields, const struct feed_element *element, bool to_item)
{
    struct feed *feed = fields->feed;
    struct span href = read_reference(fields, element, "href");
    struct span relation = feed_attribute(feed->arena, element, NULL, "rel");
    struct span *target = NULL;
    if (!relation.length || span_equal_nocase(relation, SPAN("alternate")))
        target = to_item ? &fields->item->link : &feed->link;
    else if (!to_item && span_equal_nocase(relation, SPAN("self")))
        target = &feed->self;
    else if (!to_item && span_equal_nocase(relation, SPAN("hub")))
        target = &feed->hub;
    else if (to_item && span_equal_nocase(relation, SPAN("enclosure")))
        add_enclosure(fields, element, "href");
    else if (to_item && (span_equal_nocase(relation, SPAN("related")) ||
                         span_equal_nocase(relation, SPAN("via"))))
        feed_item_add_link(feed, fields->item, href);
    if (target && !target->length)
        *target = href;
    else if (target && to_item && !span_equal(*target, href))
        feed_item_add_link(feed, fields->item, href);
    fields->leads_elsewhere = !target;
}

static void read_attributes(struct feed_fields *fields, const struct feed_element *element,
                            enum vocabulary vocabulary, enum feed_place place)
{
    bool own = vocabulary == OWN || vocabulary == ATOM, media = vocabulary == MEDIA;
    struct arena *arena = fields->feed->arena;
    if (own && place != PLACE_AUTHOR && feed_name_is(element->local, "link"))
        read_link(fields, element, place == PLACE_ITEM);
    if (place != PLACE_ITEM && !((media || vocabulary == ITUNES) && place == PLACE_MEDIA))
        return;
    if (own && feed_name_is(element->local, "enclosure"))
        add_enclosure(fields, element, "url");
    else if (own && feed_name_is(element->local, "content"))
        add_enclosure(fields, element, "src");
    else if (own && feed_name_is(element->local, "category")) {
        struct span label = feed_attribute(arena, element, NULL, "label");
        feed_item_add_category(fields->feed, fields->item,
                               feed_attribute(arena, element, NULL, "term"));
        feed_item_add_category(fields->feed, fields->item, label);
    } else if (vocabulary == ITUNES && feed_name_is(element->local, "category"))
        feed_item_add_category(fields->feed, fields->item,
                               feed_attribute(arena, element, NULL, "text"));
    else if (media && feed_name_is(element->local, "category"))
        feed_item_add_category(fields->feed, fields->item,
                               feed_attribute(arena, element, NULL, "label"));
    else if (media && feed_name_is(element->local, "content"))
        add_enclosure(fields, element, "url");
    else if (media && feed_name_is(element->local, "player"))
        feed_item_add_link(fields->feed, fields->item, read_reference(fields, element, "url"));
    else if (vocabulary == OWN && feed_name_is(element->local, "guid"))
        fields->is_permalink =
            !span_equal_nocase(feed_attribute(arena, element, NULL, "isPermaLink"), SPAN("false"));
}

static bool holds(struct span text, const char *part)
{
    return text.length && memmem(text.data, text.length, part, strlen(part));
}

/* RFC 4287, 4.1.3.3: other media types than these are base64. */
static bool is_text_type(struct span type)
{
    return !holds(type, "/") || span_starts_nocase(type, SPAN("text/")) || holds(type, "html") ||
           holds(type, "xml") || holds(type, "multipart/");
}

/* What RFC 4287 3.1.1 (type) and Atom 0.3 (mode) say about the markup in a text. */
static void read_type(struct feed_fields *fields, const struct feed_element *element,
                      enum vocabulary vocabulary)
{
    struct arena *arena = fields->feed->arena;
    struct span type = feed_attribute(arena, element, NULL, "type");
    struct span mode = feed_attribute(arena, element, NULL, "mode");
    bool is_atom = fields->format == FEED_ATOM || vocabulary == ATOM;
    bool is_html = holds(type, "html");
    bool is_inline = !mode.length || span_equal(mode, SPAN("xml"));
    fields->inline_markup = vocabulary == XHTML || (holds(type, "xhtml") && is_inline);
    fields->declared_html = is_html || vocabulary == CONTENT;
    fields->base64 =
        is_atom && (mode.length ? span_equal(mode, SPAN("base64")) : !is_text_type(type));
}

/* What xml:lang says of what is in the element. */
static void read_language(struct feed_fields *fields, const struct feed_element *element,
                          struct span *languages)
{
    if (element->attribute_count)
        feed_item_add_language(fields->feed, languages,
                               feed_attribute(fields->feed->arena, element, "xml", "lang"));
}

void feed_fields_open_root(struct feed_fields *fields, enum feed_format format, const char *uri)
{
    fields->format = format;
    fields->is_cdf = false;
    fields->root_uri = uri;
    memset(fields->known, 0, sizeof fields->known);
}

void feed_fields_open_around(struct feed_fields *fields, const struct feed_element *element)
{
    read_language(fields, element, &fields->feed->languages);
}

static const struct known_element *know(struct feed_fields *fields,
                                        const struct feed_element *element, enum feed_place place)
{
    const size_t count = sizeof fields->known / sizeof *fields->known;
    struct known_element *known = &fields->known[((uintptr_t)element->local / 8 + place) % count];
    if (known->local != element->local || known->prefix != element->prefix ||
        known->uri != element->uri || known->place != place) {
        *known = (struct known_element){element->local, element->prefix, element->uri,
                                        place,          OTHER,           NULL};
        known->vocabulary = feed_vocabulary_of(fields->root_uri, element->uri, element->prefix);
        known->row = feed_row_find(known->vocabulary, element->local, place);
    }
    return known;
}

bool feed_fields_open(struct feed_fields *fields, const struct feed_element *element,
                      enum feed_place place)
{
    const struct known_element *known = know(fields, element, place);
    const struct feed_row *row = known->row;
    enum vocabulary vocabulary = known->vocabulary;
    read_attributes(fields, element, vocabulary, place);
    /* An Atom author's text is in its children. */
    if (!row || (row->field == FIELD_AUTHOR && place != PLACE_AUTHOR &&
                 fields->format == FEED_ATOM && vocabulary == OWN))
        return false;
    fields->row = row;
    fields->to_item = fields->item != NULL;
    fields->text_base = fields->base;
    fields->has_elements = vocabulary == XHTML; /* the element is markup itself */
    fields->length = 0;
    read_type(fields, element, vocabulary);
    if (fields->to_item &&
        (row->field == FIELD_TITLE || row->field == FIELD_SUMMARY || row->field == FIELD_CONTENT))
        read_language(fields, element, &fields->item->languages);
    return true;
}

static void add_text(struct feed_fields *fields, enum feed_item_text which, const struct span *text,
                     bool *is_html, struct span *base, struct span value)
{
    if (!value.length || (text->length && fields->row->fallback))
        return;
    if (!base->length)
        *base = fields->text_base;
    bool plain_type = fields->format == FEED_ATOM && !fields->declared_html;
    *is_html = *is_html || fields->declared_html || fields->has_elements || fields->inline_markup ||
               (!plain_type && feed_item_looks_like_html(value));
    feed_item_say(fields->feed, fields->item, &fields->joined, which, value);
}

static void add_keywords(struct feed_fields *fields, struct span keywords)
{
    while (keywords.length) {
        const char *comma = memchr(keywords.data, ',', keywords.length);
        size_t length = comma ? (size_t)(comma - keywords.data) : keywords.length;
        feed_item_add_category(fields->feed, fields->item,
                               span_trim((struct span){keywords.data, length}));
        keywords.data += length + (comma != NULL);
        keywords.length -= length + (comma != NULL);
    }
}

/* The digits that `text` starts with, but no more than `most`. */
static unsigned read_number(struct span text, unsigned most)
{
    size_t number = feed_item_read_size(text);
    return number > most ? most : (unsigned)number;
}

/* The syndication module of RSS 1.0. */
static unsigned read_period(struct span name)
{
    static const struct {
        struct span name;
        unsigned period_s;
    } periods[] = {
        {{"hourly", 6}, 60 * MINUTE_S}, {{"daily", 5}, DAY_S},       {{"weekly", 6}, 7 * DAY_S},
        {{"monthly", 7}, 30 * DAY_S},   {{"yearly", 6}, POLL_MAX_S},
    };
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++)
        if (span_equal_nocase(name, periods[i].name))
            return periods[i].period_s;
    return 0;
}

void feed_fields_finish(struct feed_fields *fields)
{
    struct feed *feed = fields->feed;
    if (!feed->author.length)
        feed->author = feed->author_email;
    unsigned period_s = fields->period_s;
    if (!period_s && fields->frequency)
        period_s = DAY_S;
    if (fields->ttl_s)
        feed->poll_s = fields->ttl_s;
    else
        feed->poll_s = period_s / (fields->frequency ? fields->frequency : 1);
}

static void set(struct span *target, struct span value, bool over)
{
    if (value.length && (over || !target->length))
        *target = value;
}

/* The reference in an element's text, as whole as xml:base makes it. Atom's link has none, and says
 * all in its attributes. */
static struct span whole(struct feed_fields *fields, struct span value)
{
    return value.length ? feed_item_resolve(fields->feed, fields->text_base, value) : value;
}

/* Several are listed, but for what another element says with less weight. */
static void add_author(struct feed_fields *fields, struct span *names, struct span *emails,
                       const struct feed_row **source, struct span value)
{
    struct arena *arena = fields->feed->arena;
    struct span name, email;
    if (!value.length || (*source && *source != fields->row && fields->row->fallback))
        return;
    if (*source && *source != fields->row && (*source)->fallback)
        *names = *emails = (struct span){NULL, 0};
    *source = fields->row;
    feed_person_split(value, &name, &email);
    feed_person_add(arena, names, name.length ? name : email);
    feed_person_add(arena, emails, email);
}

/* One that cannot be understood gives way to any that can. */
static void set_date(struct feed_fields *fields, struct span *date, int64_t *time_s,
                     struct span value)
{
    int64_t its_time_s;
    bool good = feed_date_read(value, &its_time_s);
    if (date->length && (*time_s ? !good || fields->row->fallback : !good))
        return;
    *date = value;
    *time_s = good ? its_time_s : 0;
}

static void close_in_feed(struct feed_fields *fields, struct span value)
{
    struct feed *feed = fields->feed;
    enum feed_base needed;
    switch (fields->row->field) {
    case FIELD_TITLE:
        set(&feed->title, value, false);
        break;
    case FIELD_LINK:
        if (!fields->leads_elsewhere)
            set(&feed->link, whole(fields, value), false);
        break;
    case FIELD_PICTURE:
        needed = feed_item_needed_base(whole(fields, value));
        feed->needed_base = needed > feed->needed_base ? needed : feed->needed_base;
        break;
    case FIELD_TTL:
        fields->ttl_s = MINUTE_S * read_number(value, POLL_MAX_S / MINUTE_S);
        break;
    case FIELD_SKIP_HOURS:
        feed->skip_hours = feed_skip_hours(value);
        break;
    case FIELD_SKIP_DAYS:
        feed->skip_days = feed_skip_days(value);
        break;
    case FIELD_PERIOD:
        fields->period_s = read_period(value);
        break;
    case FIELD_FREQUENCY:
        fields->frequency = read_number(value, DAY_S);
        break;
    case FIELD_AUTHOR:
        add_author(fields, &feed->author, &feed->author_email, &fields->feed_author, value);
        break;
    case FIELD_AUTHOR_EMAIL:
        feed_person_add(feed->arena, &feed->author_email, value);
        break;
    case FIELD_LANGUAGE:
        feed_item_add_language(feed, &feed->languages, value);
        break;
    case FIELD_DATE:
        set_date(fields, &feed->date, &feed->time_s, value);
        break;
    default:
        break;
    }
}

/* Readers differ in which of two links they follow. */
static void close_link(struct feed_fields *fields, struct span url)
{
    struct feed_item *item = fields->item;
    if (fields->leads_elsewhere || (item->link.length && !span_equal(item->link, url)))
        feed_item_add_link(fields->feed, item, url);
    else
        item->link = url;
}

static void close_in_item(struct feed_fields *fields, struct span value)
{
    struct feed_item *item = fields->item;
    switch (fields->row->field) {
    case FIELD_TITLE:
        add_text(fields, ITEM_TITLE, &item->title, &item->title_is_html, &item->title_base, value);
        break;
    case FIELD_SUMMARY:
        add_text(fields, ITEM_SUMMARY, &item->summary, &item->summary_is_html, &item->summary_base,
                 value);
        break;
    case FIELD_CONTENT:
        add_text(fields, ITEM_CONTENT, &item->content, &item->content_is_html, &item->content_base,
                 value);
        break;
    case FIELD_LINK:
        close_link(fields, whole(fields, value));
        break;
    case FIELD_GUID:
        set(&item->guid, value, false);
        if (fields->is_permalink)
            set(&fields->permalink, value, false);
        break;
    case FIELD_AUTHOR:
        add_author(fields, &item->author, &item->author_email, &fields->item_author, value);
        break;
    case FIELD_AUTHOR_EMAIL:
        feed_person_add(fields->feed->arena, &item->author_email, value);
        break;
    case FIELD_LANGUAGE:
        feed_item_add_language(fields->feed, &item->languages, value);
        break;
    case FIELD_DATE:
        set_date(fields, &item->date, &item->time_s, value);
        break;
    case FIELD_CATEGORY:
        feed_item_add_category(fields->feed, fields->item, value);
        break;
    case FIELD_KEYWORDS:
        add_keywords(fields, value);
        break;
    default:
        break;
    }
}

/* What base64 holds; what it stands as when that is no text: some readers show it so, and it may
 * have been words all along. */
static struct span decode_base64(struct arena *arena, struct span encoded)
{
    gint state = 0;
    guint save = 0;
    char *out = arena_text(arena, encoded.length);
    gsize length = g_base64_decode_step(encoded.data, encoded.length, (guchar *)out, &state, &save);
    struct span decoded = span_trim((struct span){out, length});
    return decoded.length && text_is_utf8(decoded) ? decoded : arena_copy(arena, encoded);
}

void feed_fields_close(struct feed_fields *fields)
{
    struct span gathered = {fields->text ? fields->text : "", fields->length};
    struct span value = span_trim(gathered);
    if (value.length && fields->base64)
        value = decode_base64(fields->feed->arena, value);
    else if (value.length)
        value = arena_copy(fields->feed->arena, value);
    value = text_without_c1(fields->feed->arena, value);
    if (fields->to_item)
        close_in_item(fields, value);
    else
        close_in_feed(fields, value);
    fields->row = NULL;
}

static void read_cdf(struct feed_fields *fields, const struct feed_element *element,
                     struct span *link, struct span *date, int64_t *time_s)
{
    *link = read_reference(fields, element, "HREF");
    *date = feed_attribute(fields->feed->arena, element, NULL, "LASTMOD");
    if (!feed_date_read(*date, time_s))
        *time_s = 0;
}

void feed_fields_open_channel(struct feed_fields *fields, const struct feed_element *element)
{
    struct feed *feed = fields->feed;
    fields->is_cdf = true;
    read_cdf(fields, element, &feed->link, &feed->date, &feed->time_s);
}

void feed_fields_open_item(struct feed_fields *fields, const struct feed_element *element,
                           struct feed_item *item)
{
    struct arena *arena = fields->feed->arena;
    fields->item = item;
    fields->joined = 0;
    fields->permalink = fields->about = (struct span){NULL, 0};
    fields->item_author = NULL;
    read_language(fields, element, &item->languages);
    if (fields->is_cdf)
        read_cdf(fields, element, &item->link, &item->date, &item->time_s);
    if (fields->format == FEED_RDF) {
        fields->about = feed_attribute(arena, element, "rdf", "about");
        if (!fields->about.length)
            fields->about = feed_attribute(arena, element, NULL, "about");
    }
}

void feed_fields_close_item(struct feed_fields *fields)
{
    struct feed_item *item = fields->item;
    set(&item->guid, fields->about, false);
    set(&item->author, item->author_email, false);
    if (url_is_web(fields->permalink))
        set(&item->link, fields->permalink, false);
    if (url_is_web(fields->about))
        set(&item->link, fields->about, false);
    fields->item = NULL;
}
