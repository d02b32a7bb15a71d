#include "core/feed.h"

#include <endian.h>
#include <stdint.h>
#include <xxhash.h>

#include "core/feed_encoding.h"
#include "core/feed_json.h"
#include "core/feed_start.h"
#include "core/html.h"
#include "core/span_buffer.h"
#include "core/text.h"
#include "core/url.h"

/* How much of the start is searched for a root element. */
#define LOOK_BYTES 65536u

/* Each piece of what is hashed has its length in front, of eight bytes, little-endian. */
static void put_piece(struct span_buffer *buffer, struct span piece)
{
    uint64_t length = htole64(piece.length);
    span_buffer_add(buffer, (struct span){(const char *)&length, sizeof length});
    span_buffer_add(buffer, piece);
}

static void hash_pieces(struct span_buffer *buffer, unsigned char hash[16])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(buffer->data, buffer->length));
    memcpy(hash, canonical.digest, 16);
    span_buffer_free(buffer);
}

void feed_item_content_hash(const struct feed_item *item, unsigned char hash[16])
{
    struct span_buffer buffer = {0};
    put_piece(&buffer, item->title);
    put_piece(&buffer, item->summary);
    put_piece(&buffer, item->content);
    put_piece(&buffer, item->link);
    for (size_t i = 0; i < item->enclosure_count; i++)
        put_piece(&buffer, item->enclosures[i].url);
    for (size_t i = 0; i < item->enclosure_count; i++)
        if (item->enclosures[i].title.length)
            put_piece(&buffer, item->enclosures[i].title);
    if (item->plain.length)
        put_piece(&buffer, item->plain);
    for (size_t i = 0; i < item->other_link_count; i++)
        put_piece(&buffer, item->other_links[i]);
    hash_pieces(&buffer, hash);
}

void feed_item_document_id(struct span feed_name, struct span guid,
                           const unsigned char content_hash[16], unsigned char id[16])
{
    struct span_buffer buffer = {0};
    put_piece(&buffer, feed_name);
    put_piece(&buffer, guid);
    put_piece(&buffer, (struct span){(const char *)content_hash, 16});
    hash_pieces(&buffer, id);
}

/* The relative links among those from `first` on lead from `base`. */
static void resolve_links(struct document *document, size_t first, struct span base)
{
    for (size_t i = first; i < document->link_count && base.length; i++) {
        struct link *link = &document->links[i];
        if (!link->from_html || link->host.length || link->scheme.length)
            continue;
        link->url = url_resolve(document->arena, base, link->url);
        url_parse(document->arena, link);
    }
}

/* A title with markup, as a reader shows it; its links are the document's too. */
static struct span plain_title(struct document *document, struct span html, struct span base)
{
    struct document *scratch = document_new(CHANNEL_FEED);
    struct span title = {NULL, 0};
    html_read(scratch, html);
    for (size_t i = 0; i < scratch->text_count && !title.length; i++)
        title = arena_copy(document->arena, span_trim(scratch->texts[i].content));
    resolve_links(scratch, 0, base);
    for (size_t i = 0; i < scratch->link_count; i++)
        document_add_link(document, arena_copy(document->arena, scratch->links[i].url),
                          arena_copy(document->arena, scratch->links[i].text), true);
    document_free(scratch);
    return title;
}

static void add_plain_text(struct document *document, struct span content)
{
    const char *at = content.data, *end = content.data + content.length;
    struct span url;
    document_add_text(document, TEXT_BODY, content, false);
    while (url_find_in_text(&at, end, &url))
        document_add_link(document, url, (struct span){NULL, 0}, false);
}

static void add_body(struct document *document, struct span content, bool is_html, struct span base)
{
    size_t first_link = document->link_count;
    if (!content.length)
        return;
    /* html_read() keeps what it needs; but a link or an attribute may lie in its input. */
    content = arena_copy(document->arena, content);
    if (is_html)
        html_read(document, content);
    else
        add_plain_text(document, content);
    resolve_links(document, first_link, base);
}

/* The file's name in a URL: behind the last '/' of its path. */
static struct span file_name_of(struct span url)
{
    static const bool ends_path[256] = {['?'] = true, ['#'] = true};
    const char *end = text_find_byte(url.data, url.data + url.length, ends_path);
    const char *slash = memrchr(url.data, '/', (size_t)(end - url.data));
    const char *start = slash ? slash + 1 : url.data;
    return (struct span){start, (size_t)(end - start)};
}

/* Nobody fetches an enclosure, so its part has a name and a type but neither size nor hash. */
static void add_enclosure(struct document *document, const struct feed_enclosure *enclosure)
{
    struct arena *arena = document->arena;
    struct span url = arena_copy(arena, enclosure->url);
    char *type = arena_text(arena, enclosure->type.length);
    for (size_t i = 0; i < enclosure->type.length; i++) {
        char c = enclosure->type.data[i];
        type[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    document->parts =
        arena_grow(arena, document->parts, document->part_count, sizeof *document->parts);
    document->parts[document->part_count++] = (struct part){
        .type = {type, enclosure->type.length},
        .file_name = file_name_of(url),
        .attachment = true,
    };
    document_add_link(document, url, (struct span){NULL, 0}, false);
    add_body(document, enclosure->title, false, (struct span){NULL, 0});
}

/* Feeds of comments call themselves so, or lead to one by the fragment that WordPress and others
 * give it. */
bool feed_item_is_comment(const struct feed *feed, const struct feed_item *item)
{
    static const struct span starts[] = {SPAN_OF("Comments on"),
                                         SPAN_OF("Comments for"),
                                         SPAN_OF("Comments:"),
                                         SPAN_OF("New comments"),
                                         SPAN_OF("Kommentare zu"),
                                         SPAN_OF("Kommentare für"),
                                         SPAN_OF("Commentaires sur"),
                                         SPAN_OF("Comentarios en"),
                                         SPAN_OF("Comentários"),
                                         SPAN_OF("Commenti"),
                                         SPAN_OF("Комментарии"),
                                         SPAN_OF("评论"),
                                         SPAN_OF("留言"),
                                         SPAN_OF("最新评论")};
    struct span title = span_trim(feed->title);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (span_starts_nocase(title, starts[i]))
            return true;
    const char *fragment =
        item->link.length ? memchr(item->link.data, '#', item->link.length) : NULL;
    return fragment &&
           span_starts_nocase(
               (struct span){fragment, (size_t)(item->link.data + item->link.length - fragment)},
               SPAN("#comment-"));
}

static void add_own_link(struct document *document, struct span url)
{
    size_t before = document->link_count;
    document_add_link(document, arena_copy(document->arena, url), (struct span){NULL, 0}, false);
    if (document->link_count > before)
        document->site = document->links[before].domain;
}

struct document *feed_item_document(const struct feed *feed, const struct feed_item *item,
                                    struct span feed_name)
{
    struct document *document = document_new(CHANNEL_FEED);
    struct arena *arena = document->arena;
    document->feed = arena_copy(arena, feed_name);
    document->guid = arena_copy(arena, item->guid);
    document->author = arena_copy(arena, item->author);
    document->author_email = arena_copy(arena, item->author_email);
    document->languages = arena_copy(arena, item->languages);
    document->date = arena_copy(arena, item->date);
    document->subject = item->title_is_html ? plain_title(document, item->title, item->title_base)
                                            : arena_copy(arena, item->title);
    if (document->subject.length)
        document_add_text(document, TEXT_SUBJECT, document->subject, item->title_is_html);
    add_body(document, item->content, item->content_is_html, item->content_base);
    if (!span_equal(item->summary, item->content))
        add_body(document, item->summary, item->summary_is_html, item->summary_base);
    add_body(document, item->plain, false, (struct span){NULL, 0});
    if (item->link.length)
        add_own_link(document, item->link);
    document->is_comment = feed_item_is_comment(feed, item);
    for (size_t i = 0; i < item->other_link_count; i++)
        document_add_link(document, arena_copy(arena, item->other_links[i]), (struct span){NULL, 0},
                          false);
    for (size_t i = 0; i < item->enclosure_count; i++)
        add_enclosure(document, &item->enclosures[i]);
    document->category_count = item->category_count;
    document->categories = arena_alloc(arena, item->category_count * sizeof *document->categories);
    for (size_t i = 0; i < item->category_count; i++)
        document->categories[i] = arena_copy(arena, item->categories[i]);
    feed_item_content_hash(item, document->content_hash);
    feed_item_document_id(feed_name, item->guid, document->content_hash, document->id);
    return document;
}

bool feed_looks_like(struct span bytes)
{
    struct feed_encoding encoding;
    const char *trouble;
    bool is_feed = false;
    if (bytes.length > LOOK_BYTES)
        bytes.length = LOOK_BYTES;
    if (!feed_encoding_find(bytes, (struct span){NULL, 0}, &encoding, NULL))
        return false;
    struct arena *arena = arena_new();
    struct span text = span_trim(feed_encoding_to_utf8(arena, bytes, &encoding, &trouble));
    size_t start;
    if (text.length)
        is_feed = text.data[0] == '{' ? feed_json_looks_like(text) : feed_start_find(text, &start);
    arena_free(arena);
    return is_feed;
}
