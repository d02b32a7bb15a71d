/* hold_queue: Postfix's hold queue, as far as root's hand may reach into it: messages by queue id,
 * and only those that carry an X-Weir-Id of this gateway. Runs Postfix's own commands by absolute
 * path, with MAIL_CONFIG as the whole environment, each for a minute at most. libc only; for
 * weir-hold. */
#ifndef WEIR_HOLD_QUEUE_H
#define WEIR_HOLD_QUEUE_H

#include "core/weir_id.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Both are lent for ever. False when postconf does not tell where the queue is, and which of its
 * parts are hashed. */
bool hold_queue_open(const char *postfix_directory, const char *key_file);

bool hold_queue_is_id(const char *text);

/* The directory of the queue of that name ("hold", "incoming"). */
bool hold_queue_directory(const char *name, char path[PATH_MAX]);

/* Whether Postfix, as it was when this was opened, keeps that queue in directories of one character
 * (hash_queue_names). */
bool hold_queue_is_hashed(const char *name);

/* The message's file, when it lies in the queue of that name, hashed or not. */
bool hold_queue_find_in(const char *name, const char *queue_id, char path[PATH_MAX]);

/* The message's file, when it lies in hold. */
bool hold_queue_find(const char *queue_id, char path[PATH_MAX]);

enum hold_match {
    HOLD_MATCHES,
    HOLD_DIFFERS,
    HOLD_UNKNOWN /* the key or the file cannot be read at the moment */
};

/* Whether the first X-Weir-Id of the file is one that one of our keys signed, for the document with
 * that id (32 hex digits); it is then in `weir_id`, else `*why` says why not. The milter puts its
 * own above all others, so no other counts. The keys are read each time, so that a rotation needs
 * no restart. */
enum hold_match hold_queue_match(const char *path, const char *document, char weir_id[WEIR_ID_TEXT],
                                 const char **why);

/* `postsuper option id`; true when the file has left the hold queue. */
bool hold_queue_take_out(const char *option, const char *queue_id);

/* The start of the message, header and body as they were received, up to HOLD_SHOW_MAX, in a memory
 * file that is the caller's to close; -1 on failure. */
int hold_queue_show(const char *queue_id);

/* The first line that postsuper wrote to its standard error, the last time. */
const char *hold_queue_said(void);

/* Starts the delivery of a message that was taken out with -H. */
bool hold_queue_deliver(const char *queue_id);

/* Starts to wake pickup(8), which would look at requeued mail within a minute. The process is the
 * caller's to wait for; -1 on failure. */
pid_t hold_queue_pick_up(void);

#endif
