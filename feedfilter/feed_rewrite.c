#include "feedfilter/feed_rewrite.h"

#include "core/url.h"

#define MARK "[spam]"
#define CATEGORY "spam"

static struct span projected(const struct feed_edits *edits, struct span bytes)
{
    return feed_encoding_project(edits->arena, bytes, edits->encoding);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A URL as it can stand between either kind of quotes. What no URL may hold is percent-encoded. */
static struct span escape_url(struct arena *arena, struct span url, bool json)
{
    static const struct {
        char c;
        const char *xml, *json;
    } special[] = {{'&', "&amp;", "&"},    {'<', "&lt;", "<"},   {'>', "&gt;", ">"},
                   {'"', "&quot;", "%22"}, {'\'', "&#39;", "'"}, {'\\', "%5C", "%5C"}};
    char *out = arena_text(arena, 6 * url.length);
    size_t length = 0;
    for (size_t i = 0; i < url.length; i++) {
        unsigned char c = (unsigned char)url.data[i];
        const char *escaped = NULL;
        for (size_t j = 0; j < sizeof special / sizeof *special; j++)
            if (special[j].c == url.data[i])
                escaped = json ? special[j].json : special[j].xml;
        if (escaped) {
            size_t escaped_length = strlen(escaped);
            memcpy(out + length, escaped, escaped_length);
            length += escaped_length;
        } else if (c <= 0x20 || c >= 0x7f) {
            out[length++] = '%';
            out[length++] = "0123456789ABCDEF"[c >> 4];
            out[length++] = "0123456789ABCDEF"[c & 15];
        } else {
            out[length++] = url.data[i];
        }
    }
    return (struct span){out, length};
}

static struct span base_of(struct arena *arena, struct span url, enum feed_base needed)
{
    const char *end = url.data + url.length;
    const char *colon = url.length ? memmem(url.data, url.length, "://", 3) : NULL;
    if (!colon)
        return (struct span){NULL, 0};
    const char *host = colon + 3, *path = host;
    while (path < end && !memchr("/?#", *path, 3)) {
        if (*path == '@')
            host = path + 1;
        path++;
    }
    const char *path_end = path, *slash = path;
    while (path_end < end && *path_end != '?' && *path_end != '#') {
        if (*path_end == '/')
            slash = path_end;
        path_end++;
    }
    const char *kept = needed == FEED_BASE_DOCUMENT ? path_end
                       : needed == FEED_BASE_HOST   ? path
                                                    : slash;
    bool whole = needed == FEED_BASE_DOCUMENT && path_end > path;
    return arena_printf(arena, "%.*s://%.*s%.*s%s", (int)(colon - url.data), url.data,
                        (int)(path - host), host, (int)(kept - path), path, whole ? "" : "/");
}

struct span feed_rewrite_base(struct arena *arena, struct span url, enum feed_base needed)
{
    return escape_url(arena, base_of(arena, url, needed), false);
}

/* The inside of the root's own xml:base in its start tag; NULL data: it has none. */
static struct span base_in(struct span tag)
{
    const char *end = tag.data + tag.length, *at = tag.data;
    while ((at = memmem(at, (size_t)(end - at), "xml:base", 8))) {
        const char *before = at - 1;
        at += 8;
        while (at < end && (is_blank(*at) || *at == '='))
            at++;
        const char *close = NULL;
        if (is_blank(*before) && at < end && (*at == '"' || *at == '\''))
            close = memchr(at + 1, *at, (size_t)(end - at - 1));
        if (close)
            return (struct span){at + 1, (size_t)(close - at - 1)};
    }
    return (struct span){NULL, 0};
}

/* Makes the own base of a start tag whole where it is relative: it would lead to the gateway as
 * much as none. `*around` is what it is resolved against, and then what is inside the tag. */
static void make_base_whole(struct feed_edits *edits, struct span bytes,
                            const struct feed_stretch *stretch, struct span needed,
                            struct span *around)
{
    struct span tag =
        projected(edits, (struct span){bytes.data + stretch->start, stretch->end - stretch->start});
    struct span own = base_in(tag);
    if (!own.data || memchr(own.data, '&', own.length))
        return;
    if (own.length && !url_is_relative(own)) {
        *around = own;
        return;
    }
    size_t unit_bytes = edits->encoding->unit_bytes;
    size_t start = stretch->start + (size_t)(own.data - tag.data) * unit_bytes;
    *around = own.length ? url_resolve(edits->arena, *around, own) : needed;
    feed_edits_replace(edits, start, start + own.length * unit_bytes,
                       escape_url(edits->arena, *around, false));
}

static void set_base(struct feed_edits *edits, struct span bytes, const struct feed_ranges *ranges,
                     struct span upstream, enum feed_base needed)
{
    struct span base = base_of(edits->arena, upstream, needed);
    struct span around = base_of(edits->arena, upstream, FEED_BASE_DOCUMENT);
    size_t unit_bytes = edits->encoding->unit_bytes, root = ranges->root_tag.start;
    if (!base.length || root == ranges->root_tag.end)
        return;
    make_base_whole(edits, bytes, &ranges->root_tag, base, &around);
    make_base_whole(edits, bytes, &ranges->channel_tag, base, &around);
    if (ranges->root_has_base)
        return;
    struct span tag =
        projected(edits, (struct span){bytes.data + root, ranges->root_tag.end - root});
    size_t name_end = 1;
    while (name_end < tag.length && !is_blank(tag.data[name_end]) && tag.data[name_end] != '/' &&
           tag.data[name_end] != '>')
        name_end++;
    size_t at = root + name_end * unit_bytes;
    struct span escaped = escape_url(edits->arena, base, false);
    feed_edits_replace(edits, at, at,
                       arena_printf(edits->arena, " xml:base=\"%.*s\"", SPAN_ARGS(escaped)));
}

struct span feed_rewrite_links(struct feed_edits *edits, struct span bytes,
                               const struct feed_ranges *ranges, struct span own_address,
                               struct span upstream, enum feed_base needed)
{
    struct span own = feed_edits_widen(edits, escape_url(edits->arena, own_address, ranges->json));
    for (size_t i = 0; i < ranges->link_count; i++) {
        const struct feed_link *link = &ranges->links[i];
        /* Without its end tag a link may hold all that follows, so it stays and leads to us. */
        if (link->kind != FEED_LINK_SELF && link->whole.end > link->whole.start)
            feed_edits_replace(edits, link->whole.start, link->whole.end, SPAN(""));
        else if (link->kind != FEED_LINK_NEW_FEED_URL && link->value.start != FEED_NOWHERE)
            feed_edits_replace_raw(edits, link->value.start, link->value.end, own);
    }
    if (needed != FEED_BASE_NONE && !ranges->json)
        set_base(edits, bytes, ranges, upstream, needed);
    return own;
}

struct marking {
    struct feed_edits *edits;
    struct span text; /* one byte per unit */
    enum feed_format format;
    bool subject; /* the format has no category of its own: Dublin Core's subject says it */
};

static bool looking_at(struct span text, size_t at, struct span what)
{
    return text.length - at >= what.length && memcmp(text.data + at, what.data, what.length) == 0;
}

static size_t skip_past(struct span text, size_t at, struct span close)
{
    const char *found = memmem(text.data + at, text.length - at, close.data, close.length);
    return found ? (size_t)(found - text.data) + close.length : text.length;
}

static size_t skip_blanks(struct span text, size_t at)
{
    while (at < text.length && is_blank(text.data[at]))
        at++;
    return at;
}

static size_t skip_start_tag(struct span text, size_t at)
{
    char quote = 0;
    for (; at < text.length; at++) {
        char c = text.data[at];
        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return at + 1;
    }
    return at;
}

/* Where in an element's inside its first text stands, or can be put in: in CDATA sections and in
 * elements too (a title of type="xhtml" has all its text in a div). */
static size_t first_text(struct span inside)
{
    size_t at = skip_blanks(inside, 0);
    while (at < inside.length && inside.data[at] == '<') {
        if (looking_at(inside, at, SPAN("<![CDATA["))) {
            at = skip_blanks(inside, at + 9);
            if (!looking_at(inside, at, SPAN("]]>")))
                return at;
            at += 3;
        } else if (looking_at(inside, at, SPAN("<!--"))) {
            at = skip_past(inside, at + 4, SPAN("-->"));
        } else if (looking_at(inside, at, SPAN("<?"))) {
            at = skip_past(inside, at + 2, SPAN("?>"));
        } else if (looking_at(inside, at, SPAN("</")) || at + 1 == inside.length ||
                   is_blank(inside.data[at + 1])) {
            return at;
        } else {
            at = skip_start_tag(inside, at);
        }
        at = skip_blanks(inside, at);
    }
    return at;
}

static void mark_title(const struct marking *marking, const struct feed_stretch *title)
{
    size_t unit_bytes = marking->edits->encoding->unit_bytes;
    size_t start = title->start / unit_bytes, end = title->end / unit_bytes;
    size_t at = 0;
    if (marking->format != FEED_JSON)
        at = first_text((struct span){marking->text.data + start, end - start});
    at = (start + at) * unit_bytes;
    feed_edits_replace(marking->edits, at, at, SPAN(MARK " "));
}

/* "<title/>" gets the mark for a text. */
static void fill_title(const struct marking *marking, const struct feed_stretch *title)
{
    struct feed_edits *edits = marking->edits;
    size_t unit_bytes = edits->encoding->unit_bytes;
    const char *name = marking->text.data + title->start / unit_bytes + 1;
    feed_edits_replace(
        edits, title->end - 2 * unit_bytes, title->end,
        arena_printf(edits->arena, ">" MARK "</%.*s>", (int)strcspn(name, " \t\r\n/<>"), name));
}

static void mark_xml(const struct marking *marking, const struct feed_range *range)
{
    struct arena *arena = marking->edits->arena;
    const char *name = marking->text.data + range->start / marking->edits->encoding->unit_bytes + 1;
    size_t length = strcspn(name, ": \t\r\n/<>");
    struct span prefix = {name, name[length] == ':' ? length + 1 : 0};
    struct span title = SPAN(""), category;
    if (range->title.start != FEED_NOWHERE)
        mark_title(marking, &range->title);
    else if (range->empty_title.start != FEED_NOWHERE)
        fill_title(marking, &range->empty_title);
    else
        title = arena_printf(arena, "<%.*stitle>" MARK "</%.*stitle>", SPAN_ARGS(prefix),
                             SPAN_ARGS(prefix));
    if (marking->subject)
        category = SPAN("<dc:subject xmlns:dc=\"http://purl.org/dc/elements/1.1/\">" CATEGORY
                        "</dc:subject>");
    else if (marking->format == FEED_ATOM)
        category = arena_printf(arena, "<%.*scategory term=\"" CATEGORY "\"/>", SPAN_ARGS(prefix));
    else
        category = arena_printf(arena, "<%.*scategory>" CATEGORY "</%.*scategory>",
                                SPAN_ARGS(prefix), SPAN_ARGS(prefix));
    feed_edits_replace(marking->edits, range->inside, range->inside, title);
    feed_edits_replace(marking->edits, range->inside, range->inside, category);
}

static void mark_json(const struct marking *marking, const struct feed_range *range)
{
    struct feed_edits *edits = marking->edits;
    size_t unit_bytes = edits->encoding->unit_bytes;
    const struct feed_stretch *tags = &range->tags;
    bool has_title = range->title.start != FEED_NOWHERE, has_tags = tags->start != FEED_NOWHERE;
    if (has_title)
        mark_title(marking, &range->title);
    if (has_tags) {
        size_t first = skip_blanks(marking->text, tags->start / unit_bytes);
        bool empty = first >= tags->end / unit_bytes;
        feed_edits_replace(edits, tags->start, tags->start,
                           empty ? SPAN("\"" CATEGORY "\"") : SPAN("\"" CATEGORY "\","));
    }
    size_t first = skip_blanks(marking->text, range->inside / unit_bytes);
    bool empty = looking_at(marking->text, first, SPAN("}"));
    struct span members = arena_printf(
        edits->arena, "%s%s%s%s", has_title ? "" : "\"title\":\"" MARK "\"",
        has_title || has_tags ? "" : ",", has_tags ? "" : "\"tags\":[\"" CATEGORY "\"]",
        empty || (has_title && has_tags) ? "" : ",");
    feed_edits_replace(edits, range->inside, range->inside, members);
}

void feed_rewrite_tags(struct feed_edits *edits, struct span bytes,
                       const struct feed_ranges *ranges, enum feed_format format, const bool *tag)
{
    size_t first = 0;
    while (first < ranges->count && !tag[first])
        first++;
    if (first == ranges->count)
        return;
    struct marking marking = {.edits = edits, .text = projected(edits, bytes), .format = format};
    size_t unit_bytes = edits->encoding->unit_bytes;
    struct span root = {marking.text.data + ranges->root_tag.start / unit_bytes,
                        (ranges->root_tag.end - ranges->root_tag.start) / unit_bytes};
    bool atom03 = format == FEED_ATOM && memmem(root.data, root.length, "//purl.org/atom/ns#", 19);
    marking.subject = atom03 || format == FEED_RDF;
    for (size_t i = first; i < ranges->count; i++) {
        if (!tag[i] || ranges->ranges[i].inside == FEED_NOWHERE)
            continue;
        if (format == FEED_JSON)
            mark_json(&marking, &ranges->ranges[i]);
        else
            mark_xml(&marking, &ranges->ranges[i]);
    }
}
