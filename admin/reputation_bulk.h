/* reputation_bulk: many reputations, out of a counts store and into one, with bounded memory. For
 * weirctl and the console. */
#ifndef WEIR_REPUTATION_BULK_H
#define WEIR_REPUTATION_BULK_H

#include "admin/session.h"
#include "store/identity.h"

#include <signal.h>
#include <stdio.h>

/* Writes the next thousand or so of `type` (IDENTITY_TYPES: of all types) to `out`, in no order, as
 * lines of JSON or CSV, with its header line before the first; see counts_reputation_page();
 * session's counts are open. */
bool reputation_export_page(struct session *session, enum identity_type type, bool as_json,
                            struct counts_cursor *cursor, FILE *out, struct error *error);

#define REPUTATION_IMPORT_NAMED 20

/* What was read of a stream; zeroed at first, but for what is lent, which may stay NULL. */
struct reputation_import {
    const struct config *config;              /* by whose lists values are read; lent */
    const char *name;                         /* of the stream, for messages; lent */
    const volatile sig_atomic_t *interrupted; /* set by a signal: no further rows are written */
    uint64_t rows, broken;
    struct error complaints[REPUTATION_IMPORT_NAMED]; /* of the first broken lines */
    FILE *spool;                                      /* where the rows wait */
};

/* Everything there is, checked. False: the stream or a temporary file failed. */
bool reputation_import_read(struct reputation_import *import, FILE *stream, struct error *error);

/* Takes some reputations, perhaps none, lent for the call. */
typedef bool reputation_import_write(void *context, const struct identity *identities,
                                     const struct reputation_counts *counts, size_t n,
                                     struct error *error);

/* Gives the rows to `write`, some hundred at a time, until it fails; a call without any ends it. */
bool reputation_import_give(struct reputation_import *import, reputation_import_write *write,
                            void *context, struct error *error);

/* For `write`: false, and an error that tells that `done` of the rows were imported, when it was
 * interrupted. */
bool reputation_import_goes_on(const struct reputation_import *import, uint64_t done,
                               struct error *error);

/* Puts the rows into session's counts, which are open, with a line in the audit, which says that it
 * began and then what was done, or, when this process is killed, stays as it is; when this is a
 * part of an import, `before` rows of which came before it, their line then says how many they are
 * together. On failure the error says how many were imported. `warning`, which is clear before, is
 * set when what was imported is not in the audit. */
bool reputation_import_here(struct session *session, struct reputation_import *import,
                            uint64_t before, const char *who, struct error *warning,
                            struct error *error);

void reputation_import_clear(struct reputation_import *import);

#endif
