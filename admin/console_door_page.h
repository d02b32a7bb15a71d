/* console_door_page: a visit to one of the pages of console_door.h, and what its answer is written
 * with. Private to console_door*.c. */
#ifndef WEIR_CONSOLE_DOOR_PAGE_H
#define WEIR_CONSOLE_DOOR_PAGE_H

#include "admin/console_door.h"
#include "admin/person_words.h"
#include "core/signed_link.h"

struct visit {
    struct session *session;
    struct records *records;
    const struct door_request *request;
    struct door_answer *answer;
    struct signed_link link;
    enum language language;
    struct arena *arena;
    char who[SIGNED_LINK_RECIPIENT_MAX + 16]; /* "recipient bob@box.test", "reader of planet" */
    enum person_word title;                   /* of the page */
    enum person_word said;                    /* of what was done; WORD_COUNT: nothing was */
    int64_t before_s;                         /* it was done then: what "%s" stands for, */
    const char *twin;                         /* or this feed; NULL: none */
};

struct span_buffer *door_out(const struct visit *visit);
void door_put_word(const struct visit *visit, enum person_word word);
void door_begin(const struct visit *visit);
void door_end(const struct visit *visit);

/* What was done, if anything was. */
void door_put_said(const struct visit *visit);

/* A page with one sentence. */
void door_say_only(struct visit *visit, unsigned status, enum person_word word);

/* It cannot be done now; the log says why. What was written of the page before is dropped. */
void door_fail(struct visit *visit, const struct error *error);

/* A row of a list of terms. */
void door_put_row(const struct visit *visit, enum person_word name, struct span value);

/* A form with a button. `name` and `value`: what it sends besides; NULL: nothing. */
void door_put_button(const struct visit *visit, const char *action, enum person_word word,
                     const char *name, const char *value);

#endif
