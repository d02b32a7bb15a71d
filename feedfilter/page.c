#include "feedfilter/page.h"

#include "store/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
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

/* What an answer consists of; each that is under way has a reference. */
struct body {
    atomic_uint references;
    size_t length;
    char data[];
};

/* The page for readers with tokens. */
struct privates {
    struct {
        char *token;
        struct page *page;
    } kept[PRIVATE_KEPT];
    unsigned next;
};

struct counted_page {
    struct page page; /* first: the two are cast into each other */
    atomic_uint references;
    char *content_type;
    const char *cache_control;
    struct own own;
    size_t length;        /* of the plain body */
    pthread_mutex_t lock; /* of what follows */
    struct body *body;    /* plain; NULL: to be had from `packed` */
    struct body *packed;  /* as gzip; NULL: not made yet, or there is none */
    bool incompressible;
    struct page_form plain, gzip; /* once asked for */
    struct privates *privates;    /* NULL: none yet */
};

static struct counted_page *counted(struct page *page)
{
    return (struct counted_page *)page;
}

static struct body *new_body(size_t length)
{
    struct body *body = memory_new(sizeof *body + length);
    atomic_init(&body->references, 1);
    body->length = length;
    return body;
}

static struct body *retain_body(struct body *body)
{
    atomic_fetch_add_explicit(&body->references, 1, memory_order_relaxed);
    return body;
}

static void release_body(struct body *body) /* NULL is fine */
{
    if (body && atomic_fetch_sub_explicit(&body->references, 1, memory_order_acq_rel) == 1)
        free(body);
}

static struct page *new_page(unsigned status)
{
    struct counted_page *page = memory_new(sizeof *page);
    page->page.status = status;
    pthread_mutex_init(&page->lock, NULL);
    atomic_init(&page->references, 1);
    return &page->page;
}

static void release_data(void *data)
{
    release_body((struct body *)(void *)((char *)data - offsetof(struct body, data)));
}

static struct MHD_Response *respond(struct body *body)
{
    return memory_checked(MHD_create_response_from_buffer_with_free_callback(
        body->length, retain_body(body)->data, release_data));
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

static struct page_form make_form(const struct counted_page *page, struct body *body,
                                  const char *etag)
{
    struct page_form form = {respond(body), respond_unchanged(body->length), body->length};
    add_content_type(form.whole, page->content_type);
    add_validators(form.whole, etag, page->page.last_modified_s, page->cache_control);
    add_validators(form.unchanged, etag, page->page.last_modified_s, page->cache_control);
    return form;
}

/* --- gzip; the lock is held --- */

/* NULL when it would not be smaller. */
static struct body *compress_body(const struct body *body)
{
    if (body->length < GZIP_LEAST || body->length > UINT32_MAX)
        return NULL;
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)body->data, .avail_in = (uInt)body->length};
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        memory_checked(NULL);
    struct body *result = new_body(body->length);
    stream.next_out = (Bytef *)result->data;
    stream.avail_out = (uInt)body->length - 1;
    bool smaller = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    result->length = stream.total_out;
    deflateEnd(&stream);
    if (!smaller) {
        free(result);
        return NULL;
    }
    return memory_resize(result, sizeof *result + result->length);
}

/* What it was packed from, so it cannot fail but for memory. */
static struct body *unpack_body(const struct body *packed, size_t length)
{
    struct body *body = new_body(length);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed->data,
                       .avail_in = (uInt)packed->length,
                       .next_out = (Bytef *)body->data,
                       .avail_out = (uInt)length};
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK || inflate(&stream, Z_FINISH) != Z_STREAM_END)
        memory_checked(NULL);
    inflateEnd(&stream);
    return body;
}

static void pack(struct counted_page *page)
{
    if (!page->packed && !page->incompressible && page->content_type)
        page->packed = compress_body(page->body);
    page->incompressible = !page->packed;
}

/* The caller's. */
static struct body *plain_body(const struct counted_page *page)
{
    return page->body ? retain_body(page->body) : unpack_body(page->packed, page->length);
}

void page_pack(struct page *page)
{
    struct counted_page *kept = counted(page);
    pthread_mutex_lock(&kept->lock);
    pack(kept);
    if (kept->packed) {
        release_body(kept->body);
        kept->body = NULL;
    }
    pthread_mutex_unlock(&kept->lock);
}

/* --- what is asked for --- */

const struct page_form *page_plain(struct page *page)
{
    struct counted_page *asked = counted(page);
    pthread_mutex_lock(&asked->lock);
    if (!asked->plain.whole) {
        struct body *body = plain_body(asked);
        asked->plain = make_form(asked, body, page->etag);
        release_body(body);
    }
    pthread_mutex_unlock(&asked->lock);
    return &asked->plain;
}

const struct page_form *page_gzip(struct page *page)
{
    struct counted_page *asked = counted(page);
    pthread_mutex_lock(&asked->lock);
    pack(asked);
    if (asked->packed && !asked->gzip.whole) {
        char etag[sizeof page->etag + 8];
        snprintf(etag, sizeof etag, "%.*s-gzip\"", (int)strlen(page->etag) - 1, page->etag);
        asked->gzip = make_form(asked, asked->packed, etag);
        add(asked->gzip.whole, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    }
    pthread_mutex_unlock(&asked->lock);
    return asked->gzip.whole ? &asked->gzip : NULL;
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
    struct body *body = new_body(length);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].length)
            memcpy(body->data + at, pieces[i].data, pieces[i].length);
        at += pieces[i].length;
    }
    struct page *page = new_page(MHD_HTTP_OK);
    counted(page)->body = body;
    counted(page)->length = length;
    counted(page)->content_type = memory_text(content_type);
    counted(page)->cache_control = cache_control;
    page_tag(pieces, count, page->etag);
    page->last_modified_s = last_modified_s;
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
    struct own *own = &counted(page)->own;
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

/* The lock is held. */
static struct page *make_private(const struct counted_page *page, const char *token)
{
    const struct own *own = &page->own;
    struct body *body = plain_body(page);
    struct span put_in = widen(own, token);
    struct span *pieces = memory_new((2 * own->count + 1) * sizeof *pieces);
    size_t count = 0, done = 0;
    for (size_t i = 0; i < own->count; i++) {
        pieces[count++] = (struct span){body->data + done, own->places[i] - done};
        pieces[count++] = put_in;
        done = own->places[i];
    }
    pieces[count++] = (struct span){body->data + done, body->length - done};
    struct page *made = make_page(pieces, count, page->content_type, page->page.last_modified_s,
                                  "private, no-cache");
    release_body(body);
    free(pieces);
    free((char *)(uintptr_t)put_in.data);
    return made;
}

/* Retained. The lock is held. */
static struct page *find_private(struct counted_page *page, const char *token)
{
    struct privates *privates = page->privates;
    if (!privates)
        privates = page->privates = memory_new(sizeof *privates);
    for (size_t i = 0; i < PRIVATE_KEPT; i++)
        if (privates->kept[i].page && strcmp(privates->kept[i].token, token) == 0)
            return page_retain(privates->kept[i].page);
    unsigned place = privates->next++ % PRIVATE_KEPT;
    page_release(privates->kept[place].page);
    free(privates->kept[place].token);
    privates->kept[place].token = memory_text(token);
    privates->kept[place].page = make_private(page, token);
    return page_retain(privates->kept[place].page);
}

struct page *page_private(struct page *page, const char *token)
{
    struct counted_page *asked = counted(page);
    pthread_mutex_lock(&asked->lock);
    struct page *found = find_private(asked, token);
    pthread_mutex_unlock(&asked->lock);
    page_release(page);
    return found;
}

struct page *page_error(unsigned status, const char *line, int64_t retry_after_s)
{
    struct page *page = new_page(status);
    size_t length = strlen(line);
    struct body *body = new_body(length + 1);
    memcpy(body->data, line, length);
    body->data[length] = '\n';
    struct page_form form = {respond(body), NULL, body->length};
    release_body(body);
    add_content_type(form.whole, "text/plain; charset=utf-8");
    add(form.whole, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    if (retry_after_s > 0) {
        char seconds[24];
        snprintf(seconds, sizeof seconds, "%lld", (long long)retry_after_s);
        add(form.whole, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    counted(page)->plain = form;
    return page;
}

struct page *page_retain(struct page *page)
{
    atomic_fetch_add_explicit(&counted(page)->references, 1, memory_order_relaxed);
    return page;
}

static void clear_form(struct page_form *form)
{
    if (form->whole)
        MHD_destroy_response(form->whole);
    if (form->unchanged)
        MHD_destroy_response(form->unchanged);
}

static void free_privates(struct privates *privates)
{
    for (size_t i = 0; privates && i < PRIVATE_KEPT; i++) {
        page_release(privates->kept[i].page);
        free(privates->kept[i].token);
    }
    free(privates);
}

void page_release(struct page *page)
{
    struct counted_page *left = counted(page);
    if (!page || atomic_fetch_sub_explicit(&left->references, 1, memory_order_acq_rel) != 1)
        return;
    free_privates(left->privates);
    pthread_mutex_destroy(&left->lock);
    free(left->own.places);
    free(left->content_type);
    clear_form(&left->plain);
    clear_form(&left->gzip);
    release_body(left->body);
    release_body(left->packed);
    free(left);
}
