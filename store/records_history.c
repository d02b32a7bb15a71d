#include "store/records.h"

#include "store/memory.h"
#include "store/monotonic.h"
#include "store/records_db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUEUE_MAX 10000
#define WRITE_EVERY_MS 200
#define ID_DIGITS_MIN 6
#define EVIDENCE_MOST 100000

struct queued {
    struct queued *next;
    struct history_entry entry; /* its texts stand behind it */
};

/* The thread has a connection of its own, so that a long batch keeps nobody from the records, and
 * so that history may be written without waiting for the disk at each transaction. */
struct records_history {
    char *path;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool running; /* the thread was started */
    bool stopping;
    bool hurry; /* somebody waits for the queue to be written */
    struct queued *first, **end;
    size_t count;
    uint64_t added, finished; /* entries ever queued; of these, written or lost */
    size_t lost;              /* in this spell of trouble */
    bool reported;            /* this spell was taken by records_take_error() */
    struct error trouble;
    sqlite3 *db; /* the thread's own */
    _Atomic size_t evidence_most;
};

struct records_history *records_history_new(const char *path)
{
    struct records_history *history = memory_new(sizeof *history);
    history->path = memory_text(path);
    history->end = &history->first;
    history->evidence_most = EVIDENCE_MOST;
    pthread_mutex_init(&history->mutex, NULL);
    monotonic_condition_init(&history->changed);
    return history;
}

void records_history_keep_evidence(struct records_history *history, size_t most)
{
    atomic_store(&history->evidence_most, most);
}

void records_history_free(struct records_history *history)
{
    if (!history)
        return;
    pthread_mutex_lock(&history->mutex);
    history->stopping = true;
    pthread_cond_broadcast(&history->changed);
    pthread_mutex_unlock(&history->mutex);
    if (history->running)
        pthread_join(history->thread, NULL);
    pthread_cond_destroy(&history->changed);
    pthread_mutex_destroy(&history->mutex);
    free(history->path);
    free(history);
}

/* --- writing --- */

static bool insert(sqlite3_stmt *statement, const struct history_entry *entry)
{
    sqlite3_bind_blob(statement, 1, entry->document_id, RECORD_ID_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, entry->time_s);
    records_bind_text(statement, 3, entry->channel);
    records_bind_text(statement, 4, entry->action);
    sqlite3_bind_double(statement, 5, entry->log_odds);
    records_bind_start(statement, 6, entry->sender);
    records_bind_text(statement, 7, entry->recipients);
    records_bind_start(statement, 8, entry->subject);
    records_bind_text(statement, 9, entry->reference);
    records_bind_text(statement, 10, entry->evidence);
    return sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK;
}

/* What the entry that was just inserted was made of. */
static bool insert_evidence(sqlite3 *db, sqlite3_stmt *statement, const struct history_entry *entry)
{
    if (!entry->record)
        return true;
    sqlite3_bind_int64(statement, 1, sqlite3_last_insert_rowid(db));
    sqlite3_bind_blob(statement, 2, entry->document_id, RECORD_ID_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob64(statement, 3, entry->record, entry->record_length, SQLITE_STATIC);
    return sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK;
}

/* The oldest are the lowest, so this is a step to the start of one table, and seldom more. */
static bool prune_evidence(struct records_history *history, sqlite3_stmt *statement)
{
    sqlite3_bind_int64(statement, 1, (int64_t)atomic_load(&history->evidence_most));
    return sqlite3_step(statement) == SQLITE_DONE;
}

static bool write_entries(struct records_history *history, const struct queued *batch)
{
    static const char *const texts[] = {
        "INSERT INTO history (document_id, time_s, channel, action, log_odds, sender, recipients, "
        "subject, reference, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        "INSERT INTO evidence (history_id, document_id, record) VALUES (?1, ?2, ?3)",
        "DELETE FROM evidence WHERE history_id <= (SELECT max(history_id) FROM evidence) - ?1",
    };
    enum { ENTRY, EVIDENCE, PRUNE, TEXTS };
    sqlite3_stmt *statements[TEXTS] = {NULL};
    bool good = true;
    for (size_t i = 0; i < TEXTS && good; i++)
        good = sqlite3_prepare_v2(history->db, texts[i], -1, &statements[i], NULL) == SQLITE_OK;
    for (const struct queued *at = batch; at && good; at = at->next)
        good = insert(statements[ENTRY], &at->entry) &&
               insert_evidence(history->db, statements[EVIDENCE], &at->entry);
    good = good && prune_evidence(history, statements[PRUNE]);
    for (size_t i = 0; i < TEXTS; i++)
        sqlite3_finalize(statements[i]);
    return good;
}

/* All or nothing. */
static bool write_batch(struct records_history *history, const struct queued *batch,
                        struct error *error)
{
    if (!history->db)
        history->db = records_db_open(history->path, "NORMAL", error);
    if (!history->db)
        return false;
    bool good = sqlite3_exec(history->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
                write_entries(history, batch) &&
                sqlite3_exec(history->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    if (!good)
        records_db_fail(history->db, history->path, error);
    if (!good && !sqlite3_get_autocommit(history->db))
        sqlite3_exec(history->db, "ROLLBACK", NULL, NULL, NULL);
    return good;
}

/* With the mutex held. */
static void note_lost(struct records_history *history, size_t lost, const struct error *why)
{
    if (!history->lost)
        history->trouble = *why;
    history->lost += lost;
}

/* Takes the whole queue and writes it. The mutex is held, but not while writing. */
static void write_queue(struct records_history *history)
{
    struct queued *batch = history->first;
    size_t count = history->count;
    struct error why = {0};
    history->first = NULL;
    history->end = &history->first;
    history->count = 0;
    pthread_mutex_unlock(&history->mutex);
    bool good = write_batch(history, batch, &why);
    while (batch) {
        struct queued *next = batch->next;
        free(batch);
        batch = next;
    }
    pthread_mutex_lock(&history->mutex);
    history->finished += count;
    if (good) {
        history->lost = 0;
        history->reported = false;
    } else {
        note_lost(history, count, &why);
    }
    pthread_cond_broadcast(&history->changed);
}

/* Lets more entries gather for a while, unless somebody is in a hurry. */
static void gather(struct records_history *history)
{
    struct timespec until = monotonic_after_ms(WRITE_EVERY_MS);
    while (!history->stopping && !history->hurry)
        if (pthread_cond_timedwait(&history->changed, &history->mutex, &until) != 0)
            return;
}

static void *write_history(void *context)
{
    struct records_history *history = context;
    pthread_mutex_lock(&history->mutex);
    while (history->first || !history->stopping) {
        if (!history->first) {
            pthread_cond_wait(&history->changed, &history->mutex);
            continue;
        }
        gather(history);
        write_queue(history);
    }
    pthread_mutex_unlock(&history->mutex);
    sqlite3_close(history->db);
    return NULL;
}

/* --- queueing --- */

static const char *keep(const char *text, char **room)
{
    size_t size = text ? strlen(text) + 1 : 1;
    char *copy = *room;
    if (size > 1)
        memcpy(copy, text, size);
    copy[size - 1] = '\0';
    *room += size;
    return copy;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 1;
}

static struct queued *copy_entry(const struct history_entry *entry)
{
    size_t size = size_of(entry->channel) + size_of(entry->action) + size_of(entry->sender) +
                  size_of(entry->recipients) + size_of(entry->subject) + size_of(entry->reference) +
                  size_of(entry->evidence) + entry->record_length;
    struct queued *queued = memory_new(sizeof *queued + size);
    char *room = (char *)(queued + 1);
    queued->entry = *entry;
    queued->entry.channel = keep(entry->channel, &room);
    queued->entry.action = keep(entry->action, &room);
    queued->entry.sender = keep(entry->sender, &room);
    queued->entry.recipients = keep(entry->recipients, &room);
    queued->entry.subject = keep(entry->subject, &room);
    queued->entry.reference = keep(entry->reference, &room);
    queued->entry.evidence = keep(entry->evidence, &room);
    if (entry->record)
        queued->entry.record = memcpy(room, entry->record, entry->record_length);
    return queued;
}

/* With the mutex held: the first entry starts the thread. Programs that only read have none. */
static bool start(struct records_history *history, struct error *error)
{
    if (history->running)
        return true;
    int code = pthread_create(&history->thread, NULL, write_history, history);
    history->running = code == 0;
    return history->running || error_set(error, ERROR_SYSTEM, "%s: no thread to write history: %s",
                                         history->path, strerror(code));
}

void records_history_add(struct records *records, const struct history_entry *entry)
{
    struct records_history *history = records_history_of(records);
    struct queued *queued = copy_entry(entry);
    struct error why = {0};
    pthread_mutex_lock(&history->mutex);
    bool good = start(history, &why);
    if (good && history->count >= QUEUE_MAX)
        good = error_set(&why, ERROR_SYSTEM, "%s: %d entries of history wait to be written",
                         history->path, QUEUE_MAX);
    if (good) {
        *history->end = queued;
        history->end = &queued->next;
        history->added++;
        if (history->count++ == 0)
            pthread_cond_broadcast(&history->changed);
        queued = NULL;
    } else {
        note_lost(history, 1, &why);
    }
    pthread_mutex_unlock(&history->mutex);
    free(queued);
}

void records_flush(struct records *records)
{
    struct records_history *history = records_history_of(records);
    pthread_mutex_lock(&history->mutex);
    for (uint64_t until = history->added; history->finished < until;) {
        history->hurry = true;
        pthread_cond_broadcast(&history->changed);
        pthread_cond_wait(&history->changed, &history->mutex);
    }
    history->hurry = false;
    pthread_mutex_unlock(&history->mutex);
}

bool records_take_error(struct records *records, struct error *error)
{
    struct records_history *history = records_history_of(records);
    pthread_mutex_lock(&history->mutex);
    bool trouble = history->lost && !history->reported;
    if (trouble) {
        history->reported = true;
        if (error)
            *error = history->trouble;
        error_prefix(error, "%zu entries of history were lost", history->lost);
    }
    pthread_mutex_unlock(&history->mutex);
    return trouble;
}

/* --- reading --- */

struct history_entry *records_read_entry(sqlite3_stmt *statement)
{
    struct history_entry *entry = memory_new(sizeof *entry + records_row_size(statement));
    char *room = (char *)(entry + 1);
    size_t id_length = (size_t)sqlite3_column_bytes(statement, 0);
    memcpy(entry->document_id, records_take(statement, 0, &room),
           id_length < RECORD_ID_BYTES ? id_length : RECORD_ID_BYTES);
    entry->time_s = sqlite3_column_int64(statement, 1);
    entry->channel = records_take(statement, 2, &room);
    entry->action = records_take(statement, 3, &room);
    entry->log_odds = sqlite3_column_double(statement, 4);
    entry->sender = records_take_start(statement, 5, &room);
    entry->recipients = records_take(statement, 6, &room);
    entry->subject = records_take_start(statement, 7, &room);
    entry->reference = records_take(statement, 8, &room);
    entry->evidence = records_take(statement, 9, &room);
    return entry;
}

void history_entry_free(struct history_entry *entry)
{
    free(entry);
}

/* The lowest and the highest id that begin with the hex digits in `text`. */
static bool id_range(const char *text, unsigned char low[RECORD_ID_BYTES],
                     unsigned char high[RECORD_ID_BYTES])
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    size_t length = strlen(text);
    if (length < ID_DIGITS_MIN || length > 2 * RECORD_ID_BYTES)
        return false;
    memset(low, 0, RECORD_ID_BYTES);
    memset(high, 0xff, RECORD_ID_BYTES);
    for (size_t i = 0; i < length; i++) {
        const char *digit = strchr(digits, text[i]);
        if (!digit)
            return false;
        unsigned shift = i % 2 ? 0 : 4;
        unsigned value = (unsigned)(digit - digits) % 16;
        low[i / 2] = (unsigned char)(low[i / 2] | value << shift);
        high[i / 2] = (unsigned char)((high[i / 2] & ~(0xfu << shift)) | value << shift);
    }
    return true;
}

/* The first row of a statement that is ready to run; `*entry` stays NULL when there is none. */
static bool read_first(struct records *records, sqlite3_stmt *statement,
                       struct history_entry **entry, struct error *error)
{
    int code = records_step(records, statement, error);
    if (code != SQLITE_ROW)
        return code == SQLITE_DONE;
    *entry = records_read_entry(statement);
    sqlite3_reset(statement);
    return true;
}

static bool find_by_reference(struct records *records, const char *reference,
                              struct history_entry **entry, struct error *error)
{
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HISTORY_BY_REFERENCE, error);
    if (!statement)
        return false;
    records_bind_text(statement, 1, reference);
    return read_first(records, statement, entry, error);
}

static bool find_by_document(struct records *records, const char *id, struct history_entry **entry,
                             struct error *error)
{
    unsigned char low[RECORD_ID_BYTES], high[RECORD_ID_BYTES], document[RECORD_ID_BYTES];
    if (!id_range(id, low, high))
        return true;
    sqlite3_stmt *statement = records_prepare(records, STATEMENT_HISTORY_DOCUMENTS, error);
    if (!statement)
        return false;
    sqlite3_bind_blob(statement, 1, low, sizeof low, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, high, sizeof high, SQLITE_STATIC);
    int code = records_step(records, statement, error);
    if (code != SQLITE_ROW)
        return code == SQLITE_DONE;
    bool whole = sqlite3_column_bytes(statement, 0) == sizeof document;
    if (whole)
        memcpy(document, sqlite3_column_blob(statement, 0), sizeof document);
    code = records_step(records, statement, error);
    sqlite3_reset(statement);
    if (code == SQLITE_ROW)
        return error_set(error, ERROR_INPUT, "\"%s\" begins more than one id; give more digits",
                         id);
    if (code != SQLITE_DONE)
        return false;
    if (!whole)
        return error_set(error, ERROR_BUG, "the record of document %s is damaged", id);
    statement = records_prepare(records, STATEMENT_HISTORY_BY_DOCUMENT, error);
    if (!statement)
        return false;
    sqlite3_bind_blob(statement, 1, document, sizeof document, SQLITE_STATIC);
    return read_first(records, statement, entry, error);
}

struct history_entry *records_history_find(struct records *records, const char *id,
                                           struct error *error)
{
    struct history_entry *entry = NULL;
    records_lock(records);
    bool good = find_by_reference(records, id, &entry, error);
    if (good && !entry)
        good = find_by_document(records, id, &entry, error);
    records_unlock(records);
    if (good && !entry)
        error_set(error, ERROR_INPUT,
                  "no verdict is known by \"%s\"; give a queue id or guid, or the first %d or more "
                  "digits of a document id",
                  id, ID_DIGITS_MIN);
    return entry;
}
