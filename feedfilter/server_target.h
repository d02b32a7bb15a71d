/* server_target: what a request's target (RFC 9112, 3.2) names. */
#ifndef WEIR_SERVER_TARGET_H
#define WEIR_SERVER_TARGET_H

#define SERVER_NAME_LENGTH 64

enum server_target { TARGET_UNKNOWN, TARGET_FEED, TARGET_HELD, TARGET_HEALTH, TARGET_METRICS };

/* `target`: origin-form or absolute-form, as it came, escapes and all; a query is passed over.
 * `name` is that of /f/NAME and /q/NAME: 1 to 64 letters, digits, '.', '_' and '-', not "." or
 * "..". */
enum server_target server_target_read(const char *target, char name[SERVER_NAME_LENGTH + 1]);

#endif
