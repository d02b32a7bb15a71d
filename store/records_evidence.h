/* records_evidence: what past verdicts were made of (core/evidence_record.h), for replay, and the
 * corrections: what people said of those documents since, whichever way it came. */
#ifndef WEIR_RECORDS_EVIDENCE_H
#define WEIR_RECORDS_EVIDENCE_H

#include "store/lesson.h"
#include "store/records.h"

/* From now on the newest `most` verdicts that are added keep their evidence; 100,000 unless this
 * was called. 0: none. */
void records_keep_evidence(struct records *records, size_t most);

struct kept_evidence {
    int64_t history_id;
    struct span record;
    bool corrected;
    enum label label; /* then: what a person said */
};

/* Visits what is kept, newest verdict first; lent for the call, which must not call records. A
 * visitor that returns false ends it. */
bool records_evidence_list(struct records *records,
                           bool (*visit)(void *context, const struct kept_evidence *evidence),
                           void *context, struct error *error);

/* The record of the latest verdict on a document, to be freed with free(); NULL data when none is
 * kept. */
bool records_evidence_of(struct records *records, const unsigned char *document_id,
                         struct span *record, struct error *error);

/* The verdict with that history_id; NULL and ERROR_INPUT when it is gone. */
struct history_entry *records_history_get(struct records *records, int64_t history_id,
                                          struct error *error);

/* `who` says, by `way` ("release", "confirm", "learn"), what the document is. The last word
 * counts. */
bool records_correct(struct records *records, const unsigned char *document_id, enum label label,
                     const char *who, const char *way, struct error *error);

/* The same of what is taught in the name of `source` (empty: the operator), otherwise than by a
 * deed (records_deeds.h), which is remembered, too: of each source the last such word. Of a
 * document that neither the history nor what is held has, nothing is kept. */
bool records_learned(struct records *records, const unsigned char *document_id, enum label label,
                     const char *source, const char *who, const char *way, struct error *error);

struct records_learned {
    enum label label;
    int64_t deed; /* the latest of all deeds that there were then; 0: there was none */
};

/* The last such word of a source (NULL: of anybody); `*found` is false when there is none. */
bool records_learned_last(struct records *records, const unsigned char *document_id,
                          const char *source, struct records_learned *learned, bool *found,
                          struct error *error);

/* The last such word of anybody is again the last word, for replay. */
bool records_correct_as_learned(struct records *records, const unsigned char *document_id,
                                struct error *error);

/* Forgets what was said of the document, if it was by that way. */
bool records_uncorrect(struct records *records, const unsigned char *document_id, const char *way,
                       struct error *error);

#endif
