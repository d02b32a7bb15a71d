#include "core/html.h"

#include "core/html_style.h"
#include "core/html_tags.h"
#include "core/html_text.h"
#include "core/stand_in.h"
#include "core/text.h"

#include <libxml/HTMLparser.h>
#include <libxml/dict.h>
#include <pthread.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define SIZE_MAX_BYTES (2u << 20)
#define DEPTH_MAX 256
#define DEPTH_KEPT 64 /* of the innermost elements, when the stack is full */
#define LINK_TEXT_MAX 500
#define STRUCTURES_MAX 1000
#define SHORT_VALUE_MAX 24
#define SEEN_SLOTS 2048 /* a power of two, twice STRUCTURES_MAX */
#define TAG_CACHE 64
#define NAMES_MAX_BYTES 4000
#define ERRORS_MAX 200000 /* each costs a microsecond or two, though nobody reads it */

/* An open element. */
struct frame {
    enum html_tag tag;
    int32_t colour, background;
    bool gone, invisible, tiny, indented, dropped; /* see html_style.h; inherited */
    bool hidden;                                   /* what all that comes to */
};

/* A tag that was noted. */
struct known_tag {
    const xmlChar *pointer; /* libxml2 keeps one copy of each name */
    struct span name;       /* that */
    enum html_tag tag;
};

struct reader {
    struct document *document;
    htmlParserCtxtPtr parser;
    struct stand_ins stand_ins; /* of what is parsed */
    struct html_text text;
    struct frame frames[DEPTH_MAX];
    int depth;
    unsigned errors;
    bool has_sheet;            /* colours may come from elsewhere */
    int link_depth;            /* of the <a> that is being read; 0: none */
    struct span url;           /* its target */
    size_t link_start;         /* where its text starts */
    bool link_hidden;          /* nobody sees it */
    uint32_t seen[SEEN_SLOTS]; /* hashes of the structures there are */
    struct known_tag tags[TAG_CACHE];
};

/* Notes a structure unless it is known; `name` is lent. */
static void add_structure(struct reader *reader, enum structure_kind kind, struct span name)
{
    struct document *document = reader->document;
    uint32_t hash = (uint32_t)XXH3_64bits_withSeed(name.data, name.length, kind) | 1;
    size_t slot = hash / 2 % SEEN_SLOTS;
    while (reader->seen[slot] && reader->seen[slot] != hash)
        slot = (slot + 1) % SEEN_SLOTS;
    if (reader->seen[slot] || document->structure_count >= STRUCTURES_MAX)
        return;
    reader->seen[slot] = hash;
    document->structures = arena_grow(document->arena, document->structures,
                                      document->structure_count, sizeof *document->structures);
    document->structures[document->structure_count++] =
        (struct structure){kind, arena_copy(document->arena, name)};
}

/* "td width=600" */
static void add_attribute(struct reader *reader, struct span tag, struct span name,
                          struct span value)
{
    char text[256];
    if (value.length > SHORT_VALUE_MAX || tag.length + name.length > 200)
        return;
    char *at = mempcpy(text, tag.data, tag.length);
    *at++ = ' ';
    at = mempcpy(at, name.data, name.length);
    *at++ = '=';
    for (size_t i = 0; i < value.length; i++) {
        char c = value.data[i];
        *at++ = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    add_structure(reader, STRUCTURE_ATTRIBUTE, (struct span){text, (size_t)(at - text)});
}

static const struct known_tag *tag_of(struct reader *reader, const xmlChar *name)
{
    struct known_tag *known = &reader->tags[XXH64(&name, sizeof name, 0) % TAG_CACHE];
    if (known->pointer != name) {
        known->pointer = name;
        known->name = span_of((const char *)name);
        known->tag = html_tag((const char *)name);
        add_structure(reader, STRUCTURE_TAG, known->name);
    }
    return known;
}

/* Attributes that more than one element's reading needs. */
struct attributes {
    struct span href, action, alt;
    bool has_href;
};

static void read_attribute(const struct frame *frame, struct html_style *style,
                           struct attributes *attributes, struct span name, struct span value)
{
    if (span_equal(name, SPAN("style"))) {
        html_style_read(value, style);
    } else if (span_equal(name, SPAN("href"))) {
        attributes->href = value;
        attributes->has_href = value.length > 0;
    } else if (span_equal(name, SPAN("action"))) {
        attributes->action = value;
    } else if (span_equal(name, SPAN("alt"))) {
        attributes->alt = value;
    } else if (span_equal(name, SPAN("hidden"))) {
        style->gone = true;
    } else if (span_equal(name, SPAN("bgcolor"))) {
        style->background = html_colour(value);
    } else if (span_equal(name, SPAN("background"))) {
        style->background = COLOUR_UNKNOWN;
    } else if ((frame->tag == HTML_FONT && span_equal(name, SPAN("color"))) ||
               (frame->tag == HTML_BODY && span_equal(name, SPAN("text")))) {
        style->colour = html_colour(value);
    } else if (frame->tag == HTML_FONT && span_equal(name, SPAN("size"))) {
        style->font_size = SAID_VISIBLE;
    }
}

static bool inherit(enum said now, bool inherited)
{
    return now == SAID_NOTHING ? inherited : now == SAID_HIDDEN;
}

static void apply_style(struct reader *reader, struct frame *frame, const struct html_style *style)
{
    frame->gone |= style->gone;
    frame->invisible = inherit(style->visibility, frame->invisible);
    frame->tiny = inherit(style->font_size, frame->tiny);
    frame->indented = inherit(style->indent, frame->indented);
    if (style->background != COLOUR_UNSET)
        frame->background = style->background;
    if (style->colour != COLOUR_UNSET)
        frame->colour = style->colour;
    else if (frame->tag == HTML_ANCHOR)
        frame->colour = COLOUR_UNKNOWN; /* links are blue, or as a sheet says */
    int32_t page = reader->has_sheet ? COLOUR_UNKNOWN : 0xFFFFFF;
    int32_t background = frame->background == COLOUR_DEFAULT ? page : frame->background;
    frame->hidden = frame->gone || frame->invisible || frame->tiny || frame->indented ||
                    html_colours_alike(frame->colour, background);
}

static void add_link(struct reader *reader, struct span url, struct span text, bool hidden)
{
    struct document *document = reader->document;
    size_t before = document->link_count;
    document_add_link(document, url, text, true);
    if (document->link_count > before)
        document->links[before].hidden = hidden;
}

/* What was read since the link's start, on one line. */
static struct span link_text(struct reader *reader)
{
    struct span read = {reader->text.data + reader->link_start,
                        reader->text.length - reader->link_start};
    struct span text = span_cut(span_trim(read), LINK_TEXT_MAX);
    if (!memchr(text.data, '\n', text.length) && !memchr(text.data, '\t', text.length))
        return text;
    char *copy = arena_text(reader->document->arena, text.length);
    for (size_t i = 0; i < text.length; i++)
        copy[i] = text.data[i] == '\n' || text.data[i] == '\t' ? ' ' : text.data[i];
    return (struct span){copy, text.length};
}

static void close_link(struct reader *reader)
{
    if (reader->link_depth)
        add_link(reader, reader->url, link_text(reader), reader->link_hidden);
    reader->link_depth = 0;
}

/* A link inside a link ends the outer one, as it does in browsers. */
static void open_link(struct reader *reader, struct span url, bool hidden)
{
    close_link(reader);
    reader->link_hidden = hidden;
    reader->link_depth = reader->depth;
    reader->url = arena_copy(reader->document->arena, url);
    reader->link_start = reader->text.length;
}

static void break_for(struct reader *reader, enum html_tag tag)
{
    if (tag == HTML_BLOCK || tag == HTML_BREAK || tag == HTML_FORM || tag == HTML_BODY)
        html_text_break(&reader->text, '\n');
    else if (tag == HTML_CELL)
        html_text_break(&reader->text, '\t');
}

static void show(struct reader *reader, struct span text)
{
    const struct frame *frame = reader->depth ? &reader->frames[reader->depth - 1] : NULL;
    if (frame && frame->dropped)
        return;
    if (frame && frame->hidden)
        html_text_hide(&reader->text, text.data, text.length);
    else
        html_text_add(&reader->text, text.data, text.length, reader->link_depth > 0);
}

static void use_element(struct reader *reader, struct frame *frame,
                        const struct attributes *attributes)
{
    struct arena *arena = reader->document->arena;
    switch (frame->tag) {
    case HTML_ANCHOR:
        if (attributes->has_href)
            open_link(reader, attributes->href, frame->hidden);
        break;
    case HTML_AREA:
        if (attributes->has_href)
            add_link(reader, arena_copy(arena, attributes->href),
                     arena_copy(arena, attributes->alt), frame->hidden);
        break;
    case HTML_FORM:
        if (attributes->action.length)
            add_link(reader, arena_copy(arena, attributes->action), SPAN(""), frame->hidden);
        break;
    case HTML_IMAGE:
        html_text_break(&reader->text, ' ');
        if (attributes->alt.length)
            show(reader, attributes->alt);
        html_text_break(&reader->text, ' ');
        break;
    case HTML_SHEET:
    case HTML_DROPPED:
        reader->has_sheet |= frame->tag == HTML_SHEET;
        frame->dropped = true;
        break;
    default:
        break;
    }
}

/* Makes room on a full stack, in the parser's and in ours: elements deeper than this are made by
 * nobody for readers, and libxml2 searches its stack from end to end for each stray end tag. The
 * outermost two are html and body, without which it would begin them anew. */
static bool cut_stack(struct reader *reader)
{
    htmlParserCtxtPtr parser = reader->parser;
    if (parser->nameNr != reader->depth + 1)
        return false;
    int from = reader->depth - DEPTH_KEPT, dropped = from - 2;
    if (reader->link_depth > from)
        reader->link_depth -= dropped;
    else if (reader->link_depth > 2)
        close_link(reader);
    memmove(&reader->frames[2], &reader->frames[from], DEPTH_KEPT * sizeof *reader->frames);
    memmove(&parser->nameTab[2], &parser->nameTab[from],
            (size_t)(parser->nameNr - from) * sizeof *parser->nameTab);
    parser->nameNr -= dropped;
    reader->depth -= dropped;
    return true;
}

static void start_element(void *context, const xmlChar *name, const xmlChar **list)
{
    struct reader *reader = context;
    if (reader->depth == DEPTH_MAX && !cut_stack(reader)) {
        reader->document->truncated = true;
        xmlStopParser(reader->parser);
        return;
    }
    static const struct frame root = {.colour = COLOUR_UNKNOWN, .background = COLOUR_DEFAULT};
    struct frame *frame = &reader->frames[reader->depth];
    *frame = reader->depth ? reader->frames[reader->depth - 1] : root;
    reader->depth++;
    const struct known_tag *known = tag_of(reader, name);
    frame->tag = known->tag;
    struct html_style style = {.colour = COLOUR_UNSET, .background = COLOUR_UNSET};
    struct attributes attributes = {.has_href = false};
    for (; list && *list; list += 2) {
        struct span attribute = span_of((const char *)list[0]);
        struct span value =
            stand_in_value(&reader->stand_ins, list[1] ? span_of((const char *)list[1]) : SPAN(""));
        add_attribute(reader, known->name, attribute, value);
        read_attribute(frame, &style, &attributes, attribute, value);
    }
    apply_style(reader, frame, &style);
    break_for(reader, frame->tag);
    reader->document->html.pictures += frame->tag == HTML_IMAGE;
    use_element(reader, frame, &attributes);
}

/* Behind </html> libxml2 would read nothing more, though browsers show it all: it is told that the
 * element is open twice, so that one of it stays. */
static bool keep_document_open(struct reader *reader)
{
    htmlParserCtxtPtr parser = reader->parser;
    if (parser->nameNr != 1 || parser->nameMax < 2)
        return false;
    parser->nameTab[parser->nameNr++] = parser->nameTab[0];
    return true;
}

static void end_element(void *context, const xmlChar *name)
{
    struct reader *reader = context;
    if (reader->depth == 0 || (name && keep_document_open(reader)))
        return;
    if (reader->depth == reader->link_depth)
        close_link(reader);
    break_for(reader, reader->frames[--reader->depth].tag);
}

static void characters(void *context, const xmlChar *text, int length)
{
    struct reader *reader = context;
    const char *at = (const char *)text, *end = at + length;
    struct span piece;
    while (stand_in_next(&reader->stand_ins, &at, end, &piece))
        show(reader, piece);
}

/* The content of script and style. */
static void ignore_block(void *context, const xmlChar *text, int length)
{
    struct reader *reader = context;
    const char *at = (const char *)text, *end = at + length;
    struct span piece;
    while (stand_in_next(&reader->stand_ins, &at, end, &piece))
        continue;
}

static void count_error(void *context, xmlErrorPtr error)
{
    struct reader *reader = context;
    if (reader->parser && error->code == XML_ERR_NAME_REQUIRED)
        stand_ins_no_name_at(&reader->stand_ins, (const char *)reader->parser->input->cur);
    if (++reader->errors < ERRORS_MAX || !reader->parser)
        return;
    reader->document->truncated = true;
    xmlStopParser(reader->parser);
}

/* libxml2 compares each attribute of a tag with all before it, so a tag of a megabyte would take
 * minutes; but it keeps one copy of each name, and of those it takes only so many bytes here. What
 * text is read from must be among them, whatever comes first. */
static void bound_names(htmlParserCtxtPtr parser)
{
    static const char *const attributes[] = {"href", "action",     "alt",   "style", "hidden",
                                             "text", "background", "color", "size",  "bgcolor"};
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        xmlDictLookup(parser->dict, (const xmlChar *)attributes[i], -1);
    const char *name;
    for (size_t i = 0; (name = html_tag_name(i)); i++)
        xmlDictLookup(parser->dict, (const xmlChar *)name, -1);
    xmlDictSetLimit(parser->dict, NAMES_MAX_BYTES);
}

static void parse(struct reader *reader, struct span markup, bool many_names)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, xmlInitParser);
    htmlSAXHandler handler = {
        .startElement = start_element,
        .endElement = end_element,
        .characters = characters,
        .ignorableWhitespace = characters,
        .cdataBlock = ignore_block,
        .serror = count_error,
        .initialized = XML_SAX2_MAGIC,
    };
    reader->parser =
        htmlCreatePushParserCtxt(&handler, reader, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (!reader->parser) {
        reader->document->truncated = true;
        return;
    }
    htmlCtxtUseOptions(reader->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
                                           HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                                           HTML_PARSE_IGNORE_ENC);
    reader->parser->sax->serror = count_error;
    if (many_names)
        bound_names(reader->parser);
    /* In one piece: between pieces libxml2 searches for the end of what is open. */
    htmlParseChunk(reader->parser, markup.data, (int)markup.length, 1);
    htmlFreeParserCtxt(reader->parser);
}

static void add_shape(struct document *document, const struct html_text *text)
{
    if (text->longest > document->html.hidden)
        document->html.hidden_sample =
            arena_copy(document->arena, (struct span){text->sample, text->sample_length});
    document->html.visible += text->visible;
    document->html.inside_links += text->inside_links;
    document->html.hidden += text->hidden;
}

/* `room` is for the text. */
static void read_markup(struct reader *reader, struct span markup, struct span utf8,
                        struct span room)
{
    reader->text.data = (char *)room.data;
    reader->text.room = room.length;
    parse(reader, markup, utf8.length > NAMES_MAX_BYTES);
    while (reader->depth)
        end_element(reader, NULL);
    html_text_finish(&reader->text);
}

void html_read(struct document *document, struct span utf8)
{
    if (utf8.length > SIZE_MAX_BYTES) {
        utf8.length = SIZE_MAX_BYTES;
        document->truncated = true;
    }
    if (utf8.length == 0)
        return;
    struct reader reader = {.document = document};
    const struct document before = *document;
    /* Nothing in HTML is shorter than what comes out of it; an implied element may add a break. */
    size_t most = utf8.length + 64;
    struct span room = {arena_text(document->arena, most), most};
    struct span shorter = stand_ins_make(&reader.stand_ins, utf8, STAND_IN_HTML);
    read_markup(&reader, shorter, utf8, room);
    bool came_back = stand_ins_came_back(&reader.stand_ins);
    stand_ins_clear(&reader.stand_ins);
    if (!came_back) {
        *document = before;
        reader = (struct reader){.document = document};
        read_markup(&reader, utf8, utf8, room);
    }
    if (reader.text.length)
        document_add_text(document, TEXT_BODY, (struct span){reader.text.data, reader.text.length},
                          true);
    add_shape(document, &reader.text);
}
