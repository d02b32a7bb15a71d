/* journal_file: a file of frames (journal_frame.h) that several processes use at once. Records are
 * only ever added at its end, and are on the disk when that call returns. A tail that a crash tore
 * was never acknowledged: who writes next cuts it off. Internal to the journal. */
#ifndef WEIR_JOURNAL_FILE_H
#define WEIR_JOURNAL_FILE_H

#include "store/error.h"
#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal_file {
    const char *path; /* lent */
    int fd;           /* -1: not open */
};

/* Opens the file. One that is missing is no error: with `make` it is made, readable and writable
 * for user and group, and root gives it to the owner of its directory, so that the daemons can go
 * on with what root's weirctl began; without, it is not open then, and has no records. */
bool journal_file_open(struct journal_file *file, const char *path, bool make, struct error *error);
void journal_file_close(struct journal_file *file); /* ends its lock; fine when it is not open */

/* Waits for up to `wait_ms` until this is the only descriptor, of all processes, that holds the
 * lock. */
bool journal_file_lock(const struct journal_file *file, unsigned wait_ms, struct error *error);
void journal_file_unlock(const struct journal_file *file);

bool journal_file_size(const struct journal_file *file, uint64_t *size, struct error *error);

/* Where the last whole frame ends. */
bool journal_file_end(const struct journal_file *file, uint64_t *end, struct error *error);

/* Under the lock. Adds whole frames and waits for the disk. False when the file would be longer
 * than `limit_bytes` (ERROR_SYSTEM, that it is full), or when it cannot be written; it is then as
 * it was. */
bool journal_file_append(const struct journal_file *file, struct span frames, size_t limit_bytes,
                         struct error *error);

/* Under the lock. Writes over what stands at the start. */
bool journal_file_write_head(const struct journal_file *file, struct span head,
                             struct error *error);

/* Under the lock. Makes the file as short as that. */
bool journal_file_truncate(const struct journal_file *file, uint64_t size, struct error *error);

/* Under the lock. What stands from `from` on moves to the start, behind `head`, which is at most
 * `from` bytes long; what stood there is gone. */
bool journal_file_cut_front(const struct journal_file *file, struct span head, uint64_t from,
                            struct error *error);

/* --- reading; all zero but `file` to begin with the first record --- */

struct journal_reader {
    const struct journal_file *file;
    uint64_t start, position; /* where the record last given starts, and where it ends */
    size_t damaged;           /* frames that were no whole records, and were skipped */
    uint64_t damaged_at;      /* where the first of them starts */
    unsigned char *buffer;    /* from `begin` on, `length` bytes that stand at `position` */
    size_t begin, length, room;
};

/* The next record, lent until the next call; `*found` is false at the end. What is no whole record
 * is skipped; a frame that does not end is none yet, and the next call looks again. */
bool journal_reader_next(struct journal_reader *reader, struct span *record, bool *found,
                         struct error *error);
void journal_reader_clear(struct journal_reader *reader);

#endif
