/* server_target: what a request's target (RFC 9112, 3.2) names. */
#ifndef WEIR_SERVER_TARGET_H
#define WEIR_SERVER_TARGET_H

#include "store/span.h"

#include <stdbool.h>

#define SERVER_NAME_LENGTH 64

enum server_target {
    TARGET_UNKNOWN,
    TARGET_FEED,
    TARGET_HELD,
    TARGET_HUB, /* /w/NAME/TOKEN, where a WebSub hub calls back */
    TARGET_HEALTH,
    TARGET_METRICS
};

/* `target`: origin-form or absolute-form, as it came, escapes and all; a query is passed over.
 * `name` is that of /f/NAME and /q/NAME: 1 to 64 letters, digits, '.', '_' and '-', not "." or
 * "..". */
enum server_target server_target_read(const char *target, char name[SERVER_NAME_LENGTH + 1]);

/* The same for TARGET_HUB: NAME and TOKEN are made as names are. */
bool server_target_read_hub(const char *target, char name[SERVER_NAME_LENGTH + 1],
                            char token[SERVER_NAME_LENGTH + 1]);

/* Takes the next character from the front of `*text`, its escape undone; -1: a broken escape. */
int server_target_next(struct span *text);

#endif
