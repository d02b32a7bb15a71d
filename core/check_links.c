#include "core/checks.h"

#include <math.h>
#include <string.h>

#include "core/check_ramp.h"
#include "core/network.h"
#include "core/phrases.h"
#include "core/text.h"
#include "core/url.h"

/* How much of a document's text is searched for lists of phrases. */
#define LIST_BYTES_MAX ((size_t)128 * 1024)

/* --- LINK_FARM: lists of phrases in text --- */

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
     30,
     0.2,
     0.5,
     0.5,
     48,
     false},
    {{SPAN_OF("·"), SPAN_OF("•"), SPAN_OF("・")}, "dots", 12, 30, 0.5, 0.8, 0.9, 48, false},
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

struct farm {
    double strength;
    size_t count, sharing;
    struct span common;
    const char *separated_by; /* NULL: they are anchors */
    struct phrases list;      /* what was between the separators */
    size_t text;              /* of the document, that it stands in */
};

/* Judges the list that has ended and starts a new one. */
static void close_list(struct phrases *list, const struct separator *separator, size_t text,
                       struct farm *best)
{
    if (list->count >= separator->least_phrases) {
        struct phrase_overlap overlap = phrases_overlap(list, 3, separator->frame);
        double sharing = (double)overlap.sharing / (double)list->count;
        double strength = (0.5 + 0.5 * ramp((double)list->count, (double)separator->least_phrases,
                                            (double)separator->full_phrases)) *
                          ramp(sharing, separator->least_sharing, separator->full_sharing);
        if (strength > best->strength) {
            best->strength = strength;
            best->count = list->count;
            best->sharing = overlap.sharing;
            best->common = overlap.common;
            best->separated_by = separator->name;
            best->text = text;
            best->list.count = list->count;
            memcpy(best->list.items, list->items, list->count * sizeof *list->items);
        }
    }
    list->count = 0;
}

/* A phrase has a third of its bytes in columns at least, and no more columns than bytes; or one
 * more where text was cut within a character. */
static bool is_wide(struct span phrase, size_t width)
{
    return phrase.length >= width && (phrase.length > 3 * width || phrase_width(phrase) > width);
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

/* Phrases in a row, none of them too wide by its length, that one separator has set apart so far.
 * Two bytes take one column at least. */
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
    row->phrases = wide ? 0 : row->phrases + 1;
    row->enough |= row->phrases >= separator->least_phrases;
}

/* Whether there can be a list between separators of each kind: one look at the text tells that most
 * have none. */
static void find_rows(struct span text, struct row rows[SEPARATORS])
{
    static const bool starts[256] = {['|'] = true,  [','] = true,  ['\n'] = true, [0xc2] = true,
                                     [0xe2] = true, [0xe3] = true, [0xef] = true};
    const char *at = text.data, *end = at + text.length;
    for (size_t i = 0; i < SEPARATORS; i++)
        rows[i] = (struct row){.start = text.data};
    while ((at = text_find_byte(at, end, starts)) < end) {
        size_t length = 1;
        size_t i = separator_at((struct span){at, (size_t)(end - at)}, &length);
        if (i < SEPARATORS) {
            add_to_row(&rows[i], &separators[i], at);
            rows[i].start = at + length;
        }
        at += i < SEPARATORS ? length : 1;
    }
    for (size_t i = 0; i < SEPARATORS; i++)
        add_to_row(&rows[i], &separators[i], end);
}

static void find_lists(struct span text, size_t number, const struct separator *separator,
                       struct farm *best)
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
        if (is_wide(phrase, separator->width) || !is_keyword(separator, phrase))
            close_list(&list, separator, number, best);
        else if (phrase_has_letters(phrase))
            phrases_add_distinct(&list, phrase);
        start = at + length + (at == end);
    }
    close_list(&list, separator, number, best);
}

/* --- LINK_FARM: anchors --- */

#define FARM_ANCHORS_MIN 12
#define ANCHOR_WIDTH_MAX 48

static bool is_web_anchor(const struct link *link)
{
    return link->from_html && link->host.length && link->text.length;
}

/* Distinct registrable domains that the web anchors of a document lead to. */
static size_t count_domains(const struct document *document)
{
    size_t distinct = 0;
    struct span seen[PHRASES_MAX];
    for (size_t i = 0; i < document->link_count && distinct < PHRASES_MAX; i++) {
        const struct link *link = &document->links[i];
        if (!is_web_anchor(link))
            continue;
        size_t j = 0;
        while (j < distinct && !span_equal(seen[j], link->domain))
            j++;
        if (j == distinct)
            seen[distinct++] = link->domain;
    }
    return distinct;
}

/* Anchors with short texts that lead to ever other domains, with little text around them, or whose
 * texts turn the same keywords over. Newsletters and menus lead to few domains and have distinct
 * texts; digests of links have long ones, or text around them. */
static void judge_anchors(const struct document *document, struct farm *best, double inside)
{
    struct phrases texts;
    texts.count = 0;
    size_t anchors = 0;
    for (size_t i = 0; i < document->link_count; i++) {
        const struct link *link = &document->links[i];
        if (!is_web_anchor(link))
            continue;
        anchors++;
        if (phrase_width(link->text) <= ANCHOR_WIDTH_MAX && phrase_has_letters(link->text))
            phrases_add_distinct(&texts, link->text);
    }
    if (texts.count < FARM_ANCHORS_MIN || texts.count * 5 < anchors * 4)
        return;
    size_t domains = count_domains(document);
    struct phrase_overlap overlap = phrases_overlap(&texts, 3, 0.9);
    double spread = (double)domains / (double)texts.count;
    double sharing = (double)overlap.sharing / (double)texts.count;
    double many = 0.5 + 0.5 * ramp((double)texts.count, FARM_ANCHORS_MIN, 30);
    double strength = fmax(ramp(spread, 0.3, 0.8) * ramp(inside, 0.6, 0.9),
                           ramp(spread, 0.2, 0.6) * ramp(sharing, 0.5, 0.8)) *
                      many;
    if (strength > best->strength) {
        best->strength = strength;
        best->count = texts.count;
        best->sharing = overlap.sharing;
        best->common = overlap.common;
        best->separated_by = NULL;
    }
}

/* The list that looks most like one of a farm. */
static void find_farm(const struct document *document, struct farm *best)
{
    size_t budget = LIST_BYTES_MAX;
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
}

static void start_farm(struct farm *farm)
{
    farm->strength = 0;
    farm->count = farm->sharing = farm->text = farm->list.count = 0;
    farm->common = (struct span){NULL, 0};
    farm->separated_by = NULL;
}

double check_link_farm(const struct document *document, struct span *detail)
{
    struct farm best;
    double inside = document->html.visible
                        ? (double)document->html.inside_links / (double)document->html.visible
                        : 0;
    start_farm(&best);
    judge_anchors(document, &best, inside);
    find_farm(document, &best);
    if (best.strength < 0.05)
        return 0;
    if (best.separated_by)
        *detail = arena_printf(document->arena,
                               "%zu short phrases between %s, %zu of them share words (%.*s)",
                               best.count, best.separated_by, best.sharing, SPAN_ARGS(best.common));
    else
        *detail = arena_printf(document->arena,
                               "%zu short anchors, %.0f %% of the text; %zu share words (%.*s)",
                               best.count, 100 * inside, best.sharing, SPAN_ARGS(best.common));
    return best.strength;
}

/* --- FARM_UNRELATED --- */

/* So much of other text at least, in bytes, or there is nothing to be unrelated to. */
#define ARTICLE_BYTES_MIN 200
#define ARTICLE_TEXTS_MAX 16

/* The body without the lines that the list stands in; returns how many pieces. */
static size_t text_around(const struct document *document, const struct farm *farm,
                          struct span pieces[ARTICLE_TEXTS_MAX])
{
    size_t count = 0;
    struct span last = farm->list.items[farm->list.count - 1];
    for (size_t i = 0; i < document->text_count && count + 2 <= ARTICLE_TEXTS_MAX; i++) {
        struct span text = document->texts[i].content;
        if (document->texts[i].kind != TEXT_BODY)
            continue;
        if (i != farm->text) {
            pieces[count++] = text;
            continue;
        }
        const char *start = farm->list.items[0].data, *end = last.data + last.length;
        const char *text_end = text.data + text.length;
        const char *before = memrchr(text.data, '\n', (size_t)(start - text.data));
        const char *behind = memchr(end, '\n', (size_t)(text_end - end));
        pieces[count++] = (struct span){text.data, (size_t)((before ? before : start) - text.data)};
        if (behind)
            pieces[count++] = (struct span){behind, (size_t)(text_end - behind)};
    }
    return count;
}

/* Who lists keywords under a text of their own lists what the text is about. Under a text that was
 * taken from elsewhere stands what somebody else is to be found by. */
double check_farm_unrelated(const struct document *document, struct span *detail)
{
    struct farm farm;
    struct span pieces[ARTICLE_TEXTS_MAX];
    start_farm(&farm);
    find_farm(document, &farm);
    if (farm.strength < 0.05)
        return 0;
    size_t count = text_around(document, &farm, pieces), bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += pieces[i].length < LIST_BYTES_MAX ? pieces[i].length : LIST_BYTES_MAX;
    if (bytes < ARTICLE_BYTES_MIN)
        return 0;
    for (size_t i = 0; i < count; i++)
        pieces[i].length = pieces[i].length < LIST_BYTES_MAX ? pieces[i].length : LIST_BYTES_MAX;
    size_t known = phrases_known(&farm.list, pieces, count);
    double unknown = 1 - (double)known / (double)farm.list.count;
    double strength = ramp(unknown, 0.3, 0.6) * ramp(farm.strength, 0, 0.1);
    if (strength < 0.05)
        return 0;
    *detail = arena_printf(document->arena, "%zu of %zu keywords are of nothing in the text",
                           farm.list.count - known, farm.list.count);
    return strength;
}

/* --- LINK_TEXT_MISMATCH --- */

/* A host without scheme, "www." or path is taken for one only under these, since names of files and
 * products look alike ("report.doc", "ASP.NET"). */
static bool has_plain_ending(struct span host)
{
    static const char *const endings[] = {".com", ".org", ".edu", ".gov", ".cn", ".de", ".uk"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t length = strlen(endings[i]);
        if (host.length > length &&
            memcmp(host.data + host.length - length, endings[i], length) == 0)
            return true;
    }
    return false;
}

/* The address that a link's text shows, parsed; false when it shows words. `*bare` tells a name
 * without scheme. */
static bool shown_address(struct arena *arena, struct span text, struct link *shown, bool *bare)
{
    text = span_trim(text);
    if (text.length < 4 || text.length > 300 || memchr(text.data, ' ', text.length))
        return false;
    const char *scheme = memmem(text.data, text.length, "://", 3);
    size_t before_path = scheme ? (size_t)(scheme - text.data) + 3 : 0;
    size_t host_length = 0;
    while (before_path + host_length < text.length &&
           !strchr("/?#", text.data[before_path + host_length]))
        host_length++;
    if (memchr(text.data + before_path, '@', host_length))
        return false;
    *bare = !scheme;
    *shown =
        (struct link){.url = scheme ? text : arena_printf(arena, "http://%.*s", SPAN_ARGS(text))};
    if (!url_parse(arena, shown) || !shown->domain.length ||
        !memchr(shown->domain.data, '.', shown->domain.length))
        return false;
    return scheme || span_starts_nocase(text, SPAN("www.")) || has_plain_ending(shown->host);
}

/* "example" of "example.co.uk": what an organisation's domains have in common. */
static struct span first_label(struct span domain)
{
    const char *dot = memchr(domain.data, '.', domain.length);
    return (struct span){domain.data, dot ? (size_t)(dot - domain.data) : domain.length};
}

static bool names_host(struct span haystack, struct span host)
{
    return haystack.length >= host.length && host.length &&
           memmem(haystack.data, haystack.length, host.data, host.length) != NULL;
}

static double mismatch_strength(const struct link *link, const struct link *shown, bool bare)
{
    if (link->host_is_address || link->has_user)
        return 1;
    /* A redirector that says where it leads, or another domain of the same name. */
    if (names_host(link->path, shown->domain) ||
        span_equal(first_label(link->domain), first_label(shown->domain)))
        return 0.1;
    return bare ? 0.4 : 1;
}

/* Senders of newsletters count clicks: every link leads through one domain of theirs. */
static bool one_domain_for_all(const struct document *document, struct span domain)
{
    size_t same = 0, all = 0;
    for (size_t i = 0; i < document->link_count; i++) {
        const struct link *link = &document->links[i];
        if (!link->from_html || !link->host.length)
            continue;
        all++;
        same += span_equal(link->domain, domain);
    }
    return all >= 4 && same * 5 >= all * 3;
}

double check_link_text_mismatch(const struct document *document, struct span *detail)
{
    double best = 0;
    for (size_t i = 0; i < document->link_count && best < 1; i++) {
        const struct link *link = &document->links[i];
        struct link shown;
        bool bare;
        if (!is_web_anchor(link) || !shown_address(document->arena, link->text, &shown, &bare) ||
            span_equal(shown.domain, link->domain))
            continue;
        double strength = mismatch_strength(link, &shown, bare);
        if (!link->host_is_address && one_domain_for_all(document, link->domain))
            strength = 0;
        if (strength <= best)
            continue;
        best = strength;
        *detail = arena_printf(document->arena, "text shows %.*s, target is %.*s",
                               SPAN_ARGS(shown.host), SPAN_ARGS(link->host));
    }
    return best;
}

/* --- LINK_ADDRESS --- */

/* Routers, printers and machines under development are linked by addresses of private networks. */
static bool is_public_address(const struct link *link)
{
    char host[64];
    struct network network;
    if (!link->host_is_address || link->host.length >= sizeof host)
        return false;
    memcpy(host, link->host.data, link->host.length);
    host[link->host.length] = '\0';
    return network_parse(host, &network) && network_is_public(network.address);
}

double check_link_address(const struct document *document, struct span *detail)
{
    for (size_t i = 0; i < document->link_count; i++) {
        const struct link *link = &document->links[i];
        if (!is_public_address(link))
            continue;
        *detail = link->host;
        return 1;
    }
    return 0;
}
