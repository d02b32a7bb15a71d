#include "feedfilter/feed_lexer.h"

#include <stdint.h>

/* Open elements at most; libxml2 stops at 256, broken start tags may add some. */
#define DEPTH_MAX 512u
/* Namespace declarations kept: those of the root, the channel and one item. */
#define BINDINGS_MAX 192u
/* Below this depth nothing can be an item. */
#define ITEM_DEPTH_MAX 2u

enum format { FORMAT_NONE, FORMAT_RSS, FORMAT_RDF, FORMAT_ATOM };

struct name {
    struct span prefix, local;
};

struct open_element {
    struct name name;
    size_t item; /* 1 + index of the range that this element is; 0: no item */
};

struct binding {
    size_t depth; /* of the element that declares it */
    struct span prefix, uri;
};

struct lexer {
    struct arena *arena;
    const char *text, *end; /* one byte per unit */
    size_t unit_bytes;
    enum format format;
    struct name root;
    struct span root_uri;
    bool root_closed;
    size_t start_tags;
    struct open_element stack[DEPTH_MAX];
    size_t depth;
    struct binding bindings[BINDINGS_MAX];
    size_t binding_count;
    struct feed_ranges *ranges;
    size_t unfinished; /* items that something else closed, or that are open at the end */
    struct error *error;
};

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (unsigned char)c >= 0x80;
}

static bool is_name(char c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
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

static const char *read_name(const char *at, const char *end, struct name *name)
{
    const char *start = at;
    while (at < end && is_name(*at))
        at++;
    const char *colon = memchr(start, ':', (size_t)(at - start));
    bool prefixed = colon && colon > start && colon + 1 < at;
    *name = (struct name){.local = {start, (size_t)(at - start)}};
    if (prefixed) {
        name->prefix = (struct span){start, (size_t)(colon - start)};
        name->local = (struct span){colon + 1, (size_t)(at - colon - 1)};
    }
    return at;
}

static bool name_equal(const struct name *a, const struct name *b)
{
    return span_equal(a->local, b->local) && span_equal(a->prefix, b->prefix);
}

/* Behind the next `close` from `at` on; the end when there is none. */
static const char *skip_past(const char *at, const char *end, struct span close)
{
    const char *found = memmem(at, (size_t)(end - at), close.data, close.length);
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

static void bind(struct lexer *lexer, const struct name *attribute, struct span value)
{
    struct span prefix = {NULL, 0};
    if (span_equal(attribute->prefix, SPAN("xmlns")))
        prefix = attribute->local;
    else if (attribute->prefix.length || !span_equal(attribute->local, SPAN("xmlns")))
        return;
    if (lexer->binding_count == BINDINGS_MAX)
        return;
    lexer->bindings[lexer->binding_count++] =
        (struct binding){.depth = lexer->depth, .prefix = prefix, .uri = value};
}

/* The innermost namespace bound to `prefix`; empty: none. */
static struct span resolve(const struct lexer *lexer, struct span prefix)
{
    for (size_t i = lexer->binding_count; i > 0; i--)
        if (span_equal(lexer->bindings[i - 1].prefix, prefix))
            return lexer->bindings[i - 1].uri;
    return (struct span){NULL, 0};
}

/* Reads attributes up to the end of a start tag. `*closed`: it was "/>". Where the grammar breaks
 * (an unquoted value, a `<` in one) the tag ends there, as it does for libxml2; `*broken` says so.
 */
static const char *read_attributes(struct lexer *lexer, const char *at, bool *closed, bool *broken)
{
    const char *end = lexer->end;
    *closed = *broken = false;
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
        struct name name;
        at = skip_blanks(read_name(at, end, &name), end);
        if (at == end || *at != '=')
            return at;
        at = skip_blanks(at + 1, end);
        if (at == end || (*at != '"' && *at != '\''))
            return at;
        const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
        if (!close || memchr(at, '<', (size_t)(close - at)))
            return at + 1;
        if (lexer->depth <= ITEM_DEPTH_MAX)
            bind(lexer, &name, (struct span){at + 1, (size_t)(close - at - 1)});
        at = close + 1;
        if (at < end && !is_blank(*at) && *at != '>' && *at != '/')
            return at;
        *broken = false;
    }
}

static bool open_root(struct lexer *lexer, const struct name *name)
{
    if (span_equal(name->local, SPAN("rss")))
        lexer->format = FORMAT_RSS;
    else if (span_equal(name->local, SPAN("RDF")))
        lexer->format = FORMAT_RDF;
    else if (span_equal(name->local, SPAN("feed")))
        lexer->format = FORMAT_ATOM;
    else
        return error_set(lexer->error, ERROR_INPUT, "the root element is no feed's");
    lexer->root = *name;
    lexer->root_uri = resolve(lexer, name->prefix);
    return true;
}

/* Whether a start tag whose declarations are bound opens an item; lexer->depth is its depth. */
static bool is_item(const struct lexer *lexer, const struct name *name)
{
    struct span wanted = lexer->format == FORMAT_ATOM ? SPAN("entry") : SPAN("item");
    if (!span_equal(name->local, wanted))
        return false;
    bool in_root = lexer->depth == 1;
    bool in_channel = lexer->format != FORMAT_ATOM && lexer->depth == 2 &&
                      span_equal(lexer->stack[1].name.local, SPAN("channel"));
    if (!in_root && !in_channel)
        return false;
    struct span uri = resolve(lexer, name->prefix);
    if (lexer->format == FORMAT_RDF) /* the root's namespace is RDF's, not that of RSS */
        return true;
    if (uri.length || lexer->root_uri.length)
        return span_equal(uri, lexer->root_uri) ||
               (lexer->format == FORMAT_RSS && !uri.length && !name->prefix.length);
    return span_equal(name->prefix, lexer->root.prefix);
}

static void pop(struct lexer *lexer, const char *after, bool own_end_tag)
{
    struct open_element *element = &lexer->stack[--lexer->depth];
    if (element->item && own_end_tag)
        lexer->ranges->ranges[element->item - 1].end =
            (size_t)(after - lexer->text) * lexer->unit_bytes;
    else if (element->item)
        lexer->unfinished++;
    while (lexer->binding_count && lexer->bindings[lexer->binding_count - 1].depth >= lexer->depth)
        lexer->binding_count--;
    lexer->root_closed = lexer->depth == 0;
}

static bool read_start_tag(struct lexer *lexer, const char **at)
{
    const char *start = *at;
    if (lexer->depth == DEPTH_MAX)
        return error_set(lexer->error, ERROR_INPUT, "elements are nested more than %u deep",
                         DEPTH_MAX);
    struct name name;
    bool closed, broken;
    const char *after = read_name(start + 1, lexer->end, &name);
    after = read_attributes(lexer, after, &closed, &broken);
    if (broken && after == lexer->end) { /* cut off inside the tag: it opens nothing */
        *at = after;
        return true;
    }
    lexer->start_tags++;
    if (lexer->depth == 0 && !open_root(lexer, &name))
        return false;
    struct open_element *element = &lexer->stack[lexer->depth];
    *element = (struct open_element){.name = name};
    if (lexer->depth > 0 && lexer->depth <= ITEM_DEPTH_MAX && is_item(lexer, &name)) {
        struct feed_ranges *found = lexer->ranges;
        found->ranges =
            arena_grow(lexer->arena, found->ranges, found->count, sizeof *found->ranges);
        found->ranges[found->count++] =
            (struct feed_range){.start = (size_t)(start - lexer->text) * lexer->unit_bytes,
                                .start_tag = lexer->start_tags};
        element->item = found->count;
    }
    lexer->depth++;
    if (closed)
        pop(lexer, after, true);
    *at = after;
    return true;
}

static const char *read_end_tag(struct lexer *lexer, const char *at)
{
    struct name name;
    at = read_name(at + 2, lexer->end, &name);
    at = skip_blanks(at, lexer->end);
    if (at < lexer->end && *at == '>')
        at++;
    size_t match = lexer->depth;
    while (match > 0 && !name_equal(&lexer->stack[match - 1].name, &name))
        match--;
    if (match == 0)
        return at;
    while (lexer->depth > match)
        pop(lexer, at, false);
    pop(lexer, at, true);
    return at;
}

/* Reads what starts at the `<` at `at`. */
static bool read_markup(struct lexer *lexer, const char **at)
{
    const char *from = *at, *end = lexer->end;
    if (looking_at(from, end, SPAN("<!--")))
        *at = skip_past(from + 4, end, SPAN("-->"));
    else if (looking_at(from, end, SPAN("<![CDATA[")) && lexer->depth > 0)
        *at = skip_past(from + 9, end, SPAN("]]>"));
    else if (looking_at(from, end, SPAN("<!DOCTYPE")) && lexer->start_tags == 0)
        *at = skip_document_type(from + 9, end);
    else if (from + 2 < end && from[1] == '?' && is_name_start(from[2]))
        *at = skip_past(from + 2, end, SPAN("?>"));
    else if (from + 2 < end && from[1] == '/' && is_name_start(from[2]))
        *at = read_end_tag(lexer, from);
    else if (from + 1 < end && is_name_start(from[1]))
        return read_start_tag(lexer, at);
    else
        *at = from + 1;
    return true;
}

/* Takes away the items whose end was not found. One that the input breaks off in is simply not
 * there yet; one that was closed by something else makes every boundary after it doubtful. */
static bool settle(struct lexer *lexer)
{
    struct feed_ranges *found = lexer->ranges;
    if (lexer->unfinished)
        return error_set(lexer->error, ERROR_INPUT, "%zu item(s) without an end tag",
                         lexer->unfinished);
    while (found->count && !found->ranges[found->count - 1].end)
        found->count--;
    return true;
}

bool feed_lex(struct arena *arena, struct span bytes, const struct feed_encoding *encoding,
              struct feed_ranges *ranges, struct error *error)
{
    struct span text = feed_encoding_project(arena, bytes, encoding);
    struct lexer *lexer = arena_alloc(arena, sizeof *lexer);
    *ranges = (struct feed_ranges){0};
    *lexer = (struct lexer){
        .arena = arena,
        .text = text.data,
        .end = text.data + text.length,
        .unit_bytes = encoding->unit_bytes,
        .ranges = ranges,
        .error = error,
    };
    const char *at = text.data;
    while (at < lexer->end && !lexer->root_closed) {
        at = memchr(at, '<', (size_t)(lexer->end - at));
        if (!at)
            break;
        if (!read_markup(lexer, &at))
            return false;
    }
    if (lexer->format == FORMAT_NONE)
        return error_set(error, ERROR_INPUT, "no element at all");
    return settle(lexer);
}
