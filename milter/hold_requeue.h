/* hold_requeue: requeues a held message, and finds out what it is called from then on. Postfix
 * tells the new queue id to its log only, so the queues are watched: the new file appears in that
 * of new mail ("incoming") while pickup(8) has the message open in "maildrop". It is known by the
 * X-Weir-Id in it. One that was delivered and removed before it could be read is it when no other
 * file came and went meanwhile. libc only; for weir-hold. */
#ifndef WEIR_HOLD_REQUEUE_H
#define WEIR_HOLD_REQUEUE_H

#include "core/weir_id.h"
#include "milter/hold_protocol.h"

#include <stdbool.h>

/* False when the message is still in hold. `new_id` is empty when it cannot be told: when Postfix
 * did not pick the message up within 10 seconds, when several files came and went at once, or where
 * "incoming" or "maildrop" is hashed (hash_queue_names), which is not waited for. It is requeued
 * all the same, and once. */
bool hold_requeue(const char *queue_id, const char weir_id[WEIR_ID_TEXT],
                  char new_id[QUEUE_ID_MAX + 1]);

#endif
