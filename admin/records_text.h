/* records_text: records by the ids that people use, and records as text and JSON on stdout. */
#ifndef WEIR_RECORDS_TEXT_H
#define WEIR_RECORDS_TEXT_H

#include "admin/session.h"
#include "core/json_writer.h"

#define RECORDS_TEXT_ID_SIZE 32

/* "m12" or "f7", in `id`. */
const char *records_text_id(enum front front, int64_t number, char id[RECORDS_TEXT_ID_SIZE]);

struct found {
    enum front front;
    char id[RECORDS_TEXT_ID_SIZE]; /* "m12" */
    struct held *held;
};

/* True for "m12" and "f7", whose parts it sets. */
bool records_text_is_held_id(const char *id, enum front *front, int64_t *number);

/* Finds the held record that `id` means: m12, f7, or a queue id of mail (of several
 * with that one the newest); a lesson about it is one of its front then. Complains and gives the
 * exit code when there is none. */
int records_text_find(struct session *session, const char *id, struct found *found);
void records_text_clear(struct found *found);

/* "2026-11-24 09:30:00", local; "?" when there is no such time. */
const char *records_text_time(int64_t time_s, char text[32]);

/* On one line of stdout, whatever it holds. */
void records_text_plain(const char *text);

/* The same of its start: in lists. */
void records_text_start(const char *text);

/* One line of `weirctl held list`. */
void records_text_held_line(enum front front, const struct held *held);

/* All of it, with `item` what a feed's item says and its bytes too. */
void records_text_held(enum front front, const struct held *held, bool item);
void records_text_held_json(enum front front, const struct held *held, bool item);

/* The same JSON as an element of what is open in `json`, or at its top. */
void records_text_put_held(struct json_writer *json, enum front front, const struct held *held,
                           bool item);

/* What came of a deed. */
void records_text_outcome_json(const char *id, const char *state, bool changed);

/* The reasons in the JSON of a verdict, and nothing when it is none. */
void records_text_evidence(const char *evidence);

/* The actions that a history has, NULL behind them. */
extern const char *const records_text_actions[];

void records_text_history(const struct history_entry *entry);
void records_text_history_json(const struct history_entry *entry);

#endif
