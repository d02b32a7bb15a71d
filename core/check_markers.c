/* Checks of what is paid for or smuggled in: marked advertising and links that earn a commission,
 * links that nobody sees, and links that comments are written for. */
#include "core/checks.h"

#include <pthread.h>
#include <string.h>

#include "core/check_ramp.h"
#include "core/word_finder.h"

#define SEARCHED_BYTES_MAX ((size_t)64 * 1024)

/* The first word of the list in subject or body; the number of words: none of them. */
static size_t find_in_texts(const struct document *document, const struct word_finder *finder)
{
    size_t budget = SEARCHED_BYTES_MAX, found = finder->count;
    for (size_t i = 0; i < document->text_count && budget && found == finder->count; i++) {
        struct span text = span_take(document->texts[i].content, &budget);
        found = word_finder_find(finder, text);
    }
    return found;
}

/* --- SPONSORED --- */

/* Hosts of networks that pay for clicks, and what the others put into an address. */
static const struct span paying_hosts[] = {
    SPAN_OF("awin1.com"),
    SPAN_OF("shareasale.com"),
    SPAN_OF("linksynergy.com"),
    SPAN_OF("jdoqocy.com"),
    SPAN_OF("tkqlhce.com"),
    SPAN_OF("anrdoezrs.net"),
    SPAN_OF("dpbolvw.net"),
    SPAN_OF("kqzyfj.com"),
    SPAN_OF("clickbank.net"),
    SPAN_OF("skimresources.com"),
    SPAN_OF("redirectingat.com"),
    SPAN_OF("avantlink.com"),
    SPAN_OF("prf.hn"),
    SPAN_OF("s.click.taobao.com"),
    SPAN_OF("u.jd.com"),
    SPAN_OF("union-click.jd.com"),
    SPAN_OF("amzn.to"),
    SPAN_OF("s.click.aliexpress.com"),
};
static const char *const paying_words[] = {
    "affid=",  "aff_id=",       "affiliate_id=",    "?aff=",    "&aff=",
    "pid=mm_", "hop.clickbank", "medium=affiliate", "afftrack="};

static const char *const disclosures[] = {
    "sponsored post", "sponsored content", "paid partnership", "paid promotion",
    "advertorial",    "paid post",         "affiliate links",  "affiliate commission",
    "软文",           "付费推广",          "赞助内容",         "推广文章",
    "本文为广告",     "推广链接",          "广告合作",         "商务合作"};

static const char *const flattery[] = {
    "great post",   "nice post",  "great article", "nice article", "awesome blog",
    "amazing blog", "great blog", "nice blog",     "check out my", "visit my",
    "my web site",  "my website", "great info",    "keep it up",   "bookmarked your",
    "看看我的",     "欢迎访问",   "加我微信",      "点击进入"};

static struct {
    struct word_finder paying, disclosures, flattery;
} finders;

#define INIT(finder, words) word_finder_init(finder, words, sizeof(words) / sizeof *(words))

static void init_finders(void)
{
    INIT(&finders.paying, paying_words);
    INIT(&finders.disclosures, disclosures);
    INIT(&finders.flattery, flattery);
}

static void need_finders(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_finders);
}

static bool host_is(struct span host, struct span name)
{
    if (host.length < name.length || host.data[host.length - 1] != name.data[name.length - 1])
        return false;
    const char *end_of_host = host.data + host.length - name.length;
    return *end_of_host == *name.data && memcmp(end_of_host, name.data, name.length) == 0 &&
           (host.length == name.length || end_of_host[-1] == '.');
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
    return word_finder_find(&finders.paying, link->path) < finders.paying.count;
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
    need_finders();
    for (size_t i = 0; i < document->link_count; i++)
        paid += earns_commission(&document->links[i]);
    size_t found = find_in_texts(document, &finders.disclosures);
    const char *words = found < finders.disclosures.count ? disclosures[found] : NULL;
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
    need_finders();
    size_t found = find_in_texts(document, &finders.flattery);
    const char *praise = found < finders.flattery.count ? flattery[found] : NULL;
    double quiet =
        (1 - ramp((double)domains.count, 1, 4)) * (keywords ? 0.7 : 1) * (praise ? 0.4 : 1);
    if (quiet > 0.95)
        return 0;
    *detail = arena_printf(document->arena, "a comment that leads to %zu sites (%.*s)%s%s%s",
                           domains.count, SPAN_ARGS(domains.names[0]), praise ? ", \"" : "",
                           praise ? praise : "", praise ? "\"" : "");
    return 1 - quiet;
}
