/* records_deeds: what people did with what is held, each with how the entry was before it, so that
 * it can be taken back. A deed belongs in one transaction with the move that it is about and with
 * its line in the audit trail. */
#ifndef WEIR_RECORDS_DEEDS_H
#define WEIR_RECORDS_DEEDS_H

#include "store/lesson.h"
#include "store/records.h"

#define RECORDS_DEED_NAME_SIZE 24
#define RECORDS_SAID_UNKNOWN (-1)
#define RECORDS_SAYS_NOTHING (-2)

struct records_deed {
    int64_t id; /* set by records */
    int64_t held_id;
    char name[RECORDS_DEED_NAME_SIZE]; /* "release" */
    enum held_state from, to;
    int taught_before; /* as `taught` of struct held; and the others of that */
    double taught_from_before;
    char taught_by_before[LESSON_SOURCE_MAX + 1];
    char source[LESSON_SOURCE_MAX + 1]; /* whose word it is; empty: the operator's */
    /* What that source had said of the document when the store took the deed's lesson, whichever
     * way: a label + 1; 0: nothing; RECORDS_SAID_UNKNOWN: the store has not answered yet;
     * RECORDS_SAYS_NOTHING: the deed is no word on what the document is, or no longer. */
    int said_before;
    int64_t time_s;   /* set by records */
    int64_t undone_s; /* 0: it stands */
};

bool records_deed_add(struct records *records, const struct records_deed *deed,
                      struct error *error);

/* The latest deed about an entry, or the latest of that `name` (NULL: of any); `*found` is false
 * when there is none. */
bool records_deed_last(struct records *records, int64_t held_id, const char *name,
                       struct records_deed *deed, bool *found, struct error *error);

/* How many deeds after that one stand. */
bool records_deeds_after(struct records *records, const struct records_deed *deed, int64_t *count,
                         struct error *error);

/* Notes that it was undone now; `*undone` is false when it was before. */
bool records_deed_undo(struct records *records, int64_t deed_id, bool *undone, struct error *error);

/* Unless that is known. */
bool records_deed_set_said(struct records *records, int64_t deed_id, int said_before,
                           struct error *error);

/* When no deed that is a word of `source` on that document stands, those that were undone are none
 * any longer: the store has forgotten them, and what it finds said of the document is not theirs.
 */
bool records_deeds_forget(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                          const char *source, struct error *error);

/* Visits the deeds about all entries of that document, standing or not, oldest first. */
typedef void records_visit_deed(void *context, const struct records_deed *deed);
bool records_deeds_of_document(struct records *records,
                               const unsigned char document_id[RECORD_ID_BYTES],
                               records_visit_deed *visit, void *context, struct error *error);

#endif
