#include "core/checks.h"

#include <math.h>
#include <string.h>

#include "core/check_ramp.h"
#include "core/keyword_list.h"
#include "core/network.h"
#include "core/phrases.h"
#include "core/text.h"
#include "core/url.h"

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

struct anchors {
    double strength;
    size_t count, sharing;
    struct span common;
};

/* Anchors with short texts that lead to ever other domains, with little text around them, or whose
 * texts turn the same keywords over. Newsletters and menus lead to few domains and have distinct
 * texts; digests of links have long ones, or text around them. */
static struct anchors judge_anchors(const struct document *document, double inside)
{
    struct phrases texts;
    texts.count = 0;
    size_t anchors = 0;
    for (size_t i = 0; i < document->link_count; i++)
        anchors += is_web_anchor(&document->links[i]);
    for (size_t i = 0; i < document->link_count && anchors >= FARM_ANCHORS_MIN; i++) {
        const struct link *link = &document->links[i];
        if (!is_web_anchor(link))
            continue;
        if (phrase_width(link->text) <= ANCHOR_WIDTH_MAX && phrase_has_letters(link->text))
            phrases_add_distinct(&texts, link->text);
    }
    if (texts.count < FARM_ANCHORS_MIN || texts.count * 5 < anchors * 4)
        return (struct anchors){0, 0, 0, {NULL, 0}};
    size_t domains = count_domains(document);
    struct phrase_overlap overlap = phrases_overlap(&texts, 3, 0.9);
    double spread = (double)domains / (double)texts.count;
    double sharing = (double)overlap.sharing / (double)texts.count;
    double many = 0.3 + 0.7 * ramp((double)texts.count, FARM_ANCHORS_MIN, 24);
    double strength = fmax(ramp(spread, 0.3, 0.8) * ramp(inside, 0.6, 0.9),
                           ramp(spread, 0.2, 0.6) * ramp(sharing, 0.5, 0.8)) *
                      many;
    return (struct anchors){strength, texts.count, overlap.sharing, overlap.common};
}

double check_link_farm(const struct document *document, struct span *detail)
{
    const struct keyword_list *list = document->keyword_list;
    double inside = document->html.visible
                        ? (double)document->html.inside_links / (double)document->html.visible
                        : 0;
    struct anchors anchors = judge_anchors(document, inside);
    if (list && list->strength >= 0.05 && list->strength > anchors.strength) {
        *detail = arena_printf(
            document->arena, "%zu short phrases between %s, %zu of them share words (%.*s)",
            list->phrases.count, list->separated_by, list->sharing, SPAN_ARGS(list->common));
        return list->strength;
    }
    if (anchors.strength < 0.05)
        return 0;
    *detail = arena_printf(document->arena,
                           "%zu short anchors, %.0f %% of the text; %zu share words (%.*s)",
                           anchors.count, 100 * inside, anchors.sharing, SPAN_ARGS(anchors.common));
    return anchors.strength;
}

/* --- FARM_UNRELATED --- */

double check_farm_unrelated(const struct document *document, struct span *detail)
{
    const struct keyword_list *list = document->keyword_list;
    if (!list || list->unrelated < 0.05)
        return 0;
    *detail = arena_printf(document->arena, "%zu of %zu keywords are of nothing in the text",
                           list->phrases.count - list->known, list->phrases.count);
    return list->unrelated;
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
    /* A dot, and what starts all that browsers may read as one: "%2E", "…", U+3002, U+FF0E. */
    static const bool dots[256] = {
        ['.'] = true, ['%'] = true, [0xe2] = true, [0xe3] = true, [0xef] = true, [0xf0] = true};
    const char *end = text.data + text.length;
    if (text.length < 4 || text.length > 300 || memchr(text.data, ' ', text.length))
        return false;
    const char *scheme = span_find_rare(text.data, end, SPAN("://"));
    if (!scheme && text_find_byte(text.data, end, dots) == end)
        return false;
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
