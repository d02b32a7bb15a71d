/* LETTERS_DECORATED: words in letters that are drawn to please, or to be missed: mathematical,
 * circled, squared, full-width or small capital ones, and letters under piles of marks. */
#include "core/checks.h"

#include <string.h>

#include "core/check_ramp.h"
#include "core/text.h"

/* What is looked at of a document. */
#define LETTER_BYTES_MAX ((size_t)64 * 1024)

/* One or two such letters are a formula, a unit or the sign of a footnote. */
#define RUN_MIN 3
/* Letters with a blank after each make one word from so many on: "𝑩 𝑺 𝑾 𝑫". */
#define SPACED_RUN_MIN 4
#define MARKS_MIN 2 /* on one letter: Vietnamese and transliterations have that, seldom more */

enum style { STYLE_NONE, STYLE_MATHEMATICAL, STYLE_ENCLOSED, STYLE_WIDE, STYLE_SMALL };

/* Small capitals; the few of them that phonetic writing has stand between other letters there. */
static bool is_small_capital(uint32_t code_point)
{
    static const uint16_t others[] = {0x262, 0x26a, 0x274,  0x280,  0x28f, 0x299,
                                      0x29c, 0x29f, 0xa730, 0xa731, 0xa7af};
    if (code_point >= 0x1d00 && code_point <= 0x1d22)
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (code_point == others[i])
            return true;
    return false;
}

static enum style style_of(uint32_t code_point)
{
    if (code_point < 0x262)
        return STYLE_NONE;
    if (code_point >= 0x1d400 && code_point <= 0x1d7cb)
        return STYLE_MATHEMATICAL;
    if ((code_point >= 0x249c && code_point <= 0x24e9) ||
        (code_point >= 0x1f110 && code_point <= 0x1f189))
        return STYLE_ENCLOSED;
    if ((code_point >= 0xff21 && code_point <= 0xff3a) ||
        (code_point >= 0xff41 && code_point <= 0xff5a))
        return STYLE_WIDE;
    return is_small_capital(code_point) ? STYLE_SMALL : STYLE_NONE;
}

/* A run of letters of one style, digits and single blanks being of any. */
struct run {
    enum style style;
    const char *start, *end; /* end: behind its last letter */
    size_t letters, blanks;
    bool after_blank;
    bool beside_east_asian; /* wide letters belong there */
};

struct found {
    size_t runs, letters;
    struct span first;
};

static void end_run(struct run *run, struct found *found)
{
    bool spaced = run->blanks * 2 >= run->letters;
    size_t least = spaced ? SPACED_RUN_MIN : RUN_MIN;
    bool counts = run->style != STYLE_NONE && run->letters >= least &&
                  !(run->style == STYLE_WIDE && run->beside_east_asian);
    if (counts) {
        if (!found->runs++)
            found->first = (struct span){run->start, (size_t)(run->end - run->start)};
        found->letters += run->letters;
    }
    *run = (struct run){.beside_east_asian = false};
}

static void add_letter(struct run *run, struct found *found, enum style style, const char *start,
                       const char *end)
{
    if (run->style != style) {
        bool beside = run->style == STYLE_NONE && run->beside_east_asian;
        end_run(run, found);
        run->style = style;
        run->start = start;
        run->beside_east_asian = beside;
    }
    run->letters++;
    run->blanks += run->after_blank;
    run->after_blank = false;
    run->end = end;
}

static bool is_east_asian(uint32_t code_point)
{
    return (code_point >= 0x2e80 && code_point <= 0x9fff) ||
           (code_point >= 0xac00 && code_point <= 0xd7af) ||
           (code_point >= 0xff01 && code_point <= 0xff20);
}

/* What characters of any style start with: small capitals, enclosed, wide, mathematical. */
static const bool leads_of_styles[256] = {
    [0xc9] = true, [0xca] = true, [0xe1] = true, [0xe2] = true,
    [0xea] = true, [0xef] = true, [0xf0] = true};

/* Whether the character before `at` is one of East Asia. */
static bool is_behind_east_asian(const char *start, const char *at)
{
    const char *before = at;
    while (before > start && at - before < 4) {
        const char *next = --before;
        uint32_t code_point = text_next(&next, at);
        if (next == at && ((unsigned char)*before & 0xc0) != 0x80)
            return is_east_asian(code_point);
    }
    return false;
}

/* Passes over what cannot start a run; what stood before it matters to wide letters only. */
static const char *skip_plain(const char *at, const char *end, struct run *run)
{
    const char *next = text_find_high(at, end, leads_of_styles);
    if (next > at)
        run->beside_east_asian = is_behind_east_asian(at, next);
    return next;
}

static void look_at(struct span content, struct found *found)
{
    const char *at = content.data, *end = at + content.length;
    struct run run = {.beside_east_asian = false};
    while (run.style != STYLE_NONE || (at = skip_plain(at, end, &run)) < end) {
        if (at == end)
            break;
        const char *start = at;
        uint32_t code_point = text_next(&at, end);
        enum style style = style_of(code_point);
        if (style != STYLE_NONE) {
            add_letter(&run, found, style, start, at);
        } else if (code_point == ' ' && run.style != STYLE_NONE && !run.after_blank) {
            run.after_blank = true;
        } else if (text_character(code_point).class != CHARACTER_DIGIT || run.style == STYLE_NONE) {
            bool beside = is_east_asian(code_point);
            run.beside_east_asian |= beside;
            end_run(&run, found);
            run.beside_east_asian = beside;
        }
    }
    end_run(&run, found);
}

/* Marks that are drawn over or around any letter: strokes, rings, boxes; and how many letters carry
 * more than an alphabet piles on one. */
static bool is_mark(uint32_t code_point)
{
    return (code_point >= 0x300 && code_point <= 0x36f) ||
           (code_point >= 0x1ab0 && code_point <= 0x1aff) ||
           (code_point >= 0x1dc0 && code_point <= 0x1dff) ||
           (code_point >= 0x20d0 && code_point <= 0x20f0);
}

static bool is_overlay(uint32_t code_point)
{
    return (code_point >= 0x334 && code_point <= 0x338) ||
           (code_point >= 0x20d2 && code_point <= 0x20e5 && code_point != 0x20e3);
}

/* What such marks start with. */
static const bool leads_of_marks[256] = {
    [0xcc] = true, [0xcd] = true, [0xe1] = true, [0xe2] = true};

static size_t count_marked(struct span content)
{
    const char *at = content.data, *end = at + content.length;
    size_t marked = 0, marks = 0;
    while (at < end) {
        const char *next = text_find_high(at, end, leads_of_marks);
        if (next == end)
            break;
        marks = next > at ? 0 : marks;
        at = next;
        uint32_t code_point = text_next(&at, end);
        if (!is_mark(code_point)) {
            marks = 0;
            continue;
        }
        marks++;
        marked += is_overlay(code_point) || marks == MARKS_MIN + 1;
    }
    return marked;
}

double check_letters_decorated(const struct document *document, struct span *detail)
{
    struct found found = {0, 0, {NULL, 0}};
    size_t marked = 0, budget = LETTER_BYTES_MAX;
    for (size_t i = 0; i < document->text_count && budget; i++) {
        struct span content = span_take(document->texts[i].content, &budget);
        if (text_ascii_length(content.data, content.data + content.length) == content.length)
            continue;
        look_at(content, &found);
        marked += count_marked(content);
    }
    double strength = found.runs ? 0.6 + 0.4 * ramp((double)found.letters, RUN_MIN, 12) : 0;
    if (strength > 0)
        *detail = arena_printf(document->arena, "%zu words, the first is \"%.*s\"", found.runs,
                               SPAN_ARGS(found.first));
    double of_marks = ramp((double)marked, 2, 8);
    if (of_marks <= strength)
        return strength;
    *detail = arena_printf(document->arena, "%zu letters under marks that no alphabet has", marked);
    return of_marks;
}
