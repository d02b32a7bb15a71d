#include "admin/documents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/feed.h"
#include "core/mail.h"

#define DEPTH_MAX 32

struct buffer {
    size_t references;
    size_t length, room;
    char data[];
};

/* The file that is being taken apart. */
struct current {
    const char *file;
    struct buffer *buffer; /* NULL: none is open */
    struct feed *feed;     /* set: a feed */
    struct span feed_name;
    size_t at;    /* an mbox: where the next message starts; a feed: the next item */
    size_t index; /* of the document given last */
};

struct documents {
    size_t mail_limit;
    char **paths;
    size_t count, next;
    struct current current;
};

static void *grown(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (!memory) {
        fprintf(stderr, "weirctl: out of memory (%zu bytes)\n", size);
        abort();
    }
    return memory;
}

struct documents *documents_new(size_t mail_limit_bytes)
{
    struct documents *documents = grown(NULL, sizeof *documents);
    *documents = (struct documents){.mail_limit = mail_limit_bytes};
    mail_init();
    return documents;
}

static void buffer_release(struct buffer *buffer)
{
    if (buffer && --buffer->references == 0)
        free(buffer);
}

static void close_current(struct current *current)
{
    feed_free(current->feed);
    buffer_release(current->buffer);
    *current = (struct current){0};
}

void documents_free(struct documents *documents)
{
    if (!documents)
        return;
    close_current(&documents->current);
    for (size_t i = 0; i < documents->count; i++)
        free(documents->paths[i]);
    free(documents->paths);
    free(documents);
}

/* --- paths --- */

static void add_path(struct documents *documents, const char *path, size_t length)
{
    if ((documents->count & (documents->count + 1)) == 0)
        documents->paths =
            grown(documents->paths, (2 * documents->count + 2) * sizeof *documents->paths);
    char *copy = grown(NULL, length + 1);
    memcpy(copy, path, length);
    copy[length] = '\0';
    documents->paths[documents->count++] = copy;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_maildir(const char *path)
{
    bool all = true;
    static const char *const folders[] = {"cur", "new", "tmp"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders && all; i++) {
        char *folder = grown(NULL, strlen(path) + 8);
        sprintf(folder, "%s/%s", path, folders[i]);
        all = is_directory(folder);
        free(folder);
    }
    return all;
}

static bool add_directory(struct documents *documents, const char *path, unsigned depth,
                          struct error *error)
{
    struct dirent **entries;
    bool fine = true;
    if (depth > DEPTH_MAX)
        return error_set(error, ERROR_INPUT, "%s: more than %d directories deep", path, DEPTH_MAX);
    int count = scandir(path, &entries, visible, alphasort);
    if (count < 0)
        return error_set(error, ERROR_SYSTEM, "%s: cannot be listed: %s", path, strerror(errno));
    bool maildir = is_maildir(path);
    for (int i = 0; i < count; i++) {
        char *child = grown(NULL, strlen(path) + strlen(entries[i]->d_name) + 2);
        sprintf(child, "%s/%s", path, entries[i]->d_name);
        bool directory =
            entries[i]->d_type == DT_DIR || (entries[i]->d_type != DT_REG && is_directory(child));
        if (!directory)
            add_path(documents, child, strlen(child));
        else if (fine && !(maildir && !strcmp(entries[i]->d_name, "tmp")))
            fine = add_directory(documents, child, depth + 1, error);
        free(child);
        free(entries[i]);
    }
    free(entries);
    return fine;
}

bool documents_add(struct documents *documents, const char *path, struct error *error)
{
    if (!strcmp(path, "-") || !is_directory(path)) {
        add_path(documents, path, strlen(path));
        return true;
    }
    size_t before = documents->count;
    if (add_directory(documents, path, 0, error))
        return true;
    while (documents->count > before)
        free(documents->paths[--documents->count]);
    return false;
}

/* --- bytes --- */

/* Reads on until the end of the file or until `most` bytes are in the buffer. */
static bool read_up_to(int fd, struct buffer **buffer, size_t most)
{
    struct buffer *into = *buffer;
    for (;;) {
        if (into->length >= most)
            return true;
        if (into->length == into->room) {
            into->room = 2 * into->room < most ? 2 * into->room : most;
            *buffer = into = grown(into, sizeof *into + into->room);
        }
        ssize_t n = read(fd, into->data + into->length, into->room - into->length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        into->length += (size_t)n;
    }
}

/* "From address Day Mon dd hh:mm:ss yyyy" at the start of a line: the separator of mboxes. A line
 * of text that merely starts with "From " has no time and year. */
static bool is_separator(const char *at, size_t left)
{
    if (left < 6 || memcmp(at, "From ", 5) != 0)
        return false;
    const char *end = memchr(at, '\n', left < 1000 ? left : 1000);
    if (!end)
        return false;
    bool time = false, year = false;
    for (const char *c = at + 5; c + 4 < end; c++) {
        bool digits = c[0] >= '0' && c[0] <= '9' && c[1] >= '0' && c[1] <= '9';
        time = time || (digits && c[2] == ':' && c[3] >= '0' && c[3] <= '9');
        year =
            year || (c[0] == ' ' && ((c[1] == '1' && c[2] == '9') || (c[1] == '2' && c[2] == '0')));
    }
    return time && year;
}

/* Where the message that starts at `at` ends: before the next separator that follows an empty
 * line, or at the end. */
static size_t message_end(struct span bytes, size_t at)
{
    while (at < bytes.length) {
        const char *line =
            span_find_rare(bytes.data + at, bytes.data + bytes.length, SPAN("\nFrom "));
        if (!line)
            break;
        at = (size_t)(line + 1 - bytes.data);
        bool after_empty =
            at >= 2 && (line[-1] == '\n' || (line[-1] == '\r' && at >= 3 && line[-2] == '\n'));
        if (after_empty && is_separator(line + 1, bytes.length - at))
            return at;
    }
    return bytes.length;
}

static struct span bytes_of(const struct buffer *buffer)
{
    return (struct span){buffer->data, buffer->length};
}

/* False when `bytes` start with what no feed does: feed_looks_like() reads on far into them. */
static bool may_be_feed(struct span bytes)
{
    unsigned char first = bytes.length ? (unsigned char)bytes.data[0] : 'x';
    return first == '<' || first == '{' || first <= ' ' || first >= 0x80 ||
           (bytes.length > 1 && !bytes.data[1]);
}

/* Reads the whole of what is worth reading: a message up to the limit (and one byte more, which
 * says that there is more), a feed or an mbox up to theirs. */
static bool load(struct documents *documents, int fd, size_t size, struct buffer **buffer)
{
    size_t most = documents->mail_limit + 1;
    bool fits = size > 0 && size < most;
    size_t room = fits ? size : 1u << 16;
    *buffer = grown(NULL, sizeof **buffer + room);
    **buffer = (struct buffer){.references = 1, .room = room};
    /* A file of known size that fits is one read(2): no second one to be told of its end. */
    if (!read_up_to(fd, buffer, fits ? size : most))
        return false;
    if ((*buffer)->length < most)
        return true;
    if (may_be_feed(bytes_of(*buffer)) && feed_looks_like(bytes_of(*buffer)))
        return read_up_to(fd, buffer, FEED_SIZE_LIMIT + 1);
    if (is_separator((*buffer)->data, (*buffer)->length))
        return read_up_to(fd, buffer, DOCUMENTS_MBOX_LIMIT + 1);
    return true;
}

static bool open_file(struct documents *documents, const char *path, struct error *error)
{
    struct current *current = &documents->current;
    struct stat status;
    bool loaded = false;
    bool standard_input = !strcmp(path, "-");
    int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_set(error, ERROR_SYSTEM, "%s: cannot be opened: %s", path, strerror(errno));
    size_t size = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? (size_t)status.st_size : 0;
    loaded = load(documents, fd, size, &current->buffer);
    if (!loaded)
        error_set(error, ERROR_SYSTEM, "%s: cannot be read: %s", path, strerror(errno));
    if (!standard_input)
        close(fd);
    if (!loaded)
        close_current(current);
    current->file = path;
    return loaded;
}

/* The feed's own link is the name it is known by; else the file's. */
static struct span name_of_feed(const struct feed *feed, const char *file)
{
    if (feed->link.length)
        return feed->link;
    const char *slash = strrchr(file, '/');
    return span_of(slash ? slash + 1 : file);
}

/* Finds out what the open file is. */
static bool recognise(struct documents *documents, struct error *error)
{
    struct current *current = &documents->current;
    struct span bytes = bytes_of(current->buffer);
    if (may_be_feed(bytes) && feed_looks_like(bytes)) {
        current->feed = feed_read(bytes, (struct span){NULL, 0}, error);
        if (!current->feed)
            return error_prefix(error, "%s", current->file);
        current->feed_name = name_of_feed(current->feed, current->file);
        return true;
    }
    if (bytes.length > DOCUMENTS_MBOX_LIMIT)
        return error_set(error, ERROR_INPUT, "%s: larger than %u bytes: split it", current->file,
                         DOCUMENTS_MBOX_LIMIT);
    if (!mail_looks_like(bytes))
        return error_set(error, ERROR_INPUT, "%s: neither a message nor an mbox nor a feed",
                         current->file);
    return true;
}

/* --- documents --- */

static bool next_item(struct documents *documents, struct sample *sample)
{
    struct current *current = &documents->current;
    if (current->at == current->feed->item_count)
        return false;
    sample->document =
        feed_item_document(current->feed, &current->feed->items[current->at++], current->feed_name);
    sample->index = current->at;
    sample->size_bytes = current->buffer->length / current->feed->item_count;
    return true;
}

static bool next_message(struct documents *documents, struct sample *sample)
{
    struct current *current = &documents->current;
    struct span bytes = bytes_of(current->buffer);
    if (current->at >= bytes.length)
        return false;
    size_t start = current->at;
    bool mbox = is_separator(bytes.data, bytes.length);
    current->at = mbox ? message_end(bytes, start) : bytes.length;
    bool several = mbox && (start > 0 || current->at < bytes.length);
    struct span message = {bytes.data + start, current->at - start};
    bool longer = message.length > documents->mail_limit;
    if (longer)
        message.length = documents->mail_limit;
    sample->document = mail_read(message, true);
    sample->document->truncated = sample->document->truncated || longer;
    sample->size_bytes = message.length;
    sample->index = several ? ++current->index : 0;
    sample->buffer = current->buffer;
    current->buffer->references++;
    return true;
}

enum next_outcome documents_next(struct documents *documents, struct sample *sample,
                                 struct error *error)
{
    struct current *current = &documents->current;
    *sample = (struct sample){0};
    for (;;) {
        if (!current->buffer) {
            if (documents->next == documents->count)
                return NEXT_END;
            if (!open_file(documents, documents->paths[documents->next++], error))
                return NEXT_ERROR;
            if (!recognise(documents, error)) {
                close_current(current);
                return NEXT_ERROR;
            }
        }
        sample->file = current->file;
        if (current->feed ? next_item(documents, sample) : next_message(documents, sample))
            return NEXT_DOCUMENT;
        close_current(current);
    }
}

void sample_clear(struct sample *sample)
{
    document_free(sample->document);
    buffer_release(sample->buffer);
    *sample = (struct sample){0};
}

double documents_progress(const struct documents *documents)
{
    const struct current *current = &documents->current;
    double open = 0, part = 0;
    if (current->buffer) {
        size_t whole = current->feed ? current->feed->item_count : current->buffer->length;
        open = 1;
        part = whole ? (double)current->at / (double)whole : 1;
    }
    return documents->count ? ((double)documents->next - open + part) / (double)documents->count
                            : 1;
}

bool documents_add_list(struct documents *documents, const char *path, struct error *error)
{
    struct buffer *buffer = grown(NULL, sizeof *buffer + (1u << 16));
    *buffer = (struct buffer){.references = 1, .room = 1u << 16};
    int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    bool loaded = fd >= 0 && read_up_to(fd, &buffer, DOCUMENTS_MBOX_LIMIT);
    if (!loaded)
        error_set(error, ERROR_SYSTEM, "%s: cannot be read: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    for (size_t at = 0; loaded && at < buffer->length;) {
        const char *start = buffer->data + at, *end = memchr(start, '\n', buffer->length - at);
        size_t length = end ? (size_t)(end - start) : buffer->length - at;
        if (length)
            add_path(documents, start, length);
        at += length + 1;
    }
    buffer_release(buffer);
    return loaded;
}
