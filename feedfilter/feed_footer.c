#include "feedfilter/feed_footer.h"

#include <string.h>

void feed_footer_begin(struct footers *footer, struct feed_edits *edits, struct span bytes,
                       const struct feed_ranges *ranges, enum feed_format format,
                       enum language language)
{
    size_t unit_bytes = edits->encoding->unit_bytes;
    *footer = (struct footers){
        .edits = edits,
        .text = feed_encoding_project(edits->arena, bytes, edits->encoding),
        .format = format,
        .language = language,
    };
    struct span root = {footer->text.data + ranges->root_tag.start / unit_bytes,
                        (ranges->root_tag.end - ranges->root_tag.start) / unit_bytes};
    footer->atom03 =
        format == FEED_ATOM && root.length && memmem(root.data, root.length, "/atom/ns#", 9);
}

/* --- where it stands --- */

static bool starts_at(struct span text, size_t at, struct span what)
{
    return text.length - at >= what.length && memcmp(text.data + at, what.data, what.length) == 0;
}

static size_t behind(struct span text, size_t at, struct span close)
{
    const char *found = memmem(text.data + at, text.length - at, close.data, close.length);
    return found ? (size_t)(found - text.data) + close.length : text.length;
}

/* Whether tags stand in it that are escaped nowhere, as many feeds have it. */
static bool has_tags(struct span inside)
{
    const char *tag;
    size_t at = 0;
    while (at < inside.length && (tag = memchr(inside.data + at, '<', inside.length - at))) {
        at = (size_t)(tag - inside.data);
        if (starts_at(inside, at, SPAN("<![CDATA[")))
            at = behind(inside, at, SPAN("]]>"));
        else if (starts_at(inside, at, SPAN("<!--")))
            at = behind(inside, at, SPAN("-->"));
        else if (starts_at(inside, at, SPAN("<?")))
            at = behind(inside, at, SPAN("?>"));
        else
            return true;
    }
    return false;
}

/* Before the last end tag, or else at the end. */
static size_t in_last_element(struct span inside)
{
    for (size_t at = inside.length; at-- > 0;)
        if (starts_at(inside, at, SPAN("</")))
            return at;
    return inside.length;
}

/* Behind all else, in a CDATA section where one ends there. */
static size_t in_last_section(struct span inside, bool *section)
{
    size_t end = inside.length;
    while (end && memchr(" \t\r\n", inside.data[end - 1], 4))
        end--;
    *section = end >= 3 && memcmp(inside.data + end - 3, "]]>", 3) == 0;
    return *section ? end - 3 : inside.length;
}

static struct span said_as(const struct footers *footer, enum footer_form form,
                           const struct footer *what)
{
    return footer_words(footer->edits->arena, form, footer->language, what);
}

/* The inside of an XHTML body, `new`: in a div of its own. */
static struct span xhtml(const struct footers *footer, const struct footer *what, bool new)
{
    struct span said = said_as(footer, FOOTER_XHTML, what);
    return !new ? said
                : arena_printf(footer->edits->arena,
                               "<div xmlns=\"" FOOTER_XHTML_URI "\">%.*s</div>", SPAN_ARGS(said));
}

/* As a new body of that form has it. */
static struct span whole(const struct footers *footer, enum feed_body_form form,
                         const struct footer *what)
{
    switch (form) {
    case FEED_BODY_TEXT:
        return said_as(footer, FOOTER_TEXT, what);
    case FEED_BODY_XHTML:
        return xhtml(footer, what, true);
    case FEED_BODY_HTML:
        break;
    }
    return said_as(footer, FOOTER_ESCAPED, what);
}

/* Behind what the body says already. */
static void append(const struct footers *footer, const struct feed_body *body,
                   const struct footer *what)
{
    size_t unit_bytes = footer->edits->encoding->unit_bytes, start = body->inside.start;
    struct span inside = {footer->text.data + start / unit_bytes,
                          (body->inside.end - start) / unit_bytes};
    size_t at = inside.length;
    bool section = false;
    struct span said;
    if (body->form == FEED_BODY_XHTML) {
        at = in_last_element(inside);
        said = xhtml(footer, what, at == inside.length);
    } else if (body->form == FEED_BODY_TEXT) {
        said = said_as(footer, FOOTER_TEXT, what);
    } else if (has_tags(inside)) {
        said = said_as(footer, FOOTER_HTML, what);
    } else {
        at = in_last_section(inside, &section);
        said = section ? said_as(footer, FOOTER_HTML, what) : whole(footer, body->form, what);
    }
    at = start + at * unit_bytes;
    feed_edits_replace(footer->edits, at, at, said);
}

/* "<description/>" gets it for a text. */
static void fill(const struct footers *footer, const struct feed_body *body,
                 const struct footer *what)
{
    struct feed_edits *edits = footer->edits;
    size_t unit_bytes = edits->encoding->unit_bytes;
    const char *name = footer->text.data + body->inside.start / unit_bytes + 1;
    struct span said = whole(footer, body->form, what);
    feed_edits_replace(edits, body->inside.end - 2 * unit_bytes, body->inside.end,
                       arena_printf(edits->arena, ">%.*s</%.*s>", SPAN_ARGS(said),
                                    (int)strcspn(name, " \t\r\n/<>"), name));
}

/* A body for an item that has none, or only one in which nothing can be said: Atom takes no second
 * summary, nor a second content (RFC 4287, 4.1.2). */
static void put_new(const struct footers *footer, const struct feed_range *range,
                    const struct footer *what)
{
    struct feed_edits *edits = footer->edits;
    const char *name = footer->text.data + range->start / edits->encoding->unit_bytes + 1;
    size_t length = strcspn(name, ": \t\r\n/<>");
    struct span prefix = {name, name[length] == ':' ? length + 1 : 0};
    bool atom = footer->format == FEED_ATOM;
    if (range->has_summary && range->has_content)
        return;
    struct span said = whole(footer, FEED_BODY_HTML, what);
    const char *element = !atom ? "description" : range->has_summary ? "content" : "summary";
    const char *attributes = !atom            ? ""
                             : footer->atom03 ? " type=\"text/html\" mode=\"escaped\""
                                              : " type=\"html\"";
    feed_edits_replace(edits, range->inside, range->inside,
                       arena_printf(edits->arena, "<%.*s%s%s>%.*s</%.*s%s>", SPAN_ARGS(prefix),
                                    element, attributes, SPAN_ARGS(said), SPAN_ARGS(prefix),
                                    element));
}

static void add_json(const struct footers *footer, const struct feed_range *range,
                     const struct footer *what)
{
    const struct feed_body *body = &range->body;
    size_t first = range->inside / footer->edits->encoding->unit_bytes;
    bool is_empty = footer->text.data[first + strspn(footer->text.data + first, " \t\r\n")] == '}';
    bool text = body->form == FEED_BODY_TEXT;
    struct span said = said_as(footer, text ? FOOTER_JSON_TEXT : FOOTER_HTML, what);
    if (body->rank)
        feed_edits_replace(footer->edits, body->inside.end, body->inside.end, said);
    else
        feed_edits_replace(footer->edits, range->inside, range->inside,
                           arena_printf(footer->edits->arena, "\"content_html\":\"%.*s\"%s",
                                        SPAN_ARGS(said), is_empty ? "" : ","));
}

void feed_footer_add(const struct footers *footer, const struct feed_range *range,
                     const struct footer *what)
{
    if (range->inside == FEED_NOWHERE)
        return;
    if (footer->format == FEED_JSON)
        add_json(footer, range, what);
    else if (!range->body.rank)
        put_new(footer, range, what);
    else if (range->body.empty)
        fill(footer, &range->body, what);
    else
        append(footer, &range->body, what);
}
