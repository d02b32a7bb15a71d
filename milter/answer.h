/* answer: what a verdict becomes for the MTA: the action that is taken, the headers that are put
 * in front of the message, the reply of a refusal. Pure: session.c carries it out. */
#ifndef WEIR_ANSWER_H
#define WEIR_ANSWER_H

#include "core/arena.h"
#include "core/config.h"
#include "core/document.h"
#include "core/verdict.h"
#include "core/weir_id.h"

#include <stddef.h>

#define ANSWER_HEADERS_MAX 6

struct answer_header {
    const char *name;
    const char *value; /* ASCII, with its leading blank; lines folded with "\n\t" */
};

struct answer {
    enum action action; /* to be taken; ACTION_ACCEPT while observing */
    struct answer_header headers[ANSWER_HEADERS_MAX]; /* in the order in which they shall stand */
    size_t header_count;
    const char *refusal; /* text of the 550 5.7.1; NULL: not refused */
};

/* The verdict's action as far as this envelope allows it: mail to postmaster or abuse (RFC 2142) is
 * never rejected, internal mail never held or rejected. */
enum action answer_action(enum action action, const struct envelope *envelope);

/* The answer that takes `action`. Texts lie in `arena`. Headers are those of the design: all, with
 * X-Spam-Flag only for a tag that is enforced; a held message only X-Weir-Id and X-Weir-Verdict,
 * since it is delivered as it lies; a refused one none. Observing takes no action, and
 * X-Weir-Verdict then says what would have been done. */
void answer_make(struct answer *answer, struct arena *arena, enum action action, enum mode mode,
                 const struct document *document, const struct verdict *verdict,
                 const struct weir_id_keys *keys);

#endif
