#include "milter/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/authentication.h"
#include "core/config.h"

#define ROOM_AT_FIRST (16u * 1024)
#define ROOM_KEPT (256u * 1024)

/* Removing a header costs the MTA a walk over the headers before it, so a message of nothing but
 * forged headers must not make it walk for ever. What stays of more than this many is harmless:
 * names that we do not write, copies of a header above which ours stands, a flag that can only
 * speak against its own message, or results that we do not believe either. */
#define FORGED_NAMES_MAX 64u
#define FORGED_COPIES_MAX 1000u

void message_init(struct message *message)
{
    memset(message, 0, sizeof *message);
    message->arena = arena_new();
}

void message_clear(struct message *message)
{
    arena_free(message->arena);
    free(message->bytes);
    memset(message, 0, sizeof *message);
}

void message_reset(struct message *message, size_t limit)
{
    struct message fresh = {.arena = message->arena, .limit = limit};
    arena_reset(fresh.arena);
    if (message->room <= ROOM_KEPT) {
        fresh.bytes = message->bytes;
        fresh.room = message->room;
    } else {
        free(message->bytes);
    }
    *message = fresh;
}

static struct span without_brackets(struct arena *arena, const char *address)
{
    struct span span = span_trim(span_of(address));
    if (span.length >= 2 && span.data[0] == '<' && span.data[span.length - 1] == '>')
        span = (struct span){span.data + 1, span.length - 2};
    return arena_copy(arena, span);
}

void message_set_sender(struct message *message, const char *address)
{
    message->envelope.sender = without_brackets(message->arena, address);
    message->envelope.known = true;
}

/* Domains are the same in either case (RFC 5321, 2.4), and so are local parts wherever mail is
 * delivered to people. */
static bool is_recipient(const struct envelope *envelope, struct span address)
{
    for (size_t i = 0; i < envelope->recipient_count; i++)
        if (span_equal_nocase(envelope->recipients[i], address))
            return true;
    return false;
}

void message_add_recipient(struct message *message, const char *address)
{
    struct envelope *envelope = &message->envelope;
    struct span recipient = without_brackets(message->arena, address);
    if (is_recipient(envelope, recipient))
        return;
    envelope->recipients = arena_grow(message->arena, envelope->recipients,
                                      envelope->recipient_count, sizeof *envelope->recipients);
    envelope->recipients[envelope->recipient_count++] = recipient;
}

/* Room for `more` bytes within the limit; returns how many of them there is room for. */
static size_t reserve(struct message *message, size_t more)
{
    size_t left = message->limit - message->length;
    if (more > left) {
        message->truncated = true;
        more = left;
    }
    if (message->length + more > message->room) {
        size_t room = message->room ? message->room : ROOM_AT_FIRST;
        while (room < message->length + more)
            room *= 2;
        char *bytes = realloc(message->bytes, room);
        if (!bytes) {
            fprintf(stderr, "weir-milter: out of memory\n");
            abort();
        }
        message->bytes = bytes;
        message->room = room;
    }
    return more;
}

static void append(struct message *message, const char *data, size_t length)
{
    length = reserve(message, length);
    if (length)
        memcpy(message->bytes + message->length, data, length);
    message->length += length;
}

/* The headers that we write ourselves: whoever reads mail goes by these. */
static const char *const written[] = {"X-Weir-Id",     "X-Weir-Verdict", "X-Spam-Flag",
                                      "X-Spam-Status", "X-Spam-Score",   "X-Spam-Level"};

static bool is_written(const char *name)
{
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        if (strcasecmp(name, written[i]) == 0)
            return true;
    }
    return false;
}

bool message_header_is_ours(const char *name)
{
    return strncasecmp(name, "X-Weir-", strlen("X-Weir-")) == 0 || is_written(name);
}

/* The other names have no part in the room for those that we write, so that nothing before them
 * takes it. */
static void count_forged(struct message *message, const char *name)
{
    size_t made_up = 0;
    for (size_t i = 0; i < message->forged_count; i++) {
        struct forged_header *forged = &message->forged[i];
        if (strcasecmp(forged->name, name) == 0) {
            forged->count += forged->count < FORGED_COPIES_MAX;
            return;
        }
        made_up += !is_written(forged->name);
    }
    if (made_up == FORGED_NAMES_MAX && !is_written(name))
        return;
    message->forged =
        arena_grow(message->arena, message->forged, message->forged_count, sizeof *message->forged);
    message->forged[message->forged_count++] =
        (struct forged_header){arena_copy(message->arena, span_of(name)).data, 1};
}

/* Above the first Received stands what milters before us have added (core/gather_authentication.c).
 * Below it nobody on this host has written, so a trusted name there is forged. */
static void count_results(struct message *message, struct span value)
{
    message->result_count++;
    if (!message->config || !message->received || message->envelope.internal ||
        message->forged_result_count == FORGED_COPIES_MAX ||
        !config_trusts_authserv_id(message->config,
                                   authentication_authserv_id(message->arena, value)))
        return;
    message->forged_results =
        arena_grow(message->arena, message->forged_results, message->forged_result_count,
                   sizeof *message->forged_results);
    message->forged_results[message->forged_result_count++] = message->result_count;
}

void message_add_header(struct message *message, const char *name, const char *value)
{
    if (message_header_is_ours(name))
        count_forged(message, name);
    else if (strcasecmp(name, AUTHENTICATION_HEADER) == 0)
        count_results(message, span_of(value));
    else if (strcasecmp(name, "Received") == 0)
        message->received = true;
    append(message, name, strlen(name));
    append(message, ":", 1);
    /* An MTA that cannot send leading blanks has taken one away. */
    if (*value != ' ' && *value != '\t' && *value != '\r' && *value != '\n' && *value)
        append(message, " ", 1);
    while (*value) {
        size_t line = strcspn(value, "\n");
        bool folded = value[line] == '\n';
        size_t text = folded && line && value[line - 1] == '\r' ? line - 1 : line;
        append(message, value, text);
        if (folded)
            append(message, "\r\n", 2);
        value += line + folded;
    }
    append(message, "\r\n", 2);
}

void message_end_headers(struct message *message)
{
    append(message, "\r\n", 2);
}

void message_add_body(struct message *message, const void *data, size_t length)
{
    append(message, data, length);
}

const char *message_recipients(const struct message *message)
{
    const struct envelope *envelope = &message->envelope;
    size_t length = 1;
    for (size_t i = 0; i < envelope->recipient_count; i++)
        length += envelope->recipients[i].length + 1;
    char *list = arena_text(message->arena, length), *end = list;
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        struct span recipient = envelope->recipients[i];
        if (i)
            *end++ = ',';
        if (recipient.length)
            memcpy(end, recipient.data, recipient.length);
        end += recipient.length;
    }
    *end = '\0';
    return list;
}
