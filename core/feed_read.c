#include "core/feed.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/feed_encoding.h"
#include "core/feed_entities.h"
#include "core/feed_fields.h"
#include "core/feed_item.h"
#include "core/feed_json.h"
#include "core/feed_mend.h"
#include "core/feed_recovery.h"
#include "core/feed_start.h"
#include "core/stand_in.h"
#include "core/url.h"
#include "core/xml_text.h"

/* Each costs libxml2 a formatted message: what has more is no feed but an attack. */
#define ERRORS_MAX 100000u

struct reader {
    struct arena *arena;
    struct feed *feed;
    struct feed_fields fields;
    xmlParserCtxtPtr parser;
    struct stand_ins *stand_ins; /* of what is parsed */

    struct open_element *stack; /* of FEED_OPEN_MAX */
    size_t depth;
    size_t start_tags;
    size_t item_depth;           /* of the open item; 0: none is open */
    size_t field_depth;          /* of the element whose text is gathered; 0: none */
    bool root_seen, root_closed; /* closed: it was; what is behind its end counts as in it */
    struct kept_namespaces namespaces;
    bool is_cdf; /* its root is the channel */
    const char *root_prefix;
    struct span end_tag; /* name of the end tag that closes something else; empty: none */

    struct feed_entities entities;

    bool needs_mending; /* a reference was lost that feed_mend_references() saves */
    size_t errors;
    struct span first_error, failure; /* failure: why the parser was stopped */
};

static void keep_in_step(struct reader *reader, size_t open)
{
    feed_recovery_keep_in_step(reader->parser, reader->stack, reader->depth, open);
}

/* Behind the root's end lenient readers go on, and show what items they find there: bare ones, and
 * those of a second document. So the root, which the stack still holds, counts as open again. */
static void reopen_root(struct reader *reader)
{
    reader->depth += !reader->depth;
}

static void stop(struct reader *reader, struct span why)
{
    if (!reader->failure.length)
        reader->failure = why;
    xmlStopParser(reader->parser);
}

/* Behind the first error libxml2 would drop each entity reference, "&lt;" too, and with them the
 * markup of all that follows; so the parser is told again and again that all is well, and
 * on_error() remembers that it was not. */
static void go_on(struct reader *reader)
{
    reader->parser->wellFormed = 1;
}

/* The first is the one that is told. */
static void note_error(struct reader *reader, int line, const char *what)
{
    struct span message = span_trim(span_of(what));
    reader->feed->recovered = true;
    if (reader->first_error.length || !message.length)
        return;
    if (message.length > 200)
        message.length = 200;
    struct span text = arena_printf(reader->arena, "line %d: %.*s", line, SPAN_ARGS(message));
    for (char *at = (char *)text.data; *at; at++)
        *at = (unsigned char)*at < 0x20 ? ' ' : *at;
    reader->first_error = text;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && *a == *b && strcmp(a, b) == 0);
}

static void set_root(struct reader *reader, const struct feed_element *element,
                     enum feed_format format)
{
    reader->is_cdf = false;
    reader->root_prefix = element->prefix;
    feed_fields_open_root(&reader->fields, format, element->uri);
}

static void open_root(struct reader *reader, const struct feed_element *element)
{
    enum feed_format format = FEED_RSS;
    bool known = feed_format_of(element->local, &format);
    reader->root_seen = true;
    reader->feed->format = format;
    set_root(reader, element, format);
    kept_namespaces_root(&reader->namespaces, reader->arena, reader->parser);
    if (known)
        return;
    if (feed_name_is(element->local, "channel")) { /* CDF, in whose place RSS came */
        reader->is_cdf = true;
        feed_fields_open_channel(&reader->fields, element);
    } else {
        stop(reader, arena_printf(reader->arena, "XML, but no feed: its root element is <%.40s>",
                                  element->local));
    }
}

/* Straight behind the root's end: when it is another feed's, items are from there on what they are
 * in that. */
static void open_further_root(struct reader *reader, const struct feed_element *element)
{
    enum feed_format format;
    if (feed_format_of(element->local, &format))
        set_root(reader, element, format);
}

/* The same rule as feedfilter's lexer: local name, and the namespace of the root; outside another
 * item, but in whatever was left open before it. */
static bool is_item(const struct reader *reader, const struct feed_element *element)
{
    bool atom = reader->fields.format == FEED_ATOM;
    if (!feed_name_is(element->local, atom ? "entry" : "item"))
        return false;
    if (reader->is_cdf || reader->fields.format == FEED_RDF)
        return true;
    if (element->uri || reader->fields.root_uri)
        return same(element->uri, reader->fields.root_uri) ||
               (!atom && !element->uri && !element->prefix);
    return same(element->prefix, reader->root_prefix);
}

static void open_item(struct reader *reader, const struct feed_element *element)
{
    /* Counted when it closes. */
    struct feed_item *item = feed_item_open(reader->feed);
    if (!item) {
        stop(reader, arena_printf(reader->arena, "more than %u items", FEED_ITEMS_MAX));
        return;
    }
    if (reader->field_depth) { /* of the feed, and never closed */
        feed_fields_close(&reader->fields);
        reader->field_depth = 0;
    }
    item->start_tag = reader->start_tags;
    feed_fields_open_item(&reader->fields, element, item);
    reader->item_depth = reader->depth;
}

/* In media:group or media:content of the item, or in the one in the other; or in a category. */
static bool is_in_media(const struct reader *reader)
{
    for (size_t i = reader->item_depth; i < reader->depth - 1; i++)
        if (!feed_name_is(reader->stack[i].local, "group") &&
            !feed_name_is(reader->stack[i].local, "content") &&
            !feed_name_is(reader->stack[i].local, "category"))
            return false;
    return reader->depth <= reader->item_depth + 3;
}

/* Where an element at the current depth stands; 0: nowhere that matters. */
static enum feed_place place_of(const struct reader *reader)
{
    size_t depth = reader->depth;
    const char *parent = reader->stack[depth - 2].local;
    if (reader->item_depth) {
        if (depth == reader->item_depth + 1)
            return PLACE_ITEM;
        if (depth == reader->item_depth + 2 && feed_name_is(parent, "author"))
            return PLACE_AUTHOR;
        return is_in_media(reader) ? PLACE_MEDIA : 0;
    }
    if (reader->fields.format == FEED_ATOM) {
        if (depth == 2)
            return PLACE_FEED;
        return depth == 3 && feed_name_is(parent, "author") ? PLACE_AUTHOR : 0;
    }
    if (reader->is_cdf)
        return depth == 2 ? PLACE_FEED : 0;
    return depth == 3 && feed_name_is(parent, "channel") ? PLACE_FEED : 0;
}

/* What cannot be the base of a link is passed over, as readers do. */
static struct span inner_base(struct reader *reader, struct span outer, struct span own)
{
    struct span base = feed_item_resolve(reader->feed, outer, own);
    bool fit = url_is_relative(base) || url_is_web(base);
    return fit ? base : outer;
}

static void pop(struct reader *reader)
{
    size_t depth = reader->depth--;
    if (reader->field_depth == depth) {
        feed_fields_close(&reader->fields);
        reader->field_depth = 0;
    } else if (reader->field_depth) {
        feed_fields_inner_close(&reader->fields, reader->stack[depth - 1].local);
    } else if (reader->item_depth == depth) {
        feed_fields_close_item(&reader->fields);
        reader->feed->item_count++;
        reader->item_depth = 0;
    }
    reader->root_closed = reader->root_closed || reader->depth == 0;
}

static void on_start_element(void *context, const xmlChar *local, const xmlChar *prefix,
                             const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
                             int attribute_count, int defaulted, const xmlChar **attributes)
{
    (void)namespaces, (void)defaulted;
    struct reader *reader = context;
    struct feed_element element = {(const char *)local, (const char *)prefix, (const char *)uri,
                                   attributes, attribute_count};
    if (reader->failure.length)
        return;
    go_on(reader);
    if (reader->root_seen)
        reopen_root(reader);
    keep_in_step(reader, reader->depth);
    if (reader->depth == FEED_OPEN_MAX) {
        stop(reader, SPAN("elements are nested too deeply"));
        return;
    }
    struct span base = reader->depth ? reader->stack[reader->depth - 1].base : (struct span){0};
    struct span own_base = feed_attribute(reader->arena, &element, "xml", "base");
    if (!reader->depth && !own_base.length)
        own_base = feed_attribute(reader->arena, &element, NULL, "BASE"); /* of CDF */
    if (own_base.length)
        base = inner_base(reader, base, own_base);
    struct open_element *opened = &reader->stack[reader->depth++];
    *opened = (struct open_element){element.local, element.prefix, base, 0};
    kept_namespaces_open(&reader->namespaces, reader->parser, opened, reader->depth == 1,
                         namespace_count);
    reader->fields.base = base;
    reader->start_tags++;
    if (reader->depth == 1 || (reader->depth == 2 && feed_name_is(element.local, "channel")))
        feed_fields_open_around(&reader->fields, &element);
    if (reader->depth == 2 && reader->root_closed)
        open_further_root(reader, &element);
    if (!reader->root_seen)
        open_root(reader, &element);
    else if (!reader->item_depth && is_item(reader, &element))
        open_item(reader, &element);
    else if (reader->field_depth)
        feed_fields_inner_open(&reader->fields, &element);
    else {
        enum feed_place place = place_of(reader);
        if (place && feed_fields_open(&reader->fields, &element, place))
            reader->field_depth = reader->depth;
    }
    bool has_text = reader->field_depth == reader->depth && !feed_name_is(element.local, "link");
    if (feed_recovery_is_empty(reader->parser, has_text))
        pop(reader);
}

/* Closes those from `match` (1: the root) inwards; 0: none. */
static void close_elements(struct reader *reader, size_t match)
{
    while (match > 0 && reader->depth >= match)
        pop(reader);
}

/* The name of the end tag, which on_error() noted when it was not that of the innermost element,
 * tells what is closed: nothing when no such element is open. */
static void on_end_element(void *context, const xmlChar *local, const xmlChar *prefix,
                           const xmlChar *uri)
{
    (void)uri;
    struct reader *reader = context;
    size_t match = reader->depth;
    int open = reader->parser->nameNr;
    if (reader->failure.length)
        return;
    if (reader->end_tag.length)
        match = open_element_named(reader->stack, reader->depth, reader->end_tag);
    else
        while (match > 0 && !(same(reader->stack[match - 1].local, (const char *)local) &&
                              same(reader->stack[match - 1].prefix, (const char *)prefix)))
            match--;
    close_elements(reader, match);
    reader->end_tag = (struct span){NULL, 0};
    /* libxml2 takes away one more; behind the root's end it must believe that something is open. */
    if (reader->depth)
        keep_in_step(reader, reader->depth + 1);
    kept_namespaces_close(&reader->namespaces, reader->parser, open,
                          &reader->stack[reader->depth ? reader->depth - 1 : 0]);
}

static void on_text(void *context, const xmlChar *text, int length)
{
    struct reader *reader = context;
    const char *at = (const char *)text, *end = at + length;
    struct span piece;
    go_on(reader);
    if (!reader->failure.length)
        keep_in_step(reader, reader->depth);
    while (stand_in_next(reader->stand_ins, &at, end, &piece))
        if (reader->field_depth)
            feed_fields_text(&reader->fields, piece.data, piece.length);
}

static void on_entity_declared(void *context, const xmlChar *name, int type,
                               const xmlChar *public_id, const xmlChar *system_id, xmlChar *content)
{
    (void)public_id, (void)system_id;
    struct reader *reader = context;
    if (!feed_entities_declare(&reader->entities, (const char *)name, type, (const char *)content))
        stop(reader, SPAN("the document type declares too many entities"));
}

static bool is_in_attribute(const struct reader *reader)
{
    return reader->parser->instate == XML_PARSER_ATTRIBUTE_VALUE;
}

static void show_as_it_stands(struct reader *reader, const char *name)
{
    struct span shown = arena_printf(reader->arena, "&%.200s;", name);
    if (reader->field_depth)
        feed_fields_text(&reader->fields, shown.data, shown.length);
}

/* A feed that uses entities of its own which are not expanded says to its readers what cannot be
 * judged here. */
static xmlEntityPtr on_entity_asked(void *context, const xmlChar *xml_name)
{
    struct reader *reader = context;
    const char *name = (const char *)xml_name;
    xmlEntityPtr entity = xmlGetPredefinedEntity(xml_name);
    if (entity || reader->parser->inSubset)
        return entity;
    reader->needs_mending |= is_in_attribute(reader);
    switch (feed_entities_ask(&reader->entities, name, &entity)) {
    case FEED_ENTITY_UNKNOWN:
        show_as_it_stands(reader, name);
        break;
    case FEED_ENTITY_HTML:
        if (!reader->parser->hasExternalSubset && !reader->feed->recovered)
            note_error(
                reader, reader->parser->input->line,
                arena_printf(reader->arena, "the entity \"%.40s\" is HTML's, not XML's", name)
                    .data);
        break;
    case FEED_ENTITY_UNEXPANDED:
        stop(reader, arena_printf(reader->arena,
                                  "it uses the entity \"%.40s\" of its own document type, "
                                  "and such are not expanded",
                                  name));
        break;
    case FEED_ENTITY_DECLARED:
        break;
    }
    return reader->failure.length ? NULL : entity;
}

static void on_attribute_declared(void *context, const xmlChar *element, const xmlChar *name,
                                  int type, int default_kind, const xmlChar *default_value,
                                  xmlEnumerationPtr values)
{
    (void)element, (void)name, (void)type, (void)default_kind;
    struct reader *reader = context;
    xmlFreeEnumeration(values);
    if (default_value)
        stop(reader, SPAN("the document type gives default attributes, and such are not read"));
}

static void keep_bare_ampersand(struct reader *reader)
{
    struct span shown = feed_recovery_bare_name(reader->parser);
    if (reader->field_depth)
        feed_fields_text(&reader->fields, shown.data, shown.length);
}

static void on_error(void *context, xmlErrorPtr trouble)
{
    struct reader *reader = context;
    /* Prefixes that nothing declares are understood, and may be as many as elements. */
    bool is_prefix = trouble->code == XML_NS_ERR_UNDEFINED_NAMESPACE;
    if (is_prefix)
        note_error(reader, trouble->line, trouble->message);
    if (trouble->level < XML_ERR_ERROR || trouble->domain == XML_FROM_NAMESPACE)
        return;
    if (++reader->errors > ERRORS_MAX)
        stop(reader, arena_printf(reader->arena, "more than %u errors", ERRORS_MAX));
    if (trouble->code == XML_ERR_TAG_NAME_MISMATCH && trouble->str2) {
        struct span name = feed_recovery_end_name(reader->parser);
        reader->end_tag = arena_copy(reader->arena, name.length ? name : span_of(trouble->str2));
    }
    if (trouble->code == XML_ERR_INVALID_DEC_CHARREF ||
        trouble->code == XML_ERR_INVALID_HEX_CHARREF)
        reader->needs_mending = true;
    if (trouble->code == XML_ERR_ENTITYREF_SEMICOL_MISSING ||
        trouble->code == XML_ERR_NAME_REQUIRED) {
        reader->needs_mending |= is_in_attribute(reader);
        keep_bare_ampersand(reader);
    }
    note_error(reader, trouble->line, trouble->message);
}

static xmlParserCtxtPtr new_parser(struct reader *reader, struct span utf8)
{
    xmlParserCtxtPtr parser = xmlCreateMemoryParserCtxt(utf8.data, (int)utf8.length);
    if (!parser)
        return NULL;
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_RECOVER | XML_PARSE_NOERROR |
                                  XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
    *parser->sax = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start_element,
        .endElementNs = on_end_element,
        .characters = on_text,
        .cdataBlock = on_text,
        .getEntity = on_entity_asked,
        .entityDecl = on_entity_declared,
        .attributeDecl = on_attribute_declared,
        .serror = on_error,
    };
    parser->userData = reader;
    reader->parser = parser;
    return parser;
}

/* What libxml2 takes for something behind the document. */
static void read_on(struct reader *reader)
{
    while (!reader->failure.length &&
           feed_recovery_next_tag(reader->parser, reader->stack, &reader->namespaces)) {
        reopen_root(reader);
        struct span end_tag = feed_recovery_go_on(reader->parser);
        if (end_tag.length)
            close_elements(reader, open_element_named(reader->stack, reader->depth, end_tag));
    }
}

static bool parse(struct reader *reader, struct span utf8, struct error *error)
{
    xmlParserCtxtPtr parser = utf8.length ? new_parser(reader, utf8) : NULL;
    if (!parser)
        return error_set(error, ERROR_INPUT, "no XML at all");
    xmlParseDocument(parser);
    if (reader->root_seen)
        read_on(reader);
    struct feed *feed = reader->feed;
    if (reader->first_error.length)
        feed->trouble = reader->first_error;
    if (parser->myDoc)
        xmlFreeDoc(parser->myDoc);
    xmlFreeParserCtxt(parser);
    free(reader->fields.text);
    if (reader->failure.length)
        return error_set(error, ERROR_INPUT, "%.*s", SPAN_ARGS(reader->failure));
    if (!reader->root_seen)
        return error_set(error, ERROR_INPUT, "not XML: %.*s", SPAN_ARGS(feed->trouble));
    if (feed->recovered && !feed->item_count && !reader->root_closed)
        return error_set(error, ERROR_INPUT, "broken off before an item ended: %.*s",
                         SPAN_ARGS(feed->trouble));
    return true;
}

static struct reader *new_reader(struct arena *text_arena, struct feed *feed,
                                 struct stand_ins *stand_ins)
{
    struct reader *reader = arena_alloc(text_arena, sizeof *reader);
    reader->stack = arena_room(text_arena, FEED_OPEN_MAX * sizeof *reader->stack);
    reader->entities.arena = text_arena;
    reader->stand_ins = stand_ins;
    reader->arena = feed->arena;
    reader->feed = feed;
    reader->fields.feed = feed;
    return reader;
}

/* With long texts replaced: NULL when there was anything to complain of, which may be told and
 * treated otherwise than it were without. */
static struct reader *read_shorter(struct arena *text_arena, struct feed *feed, struct span utf8,
                                   struct stand_ins *stand_ins)
{
    struct span shorter = stand_ins_make(stand_ins, utf8, STAND_IN_XML);
    struct reader *reader = NULL;
    if (stand_ins->count) {
        reader = new_reader(text_arena, feed, stand_ins);
        if (!parse(reader, shorter, NULL) || reader->errors || reader->first_error.length ||
            reader->entities.expanded_bytes || !stand_ins_came_back(stand_ins))
            reader = NULL;
    }
    stand_ins_clear(stand_ins);
    return reader;
}

static bool read_xml(struct arena *text_arena, struct feed *feed, struct span utf8,
                     struct span address, struct error *error)
{
    const struct feed start = *feed;
    struct stand_ins stand_ins;
    if (xml_has_monstrous_tag(utf8))
        return error_set(error, ERROR_INPUT, "a tag with more than %u attributes",
                         XML_ATTRIBUTES_MAX);
    struct reader *reader = read_shorter(text_arena, feed, utf8, &stand_ins);
    bool good = reader != NULL;
    if (!good) {
        *feed = start;
        reader = new_reader(text_arena, feed, &stand_ins);
        good = parse(reader, utf8, error);
    }
    if (good && reader->needs_mending) {
        struct span_buffer mended = {0};
        struct span trouble = feed->trouble;
        feed_mend_references(utf8, feed_entities_find, &reader->entities, &mended);
        *feed = start;
        reader = new_reader(text_arena, feed, &stand_ins);
        good = parse(reader, span_buffer_span(&mended), error);
        span_buffer_free(&mended);
        feed->recovered = feed->recovered || trouble.length;
        feed->trouble = trouble;
    }
    if (!good)
        return false;
    feed_fields_finish(&reader->fields);
    feed_items_finish(feed, address);
    return true;
}

static struct span skip_to_start(struct feed *feed, struct span utf8)
{
    size_t start;
    feed_start_find(utf8, &start);
    feed->recovered = feed->recovered || start;
    if (start && !feed->trouble.length)
        feed->trouble = SPAN("something stands before its start");
    return (struct span){utf8.data + start, utf8.length - start};
}

struct feed *feed_read(struct span bytes, struct span address, struct error *error)
{
    return feed_read_served(bytes, address, (struct span){NULL, 0}, error);
}

struct feed *feed_read_served(struct span bytes, struct span address, struct span charset,
                              struct error *error)
{
    struct feed_encoding encoding;
    if (!span_trim(bytes).length) {
        error_set(error, ERROR_INPUT, "the input is empty");
        return NULL;
    }
    if (bytes.length > FEED_SIZE_LIMIT) {
        error_set(error, ERROR_INPUT, "larger than %u MiB", FEED_SIZE_LIMIT / (1024 * 1024));
        return NULL;
    }
    if (!feed_encoding_find(bytes, charset, &encoding, error))
        return NULL;
    xmlInitParser();
    struct arena *arena = arena_new();
    /* The text as UTF-8 is let go with its own arena once it is read. */
    struct arena *text_arena = arena_new();
    struct feed *feed = arena_alloc(arena, sizeof *feed);
    feed->arena = arena;
    feed->encoding = encoding;
    feed->encoding.declared = arena_copy(arena, encoding.declared);
    feed->encoding.said = arena_copy(arena, encoding.said);
    feed->encoding.charset = arena_copy(arena, encoding.charset);
    const char *trouble;
    struct span utf8 = span_trim(feed_encoding_to_utf8(text_arena, bytes, &encoding, &trouble));
    feed->recovered = trouble != NULL;
    feed->trouble = span_of(trouble);
    bool is_json = utf8.length && utf8.data[0] == '{';
    if (!is_json)
        utf8 = skip_to_start(feed, utf8);
    bool ok = is_json ? feed_json_read(feed, utf8, address, error)
                      : read_xml(text_arena, feed, utf8, address, error);
    arena_free(text_arena);
    if (ok)
        return feed;
    feed_free(feed);
    return NULL;
}

void feed_free(struct feed *feed)
{
    if (feed)
        arena_free(feed->arena);
}
