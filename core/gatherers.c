#include "core/gatherers.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/gather.h"
#include "core/hex.h"
#include "store/monotonic.h"

struct span gather_hex(struct arena *arena, const unsigned char *bytes, size_t length)
{
    char *text = arena_text(arena, 2 * length);
    hex_of_bytes(bytes, length, text);
    return (struct span){text, 2 * length};
}

#define ATTACHMENTS_MAX 20u

/* Of more than are taken the largest: a thousand small ones crowd nobody out. */
static int compare_parts(const void *a, const void *b)
{
    const struct part *x = *(const struct part *const *)a, *y = *(const struct part *const *)b;
    if (x->size_bytes != y->size_bytes)
        return x->size_bytes > y->size_bytes ? -1 : 1;
    return memcmp(x->hash, y->hash, sizeof x->hash);
}

static enum gather_state gather_attachments(struct document *document, const struct config *config,
                                            void **state, int *wait_fd)
{
    (void)config, (void)state, (void)wait_fd;
    const struct part **parts = arena_alloc(document->arena, document->part_count * sizeof *parts);
    size_t count = 0;
    for (size_t i = 0; i < document->part_count; i++) {
        const struct part *part = &document->parts[i];
        if (!part->is_text && part->size_bytes)
            parts[count++] = part;
    }
    if (count > ATTACHMENTS_MAX)
        qsort(parts, count, sizeof *parts, compare_parts);
    for (size_t i = 0; i < count && i < ATTACHMENTS_MAX; i++)
        document_add_identity(document, IDENTITY_ATTACHMENT,
                              gather_hex(document->arena, parts[i]->hash, sizeof parts[i]->hash));
    return GATHER_DONE;
}

static enum gather_state gather_feed(struct document *document, const struct config *config,
                                     void **state, int *wait_fd)
{
    (void)config, (void)state, (void)wait_fd;
    document_add_identity(document, IDENTITY_FEED, document->feed);
    if (document->author.length)
        document_add_identity(document, IDENTITY_AUTHOR,
                              arena_printf(document->arena, "%.*s %.*s", SPAN_ARGS(document->feed),
                                           SPAN_ARGS(document->author)));
    return GATHER_DONE;
}

static const struct gatherer gatherers[] = {
    {"authentication", CHANNEL_MAIL, gather_authentication, NULL, NULL},
    {"client", CHANNEL_MAIL, gather_client, NULL, NULL},
    {"sender", CHANNEL_MAIL, gather_sender, NULL, NULL},
    {"feed", CHANNEL_FEED, gather_feed, NULL, NULL},
    {"shingles", CHANNEL_ANY, gather_shingles, NULL, NULL},
    {"attachments", CHANNEL_ANY, gather_attachments, NULL, NULL},
    {"links", CHANNEL_ANY, gather_links, NULL, NULL},
};

const struct gatherer *gatherers_all(size_t *count)
{
    *count = sizeof gatherers / sizeof gatherers[0];
    return gatherers;
}

/* A gatherer that waits. */
struct waiting {
    const struct gatherer *gatherer;
    void *state;
};

/* Polls until one descriptor is readable or `end_ms` has come; false: it has, or polling fails. */
static bool wait_for_any(struct pollfd *descriptors, size_t count, int64_t end_ms)
{
    for (;;) {
        int64_t left_ms = end_ms - monotonic_ms();
        if (left_ms <= 0)
            return false;
        int ready = poll(descriptors, count, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

/* Resumes those whose descriptors are ready and keeps the ones that wait on; returns how many. */
static size_t resume_ready(struct waiting *waiting, struct pollfd *descriptors, size_t count,
                           struct document *document)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct gatherer *gatherer = waiting[i].gatherer;
        if (descriptors[i].revents &&
            gatherer->resume(document, waiting[i].state, &descriptors[i].fd) == GATHER_DONE)
            continue;
        waiting[kept] = waiting[i];
        descriptors[kept++] = (struct pollfd){.fd = descriptors[i].fd, .events = POLLIN};
    }
    return kept;
}

void gatherers_run(const struct gatherer *rows, size_t count, struct document *document,
                   const struct config *config)
{
    int64_t end_ms = monotonic_ms() + config->gather_deadline_ms;
    struct waiting *waiting = arena_alloc(document->arena, count * sizeof *waiting);
    struct pollfd *descriptors = arena_alloc(document->arena, count * sizeof *descriptors);
    size_t waits = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(rows[i].channels & document->channel))
            continue;
        void *state = NULL;
        int wait_fd = -1;
        if (rows[i].start(document, config, &state, &wait_fd) == GATHER_DONE)
            continue;
        waiting[waits] = (struct waiting){&rows[i], state};
        descriptors[waits++] = (struct pollfd){.fd = wait_fd, .events = POLLIN};
    }
    while (waits && wait_for_any(descriptors, waits, end_ms))
        waits = resume_ready(waiting, descriptors, waits, document);
    for (size_t i = 0; i < waits; i++)
        waiting[i].gatherer->give_up(document, waiting[i].state);
}
