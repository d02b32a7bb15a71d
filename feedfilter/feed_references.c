#include "feedfilter/feed_references.h"

#include <string.h>
#include <strings.h>

#include "core/feed_item.h"
#include "feedfilter/feed_rewrite.h"

#define PREFIXES (FEED_BASE_DOCUMENT + 1)

struct body {
    struct feed_edits *edits;
    struct span text; /* one byte per unit */
    size_t start;     /* of it, in the feed's bytes */
    /* What stands in front of a reference of that need, in a tag, and in one that is escaped. */
    struct span prefixes[2][PREFIXES];
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool stands_at(struct span text, size_t at, const char *what)
{
    size_t length = strlen(what);
    return text.length - at >= length && strncasecmp(text.data + at, what, length) == 0;
}

/* The length of what stands there of `words`, which end with NULL; 0: none does. */
static size_t one_of(struct span text, size_t at, const char *const *words)
{
    for (; *words; words++)
        if (stands_at(text, at, *words))
            return strlen(*words);
    return 0;
}

static size_t skip_blanks(struct span text, size_t at)
{
    while (at < text.length && is_blank(text.data[at]))
        at++;
    return at;
}

/* Whether the attribute whose '=' stands there is one that leads somewhere. */
static bool is_link(struct span text, size_t tag, size_t equals)
{
    static const char *const names[] = {"href", "src"};
    while (equals > tag && is_blank(text.data[equals - 1]))
        equals--;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (equals > tag + length && stands_at(text, equals - length, names[i]) &&
            memchr(" \t\r\n\"';", text.data[equals - length - 1], 7))
            return true;
    }
    return false;
}

static void make_whole(const struct body *body, size_t at, size_t end, bool escaped)
{
    struct span value = {body->text.data + at, end - at};
    enum feed_base needed = feed_item_needed_base(value);
    at = skip_blanks(body->text, at);
    /* With another host in it, or an escape at its start, it is none that can be told so. */
    if (needed == FEED_BASE_NONE || at == end || body->text.data[at] == '&' ||
        (end - at > 1 && strchr("/\\", body->text.data[at]) &&
         strchr("/\\", body->text.data[at + 1])))
        return;
    at = body->start + at * body->edits->encoding->unit_bytes;
    feed_edits_replace(body->edits, at, at, body->prefixes[escaped][needed]);
}

/* The attributes of the tag whose name begins there; behind it. */
static size_t read_tag(const struct body *body, size_t at, bool escaped)
{
    static const char *const quotes[] = {"\"", "'", NULL};
    static const char *const escaped_quotes[] = {"&quot;", "&#34;", "&#x22;", "&apos;", "&#39;",
                                                 "&#x27;", "\"",    "'",      NULL};
    struct span text = body->text;
    size_t tag = at;
    while (at < text.length) {
        if (text.data[at] == '>' || (escaped && stands_at(text, at, "&gt;")))
            return at + 1;
        if (text.data[at++] != '=')
            continue;
        bool link = is_link(text, tag, at - 1);
        at = skip_blanks(text, at);
        size_t quote = one_of(text, at, escaped ? escaped_quotes : quotes);
        if (!quote)
            continue;
        const char *close =
            memmem(text.data + at + quote, text.length - at - quote, text.data + at, quote);
        if (!close)
            return text.length;
        size_t end = (size_t)(close - text.data);
        if (link)
            make_whole(body, at + quote, end, escaped);
        at = end + quote;
    }
    return at;
}

/* Of what stands outside CDATA sections, or in one: there what is escaped is text that readers see,
 * such as sample code. */
static void read_piece(const struct body *body, bool in_cdata)
{
    static const char *const opens[] = {"&lt;", "&#60;", "&#x3c;", NULL};
    struct span text = body->text;
    size_t at = 0;
    while (at < text.length) {
        size_t length = text.data[at] == '<'                ? 1
                        : text.data[at] == '&' && !in_cdata ? one_of(text, at, opens)
                                                            : 0;
        char c = length && at + length < text.length ? (char)(text.data[at + length] | 0x20) : 0;
        if (c >= 'a' && c <= 'z')
            at = read_tag(body, at + length, length > 1);
        else
            at++;
    }
}

static void read_body(const struct body *body)
{
    static const char open[] = "<![CDATA[", close[] = "]]>";
    struct span rest = body->text;
    for (bool in_cdata = false; rest.length; in_cdata = !in_cdata) {
        const char *mark = in_cdata ? memmem(rest.data, rest.length, close, sizeof close - 1)
                                    : memmem(rest.data, rest.length, open, sizeof open - 1);
        size_t length = mark ? (size_t)(mark - rest.data) : rest.length;
        size_t behind = mark ? length + (in_cdata ? sizeof close : sizeof open) - 1 : length;
        struct body piece = *body;
        piece.text.data = rest.data;
        piece.text.length = length;
        piece.start += (size_t)(rest.data - body->text.data) * body->edits->encoding->unit_bytes;
        read_piece(&piece, in_cdata);
        rest.data += behind;
        rest.length -= behind;
    }
}

/* "&" as it stands in what is escaped once more. */
static struct span escaped_again(struct arena *arena, struct span text)
{
    char *out = arena_text(arena, 5 * text.length);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        out[length++] = text.data[i];
        if (text.data[i] == '&') {
            memcpy(out + length, "amp;", 4);
            length += 4;
        }
    }
    return (struct span){out, length};
}

/* false: `upstream` is no whole URL. */
static bool make_prefixes(struct body *body, struct span upstream)
{
    struct arena *arena = body->edits->arena;
    for (int needed = FEED_BASE_HOST; needed < PREFIXES; needed++) {
        struct span prefix = feed_rewrite_base(arena, upstream, (enum feed_base)needed);
        if (needed == FEED_BASE_HOST && prefix.length)
            prefix.length--; /* the slash, which the reference begins with */
        body->prefixes[false][needed] = prefix;
        body->prefixes[true][needed] = escaped_again(arena, prefix);
    }
    return body->prefixes[false][FEED_BASE_HOST].length > 0;
}

void feed_references_whole(struct feed_edits *edits, struct span bytes,
                           const struct feed_ranges *ranges, struct span upstream)
{
    struct body body = {.edits = edits};
    size_t unit_bytes = edits->encoding->unit_bytes;
    if (!make_prefixes(&body, upstream))
        return;
    struct span text = feed_encoding_project(edits->arena, bytes, edits->encoding);
    for (size_t i = 0; i < ranges->count; i++) {
        const struct feed_body *found = &ranges->ranges[i].body;
        if (!found->rank || found->empty)
            continue;
        body.start = found->inside.start;
        body.text = (struct span){text.data + found->inside.start / unit_bytes,
                                  (found->inside.end - found->inside.start) / unit_bytes};
        read_body(&body);
    }
}
