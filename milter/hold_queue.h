/* hold_queue: Postfix's hold queue, as far as root's hand may reach into it: messages by queue id,
 * and only those that carry an X-Weir-Id of this gateway. Runs Postfix's own commands by absolute
 * path, with MAIL_CONFIG as the whole environment. libc only; for weir-hold. */
#ifndef WEIR_HOLD_QUEUE_H
#define WEIR_HOLD_QUEUE_H

#include "core/weir_id.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Both are lent for ever. False when postconf does not tell where the queue is. */
bool hold_queue_open(const char *postfix_directory, const char *key_file);

bool hold_queue_is_id(const char *text);

/* The directory of the queue of that name ("hold", "incoming"). */
bool hold_queue_directory(const char *name, char path[PATH_MAX]);

/* The message's file, when it lies in hold. */
bool hold_queue_find(const char *queue_id, char path[PATH_MAX]);

/* True when the file carries an X-Weir-Id that one of our keys signed, which is then in `weir_id`;
 * else `*why` says why not. The keys are read each time, so that a rotation needs no restart. */
bool hold_queue_is_ours(const char *path, char weir_id[WEIR_ID_TEXT], const char **why);

/* `postsuper option id`; true when the file has left the hold queue. */
bool hold_queue_take_out(const char *option, const char *queue_id);

/* Starts the delivery of a message that was taken out with -H. */
bool hold_queue_deliver(const char *queue_id);

/* Starts to wake pickup(8), which would look at requeued mail within a minute. The process is the
 * caller's to wait for; -1 on failure. */
pid_t hold_queue_pick_up(void);

/* The message's headers and body, at most `room` bytes of them; -1 on failure. */
ssize_t hold_queue_read(const char *path, char *bytes, size_t room);

#endif
