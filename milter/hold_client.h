/* hold_client: weir-release's side of the socketpair to weir-hold; hold_protocol.h has the words.
 */
#ifndef WEIR_HOLD_CLIENT_H
#define WEIR_HOLD_CLIENT_H

#include "store/error.h"

#include <stdbool.h>
#include <stddef.h>

enum hold_status { HOLD_OK, HOLD_MISSING, HOLD_REFUSED, HOLD_FAILED };

struct hold_answer {
    enum hold_status status;
    char detail[128]; /* what stands behind the status word: a reason, or requeue's new id */
};

/* Asks `word` ("look", "release", "requeue", "delete") about a message and waits for the answer;
 * `document` is its document id in hex (all but "look", which takes NULL).
 * A queue id that cannot be is HOLD_REFUSED without asking. False with ERROR_SYSTEM when weir-hold
 * is gone: then nothing can be done but to end. */
bool hold_ask(int fd, const char *word, const char *queue_id, const char *document,
              struct hold_answer *answer, struct error *error);

/* "show": `*message` is a file that the message can be read from, the caller's to close; -1 unless
 * the answer is HOLD_OK. */
bool hold_show(int fd, const char *queue_id, const char *document, int *message,
               struct hold_answer *answer, struct error *error);

#endif
