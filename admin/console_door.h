/* console_door: the pages that the links of digests open, without a login: whoever has a link is
 * the person it was signed for, and may do what it says, for that person alone. GET shows, and
 * changes nothing; POST acts. */
#ifndef WEIR_CONSOLE_DOOR_H
#define WEIR_CONSOLE_DOOR_H

#include "admin/console_api.h"
#include "core/span_buffer.h"

struct door_request {
    const char *token;
    bool post;
    const char *action;  /* "release", "allow", "deny", "remove"; NULL: none */
    const char *id;      /* on a person's page: of which mail, "m12" */
    const char *entry;   /* there: of which entry of their lists */
    const char *before;  /* there: what is older than that mail, "m12"; else the newest */
    const char *address; /* where it comes from */
    bool must_wait;      /* it has guessed too often: one more forged link is not noted */
};

struct door_answer {
    unsigned status;
    bool forged; /* whoever asks guesses */
    struct span_buffer html;
};

/* The style sheet of the pages, which has the one element of style they have. */
extern const char console_door_style[];

/* `context` is a struct console_gateway. Thread-safe. */
void console_door(void *context, const struct door_request *request, struct door_answer *answer);

#endif
