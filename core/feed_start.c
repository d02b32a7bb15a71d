#include "core/feed_start.h"

#include "core/xml_text.h"

#define LOOK_BYTES ((size_t)64 * 1024)
/* What looks like a root behind words is looked into so often. */
#define ROOTS_MAX 64

static bool is_root(struct span name)
{
    static const char *const roots[] = {"rss", "RDF", "feed", "channel"};
    const char *colon = name.length ? memchr(name.data, ':', name.length) : NULL;
    size_t prefix = colon ? (size_t)(colon - name.data) + 1 : 0;
    return span_is_among_nocase((struct span){name.data + prefix, name.length - prefix}, roots,
                                sizeof roots / sizeof *roots);
}

/* What programs write their complaints in, PHP and its debuggers first of all. */
static bool is_of_complaints(struct span name)
{
    static const char *const names[] = {
        "b",  "br",    "p",     "div",   "span", "font", "i",  "em",     "strong",
        "u",  "small", "tt",    "pre",   "code", "a",    "hr", "h1",     "h2",
        "h3", "h4",    "h5",    "h6",    "ul",   "ol",   "li", "dl",     "dt",
        "dd", "table", "thead", "tbody", "tr",   "th",   "td", "center", "blockquote"};
    return span_is_among_nocase(name, names, sizeof names / sizeof *names);
}

static bool looking_at(const char *at, const char *end, struct span what)
{
    return span_starts_nocase((struct span){at, (size_t)(end - at)}, what);
}

/* Behind the next `close` from `at` on; the end when there is none. */
static const char *skip_past(const char *at, const char *end, struct span close)
{
    const char *found = span_find_rare(at, end, close);
    return found ? found + close.length : end;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && span_is_blank(*at))
        at++;
    return at;
}

/* Behind a comment or an instruction at `at`; `at` itself when it is neither. */
static const char *skip_aside(const char *at, const char *end)
{
    if (looking_at(at, end, SPAN("<!--")))
        return skip_past(at + 4, end, SPAN("-->"));
    if (looking_at(at, end, SPAN("<?")))
        return skip_past(at + 2, end, SPAN("?>"));
    return at;
}

/* Behind the next '>' outside of quotes; of a document type (`has_subset`) that is the one behind
 * its brackets, in which comments and instructions may hold quotes. */
static const char *skip_tag(const char *at, const char *end, bool has_subset)
{
    bool inside = false;
    while (at < end) {
        const char *behind = inside ? skip_aside(at, end) : at;
        if (behind != at) {
            at = behind;
            continue;
        }
        if (*at == '"' || *at == '\'') {
            const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
            at = close ? close : end - 1;
        } else if (*at == '>' && !inside) {
            return at + 1;
        } else if (has_subset && (*at == '[' || *at == ']')) {
            inside = *at == '[';
        }
        at++;
    }
    return end;
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

/* Whether an element that a feed may hold comes first in that whose start tag is at `at`. */
static bool holds_element(const char *at, const char *end)
{
    at = skip_tag(at, end, false);
    if (at == end || at[-2] == '/')
        return false;
    for (const char *aside = NULL; aside != at;) {
        aside = at = skip_blanks(at, end);
        at = skip_aside(at, end);
    }
    return end - at > 1 && *at == '<' && is_name_start(at[1]) &&
           !is_of_complaints(xml_tag_name(at + 1, end));
}

/* What stands at a '<'. */
enum what { ASIDE, DECLARATION, DOCUMENT_TYPE, JUNK, ROOT, NO_FEED };

static enum what what_is_at(const char *at, const char *end)
{
    if (looking_at(at, end, SPAN("<?xml")) && at + 5 < end && span_is_blank(at[5]))
        return DECLARATION;
    if (looking_at(at, end, SPAN("<!--")) || looking_at(at, end, SPAN("<?")))
        return ASIDE;
    if (looking_at(at, end, SPAN("<!DOCTYPE"))) {
        const char *name = skip_blanks(at + 9, end);
        return span_equal_nocase(xml_tag_name(name, end), SPAN("html")) ? NO_FEED : DOCUMENT_TYPE;
    }
    if (end - at < 2 || !is_name_start(at[1]))
        return JUNK;
    struct span name = xml_tag_name(at + 1, end);
    return is_root(name) ? ROOT : is_of_complaints(name) ? JUNK : NO_FEED;
}

bool feed_start_find(struct span text, size_t *start)
{
    *start = 0;
    if (!text.length)
        return false;
    const char *at = text.data, *end = at + (text.length < LOOK_BYTES ? text.length : LOOK_BYTES);
    const char *prolog = NULL; /* of a root that may follow straight */
    bool junk = false;
    unsigned roots = 0;
    while ((at = skip_blanks(at, end)) < end) {
        enum what what = *at == '<' ? what_is_at(at, end) : JUNK;
        if (what == NO_FEED)
            return false;
        if (what == ROOT && ++roots > ROOTS_MAX)
            return false;
        if (what == ROOT && (!junk || holds_element(at, end))) {
            *start = (size_t)((prolog ? prolog : at) - text.data);
            return true;
        }
        bool of_prolog = what == ASIDE || what == DECLARATION || what == DOCUMENT_TYPE;
        junk = junk || !of_prolog;
        if (!of_prolog)
            prolog = NULL;
        else if (!prolog || what == DECLARATION)
            prolog = at;
        if (what == DOCUMENT_TYPE) {
            at = skip_tag(at, end, true);
        } else if (of_prolog) {
            at = skip_aside(at, end);
        } else {
            const char *next = memchr(at + 1, '<', (size_t)(end - at - 1));
            at = next ? next : end;
        }
    }
    return false;
}
