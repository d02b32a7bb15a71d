#include "feedfilter/story_keys.h"

#include <string.h>
#include <xxhash.h>

#include "core/features.h"
#include "core/url.h"

#define BINS_PER_BAND 4u
#define BANDS (SHINGLE_BINS / BINS_PER_BAND)
#define BIN_BYTES (STORY_TEXT_BYTES / SHINGLE_BINS)
#define BIN_EMPTY UINT32_MAX
/* Fewer pairs of words are too little text to be called alike by, as for core/gather.h. */
#define PAIRS_MIN 30u
/* Longer ones are not followed by anybody, and lead to no story. */
#define LINK_BYTES_MOST 2048u

_Static_assert(BIN_BYTES == 4, "bins are kept in 32 bits");
_Static_assert(BANDS + 2 <= STORY_KEYS_MOST, "all keys have room");

const char *story_way_name(enum story_way way)
{
    static const char *const names[] = {"guid", "link", "text"};
    return names[way];
}

/* Parameters that say by which way a visitor came (those of Google, Meta, Microsoft, Yandex, X,
 * Mailchimp, HubSpot, Marketo, Piano). */
static bool is_tracking(struct span parameter)
{
    static const char *const names[] = {"fbclid",  "gclid",     "dclid",       "gbraid",  "wbraid",
                                        "msclkid", "yclid",     "twclid",      "igshid",  "mc_cid",
                                        "mc_eid",  "_hsenc",    "_hsmi",       "mkt_tok", "ref_src",
                                        "ref_url", "at_medium", "at_campaign", "xtor"};
    const char *equals = parameter.length ? memchr(parameter.data, '=', parameter.length) : NULL;
    struct span name = parameter;
    if (equals)
        name.length = (size_t)(equals - parameter.data);
    if (span_starts_nocase(name, SPAN("utm_")))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_equal_nocase(name, span_of(names[i])))
            return true;
    return false;
}

/* What stands before the first `c`, which goes with it; all of it when there is none. */
static struct span take_until(struct span *text, char c)
{
    const char *at = text->length ? memchr(text->data, c, text->length) : NULL;
    struct span taken = {text->data, at ? (size_t)(at - text->data) : text->length};
    size_t gone = taken.length + (at != NULL);
    text->data += gone;
    text->length -= gone;
    return taken;
}

/* Those that count, '?' in front of the first, '&' of the others. */
static struct span kept_parameters(struct arena *arena, struct span query)
{
    char *kept = arena_alloc(arena, query.length + 1);
    size_t length = 0;
    while (query.length) {
        struct span parameter = take_until(&query, '&');
        if (!parameter.length || is_tracking(parameter))
            continue;
        kept[length] = length ? '&' : '?';
        memcpy(kept + length + 1, parameter.data, parameter.length);
        length += 1 + parameter.length;
    }
    return (struct span){kept, length};
}

/* ":8080" of "user@host:8080"; empty: the port is the scheme's own. */
static struct span port_of(const struct link *link)
{
    struct span rest = link->url, authority;
    take_until(&rest, ':');
    while (rest.length && (*rest.data == '/' || *rest.data == '\\'))
        rest.data++, rest.length--;
    authority = take_until(&rest, '/');
    size_t at = authority.length;
    while (at && authority.data[at - 1] >= '0' && authority.data[at - 1] <= '9')
        at--;
    if (!link->has_port || !at || authority.data[at - 1] != ':')
        return SPAN("");
    struct span port = {authority.data + at - 1, authority.length - at + 1};
    return span_equal(port, SPAN(":80")) || span_equal(port, SPAN(":443")) ? SPAN("") : port;
}

struct span story_link(struct arena *arena, struct span url)
{
    struct link link = {.url = span_trim(url)};
    if (url.length > LINK_BYTES_MOST || !url_parse(arena, &link) || !link.host.length ||
        !(span_equal(link.scheme, SPAN("http")) || span_equal(link.scheme, SPAN("https"))))
        return SPAN("");
    struct span host = link.host, fragment = link.path;
    struct span query = take_until(&fragment, '#'), path = take_until(&query, '?');
    if (span_starts(host, SPAN("www.")))
        host.data += 4, host.length -= 4;
    while (path.length && path.data[path.length - 1] == '/')
        path.length--;
    query = kept_parameters(arena, query);
    if (is_tracking(fragment))
        fragment.length = 0;
    if (!path.length && !query.length)
        return SPAN("");
    return arena_printf(arena, "%.*s%.*s%.*s%.*s%s%.*s", SPAN_ARGS(host), SPAN_ARGS(port_of(&link)),
                        SPAN_ARGS(path), SPAN_ARGS(query), fragment.length ? "#" : "",
                        SPAN_ARGS(fragment));
}

static void add(struct story_keys *keys, enum story_way way, uint64_t value)
{
    keys->keys[keys->count++] = (struct story_key){(int64_t)value, way};
}

static uint64_t hash_of(struct span text, enum story_way way)
{
    return XXH3_64bits_withSeed(text.data, text.length, way);
}

static void add_guid(struct story_keys *keys, struct arena *arena, const struct feed_item *item)
{
    struct span guid = item->guid;
    if (!guid.length || span_starts(guid, SPAN("hash:")) || span_equal(guid, item->link))
        return;
    if (url_is_web(guid)) {
        struct span link = story_link(arena, guid);
        if (link.length)
            add(keys, STORY_BY_GUID, hash_of(link, STORY_BY_GUID));
        return;
    }
    struct link link = {.url = item->link};
    if (!item->title.length || !url_parse(arena, &link) || !link.host.length)
        return;
    struct span whole = arena_printf(arena, "%.*s %zu %.*s %.*s", SPAN_ARGS(link.host), guid.length,
                                     SPAN_ARGS(guid), SPAN_ARGS(span_trim(item->title)));
    add(keys, STORY_BY_GUID, hash_of(whole, STORY_BY_GUID));
}

static void add_text(struct story_keys *keys, const struct document *document)
{
    keys->has_text = document->shingle_pairs >= PAIRS_MIN;
    if (!keys->has_text)
        return;
    for (size_t i = 0; i < SHINGLE_BINS; i++) {
        uint64_t bin = document->shingles[i];
        for (size_t byte = 0; byte < BIN_BYTES; byte++)
            keys->text[i * BIN_BYTES + byte] = (unsigned char)(bin >> (8 * byte));
    }
    for (size_t band = 0; band < BANDS; band++) {
        const unsigned char *bytes = keys->text + band * BINS_PER_BAND * BIN_BYTES;
        add(keys, STORY_BY_TEXT,
            XXH3_64bits_withSeed(bytes, (size_t)BINS_PER_BAND * BIN_BYTES, 16 + band));
    }
}

void story_keys_of(struct story_keys *keys, const struct feed *feed, const struct feed_item *item,
                   bool by_link)
{
    struct document *document = feed_item_document(feed, item, SPAN(""));
    *keys = (struct story_keys){.count = 0};
    add_guid(keys, document->arena, item);
    struct span link = by_link ? story_link(document->arena, item->link) : SPAN("");
    if (link.length)
        add(keys, STORY_BY_LINK, hash_of(link, STORY_BY_LINK));
    features_extract(document);
    add_text(keys, document);
    document_free(document);
}

static uint32_t bin_at(const unsigned char *text, size_t bin)
{
    const unsigned char *at = text + bin * BIN_BYTES;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool story_texts_alike(const unsigned char a[STORY_TEXT_BYTES],
                       const unsigned char b[STORY_TEXT_BYTES])
{
    size_t full = 0, same = 0;
    for (size_t i = 0; i < SHINGLE_BINS; i++) {
        uint32_t of_a = bin_at(a, i), of_b = bin_at(b, i);
        if (of_a == BIN_EMPTY && of_b == BIN_EMPTY)
            continue;
        full++;
        same += of_a == of_b;
    }
    return full >= SHINGLE_BINS / 2 && 8 * same >= 7 * full;
}

/* Its letters and digits; those beyond ASCII as they are. */
static struct span letters_of(struct arena *arena, struct span title)
{
    char *letters = arena_alloc(arena, title.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < title.length; i++) {
        unsigned char c = (unsigned char)title.data[i];
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            letters[length++] = (char)c;
    }
    return (struct span){letters, length};
}

bool story_titles_alike(struct arena *arena, struct span a, struct span b)
{
    struct span more = letters_of(arena, a), less = letters_of(arena, b);
    if (more.length < less.length) {
        struct span former = more;
        more = less;
        less = former;
    }
    return less.length && 3 * less.length >= 2 * more.length &&
           memmem(more.data, more.length, less.data, less.length);
}
