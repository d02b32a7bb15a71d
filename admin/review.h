/* review: what people do with what is held: release it, confirm it as spam, delete it, and undo
 * that. For weirctl and the console, which say what came of it; nothing is said here. A deed, how
 * to undo it and its line in the audit trail are written together or not at all; of two who ask at
 * once, one does it. */
#ifndef WEIR_REVIEW_H
#define WEIR_REVIEW_H

#include "admin/session.h"
#include "store/records_deeds.h"

enum review_deed { REVIEW_RELEASE, REVIEW_CONFIRM, REVIEW_DELETE, REVIEW_DEEDS };

const char *review_name(enum review_deed deed); /* "release" */
bool review_find(const char *name, enum review_deed *deed);

/* What the deed of that name says that a document is; false: nothing. */
bool review_says(const char *name, enum label *label);

/* Whether it can be done to what is in that state. */
bool review_can(enum review_deed deed, enum held_state state);

/* The state that it brings what is in one of `front` into at once. */
enum held_state review_leads_to(enum review_deed deed, enum front front);

struct review_outcome {
    bool impossible;       /* in the state it is in; nothing was done */
    bool changed;          /* by this call; false: it was done already, or is under way */
    bool taught;           /* the lesson that goes with it, by this call */
    bool unlearned;        /* of an undo: that lesson is taken back, by this call */
    enum held_state state; /* that it is in now */
    const char *said;  /* of `changed`: "will be released"; of an undo that is impossible: why */
    bool lesson_waits; /* in session->journal: the counts store is away */
    char store_trouble[200]; /* then: why */
    struct error trouble; /* with the lesson or the audit trail; all else was done all the same */
};

/* Does it in the name of `who`, and teaches the lesson that goes with it. For mail weir-release
 * carries it out; a feed item is in our own keeping. `*held` is an entry of `front`, replaced by
 * what it has become. false: the records failed, and nothing was done. */
bool review_do(struct session *session, enum front front, struct held **held, enum review_deed deed,
               const char *who, struct review_outcome *outcome, struct error *error);

/* The same for a release, but only of what is open: a reviewer who confirmed it as spam meanwhile
 * has the last word. */
bool review_release_open(struct session *session, enum front front, struct held **held,
                         const char *who, struct review_outcome *outcome, struct error *error);

/* Releases it by the rules of now, not by what somebody knows of it: nothing is taught. Only what
 * is held still: who confirmed it as spam since it was looked at, or said that it is, has the last
 * word. In the audit trail it is "reapply". */
bool review_release_quietly(struct session *session, enum front front, struct held **held,
                            const char *who, struct review_outcome *outcome, struct error *error);

/* Teaches what `held` is, and nothing else. Of what is not in the records, whose id is 0, nobody
 * remembers that it was taught. */
void review_teach(struct session *session, enum front front, const struct held *held,
                  enum label label, struct review_outcome *outcome);

/* Says on stderr what of `outcome` went wrong with the entry `id`, or waits; the exit code. For
 * weirctl. */
int review_complain(const struct session *session, const char *id,
                    const struct review_outcome *outcome);

#define REVIEW_UNDO "undo"

/* Takes back the latest deed about it, or, with a `name`, the latest of that name that no standing
 * deed came after: the entry is as it was before, and the lesson that went with the deed is
 * withdrawn, in the name of who taught it; what it had corrected is taught again. Mail that was
 * delivered stays delivered; then the lesson alone is taken back, and `said` tells whether: it
 * stays where something was learned since, or where another deed says the same. What was undone
 * already is not undone again, but its lesson is taught when that failed. `deed` (NULL: never mind)
 * is its name. */
bool review_undo(struct session *session, enum front front, struct held **held, const char *name,
                 const char *who, struct review_outcome *outcome, char deed[RECORDS_DEED_NAME_SIZE],
                 struct error *error);

/* The name of the deed that review_undo() would take back, in `deed`; empty when there is none. */
bool review_undoable(struct records *records, enum front front, const struct held *held,
                     char deed[RECORDS_DEED_NAME_SIZE], struct error *error);

#endif
