#include "admin/console_preview.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/document.h"
#include "core/mail.h"
#include "core/socket_line.h"
#include "store/memory.h"

#define PATIENCE_MS 10000 /* for the whole answer */
#define MESSAGE_MOST ((size_t)1024 * 1024)
#define LINKS_MOST 100
#define LINE_BYTES 160

static int connect_to(const char *path)
{
    const struct timeval patience = {PATIENCE_MS / 1000, 0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A descriptor of the message; -1, and refused, when there is none. */
static int ask(const char *path, const struct held *held, struct console_answer *answer)
{
    char line[LINE_BYTES], document[DOCUMENT_ID_HEX];
    const char *queue_id = *held->requeued_as ? held->requeued_as : held->reference;
    int message = -1, fd = connect_to(path);
    document_id_hex(held->document_id, document);
    snprintf(line, sizeof line, "%.64s %s\n", queue_id, document);
    bool answered = fd >= 0 && socket_line_send(fd, line, strlen(line)) &&
                    socket_line_read(fd, line, sizeof line, PATIENCE_MS, &message);
    if (fd >= 0)
        close(fd);
    if (!answered)
        console_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE,
                       "weir-release does not answer; it runs under weir-hold");
    else if (message < 0 && strncmp(line, "missing", 7) == 0)
        console_refuse(answer, MHD_HTTP_NOT_FOUND,
                       "the message does not lie in Postfix's hold queue any more");
    else if (message < 0)
        console_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "the message cannot be read: %s",
                       line);
    return message;
}

static char *read_all(int fd, size_t *length)
{
    char *bytes = memory_new(MESSAGE_MOST);
    ssize_t got;
    *length = 0;
    while (*length < MESSAGE_MOST &&
           (got = read(fd, bytes + *length, MESSAGE_MOST - *length)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        *length += got > 0 ? (size_t)got : 0;
    }
    return bytes;
}

/* All that is text, one part behind the other. `cut`: the document is but the start of it. */
static void put_text(struct json_writer *json, const struct document *document, bool cut)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = memory_checked(open_memstream(&text, &length));
    for (size_t i = 0; i < document->text_count; i++) {
        if (document->texts[i].kind != TEXT_BODY)
            continue;
        fprintf(out, "%s%.*s", i ? "\n" : "", SPAN_ARGS(document->texts[i].content));
    }
    fclose(out);
    bool truncated = cut || length > CONSOLE_PREVIEW_BYTES || document->truncated;
    json_put_string(
        json, "text",
        (struct span){text, length < CONSOLE_PREVIEW_BYTES ? length : CONSOLE_PREVIEW_BYTES});
    json_put_bool(json, "truncated", truncated);
    free(text);
}

static void put_links(struct json_writer *json, const struct document *document)
{
    json_put_open(json, "links", '[');
    for (size_t i = 0; i < document->link_count && i < LINKS_MOST; i++) {
        json_put_open(json, NULL, '{');
        json_put_string(json, "text", document->links[i].text);
        json_put_string(json, "url", document->links[i].url);
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
}

static void put_attachments(struct json_writer *json, const struct document *document)
{
    json_put_open(json, "attachments", '[');
    for (size_t i = 0; i < document->part_count; i++) {
        const struct part *part = &document->parts[i];
        if (!part->attachment)
            continue;
        json_put_open(json, NULL, '{');
        json_put_string(json, "name", part->file_name);
        json_put_string(json, "type", part->type);
        json_put_integer(json, "bytes", (int64_t)part->size_bytes);
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
}

static void put_header(struct json_writer *json, const char *key, const struct document *document,
                       const char *name)
{
    const struct header *header = document_header(document, name);
    json_put_string(json, key, header ? header->value : SPAN(""));
}

void console_preview_mail(const char *path, const struct held *held, struct console_answer *answer)
{
    size_t length;
    int fd = ask(path, held, answer);
    if (fd < 0)
        return;
    char *message = read_all(fd, &length);
    close(fd);
    struct document *document = mail_read((struct span){message, length}, true);
    struct json_writer *json = &answer->json;
    json_put_open(json, NULL, '{');
    put_header(json, "from", document, "From");
    put_header(json, "to", document, "To");
    put_header(json, "date", document, "Date");
    put_text(json, document, length == MESSAGE_MOST);
    put_links(json, document);
    put_attachments(json, document);
    json_put_close(json, '}');
    document_free(document);
    free(message);
}
