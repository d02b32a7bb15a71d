#include "core/feed_vocabulary.h"

#include <stddef.h>
#include <string.h>

#include "store/span.h"

/* Elements whose text is gathered, in RSS 0.9x and 2.0, RSS 1.0, Atom 0.3 and 1.0 alike: no name
 * means different things in two of them. */
static const struct feed_row rows[] = {
    {"title", OWN, PLACE_FEED | PLACE_ITEM, FIELD_TITLE, false},
    {"title", DUBLIN_CORE, PLACE_FEED | PLACE_ITEM, FIELD_TITLE, true},
    {"title", ITUNES, PLACE_ITEM, FIELD_TITLE, true},
    {"title", MEDIA, PLACE_ITEM | PLACE_MEDIA, FIELD_TITLE, true},
    {"link", OWN, PLACE_FEED | PLACE_ITEM, FIELD_LINK, false},
    {"guid", OWN, PLACE_ITEM, FIELD_GUID, false},
    {"id", OWN, PLACE_ITEM, FIELD_GUID, false},
    {"description", OWN, PLACE_ITEM, FIELD_SUMMARY, false},
    {"summary", OWN, PLACE_ITEM, FIELD_SUMMARY, false},
    {"abstract", OWN, PLACE_ITEM, FIELD_SUMMARY, false},
    {"summary", ATOM, PLACE_ITEM, FIELD_SUMMARY, false},
    {"description", DUBLIN_CORE, PLACE_ITEM, FIELD_SUMMARY, true},
    {"summary", ITUNES, PLACE_ITEM, FIELD_SUMMARY, true},
    {"subtitle", ITUNES, PLACE_ITEM, FIELD_SUMMARY, true},
    {"description", MEDIA, PLACE_ITEM | PLACE_MEDIA, FIELD_SUMMARY, true},
    {"content", OWN, PLACE_ITEM, FIELD_CONTENT, false},
    {"content", ATOM, PLACE_ITEM, FIELD_CONTENT, false},
    {"encoded", CONTENT, PLACE_ITEM, FIELD_CONTENT, false},
    {"fullitem", OWN, PLACE_ITEM, FIELD_CONTENT, false},
    {"body", OWN, PLACE_ITEM, FIELD_CONTENT, false},
    {"body", XHTML, PLACE_ITEM, FIELD_CONTENT, false},
    {"div", XHTML, PLACE_ITEM, FIELD_CONTENT, false},
    {"author", OWN, PLACE_FEED | PLACE_ITEM, FIELD_AUTHOR, false},
    {"managingEditor", OWN, PLACE_FEED, FIELD_AUTHOR, false},
    {"name", OWN, PLACE_AUTHOR, FIELD_AUTHOR, false},
    {"email", OWN, PLACE_AUTHOR, FIELD_AUTHOR_EMAIL, true},
    {"name", ATOM, PLACE_AUTHOR, FIELD_AUTHOR, false},
    {"creator", DUBLIN_CORE, PLACE_FEED | PLACE_ITEM, FIELD_AUTHOR, true},
    {"author", DUBLIN_CORE, PLACE_FEED | PLACE_ITEM, FIELD_AUTHOR, true},
    {"author", ITUNES, PLACE_FEED | PLACE_ITEM, FIELD_AUTHOR, true},
    {"pubDate", OWN, PLACE_FEED | PLACE_ITEM, FIELD_DATE, false},
    {"published", OWN, PLACE_FEED | PLACE_ITEM, FIELD_DATE, false},
    {"updated", OWN, PLACE_FEED | PLACE_ITEM, FIELD_DATE, true},
    {"issued", OWN, PLACE_FEED | PLACE_ITEM, FIELD_DATE, true},
    {"modified", OWN, PLACE_FEED | PLACE_ITEM, FIELD_DATE, true},
    {"created", OWN, PLACE_FEED | PLACE_ITEM, FIELD_DATE, true},
    {"date", DUBLIN_CORE, PLACE_FEED | PLACE_ITEM, FIELD_DATE, true},
    {"issued", DUBLIN_CORE, PLACE_FEED | PLACE_ITEM, FIELD_DATE, true},
    {"created", DUBLIN_CORE, PLACE_FEED | PLACE_ITEM, FIELD_DATE, true},
    {"modified", DUBLIN_CORE, PLACE_FEED | PLACE_ITEM, FIELD_DATE, true},
    {"lastBuildDate", OWN, PLACE_FEED, FIELD_DATE, true},
    {"category", OWN, PLACE_ITEM, FIELD_CATEGORY, false},
    {"tags", OWN, PLACE_ITEM, FIELD_KEYWORDS, false},
    {"subject", DUBLIN_CORE, PLACE_ITEM, FIELD_CATEGORY, false},
    {"category", MEDIA, PLACE_ITEM | PLACE_MEDIA, FIELD_CATEGORY, false},
    {"keywords", MEDIA, PLACE_ITEM | PLACE_MEDIA, FIELD_KEYWORDS, false},
    {"keywords", ITUNES, PLACE_ITEM, FIELD_KEYWORDS, false},
    {"language", OWN, PLACE_FEED | PLACE_ITEM, FIELD_LANGUAGE, false},
    {"language", DUBLIN_CORE, PLACE_FEED | PLACE_ITEM, FIELD_LANGUAGE, false},
    {"icon", OWN, PLACE_FEED, FIELD_PICTURE, false},
    {"logo", OWN, PLACE_FEED, FIELD_PICTURE, false},
    {"ttl", OWN, PLACE_FEED, FIELD_TTL, false},
    {"skipHours", OWN, PLACE_FEED, FIELD_SKIP_HOURS, false},
    {"skipDays", OWN, PLACE_FEED, FIELD_SKIP_DAYS, false},
    {"updatePeriod", SYNDICATION, PLACE_FEED, FIELD_PERIOD, false},
    {"updateFrequency", SYNDICATION, PLACE_FEED, FIELD_FREQUENCY, false},
};

static const struct {
    struct span uri;
    const char *prefix; /* understood when nothing declares it */
    enum vocabulary vocabulary;
} vocabularies[] = {
    {SPAN_OF("http://www.w3.org/2005/Atom"), "atom", ATOM},
    {SPAN_OF("http://purl.org/atom/ns#"), "atom03", ATOM},
    {SPAN_OF("http://purl.org/rss/1.0/modules/content/"), "content", CONTENT},
    {SPAN_OF("http://purl.org/dc/elements/1.1/"), "dc", DUBLIN_CORE},
    {SPAN_OF("http://purl.org/dc/elements/1.0/"), "dc10", DUBLIN_CORE},
    {SPAN_OF("http://purl.org/dc/terms/"), "dcterms", DUBLIN_CORE},
    {SPAN_OF("http://www.w3.org/1999/xhtml"), "xhtml", XHTML},
    {SPAN_OF("http://www.itunes.com/dtds/podcast-1.0.dtd"), "itunes", ITUNES},
    {SPAN_OF("http://search.yahoo.com/mrss/"), "media", MEDIA},
    {SPAN_OF("http://search.yahoo.com/mrss"), "media", MEDIA},
    {SPAN_OF("http://purl.org/rss/1.0/modules/syndication/"), "sy", SYNDICATION},
    {SPAN_OF("http://purl.org/rss/1.0/"), NULL, OWN},
    {SPAN_OF("http://my.netscape.com/rdf/simple/0.9/"), NULL, OWN},
    {SPAN_OF("http://channel.netscape.com/rdf/simple/0.9/"), NULL, OWN},
    {SPAN_OF("http://backend.userland.com/rss2"), NULL, OWN},
};

static bool same(const char *a, const char *b)
{
    return a && b && *a == *b && strcmp(a, b) == 0;
}

enum vocabulary feed_vocabulary_of(const char *root_uri, const char *uri, const char *prefix)
{
    if ((!uri && !prefix) || same(uri, root_uri))
        return OWN;
    /* "http://www.itunes.com/DTDs/Podcast-1.0.dtd" is meant for the same as it is in lower case. */
    struct span name = span_of(uri);
    for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies; i++)
        if (uri ? span_equal_nocase(name, vocabularies[i].uri)
                : same(prefix, vocabularies[i].prefix))
            return vocabularies[i].vocabulary;
    return OTHER;
}

const struct feed_row *feed_row_find(enum vocabulary vocabulary, const char *local,
                                     enum feed_place place)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].vocabulary == vocabulary && (rows[i].places & (unsigned)place) &&
            feed_name_is(local, rows[i].local))
            return &rows[i];
    return NULL;
}

bool feed_format_of(const char *root, enum feed_format *format)
{
    static const struct {
        const char *root;
        enum feed_format format;
    } roots[] = {{"rss", FEED_RSS}, {"RDF", FEED_RDF}, {"feed", FEED_ATOM}};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (feed_name_is(root, roots[i].root)) {
            *format = roots[i].format;
            return true;
        }
    return false;
}
