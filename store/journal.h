/* journal: the lessons of one gateway that the counts store has not taken, or may have lost. Two
 * files, PATH and PATH.sent, used by all processes of the gateway at once (weir-milter,
 * weir-release, weirctl), which find out about each other by locks on them:
 *
 * PATH holds lessons that wait: one is in it before anybody is told that it was learned, and on the
 * disk, and leaves it only when the store acknowledged it. When it is full, further lessons are
 * refused; none that was acknowledged is ever dropped.
 *
 * PATH.sent holds copies of those that the store took within the re-send window, in case it loses
 * them; and the store's run id and installation key as last seen. It may become as long as PATH:
 * the oldest go first.
 *
 * Whoever sends lessons holds the lock of PATH.sent meanwhile (a session), so that lessons reach
 * the log in the order in which they were given. The lock of PATH is held while one adds to it.
 *
 * A record is a lesson as the log has it, behind when it was written, and what its slots are of:
 * either a mark of the installation's key, or, where the key was not known yet, the lesson has
 * none and its feature hashes stand there, of which slots are made when it is sent.
 *
 * Only the types of counts.h are used: the journal never talks to a store. */
#ifndef WEIR_JOURNAL_H
#define WEIR_JOURNAL_H

#include "store/counts.h"
#include "store/error.h"
#include "store/lesson.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_HASHES_MAX LESSON_SLOTS_MAX

struct journal;

/* Opens nothing yet. */
struct journal *journal_new(const char *path, size_t limit_bytes, unsigned resend_window_s);
void journal_free(struct journal *journal); /* no session may be open; NULL is fine */
const char *journal_path(const struct journal *journal);

struct journal_record {
    int64_t time_s;    /* written then; set by the journal */
    bool first;        /* of those that were written together; set by the journal */
    uint64_t key_mark; /* of the key that the slots are of; 0: not known */
    struct lesson *lesson;
    uint64_t *hashes; /* of its features, when the lesson's slots are still to be made */
    size_t hash_count;
};

/* Tells installation keys apart; never 0. */
uint64_t journal_key_mark(const unsigned char key[COUNTS_KEY_BYTES]);

/* Frees what a record that was read points to. */
void journal_record_clear(struct journal_record *record);

/* Adds lessons that shall wait, all or none; they are on the disk when it returns. ERROR_SYSTEM
 * when the journal is full or cannot be written. Thread-safe, like the next three. */
bool journal_add(struct journal *journal, const struct journal_record *records, size_t n,
                 struct error *error);

/* Whether lessons wait, or were sent so recently that the store's run id matters; cheap. */
bool journal_is_busy(const struct journal *journal);

/* The installation key of the store that lessons were last sent to; false when none were. */
bool journal_known_key(const struct journal *journal, unsigned char key[COUNTS_KEY_BYTES]);

struct journal_state {
    size_t waiting;      /* lessons */
    uint64_t size_bytes; /* of PATH */
    size_t damaged;      /* records that cannot be read, or are no lessons */
    uint64_t damaged_at; /* where the first of them starts in PATH */
};
/* Reads all of PATH; a missing one is empty. */
bool journal_look(const struct journal *journal, struct journal_state *state, struct error *error);

/* --- sending --- */

struct journal_session;

/* Begins a session, waiting for up to `wait_ms` for another one to end. */
struct journal_session *journal_begin(struct journal *journal, unsigned wait_ms,
                                      struct error *error);
void journal_end(struct journal_session *session); /* NULL is fine */

/* The store as it was when a lesson was last sent. */
struct journal_epoch {
    int64_t time_s; /* since when; 0: nothing was ever sent */
    unsigned char key[COUNTS_KEY_BYTES];
    char run_id[sizeof(((struct counts_health *)0)->run_id)];
};
const struct journal_epoch *journal_epoch(const struct journal_session *session);

/* From now on lessons are sent to a store of this run id and key (all that was sent before, and
 * lies in the window, was sent to it again). */
bool journal_set_epoch(struct journal_session *session, const char *run_id,
                       const unsigned char key[COUNTS_KEY_BYTES], struct error *error);

/* The next lesson that waits, or that was sent within the window, in order; `*found` is false after
 * the last. What cannot be read is passed over and counted. Clear the record when found. */
bool journal_next_waiting(struct journal_session *session, struct journal_record *record,
                          bool *found, struct error *error);
bool journal_next_sent(struct journal_session *session, struct journal_record *record, bool *found,
                       struct error *error);

/* All that waited was acknowledged. `*emptied` is false when others have been added since: they
 * are what journal_next_waiting() gives next. `state` (waiting: 0) tells of damage. */
bool journal_clear(struct journal_session *session, bool *emptied, struct journal_state *state,
                   struct error *error);

/* Keeps copies of lessons that the store just took. */
bool journal_keep(struct journal_session *session, const struct journal_record *records, size_t n,
                  struct error *error);

#endif
