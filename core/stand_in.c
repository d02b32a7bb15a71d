#include "core/stand_in.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "store/memory.h"

/* The private plane 15, whose last two characters are none, and what all of it starts with. */
#define FIRST 0xf0000u
#define STAND_INS_MAX 0xfff0u
#define LEAD '\xf3'
#define STAND_IN_BYTES 4

/* Shorter texts are no gain, but values are: libxml2 makes more room for the second character. */
#define TEXT_MIN 12u
#define VALUE_MIN 2u
/* It is not known what a parser makes of the longest. */
#define MARKUP_MAX 8000000u

struct writer {
    struct stand_ins *stand_ins;
    enum stand_in_markup kind;
    size_t length; /* of the shorter markup */
    size_t read;   /* bytes of texts with references, as they are read */
    size_t most;   /* of either */
};

static void copy(struct writer *writer, const char *from, const char *to)
{
    memcpy(writer->stand_ins->markup + writer->length, from, (size_t)(to - from));
    writer->length += (size_t)(to - from);
}

/* Whether a parser would change any of it, or complain: control characters and line ends of two
 * bytes, "]]>" in XML, and what is near U+FFFF. */
static bool is_plain(struct span text, enum stand_in_markup kind)
{
    static const bool stops[256] = {
        [0x00 ... 0x08] = true, [0x0b ... 0x1f] = true, [']'] = true, [0xef] = true};
    const char *at = text.data, *end = at + text.length;
    for (; (at = text_find_byte(at, end, stops)) < end; at++) {
        struct span rest = {at, (size_t)(end - at)};
        if (*at == ']' && !(kind == STAND_IN_XML && span_starts(rest, SPAN("]]>"))))
            continue;
        if (*at != '\xef' || span_starts(rest, SPAN("\xef\xbf")))
            return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next stand-in is for `text`. */
static void write_stand_in(struct writer *writer, struct span text)
{
    struct stand_ins *stand_ins = writer->stand_ins;
    writer->length +=
        text_put(stand_ins->markup + writer->length, FIRST + (uint32_t)stand_ins->count);
    if (stand_ins->count == stand_ins->room) {
        stand_ins->room = stand_ins->room ? 2 * stand_ins->room : 64;
        stand_ins->texts =
            memory_resize(stand_ins->texts, stand_ins->room * sizeof *stand_ins->texts);
    }
    stand_ins->texts[stand_ins->count++] = text;
}

static bool has_room(const struct writer *writer)
{
    return writer->stand_ins->count < STAND_INS_MAX;
}

static bool is_worth_it(const struct writer *writer, struct span text)
{
    return text.length >= TEXT_MIN && has_room(writer) && is_plain(text, writer->kind);
}

/* A text without markup in it. Blanks in front stay: to a parser of HTML they may mean nothing. */
static void write_text(struct writer *writer, const char *from, const char *to)
{
    const char *start = from;
    while (start < to && is_blank(*start))
        start++;
    struct span text = {start, (size_t)(to - start)};
    bool worth_it = is_worth_it(writer, text);
    copy(writer, from, worth_it ? start : to);
    if (worth_it)
        write_stand_in(writer, text);
}

/* The character that the reference at the start of `text` is for, in XML without a document type;
 * 0: it is not well-formed, or another. `*length` is the reference's. */
static uint32_t read_reference(struct span text, size_t *length)
{
    static const struct {
        struct span name;
        uint32_t code_point;
    } predefined[] = {{SPAN_OF("&lt;"), '<'},
                      {SPAN_OF("&gt;"), '>'},
                      {SPAN_OF("&amp;"), '&'},
                      {SPAN_OF("&quot;"), '"'},
                      {SPAN_OF("&apos;"), '\''}};
    for (size_t i = 0; i < sizeof predefined / sizeof *predefined; i++) {
        *length = predefined[i].name.length;
        if (span_starts(text, predefined[i].name))
            return predefined[i].code_point;
    }
    uint32_t code_point = 0;
    size_t at = 2;
    for (; at < 8 && at < text.length && text.data[at] >= '0' && text.data[at] <= '9'; at++)
        code_point = code_point * 10 + (uint32_t)(text.data[at] - '0');
    *length = at + 1;
    bool known = span_starts(text, SPAN("&#")) && at < text.length && text.data[at] == ';';
    return known && code_point >= ' ' && code_point < 0xd800 ? code_point : 0;
}

/* Writes text of XML with references in it as one stand-in for what they are read as. false: it
 * cannot be, and nothing was written. */
static bool write_read_text(struct writer *writer, struct span text)
{
    struct stand_ins *stand_ins = writer->stand_ins;
    if (!is_worth_it(writer, text))
        return false;
    if (!stand_ins->read)
        stand_ins->read = memory_resize(NULL, writer->most);
    char *out = stand_ins->read + writer->read;
    size_t length = 0;
    while (text.length) {
        const char *reference = memchr(text.data, '&', text.length);
        size_t before = reference ? (size_t)(reference - text.data) : text.length;
        memcpy(out + length, text.data, before);
        length += before;
        text.data += before, text.length -= before;
        if (!reference)
            break;
        uint32_t code_point = read_reference(text, &before);
        if (!code_point)
            return false;
        length += text_put(out + length, code_point);
        text.data += before, text.length -= before;
    }
    writer->read += length;
    write_stand_in(writer, (struct span){out, length});
    return true;
}

/* What stands between two tags: texts, and references, which stay in HTML, where there are many and
 * broken ones. */
static void write_content(struct writer *writer, const char *from, const char *to)
{
    const char *reference = memchr(from, '&', (size_t)(to - from));
    if (reference && writer->kind == STAND_IN_XML &&
        write_read_text(writer, (struct span){from, (size_t)(to - from)}))
        return;
    for (; reference; reference = memchr(from, '&', (size_t)(to - from))) {
        write_text(writer, from, reference);
        from = reference + 1;
        while (from < to && *from != ';' && *from != '&' && !is_blank(*from))
            from++;
        from += from < to && *from == ';';
        copy(writer, reference, from);
    }
    write_text(writer, from, to);
}

/* Behind `close`, from `at` on; the end when it does not follow. */
static const char *behind(const char *at, const char *end, struct span close)
{
    const char *found = span_find_rare(at, end, close);
    return found ? found + close.length : end;
}

/* Behind the next `byte`. */
static const char *behind_byte(const char *at, const char *end, char byte)
{
    const char *found = memchr(at, byte, (size_t)(end - at));
    return found ? found + 1 : end;
}

/* The value behind the '=' at `equals`, without its quotes. `*next` is what is behind it; NULL: the
 * tag is broken. */
static struct span html_value(const char *equals, const char *end, const char **next)
{
    static const bool stops[256] = {
        [' '] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true, ['>'] = true};
    const char *at = equals + 1;
    char quote = at < end ? *at : '\0';
    if (quote == '"' || quote == '\'') {
        const char *close = memchr(at + 1, quote, (size_t)(end - at - 1));
        *next = close ? close + 1 : NULL;
        return (struct span){at + 1, close ? (size_t)(close - at - 1) : 0};
    }
    *next = text_find_byte(at, end, stops);
    return (struct span){at, (size_t)(*next - at)};
}

/* A value that is plain, and is where the parser takes it for text, too. */
static bool is_plain_value(struct span value)
{
    static const bool stops[256] = {
        [0x00 ... 0x1f] = true, ['&'] = true, ['<'] = true, [0xef] = true};
    const char *end = value.data + value.length;
    return text_find_byte(value.data, end, stops) == end;
}

/* Writes the tag of HTML that starts at `at`, but for values of attributes; returns what is behind
 * it. Where a '>' ends it is a guess, too: tags are often broken. */
static const char *write_html_tag(struct writer *writer, const char *at, const char *end)
{
    const char *tag_end = behind_byte(at, end, '>'), *from = at, *next;
    while (from < tag_end && (from = memchr(from, '=', (size_t)(tag_end - from)))) {
        struct span value = html_value(from, end, &next);
        if (!next)
            break;
        if (value.length >= VALUE_MIN && has_room(writer) && is_plain_value(value)) {
            copy(writer, at, value.data);
            write_stand_in(writer, value);
            at = value.data + value.length;
        }
        from = next;
        if (from > tag_end)
            tag_end = behind_byte(from, end, '>');
    }
    copy(writer, at, tag_end);
    return tag_end;
}

/* Writes the tag of XML that starts at `at`, in which quotes count. */
static const char *write_xml_tag(struct writer *writer, const char *at, const char *end)
{
    static const bool stops[256] = {['"'] = true, ['\''] = true, ['>'] = true};
    const char *stop = at;
    while ((stop = text_find_byte(stop, end, stops)) < end && *stop != '>')
        stop = behind_byte(stop + 1, end, *stop);
    stop += stop < end;
    copy(writer, at, stop);
    return stop;
}

static const char *write_cdata(struct writer *writer, const char *at, const char *end)
{
    const char *inside = at + strlen("<![CDATA[");
    const char *close = span_find_rare(inside, end, SPAN("]]>"));
    copy(writer, at, close ? inside : end);
    if (!close)
        return end;
    write_text(writer, inside, close);
    copy(writer, close, close + 3);
    return close + 3;
}

/* Writes what starts with the '<' at `at`; returns what is behind it. */
static const char *write_markup(struct writer *writer, const char *at, const char *end)
{
    struct span rest = {at, (size_t)(end - at)};
    bool comment = span_starts(rest, SPAN("<!--"));
    if (comment || span_starts(rest, SPAN("<?"))) {
        const char *next = behind(at + 2, end, comment ? SPAN("-->") : SPAN(">"));
        copy(writer, at, next);
        return next;
    }
    if (writer->kind == STAND_IN_HTML)
        return write_html_tag(writer, at, end);
    return span_starts(rest, SPAN("<![CDATA[")) ? write_cdata(writer, at, end)
                                                : write_xml_tag(writer, at, end);
}

struct span stand_ins_make(struct stand_ins *stand_ins, struct span markup,
                           enum stand_in_markup kind)
{
    struct writer writer = {stand_ins, kind, 0, 0, markup.length};
    const char *at = markup.data, *end = at + markup.length;
    *stand_ins = (struct stand_ins){.kind = kind};
    if (markup.length < 2 * TEXT_MIN || markup.length > MARKUP_MAX ||
        memchr(at, LEAD, markup.length))
        return markup;
    stand_ins->markup = memory_resize(NULL, 2 * markup.length); /* for "=40" five bytes at most */
    while (at < end) {
        const char *tag = memchr(at, '<', (size_t)(end - at));
        write_content(&writer, at, tag ? tag : end);
        at = tag ? write_markup(&writer, tag, end) : end;
    }
    return stand_ins->count ? (struct span){stand_ins->markup, writer.length} : markup;
}

/* The stand-in at `at`; the number of them: none. */
static size_t index_at(const struct stand_ins *stand_ins, const char *at, const char *end)
{
    uint32_t code_point = text_next(&at, end);
    return code_point >= FIRST && code_point - FIRST < stand_ins->count ? code_point - FIRST
                                                                        : stand_ins->count;
}

/* Letters, digits and signs that only mean something in HTML where a name is read. */
static bool is_inert(struct span text)
{
    static const bool are[256] = {['0' ... '9'] = true, ['a' ... 'z'] = true, ['A' ... 'Z'] = true,
                                  ['#'] = true,         ['%'] = true,         ['.'] = true};
    const char *at = text.data, *end = at + text.length;
    while (at < end && are[(unsigned char)*at])
        at++;
    return at == end;
}

/* Moves on to stand-in `index`. */
static void pass_over(struct stand_ins *stand_ins, size_t index)
{
    while (stand_ins->kind == STAND_IN_HTML && stand_ins->met < index &&
           is_inert(stand_ins->texts[stand_ins->met]))
        stand_ins->met++;
}

/* What the stand-in that may be at `at` is for; nothing where it is none. */
static struct span take(struct stand_ins *stand_ins, const char *at, const char *end)
{
    size_t index = index_at(stand_ins, at, end);
    struct span text = index < stand_ins->count ? stand_ins->texts[index] : (struct span){at, 0};
    pass_over(stand_ins, index);
    stand_ins->out_of_order |= index != stand_ins->met++;
    return text;
}

bool stand_in_next(struct stand_ins *stand_ins, const char **at, const char *end,
                   struct span *piece)
{
    const char *start = *at;
    if (start == end)
        return false;
    if (stand_ins->count && *start == LEAD) {
        *at = end - start < STAND_IN_BYTES ? end : start + STAND_IN_BYTES;
        *piece = take(stand_ins, start, end);
        return true;
    }
    const char *next = stand_ins->count ? memchr(start, LEAD, (size_t)(end - start)) : NULL;
    *at = next ? next : end;
    *piece = (struct span){start, (size_t)(*at - start)};
    return true;
}

struct span stand_in_value(struct stand_ins *stand_ins, struct span value)
{
    if (!stand_ins->count)
        return value;
    if (value.length == STAND_IN_BYTES && *value.data == LEAD)
        return take(stand_ins, value.data, value.data + value.length);
    stand_ins->out_of_order |= memchr(value.data, LEAD, value.length) != NULL;
    return value;
}

bool stand_ins_came_back(struct stand_ins *stand_ins)
{
    pass_over(stand_ins, stand_ins->count);
    return stand_ins->met == stand_ins->count && !stand_ins->out_of_order;
}

void stand_ins_no_name_at(struct stand_ins *stand_ins, const char *at)
{
    stand_ins->out_of_order |= stand_ins->count && *at == LEAD;
}

void stand_ins_clear(struct stand_ins *stand_ins)
{
    free(stand_ins->markup);
    free(stand_ins->texts);
    free(stand_ins->read);
    *stand_ins = (struct stand_ins){.count = 0};
}
