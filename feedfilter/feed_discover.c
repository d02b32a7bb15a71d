#include "feedfilter/feed_discover.h"

#include <libxml/HTMLparser.h>
#include <libxml/dict.h>
#include <pthread.h>
#include <string.h>

#include "core/feed_encoding.h"
#include "core/url.h"
#include "store/memory.h"

/* Where heads end; a page may be as large as any feed. */
#define LOOK_BYTES ((size_t)256 * 1024)
/* Pages have their links in the head; libxml2 searches what is open for each stray end tag. */
#define DEPTH_MAX 200u
#define ERRORS_MAX 10000u
/* libxml2 compares each attribute of a tag with all before it, but takes only so many names. */
#define NAMES_MAX_BYTES (32u * 1024)
#define CANDIDATES_MAX 32u
#define URL_MAX_BYTES 4000u

enum likeness { SURE_FEED, LIKELY_FEED, NO_FEED };

/* As they stand in the page, in its order. */
struct candidates {
    struct span urls[CANDIDATES_MAX];
    size_t count;
};

struct search {
    struct arena *arena;
    htmlParserCtxtPtr parser;
    struct span base; /* the first that has an href counts (HTML, 4.2.3); empty: none */
    struct candidates found[NO_FEED]; /* by how likely they are feeds */
    size_t depth, errors;
};

struct alternate {
    struct span rel, type, href, title;
};

/* Takes the first word of `text`; empty: there is none. */
static struct span take_word(struct span *text)
{
    *text = span_trim(*text);
    size_t length = 0;
    while (length < text->length && !strchr(" \t\r\n\f", text->data[length]))
        length++;
    struct span word = {text->data, length};
    text->data += length;
    text->length -= length;
    return word;
}

static bool is_relation(struct span relations, struct span wanted)
{
    struct span word;
    while ((word = take_word(&relations)).length)
        if (span_equal_nocase(word, wanted))
            return true;
    return false;
}

/* How surely a link leads to a feed, by its type and relation ("feed" was one of HTML 5's drafts).
 * Types that say only how it is written are those of old sites, and of other things too. */
static enum likeness likeness_of(const struct alternate *link)
{
    static const char *const standard[] = {"application/rss+xml", "application/atom+xml",
                                           "application/feed+json", "application/rdf+xml"};
    static const char *const general[] = {"text/xml", "application/xml", "text/rss+xml", "text/rss",
                                          "application/rss"};
    bool is_feed = is_relation(link->rel, SPAN("feed"));
    const char *end = link->type.length ? memchr(link->type.data, ';', link->type.length) : NULL;
    struct span type = link->type;
    if (end)
        type.length = (size_t)(end - type.data);
    type = span_trim(type);
    if (!is_feed && !is_relation(link->rel, SPAN("alternate")))
        return NO_FEED;
    if (span_is_among_nocase(type, standard, sizeof standard / sizeof *standard))
        return SURE_FEED;
    if (span_is_among_nocase(type, general, sizeof general / sizeof *general))
        return LIKELY_FEED;
    bool says_nothing = !type.length || span_equal_nocase(type, SPAN("application/json"));
    return is_feed && says_nothing ? LIKELY_FEED : NO_FEED;
}

/* As the common programs for sites call it, in their languages; its address is what WordPress,
 * Blogger and their like give it in all of them. */
static bool is_of_comments(const struct alternate *link)
{
    static const char *const words[] = {
        "comment",  "kommentar", "comentario", "comentário", "kommentár", "komentar", "komentář",
        "reacties", "коммента",  "评论",       "留言",       "コメント",  "댓글"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_contains_nocase(link->title, span_of(words[i])))
            return true;
    return span_contains_nocase(link->href, SPAN("/comments/")) ||
           span_contains_nocase(link->href, SPAN("=comments"));
}

static struct span value_of(const xmlChar *value)
{
    return value ? span_trim(span_of((const char *)value)) : SPAN("");
}

static void read_link(struct search *search, const xmlChar **list)
{
    struct alternate link = {.rel = SPAN("")};
    for (; list && *list; list += 2) {
        struct span name = span_of((const char *)list[0]);
        struct span *part = span_equal(name, SPAN("rel"))     ? &link.rel
                            : span_equal(name, SPAN("type"))  ? &link.type
                            : span_equal(name, SPAN("href"))  ? &link.href
                            : span_equal(name, SPAN("title")) ? &link.title
                                                              : NULL;
        if (part)
            *part = value_of(list[1]);
    }
    enum likeness likeness = likeness_of(&link);
    if (likeness == NO_FEED || !link.href.length || link.href.length > URL_MAX_BYTES ||
        is_of_comments(&link))
        return;
    struct candidates *found = &search->found[likeness];
    if (found->count < CANDIDATES_MAX)
        found->urls[found->count++] = arena_copy(search->arena, link.href);
}

static void read_base(struct search *search, const xmlChar **list)
{
    for (; list && *list && !search->base.length; list += 2)
        if (span_equal(span_of((const char *)list[0]), SPAN("href")) &&
            value_of(list[1]).length <= URL_MAX_BYTES)
            search->base = arena_copy(search->arena, value_of(list[1]));
}

static void start_element(void *context, const xmlChar *name, const xmlChar **list)
{
    struct search *search = context;
    struct span tag = span_of((const char *)name);
    if (++search->depth > DEPTH_MAX)
        xmlStopParser(search->parser);
    else if (span_equal(tag, SPAN("link")))
        read_link(search, list);
    else if (span_equal(tag, SPAN("base")))
        read_base(search, list);
}

static void end_element(void *context, const xmlChar *name)
{
    struct search *search = context;
    (void)name;
    search->depth -= search->depth > 0;
}

static void count_error(void *context, xmlErrorPtr error)
{
    struct search *search = context;
    (void)error;
    if (++search->errors == ERRORS_MAX && search->parser)
        xmlStopParser(search->parser);
}

/* What is looked for must be among the names that are taken, whatever comes first. */
static void bound_names(htmlParserCtxtPtr parser)
{
    static const char *const names[] = {"html", "head", "body", "link", "base",
                                        "rel",  "type", "href", "title"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        xmlDictLookup(parser->dict, (const xmlChar *)names[i], -1);
    xmlDictSetLimit(parser->dict, NAMES_MAX_BYTES);
}

static void parse(struct search *search, struct span utf8)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, xmlInitParser);
    htmlSAXHandler handler = {.startElement = start_element,
                              .endElement = end_element,
                              .serror = count_error,
                              .initialized = XML_SAX2_MAGIC};
    search->parser =
        htmlCreatePushParserCtxt(&handler, search, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (!search->parser)
        return;
    htmlCtxtUseOptions(search->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
                                           HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                                           HTML_PARSE_IGNORE_ENC);
    search->parser->sax->serror = count_error;
    bound_names(search->parser);
    htmlParseChunk(search->parser, utf8.data, (int)utf8.length, 1);
    htmlFreeParserCtxt(search->parser);
}

static struct span without_fragment(struct span url)
{
    const char *hash = url.length ? memchr(url.data, '#', url.length) : NULL;
    return hash ? (struct span){url.data, (size_t)(hash - url.data)} : url;
}

static char *first_usable(const struct search *search, const struct candidates *found,
                          struct span address)
{
    struct span base = url_resolve(search->arena, address, search->base);
    struct span own = without_fragment(address);
    for (size_t i = 0; i < found->count; i++) {
        struct span url = url_resolve(search->arena, base, found->urls[i]);
        url = without_fragment(url_without_user(search->arena, url));
        if (url_is_web(url) && url.length <= URL_MAX_BYTES && !span_equal(url, own))
            return memory_text(arena_copy(search->arena, url).data);
    }
    return NULL;
}

/* What stands behind the first `end` in `text`; empty: there is none. */
static struct span behind(struct span text, const char *end)
{
    size_t length = strlen(end);
    const char *at = memmem(text.data, text.length, end, length);
    size_t gone = at ? (size_t)(at - text.data) + length : text.length;
    return (struct span){text.data + gone, text.length - gone};
}

/* From the name of the first element on, behind comments and declarations; that of HTML
 * stands for it. */
static struct span first_element(struct span utf8)
{
    while (utf8.length && *utf8.data == '<') {
        if (span_starts(utf8, SPAN("<!--")))
            utf8 = behind(utf8, "-->");
        else if (span_starts_nocase(utf8, SPAN("<!doctype html")))
            return SPAN("html");
        else if (span_starts(utf8, SPAN("<!")) || span_starts(utf8, SPAN("<?")))
            utf8 = behind(utf8, ">");
        else
            return (struct span){utf8.data + 1, utf8.length - 1};
        utf8 = span_trim(utf8);
    }
    return SPAN("");
}

/* Lists of feeds (OPML) and of a site's pages are XML with links too, but no pages. Scripts that
 * complain before the page begins do so in markup, which XML is not declared to be. */
static bool is_page(struct span utf8)
{
    static const char *const roots[] = {"html", "head", "body", "link", "meta", "title"};
    struct span element = first_element(utf8), name = element;
    name.length = 0;
    while (name.length < element.length && !strchr(" \t\r\n\f/>", element.data[name.length]))
        name.length++;
    if (!name.length)
        return false;
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (span_equal_nocase(name, span_of(roots[i])))
            return true;
    return !span_starts(utf8, SPAN("<?xml")) &&
           (span_contains_nocase(element, SPAN("<!doctype html")) ||
            span_contains_nocase(element, SPAN("<html")));
}

bool feed_discover(struct span bytes, struct span charset, struct span address, char **found)
{
    struct feed_encoding encoding;
    const char *trouble;
    *found = NULL;
    if (bytes.length > LOOK_BYTES)
        bytes.length = LOOK_BYTES;
    if (!feed_encoding_find(bytes, charset, &encoding, NULL))
        return false;
    struct search search = {.arena = arena_new(), .base = SPAN("")};
    struct span utf8 = span_trim(feed_encoding_to_utf8(search.arena, bytes, &encoding, &trouble));
    bool page = is_page(utf8);
    if (page) {
        parse(&search, utf8);
        for (size_t i = 0; i < NO_FEED && !*found; i++)
            *found = first_usable(&search, &search.found[i], address);
    }
    arena_free(search.arena);
    return page;
}
