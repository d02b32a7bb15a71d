#include "admin/evaluate_corpus.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/evaluate_figures.h"
#include "core/feed.h"
#include "core/mail.h"
#include "store/memory.h"

static struct corpus_entry *add_entry(struct corpus *corpus)
{
    if ((corpus->count & (corpus->count - 1)) == 0)
        corpus->entries = memory_resize(corpus->entries, (corpus->count ? 2 * corpus->count : 1) *
                                                             sizeof *corpus->entries);
    struct corpus_entry *entry = &corpus->entries[corpus->count];
    *entry = (struct corpus_entry){.number = corpus->count};
    corpus->count++;
    return entry;
}

static bool read_label(const char *word, enum label *label)
{
    *label = word && !strcmp(word, "spam") ? LABEL_SPAM : LABEL_HAM;
    return word && (!strcmp(word, "spam") || !strcmp(word, "ham"));
}

/* A pipe that nobody writes to is empty; opening it as usual would wait for ever. */
static FILE *open_list(const char *path, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool opened = fd >= 0 && fcntl(fd, F_SETFL, 0) == 0;
    FILE *file = opened ? fdopen(fd, "r") : NULL;
    if (!file) {
        error_set(error, ERROR_SYSTEM, "cannot read %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    return file;
}

/* After the last line: whether the file was read to its end, and said something. */
static bool finish_list(FILE *file, const struct corpus *corpus, const char *path,
                        struct error *error)
{
    if (ferror(file))
        return error_set(error, ERROR_SYSTEM, "cannot read %s: %s", path, strerror(errno));
    return corpus->count || error_set(error, ERROR_INPUT, "%s: no documents in it", path);
}

static bool read_index_line(struct corpus *corpus, char *line, struct error *error)
{
    char *rest;
    const char *word = strtok_r(line, " \t\r\n", &rest);
    const char *path = strtok_r(NULL, " \t\r\n", &rest);
    enum label label;
    if (!word)
        return true;
    if (!read_label(word, &label) || !path)
        return error_set(error, ERROR_INPUT, "not \"ham PATH\" or \"spam PATH\"");
    struct corpus_entry *entry = add_entry(corpus);
    entry->path = memory_text(path);
    entry->label = label;
    return true;
}

bool corpus_read_index(struct corpus *corpus, const char *index, const char *root,
                       struct error *error)
{
    *corpus = (struct corpus){.root = root, .items = -1};
    FILE *file = open_list(index, error);
    if (!file)
        return false;
    char *line = NULL;
    size_t room = 0, number = 0;
    bool read = true;
    while (read && getline(&line, &room, file) >= 0) {
        number++;
        read = read_index_line(corpus, line, error);
    }
    if (!read)
        error_prefix(error, "%s:%zu", index, number);
    read = read && finish_list(file, corpus, index, error);
    free(line);
    fclose(file);
    return read;
}

static size_t source_number(struct corpus *corpus, const char *name)
{
    for (size_t i = corpus->source_count; i > 0; i--) /* the latest is most often meant */
        if (!strcmp(corpus->sources[i - 1], name))
            return i - 1;
    corpus->sources =
        memory_resize(corpus->sources, (corpus->source_count + 1) * sizeof *corpus->sources);
    corpus->sources[corpus->source_count] = memory_text(name);
    return corpus->source_count++;
}

/* The number of the escape of four digits at `at`; -1: there is none. */
static long escaped_at(const char *at, const char *end)
{
    char digits[5] = "";
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    memcpy(digits, at + 2, 4);
    return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

/* Halves of surrogate pairs, and NUL, which JSON can write and no text can have: they are U+FFFD
 * then, as decoders have it. Programs that cut texts write such halves. */
static void mend_escapes(char *line, size_t length)
{
    for (char *at = line, *end = line + length; (at = memchr(at, '\\', (size_t)(end - at)));) {
        long unit = escaped_at(at, end), next = unit < 0 ? -1 : escaped_at(at + 6, end);
        bool pair = unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
        if (unit == 0 || (!pair && unit >= 0xd800 && unit <= 0xdfff))
            memcpy(at + 2, "fffd", 4);
        at += pair ? 12 : unit >= 0 ? 6 : 2;
        if (at >= end)
            break;
    }
}

static bool read_item_line(struct corpus *corpus, char *line, size_t length, struct error *error)
{
    mend_escapes(line, length);
    json_error_t trouble;
    json_t *item = json_loadb(line, length, 0, &trouble);
    enum label label;
    const char *source = json_string_value(json_object_get(item, "source"));
    bool labelled = read_label(json_string_value(json_object_get(item, "label")), &label);
    bool text = json_is_string(json_object_get(item, "title")) ||
                json_is_string(json_object_get(item, "content"));
    if (!item)
        error_set(error, ERROR_INPUT, "%s", trouble.text);
    else if (!labelled)
        error_set(error, ERROR_INPUT, "its label is neither \"ham\" nor \"spam\"");
    else if (!text)
        error_set(error, ERROR_INPUT, "it has neither title nor content");
    bool read = item && labelled && text;
    if (read) {
        struct corpus_entry *entry = add_entry(corpus);
        entry->label = label;
        entry->source = source_number(corpus, source ? source : "");
        entry->line_length = length;
    }
    json_decref(item);
    return read;
}

bool corpus_read_items(struct corpus *corpus, const char *path, struct error *error)
{
    *corpus = (struct corpus){.items = -1};
    FILE *file = open_list(path, error);
    if (!file)
        return false;
    char *line = NULL, name[4096];
    size_t room = 0, number = 0;
    off_t offset = 0;
    ssize_t length;
    bool read = true;
    while (read && (length = getline(&line, &room, file)) >= 0) {
        number++;
        size_t before = corpus->count;
        bool blank = strspn(line, " \t\r\n") == (size_t)length;
        read = blank || read_item_line(corpus, line, (size_t)length, error);
        if (corpus->count > before) {
            snprintf(name, sizeof name, "%s:%zu", path, number);
            corpus->entries[before].path = memory_text(name);
            corpus->entries[before].offset = offset;
        }
        offset += length;
    }
    if (!read)
        error_prefix(error, "%s:%zu", path, number);
    read = read && finish_list(file, corpus, path, error);
    free(line);
    corpus->items = read ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
    fclose(file);
    if (read && corpus->items < 0)
        return error_set(error, ERROR_SYSTEM, "cannot read %s: %s", path, strerror(errno));
    return read;
}

void corpus_clear(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->count; i++)
        free(corpus->entries[i].path);
    for (size_t i = 0; i < corpus->source_count; i++)
        free(corpus->sources[i]);
    free(corpus->entries);
    free(corpus->sources);
    if (corpus->items >= 0)
        close(corpus->items);
}

void corpus_shuffle(struct corpus *corpus, uint64_t seed)
{
    for (size_t i = corpus->count; i > 1; i--) {
        size_t other = random_next(&seed) % i;
        struct corpus_entry swap = corpus->entries[i - 1];
        corpus->entries[i - 1] = corpus->entries[other];
        corpus->entries[other] = swap;
    }
}

/* All `length` bytes from `offset`, or false with errno set. */
static bool read_all(int fd, off_t offset, struct corpus_bytes *bytes, size_t length)
{
    bytes->data = memory_resize(NULL, length + 1);
    bytes->length = 0;
    while (bytes->length < length) {
        ssize_t got = pread(fd, bytes->data + bytes->length, length - bytes->length,
                            offset + (off_t)bytes->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(bytes->data);
            return false;
        }
        if (got == 0)
            break;
        bytes->length += (size_t)got;
    }
    return true;
}

/* Does not wait where the path is a pipe. */
static int open_mail(const char *root, const char *path)
{
    if (path[0] == '/' || !*root)
        return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *whole = memory_new(strlen(root) + strlen(path) + 2);
    sprintf(whole, "%s/%s", root, path);
    int fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    free(whole);
    return fd;
}

/* False with errno set. */
static bool load_mail(const struct corpus *corpus, const char *path, struct corpus_bytes *bytes)
{
    struct stat status;
    int fd = open_mail(corpus->root, path);
    bool loaded = fd >= 0 && fstat(fd, &status) == 0;
    if (loaded && S_ISFIFO(status.st_mode)) {
        errno = ESPIPE;
        loaded = false;
    }
    loaded = loaded && read_all(fd, 0, bytes, (size_t)status.st_size);
    int trouble = errno;
    if (fd >= 0)
        close(fd);
    errno = trouble;
    return loaded;
}

bool corpus_load(const struct corpus *corpus, const struct corpus_entry *entry,
                 struct corpus_bytes *bytes, struct error *error)
{
    bool loaded = corpus->items >= 0
                      ? read_all(corpus->items, entry->offset, bytes, entry->line_length)
                      : load_mail(corpus, entry->path, bytes);
    if (loaded)
        return true;
    return error_set(error, ERROR_SYSTEM, "cannot read %s: %s", entry->path, strerror(errno));
}

static struct span text_of(const json_t *item, const char *key)
{
    return span_of(json_string_value(json_object_get(item, key)));
}

struct document *corpus_parse(const struct corpus *corpus, const struct corpus_bytes *bytes)
{
    if (corpus->items < 0)
        return mail_read((struct span){bytes->data, bytes->length}, false);
    mend_escapes(bytes->data, bytes->length);
    json_t *json = json_loadb(bytes->data, bytes->length, 0, NULL);
    struct span link = text_of(json, "link");
    struct feed feed = {.format = FEED_JSON, .title = text_of(json, "feed_title")};
    struct feed_item item = {
        .guid = link.length ? link : text_of(json, "title"),
        .link = link,
        .title = text_of(json, "title"),
        .author = text_of(json, "author"),
        .content = text_of(json, "content"),
        .content_is_html = true,
    };
    struct document *document = feed_item_document(&feed, &item, text_of(json, "source"));
    json_decref(json);
    return document;
}
