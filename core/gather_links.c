#include "core/gather.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

/* Hosts, or pages of URL shorteners. */
#define LINK_HOSTS_MAX 50u

/* Ten links to one place are one fact, and a thousand to one domain leave room for the others: of
 * more places than are taken, those come first that are alone in their domain, in an order drawn
 * for each document from its id. So what a spammer puts in front, or how many hosts of one good
 * domain, decides nothing; of a thousand domains each is among the fifty one time in twenty. */
struct place {
    struct span host;   /* or "host/path" of a shortener */
    struct span domain; /* empty: the domain says nothing */
    uint64_t domain_order, host_order;
    unsigned rank; /* among the hosts of its domain */
};

static int compare_in_domain(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->domain_order != y->domain_order)
        return x->domain_order < y->domain_order ? -1 : 1;
    return (x->host_order > y->host_order) - (x->host_order < y->host_order);
}

static int compare_rank(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return compare_in_domain(a, b);
}

/* "bit.ly/abc": a shortener's query leads nowhere else, unless there is no path before it. Letters
 * are made lower case as in every identity: two pages that differ in nothing else are one. */
static struct span page_of(struct arena *arena, const struct link *link)
{
    size_t length = 0;
    while (length < link->path.length && link->path.data[length] != '?' &&
           link->path.data[length] != '#')
        length++;
    while (length && link->path.data[length - 1] == '/')
        length--;
    if (!length) {
        const char *fragment =
            link->path.length ? memchr(link->path.data, '#', link->path.length) : NULL;
        length = fragment ? (size_t)(fragment - link->path.data) : link->path.length;
    }
    struct span path = span_trim((struct span){link->path.data, length});
    if (!path.length || span_equal(path, SPAN("/")))
        return (struct span){0};
    return arena_printf(arena, "%.*s%s%.*s", SPAN_ARGS(link->host), path.data[0] == '/' ? "" : "/",
                        SPAN_ARGS(path));
}

/* False: the link leads nowhere that can have a reputation. */
static bool read_place(struct document *document, const struct config *config,
                       const struct link *link, struct place *place)
{
    uint64_t seed;
    memcpy(&seed, document->id, sizeof seed);
    *place = (struct place){.host = link->host, .domain = link->domain};
    if (domain_list_has(config->identities.url_shorteners, link->host))
        *place = (struct place){.host = page_of(document->arena, link)};
    if (!place->host.length)
        return false;
    struct span group = place->domain.length ? place->domain : place->host;
    place->domain_order = XXH3_64bits_withSeed(group.data, group.length, seed);
    place->host_order = XXH3_64bits_withSeed(place->host.data, place->host.length, seed);
    return true;
}

/* Drops doubles and ranks the rest; returns how many there are. */
static size_t rank(struct place *places, size_t count)
{
    size_t kept = 0;
    if (count)
        qsort(places, count, sizeof *places, compare_in_domain);
    for (size_t i = 0; i < count; i++) {
        struct place place = places[i];
        const struct place *before = kept ? &places[kept - 1] : NULL;
        bool same_domain = before && before->domain_order == place.domain_order;
        if (same_domain && before->host_order == place.host_order)
            continue;
        place.rank = same_domain ? before->rank + 1 : 0;
        places[kept++] = place;
    }
    if (kept)
        qsort(places, kept, sizeof *places, compare_rank);
    return kept;
}

enum gather_state gather_links(struct document *document, const struct config *config, void **state,
                               int *wait_fd)
{
    (void)state, (void)wait_fd;
    struct place *places = arena_room(document->arena, document->link_count * sizeof *places);
    size_t count = 0;
    for (size_t i = 0; i < document->link_count; i++)
        count += read_place(document, config, &document->links[i], &places[count]);
    count = rank(places, count);
    for (size_t i = 0; i < count && i < LINK_HOSTS_MAX; i++) {
        document_add_identity(document, IDENTITY_LINK_HOST, places[i].host);
        document_add_identity(document, IDENTITY_LINK_DOMAIN, places[i].domain);
    }
    return GATHER_DONE;
}
