/* records_db: what the files of the records share: the connection, its prepared statements and how
 * their failures are told. Internal to store/. */
#ifndef WEIR_RECORDS_DB_H
#define WEIR_RECORDS_DB_H

#include "store/records.h"

#include <sqlite3.h>

/* Their texts are in records.c. */
enum records_statement {
    STATEMENT_BEGIN,
    STATEMENT_BEGIN_READING,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_AUDIT,
    STATEMENT_AUDIT_INSTEAD,
    STATEMENT_AUDIT_OF,
    STATEMENT_HISTORY_BY_REFERENCE,
    STATEMENT_HISTORY_DOCUMENTS,
    STATEMENT_HISTORY_BY_DOCUMENT,
    STATEMENT_HISTORY_GET,
    STATEMENT_EVIDENCE_LIST,
    STATEMENT_CORRECT,
    STATEMENT_CORRECT_AS_LEARNED,
    STATEMENT_UNCORRECT,
    STATEMENT_LEARNED_ADD,
    STATEMENT_LEARNED_LAST,
    STATEMENT_KNOWS_DOCUMENT,
    STATEMENT_HELD_ADD,
    STATEMENT_HELD_GET,
    STATEMENT_HELD_IDS,
    STATEMENT_HELD_IDS_OF_FEED,
    STATEMENT_HELD_CHANGES,
    STATEMENT_HELD_MOVE,
    STATEMENT_HELD_SET_MISSING,
    STATEMENT_HELD_SET_STARTED,
    STATEMENT_HELD_SET_REQUEUED_AS,
    STATEMENT_HELD_SET_TAUGHT,
    STATEMENT_HELD_FIND,
    STATEMENT_HELD_SET_DUE,
    STATEMENT_DEED_ADD,
    STATEMENT_DEED_LAST,
    STATEMENT_DEEDS_AFTER,
    STATEMENT_DEED_UNDO,
    STATEMENT_DEED_SET_SAID,
    STATEMENT_DEEDS_FORGET,
    STATEMENT_DEEDS_OF_DOCUMENT,
    STATEMENT_TOLD,
    STATEMENT_SET_TOLD,
    STATEMENT_LINK_USED,
    STATEMENT_LINK_USE,
    STATEMENT_LIST_SET,
    STATEMENT_LIST_REMOVE,
    STATEMENT_LIST,
    STATEMENT_LIST_ASK,
    STATEMENT_LIST_ANY,
    STATEMENT_JUDGED_FIND,
    STATEMENT_JUDGED_SAVE,
    STATEMENT_JUDGED_SET_RULES,
    STATEMENT_FEEDS_CHANGE,
    STATEMENT_FEEDS,
    STATEMENT_FEEDS_COUNT,
    STATEMENT_FEED_KNOWN,
    STATEMENT_FEED_OF_URL,
    STATEMENT_FEED_URL,
    STATEMENT_FEED_ADD,
    STATEMENT_FEED_CHANGE,
    STATEMENT_FEEDS_CHANGED,
    STATEMENT_FEED_REMOVE,
    STATEMENT_READERS,
    STATEMENT_READER_ADD,
    STATEMENT_READER_REMOVE,
    STATEMENT_FEED_STATES,
    STATEMENT_FEED_STATE_SAVE,
    STATEMENT_FEED_STATES_FORGET,
    STATEMENT_PROFILE_FIND,
    STATEMENT_PROFILE_SAVE,
    STATEMENT_RELEASED_SINCE,
    STATEMENT_SHOWN_SINCE,
    STATEMENT_SHOWN_SAVE,
    STATEMENT_SHOWN_FIND,
    STATEMENT_SHOWN_COUNT,
    STATEMENT_SHOWN_SET_SAID,
    STATEMENT_SHOWN_FEEDS_REMOVE,
    STATEMENT_SHOWN_FEED_ADD,
    STATEMENT_SHOWN_FEED_FIND,
    STATEMENT_STORY_OF_ITEM,
    STATEMENT_STORY_GET,
    STATEMENT_STORIES_WITH_KEY,
    STATEMENT_STORY_ADD,
    STATEMENT_STORY_KEY_ADD,
    STATEMENT_STORY_SEEN,
    STATEMENT_STORY_REMOVE,
    STATEMENT_STORIES_OLD,
    STATEMENT_STORIES_COUNT,
    STATEMENT_STORIES_LONGEST_UNSEEN,
    STATEMENT_STORIES_LEFT_OUT,
    STATEMENT_STORIES_LEFT_OUT_FOR,
    STATEMENT_STORIES_SINCE,
    STATEMENTS
};

struct records_history;

/* Opens the file, creating it with mode 0660, and sets the connection up (WAL, waiting up to 5 s
 * for other writers). `synchronous` is "FULL" or "NORMAL". NULL and ERROR_SYSTEM on failure. */
sqlite3 *records_db_open(const char *path, const char *synchronous, struct error *error);

/* Makes the tables in a new file, and those that an older weir made into ours; refuses one that a
 * newer weir made. */
bool records_db_schema(sqlite3 *db, const char *path, struct error *error);

/* "PATH: REASON; how to mend it", from the connection's last failure. Returns false. */
bool records_db_fail(sqlite3 *db, const char *path, struct error *error);

/* A private copy of all that is in the file now, in a temporary file ($SQLITE_TMPDIR, else
 * $TMPDIR, else /var/tmp) that is as large and goes with it: to try out what the records themselves
 * are not to go through. Writes nothing to the records, waits for no writer and keeps none waiting.
 * Has no history to add to. To be closed. NULL and ERROR_SYSTEM on failure. */
struct records *records_copy(struct records *records, struct error *error);

/* The lock is recursive, so that a transaction holds it across the calls of its thread. */
void records_lock(struct records *records);
void records_unlock(struct records *records);

/* With the lock held. Statement `which`, without bindings; NULL on failure. */
sqlite3_stmt *records_prepare(struct records *records, enum records_statement which,
                              struct error *error);

/* With the lock held. A statement that is the caller's to finalize; NULL on failure. */
sqlite3_stmt *records_prepare_text(struct records *records, const char *text, struct error *error);

/* With the lock held. One step: SQLITE_ROW or SQLITE_DONE; anything else has set `error`. After
 * anything but a row the statement is reset. */
int records_step(struct records *records, sqlite3_stmt *statement, struct error *error);

/* A step of a statement that has no rows; `*changed` (NULL: never mind) is how many it changed. */
bool records_run(struct records *records, sqlite3_stmt *statement, int *changed,
                 struct error *error);

/* Runs a statement of two parameters, the id of a row and a number, under the lock. */
bool records_set_number(struct records *records, enum records_statement which, int64_t id,
                        int64_t number, struct error *error);

/* Runs a statement about a document under the lock: of its id, and a text unless that is NULL. */
bool records_run_of_document(struct records *records, enum records_statement which,
                             const unsigned char document_id[RECORD_ID_BYTES], const char *text,
                             struct error *error);

/* NULL counts as "". The text must live until the statement was run. */
void records_bind_text(sqlite3_stmt *statement, int parameter, const char *text);

/* The same of its start, RECORDS_TEXT_MOST bytes. */
void records_bind_start(sqlite3_stmt *statement, int parameter, const char *text);

/* Binds a pattern of LIKE ... ESCAPE '\\' that means `text` anywhere, and nothing but itself;
 * NULL: none. */
void records_bind_part(sqlite3_stmt *statement, int parameter, const char *text);

/* Room that the texts and blobs of the current row need, each with a NUL behind it. */
size_t records_row_size(sqlite3_stmt *statement);

/* Copies a column to *room, and moves that on. */
const char *records_take(sqlite3_stmt *statement, int column, char **room);

/* The same of its start, RECORDS_TEXT_MOST bytes: earlier versions kept all. */
const char *records_take_start(sqlite3_stmt *statement, int column, char **room);

/* records_held.c. Visits those of the entries that are in one of `states`, without item bytes, lent
 * for the call. */
bool records_held_visit(struct records *records, const int64_t *ids, size_t count, unsigned states,
                        bool (*visit)(void *context, const struct held *held), void *context,
                        struct error *error);

/* records_history.c. Stopping writes what is queued. */
struct records_history *records_history_new(const char *path);
void records_history_free(struct records_history *history);
struct records_history *records_history_of(struct records *records);

/* How many stories there are at most, kept by records_stories.c under the lock, so that they are
 * counted only where they may be too many; negative: not known. */
int64_t *records_stories_most(struct records *records);

/* So many verdicts keep their evidence. */
void records_history_keep_evidence(struct records_history *history, size_t most);

/* The entry in the current row, whose first columns are those of struct history_entry. */
struct history_entry *records_read_entry(sqlite3_stmt *statement);

#endif
