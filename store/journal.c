#include "store/journal.h"

#include "store/journal_file.h"
#include "store/journal_record.h"
#include "store/memory.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ADD_WAIT_MS 5000u /* for another process that adds to the same file */

struct journal {
    char *path, *sent_path;
    size_t limit_bytes;
    unsigned window_s;
};

struct journal_session {
    struct journal *journal;
    struct journal_file waiting, sent;
    struct journal_reader waiting_reader, sent_reader;
    struct journal_epoch epoch; /* the first record of PATH.sent */
    uint64_t epoch_end;
};

struct journal *journal_new(const char *path, size_t limit_bytes, unsigned resend_window_s)
{
    static const char ending[] = ".sent";
    struct journal *journal = memory_new(sizeof *journal);
    size_t length = strlen(path);
    journal->path = memory_copy(path, length);
    journal->sent_path = memory_new(length + sizeof ending);
    memcpy(journal->sent_path, path, length);
    memcpy(journal->sent_path + length, ending, sizeof ending);
    journal->limit_bytes = limit_bytes;
    journal->window_s = resend_window_s;
    return journal;
}

void journal_free(struct journal *journal)
{
    if (!journal)
        return;
    free(journal->path);
    free(journal->sent_path);
    free(journal);
}

const char *journal_path(const struct journal *journal)
{
    return journal->path;
}

/* The next lesson in the file that was not written before `oldest_s`. */
static bool next_lesson(struct journal_reader *reader, int64_t oldest_s,
                        struct journal_record *record, bool *found, struct error *error)
{
    struct span bytes;
    struct journal_epoch epoch;
    while (journal_reader_next(reader, &bytes, found, error)) {
        if (!*found)
            return true;
        if (journal_read_lesson(bytes, record)) {
            if (record->time_s >= oldest_s)
                return true;
            journal_record_clear(record);
        } else if (!journal_read_epoch(bytes, &epoch) && !reader->damaged++) {
            reader->damaged_at = reader->start;
        }
    }
    return false;
}

/* --- what waits --- */

bool journal_add(struct journal *journal, const struct journal_record *records, size_t n,
                 struct error *error)
{
    struct journal_file file;
    struct journal_frames frames = {0};
    struct span bytes = journal_frames_of_lessons(&frames, records, n);
    bool good = journal_file_open(&file, journal->path, true, error) &&
                journal_file_lock(&file, ADD_WAIT_MS, error) &&
                journal_file_append(&file, bytes, journal->limit_bytes, error);
    journal_file_close(&file);
    free(frames.data);
    return good;
}

bool journal_is_busy(const struct journal *journal)
{
    struct stat status;
    if (stat(journal->path, &status) == 0 && status.st_size > 0)
        return true;
    return stat(journal->sent_path, &status) == 0 &&
           status.st_mtime + (int64_t)journal->window_s >= time(NULL);
}

bool journal_look(const struct journal *journal, struct journal_state *state, struct error *error)
{
    struct journal_file file;
    struct journal_record record;
    *state = (struct journal_state){0};
    if (!journal_file_open(&file, journal->path, false, error))
        return false;
    struct journal_reader reader = {.file = &file};
    bool good = journal_file_size(&file, &state->size_bytes, error), found = true;
    while (good && found) {
        good = next_lesson(&reader, INT64_MIN, &record, &found, error);
        if (good && found) {
            state->waiting++;
            journal_record_clear(&record);
        }
    }
    state->damaged = reader.damaged;
    state->damaged_at = reader.damaged_at;
    journal_reader_clear(&reader);
    journal_file_close(&file);
    return good;
}

/* --- sending --- */

static bool write_epoch(struct journal_session *session, struct error *error)
{
    struct journal_frames frame = {0};
    struct span bytes = journal_frame_of_epoch(&frame, &session->epoch);
    bool good = journal_file_write_head(&session->sent, bytes, error);
    session->epoch_end = bytes.length;
    free(frame.data);
    return good;
}

/* An epoch that is damaged is one nobody knows: what was sent is then sent again. */
static bool read_epoch(struct journal_session *session, struct error *error)
{
    struct journal_reader reader = {.file = &session->sent};
    struct span bytes;
    bool found, good = journal_reader_next(&reader, &bytes, &found, error);
    bool known = good && found && journal_read_epoch(bytes, &session->epoch);
    session->epoch_end = reader.position;
    journal_reader_clear(&reader);
    return good && (known || write_epoch(session, error));
}

bool journal_known_key(const struct journal *journal, unsigned char key[COUNTS_KEY_BYTES])
{
    struct journal_file file;
    struct journal_epoch epoch;
    struct span bytes;
    bool found = false;
    if (!journal_file_open(&file, journal->sent_path, false, NULL))
        return false;
    struct journal_reader reader = {.file = &file};
    bool known = journal_reader_next(&reader, &bytes, &found, NULL) && found &&
                 journal_read_epoch(bytes, &epoch) && epoch.time_s;
    if (known)
        memcpy(key, epoch.key, COUNTS_KEY_BYTES);
    journal_reader_clear(&reader);
    journal_file_close(&file);
    return known;
}

struct journal_session *journal_begin(struct journal *journal, unsigned wait_ms,
                                      struct error *error)
{
    struct journal_session *session = memory_new(sizeof *session);
    session->journal = journal;
    session->waiting = (struct journal_file){journal->path, -1};
    session->waiting_reader.file = &session->waiting;
    session->sent_reader.file = &session->sent;
    if (journal_file_open(&session->sent, journal->sent_path, true, error) &&
        journal_file_lock(&session->sent, wait_ms, error) && read_epoch(session, error))
        return session;
    journal_end(session);
    return NULL;
}

void journal_end(struct journal_session *session)
{
    if (!session)
        return;
    journal_reader_clear(&session->waiting_reader);
    journal_reader_clear(&session->sent_reader);
    journal_file_close(&session->waiting);
    journal_file_close(&session->sent);
    free(session);
}

const struct journal_epoch *journal_epoch(const struct journal_session *session)
{
    return &session->epoch;
}

bool journal_set_epoch(struct journal_session *session, const char *run_id,
                       const unsigned char key[COUNTS_KEY_BYTES], struct error *error)
{
    struct journal_epoch *epoch = &session->epoch;
    *epoch = (struct journal_epoch){.time_s = time(NULL)};
    memcpy(epoch->key, key, COUNTS_KEY_BYTES);
    memcpy(epoch->run_id, run_id, strnlen(run_id, sizeof epoch->run_id - 1));
    return write_epoch(session, error);
}

bool journal_next_waiting(struct journal_session *session, struct journal_record *record,
                          bool *found, struct error *error)
{
    *found = false;
    if (session->waiting.fd < 0 &&
        !journal_file_open(&session->waiting, session->journal->path, false, error))
        return false;
    return next_lesson(&session->waiting_reader, INT64_MIN, record, found, error);
}

bool journal_clear(struct journal_session *session, bool *emptied, struct journal_state *state,
                   struct error *error)
{
    uint64_t end;
    *state = (struct journal_state){.damaged = session->waiting_reader.damaged,
                                    .damaged_at = session->waiting_reader.damaged_at};
    *emptied = session->waiting.fd < 0;
    if (*emptied)
        return true;
    if (!journal_file_lock(&session->waiting, ADD_WAIT_MS, error))
        return false;
    bool good = journal_file_end(&session->waiting, &end, error);
    *emptied = good && end <= session->waiting_reader.position;
    if (*emptied) {
        good = journal_file_truncate(&session->waiting, 0, error);
        journal_reader_clear(&session->waiting_reader);
    }
    journal_file_unlock(&session->waiting);
    return good;
}

/* --- what was sent --- */

/* What a lesson must not be older than to be in the window. All that was in it when the epoch began
 * was sent again then. */
static int64_t horizon_of(const struct journal_session *session)
{
    int64_t window_s = session->journal->window_s, now_s = time(NULL);
    int64_t since_s = session->epoch.time_s;
    return (since_s > now_s - window_s && since_s < now_s ? since_s : now_s) - window_s;
}

bool journal_next_sent(struct journal_session *session, struct journal_record *record, bool *found,
                       struct error *error)
{
    return next_lesson(&session->sent_reader, horizon_of(session), record, found, error);
}

/* Drops lessons from before the window, and of the others the oldest until they take no more than
 * `most_bytes`. */
static bool trim(struct journal_session *session, uint64_t most_bytes, struct error *error)
{
    struct journal_reader reader = {.file = &session->sent};
    struct journal_record record;
    int64_t horizon_s = horizon_of(session);
    uint64_t size, from = 0;
    bool good = journal_file_size(&session->sent, &size, error), found = good;
    while (good && found) {
        good = next_lesson(&reader, horizon_s, &record, &found, error);
        from = good && found ? reader.start : size;
        if (good && found)
            journal_record_clear(&record);
        if (size - from <= most_bytes)
            break;
    }
    journal_reader_clear(&reader);
    if (!good || from <= session->epoch_end)
        return good;
    struct journal_frames frame = {0};
    struct span head = journal_frame_of_epoch(&frame, &session->epoch);
    good = journal_file_cut_front(&session->sent, head, from, error);
    free(frame.data);
    return good;
}

/* When it would become too long, and when its oldest lesson is twice as old as the window is long:
 * what is moved then was in the file for long enough to be worth it. */
static bool trim_if_due(struct journal_session *session, size_t coming, struct error *error)
{
    struct journal_reader reader = {.file = &session->sent};
    struct journal_record record;
    uint64_t size;
    bool found, good = journal_file_size(&session->sent, &size, error) &&
                       next_lesson(&reader, INT64_MIN, &record, &found, error);
    bool stale = false;
    if (good && found) {
        stale = record.time_s < horizon_of(session) - (int64_t)session->journal->window_s;
        journal_record_clear(&record);
    }
    journal_reader_clear(&reader);
    size_t limit_bytes = session->journal->limit_bytes;
    bool full = size + coming > limit_bytes;
    if (good && (stale || full))
        good = trim(session, full ? limit_bytes / 2 : limit_bytes, error);
    return good;
}

bool journal_keep(struct journal_session *session, const struct journal_record *records, size_t n,
                  struct error *error)
{
    struct journal_frames frames = {0};
    struct span bytes = journal_frames_of_lessons(&frames, records, n);
    bool good = trim_if_due(session, bytes.length, error) &&
                journal_file_append(&session->sent, bytes, session->journal->limit_bytes, error);
    free(frames.data);
    return good;
}
