#include "core/keyword_list.h"

#include <string.h>

#include "core/check_ramp.h"
#include "core/check_read.h"
#include "core/feed_promotion.h"
#include "core/text.h"

#define SEPARATOR_MARKS 4

/* What sets phrases apart, and what is asked of a list before it counts. Bars are rare between
 * phrases made for people; commas and lines are not, so they must repeat themselves more. */
struct separator {
    struct span marks[SEPARATOR_MARKS];
    const char *name;
    size_t least_phrases, full_phrases;
    double least_sharing, full_sharing;
    double frame; /* phrases.h */
    size_t width; /* of the longest phrase */
    bool lines;   /* a line is more than a keyword easily */
};

static const struct separator separators[] = {
    {{SPAN_OF("|"), SPAN_OF("｜"), SPAN_OF("│"), SPAN_OF("¦")},
     "bars",
     12,
     24,
     0.2,
     0.5,
     0.5,
     48,
     false},
    {{SPAN_OF("·"), SPAN_OF("•"), SPAN_OF("・")}, "dots", 12, 24, 0.5, 0.8, 0.9, 48, false},
    {{SPAN_OF("、"), SPAN_OF("，"), SPAN_OF(",")}, "commas", 24, 48, 0.65, 0.9, 0.9, 32, false},
    {{SPAN_OF("\n")}, "line ends", 24, 60, 0.75, 0.95, 0.5, 32, true},
};

/* The next separator from `at` on, and its length; `end` and 0 when there is none. One pass over
 * the text whatever it holds; `may_start` says which bytes a separator starts with. */
static const char *next_separator(const struct separator *separator, const bool may_start[256],
                                  const char *at, const char *end, size_t *length)
{
    if (!separator->marks[1].length) {
        const char *only = memchr(at, separator->marks[0].data[0], (size_t)(end - at));
        *length = only != NULL;
        return only ? only : end;
    }
    while ((at = text_find_byte(at, end, may_start)) < end) {
        for (size_t i = 0; i < SEPARATOR_MARKS && separator->marks[i].length; i++) {
            *length = separator->marks[i].length;
            if (span_starts((struct span){at, (size_t)(end - at)}, separator->marks[i]))
                return at;
        }
        at++;
    }
    *length = 0;
    return end;
}

/* Whether `text` starts with what ends a sentence. */
static bool ends_sentence(struct span text)
{
    switch (text.data[0]) {
    case '.':
    case '!':
    case '?':
        return text.length > 1 && text.data[1] == ' ';
    case '\xe3':
        return span_starts(text, SPAN("。"));
    case '\xef':
        return span_starts(text, SPAN("！")) || span_starts(text, SPAN("？"));
    default:
        return false;
    }
}

/* A sentence ends within, or between lines there is code, a path or figures: no keyword. */
static bool is_keyword(const struct separator *separator, struct span phrase)
{
    static const bool code[256] = {
        ['{'] = true, ['}'] = true, ['('] = true, [')'] = true, ['<'] = true, ['>'] = true,
        ['='] = true, [';'] = true, [':'] = true, ['"'] = true, ['/'] = true, ['\\'] = true};
    for (; phrase.length; phrase.data++, phrase.length--) {
        if (ends_sentence(phrase) || (separator->lines && code[(unsigned char)phrase.data[0]]))
            return false;
    }
    return true;
}

/* Judges the list that has ended and starts a new one. */
static void close_list(struct phrases *list, const struct separator *separator, size_t text,
                       struct keyword_list *best)
{
    if (list->count >= separator->least_phrases) {
        struct phrase_overlap overlap = phrases_overlap(list, 3, separator->frame);
        double sharing = (double)overlap.sharing / (double)list->count;
        double strength = (0.3 + 0.7 * ramp((double)list->count, (double)separator->least_phrases,
                                            (double)separator->full_phrases)) *
                          ramp(sharing, separator->least_sharing, separator->full_sharing);
        if (strength > best->strength) {
            best->strength = strength;
            best->sharing = overlap.sharing;
            best->common = overlap.common;
            best->separated_by = separator->name;
            best->text = text;
            best->phrases.count = list->count;
            memcpy(best->phrases.items, list->items, list->count * sizeof *list->items);
        }
    }
    list->count = 0;
}

/* A phrase has a third of its bytes in columns at least, and no more columns than bytes; or one
 * more where text was cut within a character. ASCII has one for each. */
static bool is_wide(struct span phrase, size_t width)
{
    return phrase.length >= width &&
           (phrase.length > 3 * width ||
            text_ascii_length(phrase.data, phrase.data + phrase.length) > width ||
            phrase_width(phrase) > width);
}

#define SEPARATORS (sizeof separators / sizeof *separators)

/* The separator whose mark stands at the start of `text`; SEPARATORS: none's. `*length` is the
 * mark's. */
static size_t separator_at(struct span text, size_t *length)
{
    for (size_t i = 0; i < SEPARATORS; i++) {
        const struct span *marks = separators[i].marks;
        for (size_t j = 0; j < SEPARATOR_MARKS && marks[j].length; j++) {
            *length = marks[j].length;
            if (*text.data == *marks[j].data && span_starts(text, marks[j]))
                return i;
        }
    }
    return SEPARATORS;
}

/* Phrases in a row that one separator has set apart so far, none of them too wide by its length but
 * the first and the last, of which a line may belong to it. Two bytes take one column at least. */
struct row {
    const char *start; /* of the next phrase */
    size_t phrases;
    bool enough;
};

static void add_to_row(struct row *row, const struct separator *separator, const char *end)
{
    struct span phrase = {row->start, (size_t)(end - row->start)};
    bool wide =
        phrase.length > 2 * separator->width && span_trim(phrase).length > 2 * separator->width;
    row->phrases++;
    row->enough |= row->phrases >= separator->least_phrases;
    if (wide)
        row->phrases = 1;
}

/* Whether there can be a list between separators of each kind: one look at the text tells that most
 * have none. */
static void find_rows(struct span text, struct row rows[SEPARATORS])
{
    static const bool stops[256] = {['|'] = true,  [','] = true,  ['\n'] = true, [0xc2] = true,
                                    [0xe2] = true, [0xe3] = true, [0xef] = true};
    /* One more than the separator that this byte is all of. */
    static const unsigned char of_byte[256] = {['|'] = 1, [','] = 3, ['\n'] = 4};
    const char *at = text.data, *end = at + text.length;
    for (size_t i = 0; i < SEPARATORS; i++)
        rows[i] = (struct row){.start = text.data};
    while ((at = text_find_byte(at, end, stops)) < end) {
        size_t length = 1, i = of_byte[(unsigned char)*at];
        i = i ? i - 1 : separator_at((struct span){at, (size_t)(end - at)}, &length);
        if (i == SEPARATORS) {
            at++;
            continue;
        }
        add_to_row(&rows[i], &separators[i], at);
        at += length;
        rows[i].start = at;
    }
    for (size_t i = 0; i < SEPARATORS; i++)
        add_to_row(&rows[i], &separators[i], end);
}

/* False: it is no keyword. */
static bool add_keyword(struct phrases *list, const struct separator *separator, struct span phrase)
{
    if (is_wide(phrase, separator->width) || !is_keyword(separator, phrase))
        return false;
    if (phrase_has_letters(phrase))
        phrases_add_distinct(list, phrase);
    return true;
}

/* Of text that stands between two separators, what stands in one line with the first; the same with
 * the second. Text around a list begins and ends with lines of its own. */
static struct span first_line(struct span text)
{
    const char *line_end = memchr(text.data, '\n', text.length);
    return span_trim((struct span){text.data, line_end ? (size_t)(line_end - text.data) : 0});
}

static struct span last_line(struct span text)
{
    const char *line_end = memrchr(text.data, '\n', text.length);
    const char *end = text.data + text.length, *start = line_end ? line_end + 1 : end;
    return span_trim((struct span){start, (size_t)(end - start)});
}

static void find_lists(struct span text, size_t number, const struct separator *separator,
                       struct keyword_list *best)
{
    struct phrases list;
    list.count = 0;
    bool may_start[256] = {false};
    for (size_t i = 0; i < SEPARATOR_MARKS && separator->marks[i].length; i++)
        may_start[(unsigned char)*separator->marks[i].data] = true;
    const char *start = text.data, *end = start + text.length;
    while (start < end) {
        size_t length;
        const char *at = next_separator(separator, may_start, start, end, &length);
        struct span phrase = span_trim((struct span){start, (size_t)(at - start)});
        if (!add_keyword(&list, separator, phrase)) {
            add_keyword(&list, separator, first_line(phrase));
            close_list(&list, separator, number, best);
            add_keyword(&list, separator, last_line(phrase));
        }
        start = at + length + (at == end);
    }
    close_list(&list, separator, number, best);
}

/* --- the text around the list --- */

/* So much of other text at least, in bytes, or there is nothing to be unrelated to. */
#define AROUND_BYTES_MIN 100
#define AROUND_TEXTS_MAX 16
/* Menus of departments, editions and shops are as long as farms; what farms list is for sale. And
 * as many keywords stand under texts whose authors label them for finding (teams, sizes, places,
 * kinds of dishes) in words that the text does not need; farms list more. */
#define LABELS_MOST 15
#define FARM_LEAST 19

static struct span lines_of(const struct keyword_list *list, struct span text)
{
    struct span last = list->phrases.items[list->phrases.count - 1];
    const char *start = list->phrases.items[0].data, *end = last.data + last.length;
    const char *before = memrchr(text.data, '\n', (size_t)(start - text.data));
    const char *behind = memchr(end, '\n', (size_t)(text.data + text.length - end));
    start = before ? before + 1 : start;
    return (struct span){start, (size_t)((behind ? behind : end) - start)};
}

static void add_piece(struct span *pieces, size_t *count, const char *start, const char *end)
{
    size_t length = (size_t)(end - start);
    if (length && *count < AROUND_TEXTS_MAX)
        pieces[(*count)++] =
            (struct span){start, length < KEYWORD_LIST_BYTES_MAX ? length : KEYWORD_LIST_BYTES_MAX};
}

/* The body without the lines that the list stands in; returns how many pieces. */
static size_t text_around(const struct document *document, const struct keyword_list *list,
                          struct span pieces[AROUND_TEXTS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < document->text_count; i++) {
        struct span text = document->texts[i].content;
        const char *end = text.data + text.length;
        if (document->texts[i].kind != TEXT_BODY)
            continue;
        if (i != list->text) {
            add_piece(pieces, &count, text.data, end);
            continue;
        }
        add_piece(pieces, &count, text.data, list->lines.data);
        add_piece(pieces, &count, list->lines.data + list->lines.length, end);
    }
    return count;
}

/* `selling`: how much the keywords are of what is for sale, from 0 to 1. A title of joined keywords
 * belongs to the list. */
static void judge_around(const struct document *document, struct keyword_list *list, double selling)
{
    struct span pieces[AROUND_TEXTS_MAX + 1];
    size_t count = text_around(document, list, pieces), bytes = 0;
    list->unrelated = 0;
    for (size_t i = 0; i < count; i++)
        bytes += pieces[i].length;
    if (bytes < AROUND_BYTES_MIN)
        return;
    if (!check_joins_keywords(document->subject))
        pieces[count++] = document->subject;
    list->known = phrases_known(&list->phrases, pieces, count);
    double unknown = 1 - (double)list->known / (double)list->phrases.count;
    list->unrelated = ramp(unknown, 0.3, 0.6) * ramp(list->strength, 0, 0.1) *
                      ramp((double)list->phrases.count, LABELS_MOST, FARM_LEAST) * selling;
}

bool keyword_list_borrows_text(const struct document *document)
{
    return document->keyword_list && document->keyword_list->unrelated >= 0.5;
}

/* False: the document has none. */
static bool find_strongest(const struct document *document, struct keyword_list *best)
{
    size_t budget = KEYWORD_LIST_BYTES_MAX;
    best->strength = 0;
    for (size_t i = 0; i < document->text_count && budget; i++) {
        if (document->texts[i].kind != TEXT_BODY)
            continue;
        struct span text = span_take(document->texts[i].content, &budget);
        struct row rows[SEPARATORS];
        find_rows(text, rows);
        for (size_t j = 0; j < SEPARATORS; j++)
            if (rows[j].enough)
                find_lists(text, i, &separators[j], best);
    }
    return best->strength > 0;
}

void keyword_list_note(struct document *document)
{
    struct keyword_list best;
    if (document->keyword_list_noted)
        return;
    document->keyword_list_noted = true;
    if (!find_strongest(document, &best))
        return;
    struct keyword_list *list = arena_room(document->arena, sizeof *list);
    *list = best;
    list->lines = lines_of(list, document->texts[list->text].content);
    double selling = ramp(feed_promotion_share(&list->phrases), 0.4, 0.7);
    judge_around(document, list, selling);
    list->strength *= 0.5 + 0.5 * selling;
    document->keyword_list = list;
}
