/* hold_requeue: requeues a held message, and finds out what it is called from then on. Postfix
 * tells the new queue id to its log only, so the queue of new mail is watched for a file that
 * carries the message's X-Weir-Id. libc only; for weir-hold. */
#ifndef WEIR_HOLD_REQUEUE_H
#define WEIR_HOLD_REQUEUE_H

#include "core/weir_id.h"
#include "milter/hold_protocol.h"

#include <stdbool.h>

/* False when the message is still in hold. `new_id` is empty when it was not seen within 2 seconds:
 * it is requeued all the same. */
bool hold_requeue(const char *queue_id, const char weir_id[WEIR_ID_TEXT],
                  char new_id[QUEUE_ID_MAX + 1]);

#endif
