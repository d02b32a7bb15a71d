#include "admin/opml_read.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/feed_encoding.h"
#include "core/span_buffer.h"
#include "core/text.h"
#include "core/xml_text.h"
#include "store/memory.h"

#define DEPTH_MAX 256

struct reading {
    xmlParserCtxtPtr parser;
    bool (*visit)(void *context, const struct opml_outline *outline);
    void *context;
    bool in_opml, stopped;
    size_t depth;             /* of outlines */
    char *folders[DEPTH_MAX]; /* of those around; empty: it is a feed */
    char trouble[300];        /* the first */
};

static void stop(struct reading *reading, const char *what)
{
    if (!*reading->trouble && !reading->stopped)
        snprintf(reading->trouble, sizeof reading->trouble, "line %d: %s",
                 xmlSAX2GetLineNumber(reading->parser), what);
    xmlStopParser(reading->parser);
}

/* The attributes of a tag as libxml2 has them: name, prefix, namespace, start and end of the value.
 */
struct attributes {
    const xmlChar **five;
    size_t count;
};

/* One line, without blanks at its ends and of bounded length. */
static char *clean(struct span text, size_t most)
{
    struct span trimmed = span_cut(span_trim(text), most);
    char *copy = memory_copy(trimmed.data, trimmed.length);
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    return copy;
}

/* Names in OPML are written in any case. No data: there is none of that name. */
static struct span attribute(const struct attributes *attributes, const char *name)
{
    for (size_t i = 0; i < attributes->count; i++) {
        const xmlChar **own = attributes->five + 5 * i;
        if (!strcasecmp((const char *)own[0], name))
            return (struct span){(const char *)own[3], (size_t)(own[4] - own[3])};
    }
    return (struct span){NULL, 0};
}

static char *title_of(const struct attributes *attributes)
{
    char *title = clean(attribute(attributes, "title"), OPML_TEXT_MAX);
    if (*title)
        return title;
    free(title);
    return clean(attribute(attributes, "text"), OPML_TEXT_MAX);
}

/* "/News/Science,/Reading" is two of them (OPML 2.0); the first one counts. */
static char *own_category(const struct attributes *attributes)
{
    struct span given = span_trim(attribute(attributes, "category"));
    const char *comma = given.length ? memchr(given.data, ',', given.length) : NULL;
    if (comma)
        given.length = (size_t)(comma - given.data);
    while (given.length && *given.data == '/')
        given.data++, given.length--;
    return clean(given, OPML_TEXT_MAX);
}

static char *category_of(const struct reading *reading, const struct attributes *attributes)
{
    char text[OPML_TEXT_MAX + 1] = "";
    size_t length = 0;
    for (size_t i = 0; i < reading->depth; i++) {
        const char *folder = reading->folders[i];
        size_t more = strlen(folder);
        if (!more || length + more + 1 >= sizeof text)
            continue;
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length ? "/" : "",
                                   folder);
    }
    return length ? memory_text(text) : own_category(attributes);
}

static bool is_feed_type(struct span type)
{
    static const char *const types[] = {"rss", "atom", "rss1", "rss2", "feed", "include"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (span_equal_nocase(type, span_of(types[i])))
            return true;
    return false;
}

static void begin_feed(struct reading *reading, const struct attributes *attributes,
                       const char *title)
{
    char *category = category_of(reading, attributes);
    char *url = clean(attribute(attributes, "xmlUrl"), SIZE_MAX);
    const struct opml_outline outline = {.line = xmlSAX2GetLineNumber(reading->parser),
                                         .url = *url ? url : NULL,
                                         .title = title,
                                         .category = category};
    if (!reading->visit(reading->context, &outline)) {
        reading->stopped = true;
        xmlStopParser(reading->parser);
    }
    free(url);
    free(category);
}

/* A feed is visited; what else is an outline may be a folder, whose name is pushed. */
static void begin_outline(struct reading *reading, const struct attributes *attributes)
{
    if (reading->depth == DEPTH_MAX) {
        stop(reading, "outlines are nested too deep");
        return;
    }
    char *title = title_of(attributes);
    if (attribute(attributes, "xmlUrl").data || is_feed_type(attribute(attributes, "type"))) {
        begin_feed(reading, attributes, title);
        *title = '\0';
    }
    for (char *c = title; *c; c++)
        if (*c == '/')
            *c = '-';
    reading->folders[reading->depth++] = title;
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix,
                     const xmlChar *namespace, int namespace_count, const xmlChar **namespaces,
                     int count, int defaulted_count, const xmlChar **five)
{
    struct reading *reading = context;
    const struct attributes attributes = {five, (size_t)count};
    (void)prefix, (void)namespace, (void)namespace_count, (void)namespaces, (void)defaulted_count;
    if (*reading->trouble || reading->stopped)
        return;
    if (!reading->in_opml && strcasecmp((const char *)name, "opml") != 0) {
        stop(reading, "this is no OPML: its first tag is another one");
        return;
    }
    reading->in_opml = true;
    if (!strcasecmp((const char *)name, "outline"))
        begin_outline(reading, &attributes);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix,
                   const xmlChar *namespace)
{
    struct reading *reading = context;
    (void)prefix, (void)namespace;
    if (!strcasecmp((const char *)name, "outline") && reading->depth)
        free(reading->folders[--reading->depth]);
}

static void on_entity(void *context, const xmlChar *name, int type, const xmlChar *public_id,
                      const xmlChar *system_id, xmlChar *content)
{
    (void)name, (void)type, (void)public_id, (void)system_id, (void)content;
    stop(context, "it declares entities, which no OPML needs");
}

static void on_error(void *context, xmlErrorPtr trouble)
{
    struct reading *reading = context;
    struct span what = span_trim(span_of(trouble->message ? trouble->message : "not XML"));
    if (*reading->trouble || reading->stopped || trouble->level < XML_ERR_ERROR)
        return;
    snprintf(reading->trouble, sizeof reading->trouble, "line %d: %.*s", trouble->line,
             (int)(what.length < 200 ? what.length : 200), what.data);
    for (char *c = reading->trouble; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
}

static bool parse(struct reading *reading, struct span utf8, struct error *error)
{
    xmlInitParser();
    reading->parser = xmlCreateMemoryParserCtxt(utf8.data, (int)utf8.length);
    if (!reading->parser)
        return error_set(error, ERROR_INPUT, "line 1: there is nothing in it");
    /* NOENT has "&amp;" mean "&"; other entities are never declared, see on_entity(). */
    xmlCtxtUseOptions(reading->parser, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR |
                                           XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
    *reading->parser->sax = (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
                                            .startElementNs = on_start,
                                            .endElementNs = on_end,
                                            .entityDecl = on_entity,
                                            .serror = on_error};
    reading->parser->userData = reading;
    xmlParseDocument(reading->parser);
    if (reading->parser->myDoc)
        xmlFreeDoc(reading->parser->myDoc);
    xmlFreeParserCtxt(reading->parser);
    while (reading->depth)
        free(reading->folders[--reading->depth]);
    if (*reading->trouble)
        return error_set(error, ERROR_INPUT, "%s", reading->trouble);
    return reading->stopped || reading->in_opml ||
           error_set(error, ERROR_INPUT, "line 1: there is no OPML in it");
}

/* Behind the '&': whether a reference is there that XML knows by itself (XML 1.0, 4.1 and 4.6).
 * HTML's names are none, unlike in feeds (core/feed_mend.h): "&copy;" may be of a URL's query. */
static bool is_reference(struct span text)
{
    static const struct span names[] = {
        {"amp;", 4}, {"lt;", 3}, {"gt;", 3}, {"quot;", 5}, {"apos;", 5}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_starts(text, names[i]))
            return true;
    if (!span_starts(text, SPAN("#")))
        return false;
    bool hex = span_starts(text, SPAN("#x"));
    size_t first = hex ? 2 : 1, at = first;
    while (at < text.length &&
           (hex ? isxdigit((unsigned char)text.data[at]) : isdigit((unsigned char)text.data[at])))
        at++;
    return at > first && at < text.length && text.data[at] == ';';
}

static int line_of(struct span text, const char *at)
{
    int line = 1;
    for (const char *end = text.data; (end = memchr(end, '\n', (size_t)(at - end))); end++)
        line++;
    return line;
}

/* Adds the text to `out`, with each '&' that stands for itself as "&amp;". */
static void escape_raw(struct span text, struct span_buffer *out, int *raw_line)
{
    const char *end = text.data + text.length, *added = text.data, *at = text.data;
    while (at < end) {
        struct span rest = {at, (size_t)(end - at)};
        size_t opaque = *at == '<' ? xml_opaque_length(rest) : 0;
        at += opaque ? opaque : 1;
        if (*rest.data != '&' || is_reference((struct span){at, (size_t)(end - at)}))
            continue;
        span_buffer_add(out, (struct span){added, (size_t)(at - added)});
        span_buffer_text(out, "amp;");
        added = at;
        if (!*raw_line)
            *raw_line = line_of(text, rest.data);
    }
    span_buffer_add(out, (struct span){added, (size_t)(end - added)});
}

bool opml_read(struct span bytes, bool (*visit)(void *context, const struct opml_outline *outline),
               void *context, int *raw_line, struct error *error)
{
    *raw_line = 0;
    struct feed_encoding encoding;
    const char *trouble;
    if (bytes.length > OPML_BYTES_MAX)
        return error_set(error, ERROR_INPUT, "line 1: it is larger than %zu MiB",
                         OPML_BYTES_MAX >> 20);
    if (!span_trim(bytes).length)
        return error_set(error, ERROR_INPUT, "line 1: it is empty");
    struct error why = {0};
    if (!feed_encoding_find(bytes, (struct span){NULL, 0}, &encoding, &why))
        return error_set(error, ERROR_INPUT, "line 1: %s", why.message);
    struct arena *arena = arena_new();
    struct span utf8 = feed_encoding_to_utf8(arena, bytes, &encoding, &trouble);
    struct reading *reading = memory_new(sizeof *reading);
    reading->visit = visit;
    reading->context = context;
    struct span_buffer escaped = {0};
    bool good;
    if (xml_has_monstrous_tag(utf8)) {
        good = error_set(error, ERROR_INPUT, "line 1: a tag in it has more than %u attributes",
                         XML_ATTRIBUTES_MAX);
    } else {
        escape_raw(utf8, &escaped, raw_line);
        good = parse(reading, span_buffer_span(&escaped), error);
    }
    span_buffer_free(&escaped);
    free(reading);
    arena_free(arena);
    return good;
}
