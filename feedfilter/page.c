#include "feedfilter/page.h"

#include "store/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xxhash.h>
#include <zlib.h>

/* Below this the head of the answer is most of what goes over the wire. */
#define GZIP_LEAST 200
#define GZIP_LEVEL 6
#define CONTENT_TYPE_MOST 200
#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib's way to ask for gzip's wrapping */

#define PRIVATE_KEPT 4u

/* Where it names its own address. */
struct own {
    size_t *places, count, unit_bytes;
    bool big;
};

struct counted_page {
    struct page page; /* first: the two are cast into each other */
    atomic_uint references;
    const char *body; /* of `plain`; NULL: an error's */
    char *content_type;
    struct own own;
    pthread_mutex_t lock; /* of what follows: the page for readers with tokens */
    struct {
        char *token;
        struct page *page;
    } privates[PRIVATE_KEPT];
    unsigned next_private;
};

static struct page *new_page(unsigned status)
{
    struct counted_page *page = memory_new(sizeof *page);
    page->page.status = status;
    pthread_mutex_init(&page->lock, NULL);
    atomic_init(&page->references, 1);
    return &page->page;
}

/* `body` (malloc'ed, given away) goes with the response. */
static struct MHD_Response *respond(char *body, size_t length)
{
    return memory_checked(MHD_create_response_from_buffer_with_free_callback(length, body, free));
}

/* 304 has no body, but libmicrohttpd says the length of the one that it thinks was left out, and it
 * has to be that of 200 (RFC 9110, 8.6). */
static ssize_t read_nothing(void *context, uint64_t position, char *buffer, size_t size)
{
    (void)context;
    (void)position;
    (void)buffer;
    (void)size;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *respond_unchanged(size_t length)
{
    return memory_checked(MHD_create_response_from_callback(length, 1, read_nothing, NULL, NULL));
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    /* It refuses line breaks and empty values. There are none here, so only memory can be wanting.
     */
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        memory_checked(NULL);
}

/* IMF-fixdate (RFC 9110, 5.6.7), whatever the locale. */
static void format_date(int64_t seconds, char text[40])
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t time = (time_t)seconds;
    struct tm parts = {0};
    gmtime_r(&time, &parts);
    snprintf(text, 40, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday], parts.tm_mday,
             months[parts.tm_mon], (parts.tm_year + 1900) % 10000, parts.tm_hour, parts.tm_min,
             parts.tm_sec);
}

/* What 200 and 304 say alike (RFC 9110, 15.4.5). no-cache lets readers keep the page but has them
 * ask each time, which the validators make cheap: a released item shows at the next poll. */
static void add_validators(struct MHD_Response *response, const char *etag, int64_t last_modified_s,
                           const char *cache_control)
{
    char date[40];
    add(response, MHD_HTTP_HEADER_ETAG, etag);
    add(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    add(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache_control);
    if (last_modified_s) {
        format_date(last_modified_s, date);
        add(response, MHD_HTTP_HEADER_LAST_MODIFIED, date);
    }
}

/* A feed's type comes from upstream, and a head that does not fit into a connection's memory is no
 * answer at all. */
static bool is_usable_type(const char *content_type)
{
    size_t length = strnlen(content_type, CONTENT_TYPE_MOST + 1);
    for (size_t i = 0; i < length; i++) {
        if (content_type[i] < ' ' || content_type[i] > '~')
            return false;
    }
    return length && length <= CONTENT_TYPE_MOST;
}

static void add_content_type(struct MHD_Response *response, const char *content_type)
{
    add(response, MHD_HTTP_HEADER_CONTENT_TYPE,
        is_usable_type(content_type) ? content_type : "application/octet-stream");
    add(response, MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff");
    /* XML can hold scripts that a browser runs; with our origin they could read all feeds here. */
    add(response, "Content-Security-Policy", "default-src 'none'; sandbox");
}

static struct page_form make_form(char *body, size_t length, const char *content_type,
                                  const char *etag, int64_t last_modified_s,
                                  const char *cache_control)
{
    struct page_form form = {respond(body, length), respond_unchanged(length), length};
    add_content_type(form.whole, content_type);
    add_validators(form.whole, etag, last_modified_s, cache_control);
    add_validators(form.unchanged, etag, last_modified_s, cache_control);
    return form;
}

/* malloc'ed; NULL when it would not be smaller. */
static char *compress_body(const char *body, size_t length, size_t *compressed)
{
    if (length < GZIP_LEAST || length > UINT32_MAX)
        return NULL;
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)body, .avail_in = (uInt)length};
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        memory_checked(NULL);
    char *result = memory_new(length);
    stream.next_out = (Bytef *)result;
    stream.avail_out = (uInt)length - 1;
    bool smaller = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    *compressed = stream.total_out;
    deflateEnd(&stream);
    if (!smaller) {
        free(result);
        return NULL;
    }
    return memory_resize(result, *compressed);
}

void page_tag(const struct span *pieces, size_t count, char etag[PAGE_TAG_SIZE])
{
    XXH3_state_t *state = memory_checked(XXH3_createState());
    XXH3_128bits_reset(state);
    for (size_t i = 0; i < count; i++)
        if (pieces[i].length)
            XXH3_128bits_update(state, pieces[i].data, pieces[i].length);
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    snprintf(etag, PAGE_TAG_SIZE, "\"%016llx%016llx\"", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}

static struct page *make_page(const struct span *pieces, size_t count, const char *content_type,
                              int64_t last_modified_s, const char *cache_control)
{
    size_t length = 0, at = 0;
    for (size_t i = 0; i < count; i++)
        length += pieces[i].length;
    char *body = memory_new(length);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].length)
            memcpy(body + at, pieces[i].data, pieces[i].length);
        at += pieces[i].length;
    }
    struct page *page = new_page(MHD_HTTP_OK);
    ((struct counted_page *)page)->body = body;
    ((struct counted_page *)page)->content_type = memory_text(content_type);
    page_tag(pieces, count, page->etag);
    page->last_modified_s = last_modified_s;

    size_t compressed_length;
    char *compressed = compress_body(body, length, &compressed_length);
    page->plain = make_form(body, length, content_type, page->etag, last_modified_s, cache_control);
    if (compressed) {
        char etag[sizeof page->etag + 8];
        snprintf(etag, sizeof etag, "%.*s-gzip\"", (int)strlen(page->etag) - 1, page->etag);
        page->gzip = make_form(compressed, compressed_length, content_type, etag, last_modified_s,
                               cache_control);
        add(page->gzip.whole, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    }
    return page;
}

struct page *page_new(const struct span *pieces, size_t count, const char *content_type,
                      int64_t last_modified_s)
{
    return make_page(pieces, count, content_type, last_modified_s, "no-cache");
}

/* --- for readers with addresses of their own --- */

void page_set_own(struct page *page, const size_t *places, size_t count, size_t unit_bytes,
                  bool big)
{
    struct own *own = &((struct counted_page *)page)->own;
    free(own->places);
    *own = (struct own){memory_new(count * sizeof *places), count, unit_bytes, big};
    if (count)
        memcpy(own->places, places, count * sizeof *places);
}

/* "/r/TOKEN" in the units of the page, the caller's. */
static struct span widen(const struct own *own, const char *token)
{
    char ascii[64];
    size_t count = (size_t)snprintf(ascii, sizeof ascii, "/r/%s", token);
    size_t unit = own->unit_bytes ? own->unit_bytes : 1;
    char *wide = memory_new(count * unit);
    for (size_t i = 0; i < count; i++)
        wide[i * unit + (own->big ? unit - 1 : 0)] = ascii[i];
    return (struct span){wide, count * unit};
}

static struct page *make_private(const struct counted_page *page, const char *token)
{
    const struct own *own = &page->own;
    struct span put_in = widen(own, token);
    struct span *pieces = memory_new((2 * own->count + 1) * sizeof *pieces);
    size_t count = 0, done = 0;
    for (size_t i = 0; i < own->count; i++) {
        pieces[count++] = (struct span){page->body + done, own->places[i] - done};
        pieces[count++] = put_in;
        done = own->places[i];
    }
    pieces[count++] = (struct span){page->body + done, page->page.plain.length - done};
    struct page *made = make_page(pieces, count, page->content_type, page->page.last_modified_s,
                                  "private, no-cache");
    free(pieces);
    free((char *)(uintptr_t)put_in.data);
    return made;
}

struct page *page_private(struct page *page, const char *token)
{
    struct counted_page *counted = (struct counted_page *)page;
    struct page *found = NULL;
    pthread_mutex_lock(&counted->lock);
    for (size_t i = 0; i < PRIVATE_KEPT && !found; i++)
        if (counted->privates[i].page && strcmp(counted->privates[i].token, token) == 0)
            found = page_retain(counted->privates[i].page);
    if (!found) {
        unsigned place = counted->next_private++ % PRIVATE_KEPT;
        page_release(counted->privates[place].page);
        free(counted->privates[place].token);
        found = make_private(counted, token);
        counted->privates[place].token = memory_text(token);
        counted->privates[place].page = page_retain(found);
    }
    pthread_mutex_unlock(&counted->lock);
    page_release(page);
    return found;
}

struct page *page_error(unsigned status, const char *line, int64_t retry_after_s)
{
    struct page *page = new_page(status);
    size_t length = strlen(line);
    char *body = memory_copy(line, length + 1);
    body[length] = '\n';
    page->plain = (struct page_form){respond(body, length + 1), NULL, length + 1};
    add_content_type(page->plain.whole, "text/plain; charset=utf-8");
    add(page->plain.whole, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    if (retry_after_s > 0) {
        char seconds[24];
        snprintf(seconds, sizeof seconds, "%lld", (long long)retry_after_s);
        add(page->plain.whole, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    return page;
}

struct page *page_retain(struct page *page)
{
    atomic_fetch_add_explicit(&((struct counted_page *)page)->references, 1, memory_order_relaxed);
    return page;
}

static void clear_form(struct page_form *form)
{
    if (form->whole)
        MHD_destroy_response(form->whole);
    if (form->unchanged)
        MHD_destroy_response(form->unchanged);
}

void page_release(struct page *page)
{
    struct counted_page *counted = (struct counted_page *)page;
    if (!page || atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < PRIVATE_KEPT; i++) {
        page_release(counted->privates[i].page);
        free(counted->privates[i].token);
    }
    pthread_mutex_destroy(&counted->lock);
    free(counted->own.places);
    free(counted->content_type);
    clear_form(&page->plain);
    clear_form(&page->gzip);
    free(counted);
}
