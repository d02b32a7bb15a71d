/* Checks of what is paid for or smuggled in: marked advertising and links that earn a commission,
 * links that nobody sees, and links that comments are written for. */
#include "core/checks.h"

#include <string.h>

#include "core/check_ramp.h"

#define SEARCHED_BYTES_MAX ((size_t)64 * 1024)

static const char *find_any(struct span text, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_contains_nocase(text, span_of(parts[i])))
            return parts[i];
    return NULL;
}

#define FIND_ANY(text, parts) find_any(text, parts, sizeof(parts) / sizeof *(parts))

/* The first of `parts` in subject or body; NULL: none of them. */
static const char *find_in_texts(const struct document *document, const char *const *parts,
                                 size_t count)
{
    size_t budget = SEARCHED_BYTES_MAX;
    for (size_t i = 0; i < document->text_count && budget; i++) {
        struct span text = document->texts[i].content;
        text.length = text.length < budget ? text.length : budget;
        budget -= text.length;
        const char *found = find_any(text, parts, count);
        if (found)
            return found;
    }
    return NULL;
}

/* --- SPONSORED --- */

/* Hosts of networks that pay for clicks, and what the others put into an address. */
static const char *const paying_hosts[] = {
    "awin1.com",     "shareasale.com",        "linksynergy.com",   "jdoqocy.com",
    "tkqlhce.com",   "anrdoezrs.net",         "dpbolvw.net",       "kqzyfj.com",
    "clickbank.net", "skimresources.com",     "redirectingat.com", "avantlink.com",
    "prf.hn",        "s.click.taobao.com",    "u.jd.com",          "union-click.jd.com",
    "amzn.to",       "s.click.aliexpress.com"};
static const char *const paying_words[] = {
    "affid=",  "aff_id=",       "affiliate_id=",    "?aff=",    "&aff=",
    "pid=mm_", "hop.clickbank", "medium=affiliate", "afftrack="};

static const char *const disclosures[] = {
    "sponsored post", "sponsored content", "paid partnership", "paid promotion",
    "advertorial",    "paid post",         "affiliate links",  "affiliate commission",
    "软文",           "付费推广",          "赞助内容",         "推广文章",
    "本文为广告",     "推广链接",          "广告合作",         "商务合作"};

static bool host_is(struct span host, const char *name)
{
    size_t length = strlen(name);
    return host.length >= length && memcmp(host.data + host.length - length, name, length) == 0 &&
           (host.length == length || host.data[host.length - length - 1] == '.');
}

static bool earns_commission(const struct link *link)
{
    for (size_t i = 0; i < sizeof paying_hosts / sizeof *paying_hosts; i++)
        if (host_is(link->host, paying_hosts[i]))
            return true;
    if (span_starts_nocase(link->domain, SPAN("amazon.")) &&
        (span_contains_nocase(link->path, SPAN("?tag=")) ||
         span_contains_nocase(link->path, SPAN("&tag="))))
        return true;
    return FIND_ANY(link->path, paying_words) != NULL;
}

static bool has_sponsored_links(const struct document *document)
{
    for (size_t i = 0; i < document->structure_count; i++) {
        struct span name = document->structures[i].name;
        if (span_starts_nocase(name, SPAN("a rel=")) &&
            span_contains_nocase(name, SPAN("sponsored")))
            return true;
    }
    return false;
}

/* Honest sites say what is paid for, so each sign is weak and all of them are no more than half of
 * what holds an item. */
double check_sponsored(const struct document *document, struct span *detail)
{
    size_t paid = 0;
    for (size_t i = 0; i < document->link_count; i++)
        paid += earns_commission(&document->links[i]);
    const char *words =
        find_in_texts(document, disclosures, sizeof disclosures / sizeof *disclosures);
    bool marked = has_sponsored_links(document);
    if (!paid && !words && !marked)
        return 0;
    *detail = arena_printf(document->arena, "%zu links that earn a commission%s%s%s%s", paid,
                           marked ? ", rel=sponsored" : "", words ? ", \"" : "", words ? words : "",
                           words ? "\"" : "");
    return 1 - (1 - 0.6 * ramp((double)paid, 0, 3)) * (marked ? 0.5 : 1) * (words ? 0.5 : 1);
}

/* --- LINKS_HIDDEN, COMMENT_LINKS --- */

#define DOMAINS_MAX 16u

struct domains {
    struct span names[DOMAINS_MAX];
    size_t count;
};

/* Distinct, and none of the document's own site. */
static void add_domain(struct domains *domains, const struct document *document,
                       const struct link *link)
{
    if (!link->host.length || span_equal(link->domain, document->site))
        return;
    for (size_t i = 0; i < domains->count; i++)
        if (span_equal(domains->names[i], link->domain))
            return;
    if (domains->count < DOMAINS_MAX)
        domains->names[domains->count++] = link->domain;
}

/* Pages hide menus and buttons for sharing, which lead to a site or two; what is put into somebody
 * else's page to be found by search engines leads to ever more. */
double check_links_hidden(const struct document *document, struct span *detail)
{
    struct domains domains = {.count = 0};
    for (size_t i = 0; i < document->link_count; i++)
        if (document->links[i].hidden)
            add_domain(&domains, document, &document->links[i]);
    double strength = ramp((double)domains.count, 1, 4);
    if (strength > 0)
        *detail = arena_printf(document->arena, "to %zu sites (%.*s)", domains.count,
                               SPAN_ARGS(domains.names[0]));
    return strength;
}

static const char *const flattery[] = {
    "great post",   "nice post",  "great article", "nice article", "awesome blog",
    "amazing blog", "great blog", "nice blog",     "check out my", "visit my",
    "my web site",  "my website", "great info",    "keep it up",   "bookmarked your",
    "看看我的",     "欢迎访问",   "加我微信",      "点击进入"};

/* A word in place of a name or an address: what a page is to be found by. */
static bool is_keyword_anchor(const struct link *link)
{
    return link->from_html && link->text.length &&
           !span_contains_nocase(link->text, SPAN("http")) &&
           !span_contains_nocase(link->text, SPAN("www."));
}

/* Comments that lead elsewhere: one address is a reference, a word that is a link or several sites
 * are what the comment was written for. */
double check_comment_links(const struct document *document, struct span *detail)
{
    struct domains domains = {.count = 0};
    bool keywords = false;
    if (!document->is_comment)
        return 0;
    for (size_t i = 0; i < document->link_count; i++) {
        size_t before = domains.count;
        add_domain(&domains, document, &document->links[i]);
        keywords |= domains.count > before && is_keyword_anchor(&document->links[i]);
    }
    if (!domains.count)
        return 0;
    const char *praise = find_in_texts(document, flattery, sizeof flattery / sizeof *flattery);
    double quiet =
        (1 - ramp((double)domains.count, 1, 4)) * (keywords ? 0.7 : 1) * (praise ? 0.4 : 1);
    if (quiet > 0.95)
        return 0;
    *detail = arena_printf(document->arena, "a comment that leads to %zu sites (%.*s)%s%s%s",
                           domains.count, SPAN_ARGS(domains.names[0]), praise ? ", \"" : "",
                           praise ? praise : "", praise ? "\"" : "");
    return 1 - quiet;
}
