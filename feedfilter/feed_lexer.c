#include "feedfilter/feed_lexer.h"

#include "core/feed_start.h"
#include "feedfilter/feed_layout.h"
#include "feedfilter/feed_lexer_json.h"

struct lexer {
    const char *end; /* of layout.text */
    struct feed_layout layout;
    struct start_tag tag; /* the last one; its room is used again */
    struct error *error;
};

/* What a name may begin with, and what it may go on with. */
enum { NAME_START = 1, NAME_GOES_ON };
static const unsigned char names[256] = {
    ['a' ... 'z'] = NAME_START, ['A' ... 'Z'] = NAME_START,   ['_'] = NAME_START,
    [':'] = NAME_START,         [0x80 ... 0xff] = NAME_START, ['0' ... '9'] = NAME_GOES_ON,
    ['-'] = NAME_GOES_ON,       ['.'] = NAME_GOES_ON,
};

static bool is_name_start(char c)
{
    return names[(unsigned char)c] == NAME_START;
}

static bool is_name(char c)
{
    return names[(unsigned char)c];
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static const char *read_name(const char *at, const char *end, struct xml_name *name)
{
    const char *start = at;
    while (at < end && is_name(*at))
        at++;
    const char *colon = memchr(start, ':', (size_t)(at - start));
    bool prefixed = colon && colon > start && colon + 1 < at;
    *name = (struct xml_name){.local = {start, (size_t)(at - start)}};
    if (prefixed) {
        name->prefix = (struct span){start, (size_t)(colon - start)};
        name->local = (struct span){colon + 1, (size_t)(at - colon - 1)};
    }
    return at;
}

static bool name_equal(const struct xml_name *a, const struct xml_name *b)
{
    return span_equal(a->local, b->local) && span_equal(a->prefix, b->prefix);
}

static bool name_equal_nocase(const struct xml_name *a, const struct xml_name *b)
{
    return span_equal_nocase(a->local, b->local) && span_equal_nocase(a->prefix, b->prefix);
}

/* Behind the next `close` from `at` on; the end when there is none. */
static const char *skip_past(const char *at, const char *end, struct span close)
{
    const char *found = span_find_rare(at, end, close);
    return found ? found + close.length : end;
}

static bool looking_at(const char *at, const char *end, struct span what)
{
    return (size_t)(end - at) >= what.length && memcmp(at, what.data, what.length) == 0;
}

/* Behind a document type declaration; `at` stands behind "<!DOCTYPE". Literals, comments and
 * processing instructions may hold any bracket. */
static const char *skip_document_type(const char *at, const char *end)
{
    bool subset = false;
    while (at < end) {
        if (*at == '"' || *at == '\'') {
            const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
            at = close ? close + 1 : end;
        } else if (looking_at(at, end, SPAN("<!--"))) {
            at = skip_past(at + 4, end, SPAN("-->"));
        } else if (looking_at(at, end, SPAN("<?"))) {
            at = skip_past(at + 2, end, SPAN("?>"));
        } else if (*at == '>' && !subset) {
            return at + 1;
        } else {
            if (*at == '[')
                subset = true;
            else if (*at == ']')
                subset = false;
            at++;
        }
    }
    return end;
}

static void keep_attribute(struct lexer *lexer, const struct xml_name *name, struct span value)
{
    struct start_tag *tag = &lexer->tag;
    if (tag->attribute_count == tag->attribute_room) {
        struct xml_attribute *former = tag->attributes;
        tag->attribute_room = 2 * tag->attribute_room + 16;
        tag->attributes =
            arena_alloc(lexer->layout.arena, tag->attribute_room * sizeof *tag->attributes);
        if (tag->attribute_count)
            memcpy(tag->attributes, former, tag->attribute_count * sizeof *former);
    }
    tag->attributes[tag->attribute_count++] = (struct xml_attribute){.name = *name, .value = value};
}

/* Reads attributes up to the end of a start tag. `*closed`: it was "/>". Where the grammar breaks
 * (an unquoted value, a `<` in one) the tag ends there, as it does for libxml2; `*broken` says so.
 */
static const char *read_attributes(struct lexer *lexer, const char *at, bool *closed, bool *broken)
{
    const char *end = lexer->end;
    bool wanted = feed_layout_wants_attributes(&lexer->layout);
    *closed = *broken = false;
    lexer->tag.attribute_count = 0;
    for (;;) {
        at = skip_blanks(at, end);
        if (at < end && *at == '>')
            return at + 1;
        if (looking_at(at, end, SPAN("/>"))) {
            *closed = true;
            return at + 2;
        }
        *broken = true;
        if (at == end || !is_name_start(*at))
            return at;
        struct xml_name name;
        at = skip_blanks(read_name(at, end, &name), end);
        if (at == end || *at != '=')
            return at;
        at = skip_blanks(at + 1, end);
        if (at == end || (*at != '"' && *at != '\''))
            return at;
        const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
        if (!close || memchr(at, '<', (size_t)(close - at)))
            return at + 1;
        if (wanted)
            keep_attribute(lexer, &name, (struct span){at + 1, (size_t)(close - at - 1)});
        at = close + 1;
        if (at < end && !is_blank(*at) && *at != '>' && *at != '/')
            return at;
        *broken = false;
    }
}

/* The end of a start tag that is broken at `at`, as it looks to who writes behind it. */
static const char *end_of_broken_tag(const char *at, const char *end)
{
    const char *close = memchr(at, '>', (size_t)(end - at));
    return close && !memchr(at, '<', (size_t)(close - at)) ? close + 1 : at;
}

static bool read_start_tag(struct lexer *lexer, const char **at)
{
    struct start_tag *tag = &lexer->tag;
    bool closed, broken;
    if (lexer->layout.depth == FEED_DEPTH_MAX)
        return error_set(lexer->error, ERROR_INPUT, "elements are nested more than %u deep",
                         FEED_DEPTH_MAX);
    tag->start = *at;
    *at = read_name(*at + 1, lexer->end, &tag->name);
    *at = read_attributes(lexer, *at, &closed, &broken);
    if (broken && *at == lexer->end) /* cut off inside the tag: it opens nothing */
        return true;
    tag->end = broken ? end_of_broken_tag(*at, lexer->end) : *at;
    if (!feed_layout_open(&lexer->layout, tag))
        return error_set(lexer->error, ERROR_INPUT, "the root element is no feed's");
    if (closed)
        feed_layout_close(&lexer->layout, NULL, *at, true);
    return true;
}

static const char *read_end_tag(struct lexer *lexer, const char *start)
{
    struct feed_layout *layout = &lexer->layout;
    struct xml_name name;
    const char *at = skip_blanks(read_name(start + 2, lexer->end, &name), lexer->end);
    if (at < lexer->end && *at == '>')
        at++;
    size_t match = layout->depth;
    while (match > 0 && !name_equal(&layout->stack[match - 1].name, &name))
        match--;
    if (match == 0) /* letters of another size are forgiven where there is no better one */
        for (match = layout->depth; match > 0; match--)
            if (name_equal_nocase(&layout->stack[match - 1].name, &name))
                break;
    if (match == 0)
        return at;
    while (layout->depth > match)
        feed_layout_close(layout, start, at, false);
    feed_layout_close(layout, start, at, true);
    return at;
}

static const char *read_instruction(struct lexer *lexer, const char *start)
{
    const char *at = skip_past(start + 2, lexer->end, SPAN("?>"));
    struct feed_layout *layout = &lexer->layout;
    struct feed_stretch *declaration = &layout->ranges->declaration;
    if (!layout->start_tags && !declaration->end && looking_at(start, lexer->end, SPAN("<?xml")) &&
        start + 5 < lexer->end && is_blank(start[5]))
        *declaration = (struct feed_stretch){(size_t)(start - layout->text) * layout->unit_bytes,
                                             (size_t)(at - layout->text) * layout->unit_bytes};
    return at;
}

/* Reads what starts at the `<` at `at`. */
static bool read_markup(struct lexer *lexer, const char **at)
{
    const char *from = *at, *end = lexer->end;
    if (looking_at(from, end, SPAN("<!--")))
        *at = skip_past(from + 4, end, SPAN("-->"));
    else if (looking_at(from, end, SPAN("<![CDATA[")) && lexer->layout.start_tags > 0)
        *at = skip_past(from + 9, end, SPAN("]]>"));
    else if (looking_at(from, end, SPAN("<!DOCTYPE")) && lexer->layout.start_tags == 0)
        *at = skip_document_type(from + 9, end);
    else if (from + 2 < end && from[1] == '?' && is_name_start(from[2]))
        *at = read_instruction(lexer, from);
    else if (from + 2 < end && from[1] == '/' && is_name_start(from[2]))
        *at = read_end_tag(lexer, from);
    else if (from + 1 < end && is_name_start(from[1]))
        return read_start_tag(lexer, at);
    else
        *at = from + 1;
    return true;
}

bool feed_lex(struct arena *arena, struct span bytes, const struct feed_encoding *encoding,
              struct feed_ranges *ranges, struct error *error)
{
    struct span text = feed_encoding_project(arena, bytes, encoding);
    size_t mark = encoding->mark_bytes / encoding->unit_bytes;
    *ranges = (struct feed_ranges){.front = FEED_NOWHERE};
    if (feed_is_json((struct span){text.data + mark, text.length - mark}))
        return feed_lex_json(arena, text, encoding, ranges, error);
    struct lexer lexer = {
        .end = text.data + text.length,
        .error = error,
        .layout = {.arena = arena,
                   .bytes = bytes,
                   .text = text.data,
                   .unit_bytes = encoding->unit_bytes,
                   .stack = arena_room(arena, FEED_DEPTH_MAX * sizeof *lexer.layout.stack),
                   .bindings = arena_room(arena, FEED_BINDINGS_MAX * sizeof *lexer.layout.bindings),
                   .ranges = ranges},
    };
    size_t start;
    feed_start_find((struct span){text.data + mark, text.length - mark}, &start);
    const char *at = text.data + mark + start;
    while (at < lexer.end) {
        at = memchr(at, '<', (size_t)(lexer.end - at));
        if (!at)
            break;
        if (!read_markup(&lexer, &at))
            return false;
    }
    if (!lexer.layout.start_tags)
        return error_set(error, ERROR_INPUT, "no element at all");
    return feed_layout_settle(&lexer.layout, error);
}
