#include "feedfilter/footer_words.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "core/url.h"

static const struct {
    const char *spam, *not_spam, *also;
} words[LANGUAGES] = {
    [LANGUAGE_ENGLISH] = {"Spam", "Not spam", "Also in"},
    [LANGUAGE_CHINESE] = {"这是垃圾内容", "这不是垃圾内容", "另见"},
};

static const char *reference_of(uint32_t c)
{
    return c == '<'    ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '&'  ? "&amp;"
           : c == '"'  ? "&quot;"
           : c == '\'' ? "&#x27;"
           : c == '\\' ? "&#x5C;" /* which a JSON string would take for its own */
                       : NULL;
}

static size_t put_json(char *out, uint32_t c)
{
    if (c == '"' || c == '\\')
        return (size_t)sprintf(out, "\\%c", (char)c);
    if (c < 0x80)
        return (size_t)sprintf(out, "%c", (char)c);
    if (c < 0x10000)
        return (size_t)sprintf(out, "\\u%04X", (unsigned)c);
    return (size_t)sprintf(out, "\\u%04X\\u%04X", 0xd800 + (unsigned)((c - 0x10000) >> 10),
                           0xdc00 + (unsigned)(c & 0x3ff));
}

static size_t put_xml(char *out, uint32_t c)
{
    const char *reference = reference_of(c);
    if (reference)
        return (size_t)sprintf(out, "%s", reference);
    return (size_t)sprintf(out, c < 0x80 ? "%c" : "&#x%X;", (unsigned)c);
}

/* `text` as it is written in that form; what no XML may hold is left away. */
static struct span written(struct arena *arena, enum footer_form form, struct span text)
{
    char *out = arena_text(arena, 8 * text.length + 1); /* a bad byte is "&#xFFFD;" */
    size_t length = 0;
    const char *at = text.data, *end = text.data + text.length;
    while (at < end) {
        uint32_t c = text_next(&at, end);
        if (c < ' ' || c == 0x7f || c == 0xfffe || c == 0xffff)
            continue;
        length += form == FOOTER_JSON_TEXT ? put_json(out + length, c) : put_xml(out + length, c);
    }
    return (struct span){out, length};
}

static struct span word(struct arena *arena, enum footer_form form, const char *text)
{
    return written(arena, form, span_of(text));
}

static struct span joined(struct arena *arena, struct span a, const char *between, struct span b)
{
    return arena_printf(arena, "%.*s%s%.*s", SPAN_ARGS(a), between, SPAN_ARGS(b));
}

/* --- HTML --- */

static struct span places_html(struct arena *arena, const struct footer *footer)
{
    struct span all = SPAN("");
    for (size_t i = 0; i < footer->place_count; i++) {
        const struct story_place *place = &footer->places[i];
        struct span name = written(arena, FOOTER_HTML, place->feed);
        struct span link = written(arena, FOOTER_HTML, place->link);
        if (url_is_web(place->link))
            name = arena_printf(arena, "<a href='%.*s'>%.*s</a>", SPAN_ARGS(link), SPAN_ARGS(name));
        all = joined(arena, all, i ? ", " : "", name);
    }
    return all;
}

static struct span html(struct arena *arena, enum language language, const char *attribute,
                        const struct footer *footer)
{
    struct span said = SPAN(""), url = footer->url;
    if (footer->place_count)
        said = arena_printf(arena, "<p%s>%.*s: %.*s</p>", attribute,
                            SPAN_ARGS(word(arena, FOOTER_HTML, words[language].also)),
                            SPAN_ARGS(places_html(arena, footer)));
    if (url.length)
        said =
            arena_printf(arena,
                         "%.*s<p%s><a href='%.*s?do=spam'>%.*s</a> | "
                         "<a href='%.*s?do=not-spam'>%.*s</a></p>",
                         SPAN_ARGS(said), attribute, SPAN_ARGS(url),
                         SPAN_ARGS(word(arena, FOOTER_HTML, words[language].spam)), SPAN_ARGS(url),
                         SPAN_ARGS(word(arena, FOOTER_HTML, words[language].not_spam)));
    return said;
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

/* --- plain text --- */

static struct span places_text(struct arena *arena, enum footer_form form,
                               const struct footer *footer)
{
    struct span all = SPAN("");
    for (size_t i = 0; i < footer->place_count; i++) {
        const struct story_place *place = &footer->places[i];
        struct span name = written(arena, form, place->feed);
        if (url_is_web(place->link))
            name = arena_printf(arena, "%.*s (%.*s)", SPAN_ARGS(name),
                                SPAN_ARGS(written(arena, form, place->link)));
        all = joined(arena, all, i ? ", " : "", name);
    }
    return all;
}

static struct span plain(struct arena *arena, enum footer_form form, enum language language,
                         const struct footer *footer)
{
    const char *line = form == FOOTER_JSON_TEXT ? "\\n" : "\n";
    struct span said = SPAN(""), url = footer->url;
    if (footer->place_count)
        said = arena_printf(arena, "%s%s%.*s: %.*s%s", line, line,
                            SPAN_ARGS(word(arena, form, words[language].also)),
                            SPAN_ARGS(places_text(arena, form, footer)), url.length ? "" : line);
    if (url.length)
        said = arena_printf(
            arena, "%.*s%s%s%.*s: %.*s?do=spam%s%.*s: %.*s?do=not-spam%s", SPAN_ARGS(said), line,
            line, SPAN_ARGS(word(arena, form, words[language].spam)), SPAN_ARGS(url), line,
            SPAN_ARGS(word(arena, form, words[language].not_spam)), SPAN_ARGS(url), line);
    return said;
}

struct span footer_words(struct arena *arena, enum footer_form form, enum language language,
                         const struct footer *footer)
{
    switch (form) {
    case FOOTER_TEXT:
    case FOOTER_JSON_TEXT:
        return plain(arena, form, language, footer);
    case FOOTER_XHTML:
        return html(arena, language, " xmlns=\"" FOOTER_XHTML_URI "\"", footer);
    case FOOTER_ESCAPED:
        return escaped(arena, html(arena, language, "", footer));
    case FOOTER_HTML:
        break;
    }
    return html(arena, language, "", footer);
}
