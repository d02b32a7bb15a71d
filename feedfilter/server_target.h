/* server_target: what a request's target (RFC 9112, 3.2) names. */
#ifndef WEIR_SERVER_TARGET_H
#define WEIR_SERVER_TARGET_H

#include "core/reader_token.h"
#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

#define SERVER_NAME_LENGTH 64

enum server_target_kind {
    TARGET_UNKNOWN,
    TARGET_FEED,
    TARGET_HELD,
    TARGET_OPML,
    TARGET_HUB, /* /w/NAME/TOKEN, where a WebSub hub calls back; server_target_read_hub() */
    TARGET_HEALTH,
    TARGET_READY,
    TARGET_METRICS
};

struct server_target {
    enum server_target_kind kind;
    char token[READER_TOKEN_SIZE];     /* of /r/TOKEN/…; empty: none */
    char name[SERVER_NAME_LENGTH + 1]; /* of …/f/NAME and …/q/NAME: 1 to 64 letters, digits, '.',
                                          '_' and '-', not "." or ".." */
};

/* `target`: origin-form or absolute-form, as it came, escapes and all; a query is passed over. */
struct server_target server_target_read(const char *target);

/* Its path as it may stand in a log, cut at `size`: with '-' for a reader's token, and for whatever
 * long stands in a path that is none of ours; without the token of a hub. */
void server_target_to_log(const char *target, char *text, size_t size);

/* The same for TARGET_HUB: NAME and TOKEN are made as names are. */
bool server_target_read_hub(const char *target, char name[SERVER_NAME_LENGTH + 1],
                            char token[SERVER_NAME_LENGTH + 1]);

/* Takes the next character from the front of `*text`, its escape undone; -1: a broken escape. */
int server_target_next(struct span *text);

#endif
