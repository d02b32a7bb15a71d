#include "feedfilter/feed_footer.h"

#include <stdio.h>
#include <wchar.h>

#define XHTML_URI "http://www.w3.org/1999/xhtml"

static const struct {
    const wchar_t *spam, *not_spam;
} words[LANGUAGES] = {
    [LANGUAGE_ENGLISH] = {L"Spam", L"Not spam"},
    [LANGUAGE_CHINESE] = {L"\u8fd9\u662f\u5783\u573e\u5185\u5bb9",
                          L"\u8fd9\u4e0d\u662f\u5783\u573e\u5185\u5bb9"},
};

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

/* --- what is said --- */

/* In ASCII: what is beyond it as `form` of its code point. */
static struct span ascii_word(struct arena *arena, const wchar_t *word, const char *form)
{
    char *text = arena_text(arena, 10 * wcslen(word));
    size_t length = 0;
    for (; *word; word++)
        if (*word < 0x80)
            text[length++] = (char)*word;
        else
            length += (size_t)sprintf(text + length, form, (unsigned)*word);
    return (struct span){text, length};
}

static struct span links_html(const struct footers *footer, struct span url)
{
    struct arena *arena = footer->edits->arena;
    struct span spam = ascii_word(arena, words[footer->language].spam, "&#x%X;");
    struct span not_spam = ascii_word(arena, words[footer->language].not_spam, "&#x%X;");
    return arena_printf(arena,
                        "<a href='%.*s?do=spam'>%.*s</a> | <a href='%.*s?do=not-spam'>%.*s</a>",
                        SPAN_ARGS(url), SPAN_ARGS(spam), SPAN_ARGS(url), SPAN_ARGS(not_spam));
}

static struct span paragraph(const struct footers *footer, struct span url)
{
    struct span links = links_html(footer, url);
    return arena_printf(footer->edits->arena, "<p>%.*s</p>", SPAN_ARGS(links));
}

static struct span escaped(struct arena *arena, struct span html)
{
    char *text = arena_text(arena, 5 * html.length);
    size_t length = 0;
    for (size_t i = 0; i < html.length; i++) {
        char c = html.data[i];
        const char *reference = c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : NULL;
        size_t size = reference ? strlen(reference) : 1;
        memcpy(text + length, reference ? reference : &c, size);
        length += size;
    }
    return (struct span){text, length};
}

static struct span plain(const struct footers *footer, struct span url)
{
    struct arena *arena = footer->edits->arena;
    bool json = footer->format == FEED_JSON;
    const char *form = json ? "\\u%04X" : "&#x%X;", *line = json ? "\\n" : "\n";
    struct span spam = ascii_word(arena, words[footer->language].spam, form);
    struct span not_spam = ascii_word(arena, words[footer->language].not_spam, form);
    return arena_printf(arena, "%s%s%.*s: %.*s?do=spam%s%.*s: %.*s?do=not-spam%s", line, line,
                        SPAN_ARGS(spam), SPAN_ARGS(url), line, SPAN_ARGS(not_spam), SPAN_ARGS(url),
                        line);
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

/* The inside of an XHTML body, `new`: in a div of its own. */
static struct span xhtml(const struct footers *footer, struct span url, bool new)
{
    struct span links = links_html(footer, url);
    return arena_printf(footer->edits->arena, "%s<p xmlns=\"" XHTML_URI "\">%.*s</p>%s",
                        new ? "<div xmlns=\"" XHTML_URI "\">" : "", SPAN_ARGS(links),
                        new ? "</div>" : "");
}

/* As a new body of that form has it. */
static struct span whole(const struct footers *footer, enum feed_body_form form, struct span url)
{
    switch (form) {
    case FEED_BODY_TEXT:
        return plain(footer, url);
    case FEED_BODY_XHTML:
        return xhtml(footer, url, true);
    case FEED_BODY_HTML:
        break;
    }
    return escaped(footer->edits->arena, paragraph(footer, url));
}

/* Behind what the body says already. */
static void append(const struct footers *footer, const struct feed_body *body, struct span url)
{
    size_t unit_bytes = footer->edits->encoding->unit_bytes, start = body->inside.start;
    struct span inside = {footer->text.data + start / unit_bytes,
                          (body->inside.end - start) / unit_bytes};
    size_t at = inside.length;
    bool section = false;
    struct span said;
    if (body->form == FEED_BODY_XHTML) {
        at = in_last_element(inside);
        said = xhtml(footer, url, at == inside.length);
    } else if (body->form == FEED_BODY_TEXT) {
        said = plain(footer, url);
    } else if (has_tags(inside)) {
        said = paragraph(footer, url);
    } else {
        at = in_last_section(inside, &section);
        said = section ? paragraph(footer, url) : whole(footer, body->form, url);
    }
    at = start + at * unit_bytes;
    feed_edits_replace(footer->edits, at, at, said);
}

/* "<description/>" gets it for a text. */
static void fill(const struct footers *footer, const struct feed_body *body, struct span url)
{
    struct feed_edits *edits = footer->edits;
    size_t unit_bytes = edits->encoding->unit_bytes;
    const char *name = footer->text.data + body->inside.start / unit_bytes + 1;
    struct span said = whole(footer, body->form, url);
    feed_edits_replace(edits, body->inside.end - 2 * unit_bytes, body->inside.end,
                       arena_printf(edits->arena, ">%.*s</%.*s>", SPAN_ARGS(said),
                                    (int)strcspn(name, " \t\r\n/<>"), name));
}

/* A body for an item that has none. */
static void put_new(const struct footers *footer, const struct feed_range *range, struct span url)
{
    struct feed_edits *edits = footer->edits;
    const char *name = footer->text.data + range->start / edits->encoding->unit_bytes + 1;
    size_t length = strcspn(name, ": \t\r\n/<>");
    struct span prefix = {name, name[length] == ':' ? length + 1 : 0};
    bool atom = footer->format == FEED_ATOM;
    struct span said = whole(footer, FEED_BODY_HTML, url);
    const char *element = atom ? "summary" : "description";
    const char *attributes = !atom            ? ""
                             : footer->atom03 ? " type=\"text/html\" mode=\"escaped\""
                                              : " type=\"html\"";
    feed_edits_replace(edits, range->inside, range->inside,
                       arena_printf(edits->arena, "<%.*s%s%s>%.*s</%.*s%s>", SPAN_ARGS(prefix),
                                    element, attributes, SPAN_ARGS(said), SPAN_ARGS(prefix),
                                    element));
}

static void add_json(const struct footers *footer, const struct feed_range *range, struct span url)
{
    const struct feed_body *body = &range->body;
    size_t first = range->inside / footer->edits->encoding->unit_bytes;
    bool is_empty = footer->text.data[first + strspn(footer->text.data + first, " \t\r\n")] == '}';
    bool text = body->form == FEED_BODY_TEXT;
    struct span said = text ? plain(footer, url) : paragraph(footer, url);
    if (body->rank)
        feed_edits_replace(footer->edits, body->inside.end, body->inside.end, said);
    else
        feed_edits_replace(footer->edits, range->inside, range->inside,
                           arena_printf(footer->edits->arena, "\"content_html\":\"%.*s\"%s",
                                        SPAN_ARGS(said), is_empty ? "" : ","));
}

void feed_footer_add(const struct footers *footer, const struct feed_range *range, struct span url)
{
    if (range->inside == FEED_NOWHERE)
        return;
    if (footer->format == FEED_JSON)
        add_json(footer, range, url);
    else if (!range->body.rank)
        put_new(footer, range, url);
    else if (range->body.empty)
        fill(footer, &range->body, url);
    else
        append(footer, &range->body, url);
}
