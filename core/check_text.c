#include "core/checks.h"

#include <string.h>

#include "core/check_ramp.h"
#include "core/check_read.h"
#include "core/phrases.h"
#include "core/text.h"

/* --- TITLE_STUFFED --- */

/* What may stand between the keywords of a title. A blank only counts where it is asked for. */
static bool is_title_separator(uint32_t code_point, bool blanks)
{
    switch (code_point) {
    case '-':
    case '_':
    case '|':
    case ',':
    case '/':
    case ';':
    case 0x00b7: /* · */
    case 0x2013: /* – */
    case 0x2014: /* — */
    case 0x2502: /* │ */
    case 0x3001: /* 、 */
    case 0x4e28: /* 丨, a stroke often used as a bar */
    case 0xff0c: /* ， */
    case 0xff5c: /* ｜ */
        return true;
    case ' ':
    case '\t':
    case 0x3000:
        return blanks;
    default:
        return false;
    }
}

/* What they begin with. */
static const bool separator_leads[256] = {
    ['-'] = true,  ['_'] = true,  ['|'] = true,  [','] = true,  ['/'] = true,
    [';'] = true,  [' '] = true,  ['\t'] = true, [0xc2] = true, [0xe2] = true,
    [0xe3] = true, [0xe4] = true, [0xef] = true};

static void split_title(struct span title, bool blanks, struct phrases *phrases)
{
    const char *at = title.data, *end = at + title.length, *start = at;
    phrases->count = 0;
    while (at <= end) {
        const char *here = at = text_find_byte(at, end, separator_leads);
        bool cut = at == end;
        if (!cut)
            cut = is_title_separator(text_next(&at, end), blanks);
        else
            at++;
        if (!cut)
            continue;
        struct span phrase = span_trim((struct span){start, (size_t)(here - start)});
        if (phrase_has_letters(phrase))
            (blanks ? phrases_add : phrases_add_distinct)(phrases, phrase);
        start = at;
    }
}

/* What ends a sentence begins with these. */
static const bool sentence_ends[256] = {
    ['.'] = true, ['!'] = true, ['?'] = true, [0xe3] = true, [0xef] = true};

/* The length of what ends a sentence at the start of `text`; 0: nothing does. */
static size_t sentence_end(struct span text)
{
    static const struct span marks[] = {SPAN_OF("。"), SPAN_OF("！"), SPAN_OF("？")};
    if (text.data[0] == '.' || text.data[0] == '!' || text.data[0] == '?')
        return text.length > 1 && text.data[1] == ' ' ? 2 : 0;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (span_starts(text, marks[i]))
            return marks[i].length;
    return 0;
}

/* A sentence ends before the title does: it is prose, which repeats its words for other reasons. */
static bool has_sentences(struct span title)
{
    const char *end = title.data + title.length;
    for (const char *at = title.data; (at = text_find_byte(at, end, sentence_ends)) < end; at++) {
        size_t left = (size_t)(end - at), length = sentence_end((struct span){at, left});
        if (length && length < left)
            return true;
    }
    return false;
}

/* The same words in phrase after phrase. */
static double repeated_words(const struct document *document, struct span title,
                             struct span *detail)
{
    struct phrases phrases;
    split_title(title, false, &phrases);
    bool keywords = phrases.count >= 4;
    if (phrases.count == 1)
        split_title(title, true, &phrases);
    if (phrases.count < (keywords ? 4 : 6))
        return 0;
    /* How many share is asked of keywords only. */
    struct phrase_overlap overlap = phrases_overlap(&phrases, keywords ? 2 : PHRASES_MAX + 1, 1);
    double count = (double)phrases.count, strength = 0;
    if (!keywords)
        strength = ramp((double)overlap.most, 2, 5) * ramp((double)overlap.most / count, 0.25, 0.5);
    else if (overlap.most >= 3)
        strength = ramp((double)overlap.sharing / count, 0.4, 0.8) *
                   (0.6 + 0.4 * ramp((double)overlap.most, 3, 5));
    if (strength < 0.05)
        return 0;
    *detail = arena_printf(document->arena, "%.0f phrases, %zu of them hold the same word (%.*s)",
                           count, overlap.most, SPAN_ARGS(overlap.common));
    return strength;
}

double check_title_stuffed(const struct document *document, struct span *detail)
{
    struct span title = check_bare_subject(document->subject);
    return title.length < 12 || has_sentences(title) ? 0 : repeated_words(document, title, detail);
}

/* --- TITLE_JOINED --- */

#define JOINED_WIDTH_MAX 40
#define JOINED_LEAST 3

static size_t count_ideographs(struct span phrase)
{
    const char *at = phrase.data, *end = at + phrase.length;
    size_t count = 0;
    while (at < end)
        count += text_character(text_next(&at, end)).class == CHARACTER_IDEOGRAPH;
    return count;
}

/* A keyword of Chinese, which has no blanks. */
static bool is_chinese_keyword(struct span phrase)
{
    return count_ideographs(phrase) >= 2 && !memchr(phrase.data, ' ', phrase.length);
}

/* Two to five words, with nothing before and behind. Single ones are what names of files and of
 * programs are made of. */
static bool is_phrase_of_words(struct span phrase)
{
    size_t blanks = 0;
    for (size_t i = 0; i < phrase.length; i++)
        blanks += phrase.data[i] == ' ';
    return blanks >= 1 && blanks <= 4 && span_trim(phrase).length == phrase.length &&
           phrase_has_letters(phrase);
}

/* How many keywords stand in a row with nothing but one of `separators` between them. */
static size_t count_joined(struct span title, const char *separators,
                           bool (*is_keyword)(struct span phrase))
{
    size_t row = 0, most = 0;
    const char *start = title.data, *end = title.data + title.length;
    for (const char *at = start; at <= end; at++) {
        if (at < end && *at != separators[0] && (*at != separators[1] || !separators[1]))
            continue;
        struct span phrase = {start, (size_t)(at - start)};
        row = phrase.length && phrase_width(phrase) <= JOINED_WIDTH_MAX && is_keyword(phrase)
                  ? row + 1
                  : 0;
        most = row > most ? row : most;
        start = at + 1;
    }
    return most;
}

/* Titles made for people have blanks or bars there, or name one thing and the site; and English
 * joins words with hyphens, but not phrases with low lines. */
double check_title_joined(const struct document *document, struct span *detail)
{
    static const bool joins[256] = {['-'] = true, ['_'] = true};
    const char *at = document->subject.data, *end = at + document->subject.length;
    size_t separators = 0;
    for (; (at = text_find_byte(at, end, joins)) < end; at++)
        separators++;
    if (separators + 1 < JOINED_LEAST)
        return 0;
    struct span title = check_bare_subject(document->subject);
    if (title.length < 12 || has_sentences(title))
        return 0;
    size_t count = count_joined(title, "-_", is_chinese_keyword);
    size_t phrases = count_joined(title, "_", is_phrase_of_words);
    if (phrases > count && phrases > JOINED_LEAST) /* three may be names of variables in prose */
        count = phrases;
    if (count < JOINED_LEAST)
        return 0;
    *detail = arena_printf(document->arena, "%zu of them", count);
    return 0.5 + 0.5 * ramp((double)count, JOINED_LEAST, 6);
}

/* --- HTML_HIDDEN_TEXT --- */

/* Preheaders, which mail readers show beside the subject, are hidden on purpose and short. */
#define HIDDEN_MIN 150

double check_html_hidden_text(const struct document *document, struct span *detail)
{
    size_t hidden = document->html.hidden, visible = document->html.visible;
    if (hidden <= HIDDEN_MIN)
        return 0;
    double share = (double)hidden / (double)(hidden + visible);
    double strength = ramp(share, 0.1, 0.4) * (0.5 + 0.5 * ramp((double)hidden, HIDDEN_MIN, 1000));
    if (strength < 0.05)
        return 0;
    *detail = arena_printf(document->arena, "%zu hidden characters, %.0f %% of the text", hidden,
                           100 * share);
    return strength;
}
