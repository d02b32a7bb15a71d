#include "core/checks.h"

#include <glib.h>
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
#define JOINED_WORDS_WIDTH_MAX 48
#define JOINED_LEAST 3

/* A keyword of Chinese: two ideographs or more, and no blanks, brackets or other marks, which
 * titles have around names and kinds of what they are about. */
static bool is_chinese_keyword(struct span phrase)
{
    const char *at = phrase.data, *end = at + phrase.length;
    size_t ideographs = 0;
    while (at < end) {
        uint8_t class = text_character(text_next(&at, end)).class;
        if (class != CHARACTER_IDEOGRAPH && class != CHARACTER_LETTER && class != CHARACTER_DIGIT)
            return false;
        ideographs += class == CHARACTER_IDEOGRAPH;
    }
    return ideographs >= 2 && phrase_width(phrase) <= JOINED_WIDTH_MAX;
}

/* Two to five words, with nothing before and behind. Single ones are what names of files and of
 * programs are made of. */
static bool is_phrase_of_words(struct span phrase)
{
    size_t blanks = 0;
    for (size_t i = 0; i < phrase.length; i++)
        blanks += phrase.data[i] == ' ';
    return blanks >= 1 && blanks <= 4 && span_trim(phrase).length == phrase.length &&
           phrase_width(phrase) <= JOINED_WORDS_WIDTH_MAX && phrase_has_letters(phrase);
}

struct row {
    size_t count;     /* of its keywords */
    struct span text; /* from the first to the last of them */
};

/* The piece at `*at`, up to one of the separators (one or two), behind which that moves; false: the
 * last was taken. */
static bool next_piece(const char **at, const char *end, const char *separators, struct span *piece)
{
    const char *stop = *at;
    if (stop > end)
        return false;
    while (stop < end && *stop != separators[0] && (*stop != separators[1] || !separators[1]))
        stop++;
    *piece = (struct span){*at, (size_t)(stop - *at)};
    *at = stop + 1;
    return true;
}

/* How many of the row's keywords share a part of theirs with another: those that somebody is to be
 * found by are turned over, while chapters, places and columns of a site are not. */
static double sharing_of(struct row row, const char *separators)
{
    struct phrases phrases;
    struct span piece;
    phrases.count = 0;
    for (const char *at = row.text.data, *end = at + row.text.length;
         next_piece(&at, end, separators, &piece);)
        phrases_add(&phrases, piece);
    return (double)phrases_overlap(&phrases, 2, 1).sharing / (double)row.count;
}

/* The longest row of keywords with nothing but one of `separators` between them. */
static struct row find_joined(struct span title, const char *separators,
                              bool (*is_keyword)(struct span phrase))
{
    struct row longest = {0, {title.data, 0}};
    struct span piece;
    size_t count = 0;
    const char *first = title.data;
    for (const char *at = first, *end = at + title.length;
         next_piece(&at, end, separators, &piece);) {
        bool fits = piece.length && is_keyword(piece);
        first = count ? first : piece.data;
        count = fits ? count + 1 : 0;
        if (count > longest.count)
            longest = (struct row){count, {first, (size_t)(piece.data + piece.length - first)}};
    }
    return longest;
}

bool check_joins_keywords(struct span title)
{
    return find_joined(title, "-_", is_chinese_keyword).count >= JOINED_LEAST ||
           find_joined(title, "-_", is_phrase_of_words).count >= JOINED_LEAST;
}

/* --- names of variables in prose, which look like phrases joined by low lines --- */

#define NAMES_MAX 32u /* phrases looked at */
#define WORDS_MAX 5u  /* is_phrase_of_words() */

struct joined_word {
    struct span word;
    size_t phrase;
    bool before, after; /* a low line */
};

struct joined_words {
    struct joined_word words[NAMES_MAX * WORDS_MAX];
    size_t count;
    size_t phrases;
    size_t foreign;  /* phrases that are not all ASCII */
    size_t prose;    /* phrases with a word or a mark that sentences have and keywords seldom do */
    size_t capitals; /* phrases behind a low line that begin with a capital, as no name goes on */
    size_t led;      /* phrases behind a low line */
    bool longer;     /* one between two low lines has more than two words */
    bool longer_end; /* one that is not has */
};

static bool is_of_prose(struct span word)
{
    static const struct span all[] = {
        SPAN_OF("a"),    SPAN_OF("an"),   SPAN_OF("and"),  SPAN_OF("are"),  SPAN_OF("as"),
        SPAN_OF("at"),   SPAN_OF("but"),  SPAN_OF("by"),   SPAN_OF("can"),  SPAN_OF("does"),
        SPAN_OF("for"),  SPAN_OF("from"), SPAN_OF("has"),  SPAN_OF("how"),  SPAN_OF("if"),
        SPAN_OF("in"),   SPAN_OF("into"), SPAN_OF("is"),   SPAN_OF("it"),   SPAN_OF("not"),
        SPAN_OF("of"),   SPAN_OF("on"),   SPAN_OF("or"),   SPAN_OF("than"), SPAN_OF("that"),
        SPAN_OF("the"),  SPAN_OF("then"), SPAN_OF("this"), SPAN_OF("to"),   SPAN_OF("use"),
        SPAN_OF("uses"), SPAN_OF("via"),  SPAN_OF("vs"),   SPAN_OF("when"), SPAN_OF("why"),
        SPAN_OF("with"), SPAN_OF("your")};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (span_equal_nocase(word, all[i]))
            return true;
    for (size_t i = 0; i < word.length; i++)
        if (strchr(":,;()=+", word.data[i]))
            return true;
    return false;
}

/* `led`: something stands before it, and a low line; `followed`: behind it. */
static void add_words(struct joined_words *all, struct span phrase, bool led, bool followed)
{
    const char *at = phrase.data, *end = at + phrase.length;
    size_t words = 0;
    bool prose = false;
    while (at < end && words < WORDS_MAX) {
        const char *blank = memchr(at, ' ', (size_t)(end - at));
        const char *stop = blank ? blank : end;
        struct span word = {at, (size_t)(stop - at)};
        all->words[all->count++] = (struct joined_word){.word = word,
                                                        .phrase = all->phrases,
                                                        .before = followed && stop == end,
                                                        .after = led && at == phrase.data};
        prose = prose || is_of_prose(word);
        words++;
        at = stop + 1;
    }
    all->prose += prose;
    all->foreign += text_ascii_length(phrase.data, end) < phrase.length;
    all->longer = all->longer || (led && followed && words > 2);
    all->longer_end = all->longer_end || (!(led && followed) && words > 2);
    all->capitals += led && phrase.length > 1 && g_ascii_isupper(phrase.data[0]) &&
                     g_ascii_islower(phrase.data[1]);
    all->led += led;
    all->phrases++;
}

static void split_words(struct span title, struct span row, struct joined_words *all)
{
    const char *at = row.data, *end = row.data + row.length;
    const char *title_end = title.data + title.length;
    while (at < end && all->phrases < NAMES_MAX) {
        const char *line = memchr(at, '_', (size_t)(end - at));
        const char *stop = line ? line : end;
        add_words(all, (struct span){at, (size_t)(stop - at)}, at > title.data, stop < title_end);
        at = stop + 1;
    }
}

/* A keyword comes again and again, and not as what all names begin or end with: in three phrases
 * away from the low lines, or on either side of them, or in all phrases. */
static bool repeats_keyword(const struct joined_words *all, const struct joined_word *keyword)
{
    size_t phrases = 0, inside = 0, before = 0, after = 0, last = SIZE_MAX;
    for (size_t i = 0; i < all->count; i++) {
        const struct joined_word *word = &all->words[i];
        if (word->phrase == last || !span_equal_nocase(word->word, keyword->word))
            continue;
        last = word->phrase;
        phrases++;
        inside += !word->before && !word->after;
        before += word->before;
        after += word->after;
    }
    bool everywhere = phrases == all->phrases && inside;
    return phrases >= 3 && (inside >= 3 || (before && after) || everywhere);
}

/* What most names begin with, or end with: "mod_rewrite mod_proxy". */
static bool is_common_part(const struct joined_words *all, const struct joined_word *part)
{
    size_t before = 0, after = 0, befores = 0, afters = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct joined_word *word = &all->words[i];
        bool same = span_equal_nocase(word->word, part->word);
        befores += word->before;
        afters += word->after;
        before += same && word->before;
        after += same && word->after;
    }
    return (before >= 3 && 4 * before >= 3 * befores) || (after >= 3 && 4 * after >= 3 * afters);
}

/* Names are ASCII and small, stand in sentences, and begin or end alike where they are listed. */
static bool joins_names(struct span title, struct span row)
{
    struct joined_words all = {.count = 0};
    bool common = false;
    split_words(title, row, &all);
    if (2 * all.foreign >= all.phrases || 4 * all.capitals >= 3 * all.led)
        return false;
    for (size_t i = 0; i < all.count; i++) {
        const struct joined_word *word = &all.words[i];
        if (word->word.length >= 3 && !is_of_prose(word->word) && repeats_keyword(&all, word))
            return false;
        common = common || is_common_part(&all, word);
    }
    bool listed = !all.longer && (all.longer_end || row.length < title.length);
    return common || listed || 4 * all.prose > all.phrases;
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
    struct row row = find_joined(title, "-_", is_chinese_keyword);
    struct row words = find_joined(title, "_", is_phrase_of_words);
    if (words.count > row.count && words.count > JOINED_LEAST && !joins_names(title, words.text))
        row = words;
    if (row.count < JOINED_LEAST)
        return 0;
    *detail = arena_printf(document->arena, "%zu of them", row.count);
    return (0.3 + 0.7 * ramp((double)row.count, JOINED_LEAST, 6)) *
           (0.25 + 0.75 * ramp(sharing_of(row, "-_"), 0.5, 0.8));
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
