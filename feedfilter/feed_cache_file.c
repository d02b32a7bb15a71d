#include "feedfilter/feed_cache_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "store/memory.h"

/* "weir-feed 1", the lengths of JSON and body, the checksum: XXH3-128 over the lengths as they
 * stand here, JSON and body. */
#define LENGTHS_FORMAT "weir-feed 1 %08zx %016zx "
#define CHECKSUM_FORMAT "%016" PRIx64 "%016" PRIx64 "\n"
#define LENGTHS_LENGTH (12u + 8 + 1 + 16 + 1)
#define HEAD_LENGTH (LENGTHS_LENGTH + 32u + 1)
#define META_MAX (1u << 20)

struct head {
    char text[HEAD_LENGTH + 1];
};

static struct head render_head(const char *meta, size_t meta_length, const char *body,
                               size_t body_length)
{
    struct head head;
    snprintf(head.text, sizeof head.text, LENGTHS_FORMAT, meta_length, body_length);
    XXH3_state_t *state = memory_checked(XXH3_createState());
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, head.text, LENGTHS_LENGTH);
    XXH3_128bits_update(state, meta, meta_length);
    XXH3_128bits_update(state, body, body_length);
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    snprintf(head.text + LENGTHS_LENGTH, sizeof head.text - LENGTHS_LENGTH, CHECKSUM_FORMAT,
             (uint64_t)hash.high64, (uint64_t)hash.low64);
    return head;
}

/* What upstream gave need not be UTF-8, as JSON must; such an ETag is as good as none. */
static void set_text(json_t *meta, const char *key, const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    if (value)
        json_object_set_new(meta, key, value);
}

/* Absent is 0. */
static void set_number(json_t *meta, const char *key, int64_t number)
{
    if (number)
        json_object_set_new(meta, key, json_integer(number));
}

static void set_site(json_t *meta, const struct feed_site *site)
{
    set_text(meta, "moved-to", site->moved_to);
    set_number(meta, "moved-seen", site->moved_seen);
    set_number(meta, "moved-told", site->moved_told);
    set_number(meta, "moved", site->moved_s);
    set_text(meta, "found", site->found);
    set_number(meta, "found-told", site->found_told);
    set_number(meta, "found-seen", site->found_s);
    set_number(meta, "gone", site->gone_s);
    set_number(meta, "changed", site->changed_s);
    set_number(meta, "rhythm", site->rhythm_s);
}

#define WEBSUB_FORMAT "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b}"

/* What the hub was given; a restart asks for nothing that it has. */
static void set_websub(json_t *meta, const struct websub *websub)
{
    if (websub->state == WEBSUB_NONE)
        return;
    json_t *kept = json_pack(WEBSUB_FORMAT, "base", websub->base, "hub", websub->hub, "topic",
                             websub->topic, "token", websub->token, "secret", websub->secret, "ask",
                             (json_int_t)websub->ask_s, "lease", (json_int_t)websub->lease_s,
                             "active", websub->state == WEBSUB_ACTIVE);
    if (kept) /* it is all UTF-8 */
        json_object_set_new(meta, "websub", kept);
}

char *feed_cache_file_front(const struct cached_feed *feed, size_t *length, struct error *error)
{
    json_t *meta = memory_checked(json_object());
    set_text(meta, "url", feed->url);
    set_text(meta, "base-url", feed->base_url);
    set_text(meta, "etag", feed->etag);
    set_text(meta, "last-modified", feed->last_modified);
    set_text(meta, "content-type", feed->content_type);
    set_text(meta, "page-etag", feed->page_etag);
    json_object_set_new(meta, "fetched", json_integer(feed->fetched_s));
    json_object_set_new(meta, "fresh", json_integer(feed->fresh_s));
    json_object_set_new(meta, "page-changed", json_integer(feed->page_changed_s));
    set_site(meta, &feed->site);
    set_websub(meta, &feed->websub);
    bool has_url = json_object_get(meta, "url") != NULL;
    char *text = memory_checked(json_dumps(meta, JSON_COMPACT | JSON_SORT_KEYS));
    json_decref(meta);
    size_t text_length = strlen(text);
    char *front = NULL;
    if (!has_url)
        error_set(error, ERROR_INPUT, "a copy whose url is not UTF-8 cannot be kept");
    else if (text_length > META_MAX)
        error_set(error, ERROR_INPUT, "what is known about the copy is too long");
    else {
        struct head head = render_head(text, text_length, feed->body, feed->length);
        *length = HEAD_LENGTH + text_length;
        front = memory_checked(malloc(*length));
        memcpy(front, head.text, HEAD_LENGTH);
        memcpy(front + HEAD_LENGTH, text, text_length);
    }
    free(text);
    return front;
}

static bool read_exactly(int fd, char *data, size_t length)
{
    while (length) {
        ssize_t got = read(fd, data, length);
        if (got <= 0)
            return false;
        data += got;
        length -= (size_t)got;
    }
    return true;
}

static char *get_text(const json_t *meta, const char *key)
{
    return memory_text(json_string_value(json_object_get(meta, key)));
}

static void get_site(struct feed_site *site, const json_t *meta)
{
    site->moved_to = get_text(meta, "moved-to");
    site->moved_seen = (unsigned)json_integer_value(json_object_get(meta, "moved-seen"));
    site->moved_told = json_integer_value(json_object_get(meta, "moved-told")) != 0;
    site->moved_s = json_integer_value(json_object_get(meta, "moved"));
    site->found = get_text(meta, "found");
    site->found_told = json_integer_value(json_object_get(meta, "found-told")) != 0;
    site->found_s = json_integer_value(json_object_get(meta, "found-seen"));
    site->gone_s = json_integer_value(json_object_get(meta, "gone"));
    site->changed_s = json_integer_value(json_object_get(meta, "changed"));
    site->rhythm_s = json_integer_value(json_object_get(meta, "rhythm"));
}

static void get_websub(struct websub *websub, json_t *meta)
{
    const char *base, *hub, *topic, *token, *secret;
    json_int_t ask, lease;
    int active;
    json_t *kept = json_object_get(meta, "websub");
    if (!kept ||
        json_unpack(kept, WEBSUB_FORMAT, "base", &base, "hub", &hub, "topic", &topic, "token",
                    &token, "secret", &secret, "ask", &ask, "lease", &lease, "active",
                    &active) != 0 ||
        strlen(token) != WEBSUB_TOKEN_SIZE - 1 || strlen(secret) != WEBSUB_SECRET_SIZE - 1)
        return;
    websub->state = active ? WEBSUB_ACTIVE : WEBSUB_DUE;
    websub->base = memory_text(base);
    websub->hub = memory_text(hub);
    websub->topic = memory_text(topic);
    memcpy(websub->token, token, WEBSUB_TOKEN_SIZE);
    memcpy(websub->secret, secret, WEBSUB_SECRET_SIZE);
    websub->ask_s = ask;
    websub->lease_s = lease;
}

static bool read_meta(struct cached_feed *feed, const char *text, size_t length)
{
    json_t *meta = json_loadb(text, length, 0, NULL);
    const char *page_etag = json_string_value(json_object_get(meta, "page-etag"));
    feed->url = get_text(meta, "url");
    feed->base_url = get_text(meta, "base-url");
    feed->etag = get_text(meta, "etag");
    feed->last_modified = get_text(meta, "last-modified");
    feed->content_type = get_text(meta, "content-type");
    feed->fetched_s = json_integer_value(json_object_get(meta, "fetched"));
    feed->fresh_s = json_integer_value(json_object_get(meta, "fresh"));
    feed->page_changed_s = json_integer_value(json_object_get(meta, "page-changed"));
    snprintf(feed->page_etag, sizeof feed->page_etag, "%s", page_etag ? page_etag : "");
    get_site(&feed->site, meta);
    get_websub(&feed->websub, meta);
    json_decref(meta);
    return feed->url != NULL;
}

/* From behind the head. */
static bool read_rest(int fd, const struct head *head, size_t meta_length, struct cached_feed *feed)
{
    char *meta = memory_checked(malloc(meta_length + 1));
    feed->body = memory_checked(malloc(feed->length + 1));
    feed->body[feed->length] = '\0';
    bool whole = read_exactly(fd, meta, meta_length) && read_exactly(fd, feed->body, feed->length);
    if (whole) {
        struct head wanted = render_head(meta, meta_length, feed->body, feed->length);
        whole =
            memcmp(head->text, wanted.text, HEAD_LENGTH) == 0 && read_meta(feed, meta, meta_length);
    }
    free(meta);
    return whole;
}

static bool read_file(int fd, uint64_t limit_bytes, struct cached_feed *feed)
{
    struct stat status;
    struct head head = {0};
    size_t meta_length;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
        (uint64_t)status.st_size > limit_bytes || !read_exactly(fd, head.text, HEAD_LENGTH))
        return false;
    if (sscanf(head.text, LENGTHS_FORMAT, &meta_length, &feed->length) != 2)
        return false;
    uint64_t rest = (uint64_t)status.st_size - HEAD_LENGTH;
    return meta_length <= META_MAX && meta_length <= rest && feed->length == rest - meta_length &&
           read_rest(fd, &head, meta_length, feed);
}

struct cached_feed *feed_cache_file_read(int directory, const char *file, uint64_t limit_bytes)
{
    int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    struct cached_feed *feed = memory_new(sizeof *feed);
    if (!read_file(fd, limit_bytes, feed)) {
        cached_feed_free(feed);
        feed = NULL;
    }
    close(fd);
    return feed;
}

void cached_feed_free(struct cached_feed *feed)
{
    if (!feed)
        return;
    free(feed->body);
    free(feed->url);
    free(feed->base_url);
    free(feed->etag);
    free(feed->last_modified);
    free(feed->content_type);
    feed_site_clear(&feed->site);
    websub_clear(&feed->websub);
    free(feed);
}
