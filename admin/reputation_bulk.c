#include "admin/reputation_bulk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/reputation_file.h"
#include "core/reputation.h"
#include "store/memory.h"

#define AT_ONCE 500 /* reputations that are written together */

/* --- out --- */

struct exporting {
    FILE *out;
    struct json_writer json;
    bool as_json, headed;
    int64_t now_s;
};

static void put_header(struct exporting *exporting)
{
    if (!exporting->headed)
        reputation_file_put_header(exporting->out);
    exporting->headed = true;
}

static void put(void *context, const struct identity *identity,
                const struct reputation_counts *counts)
{
    struct exporting *exporting = context;
    struct reputation_counts told = *counts;
    if (!reputation_override_in_force(counts, exporting->now_s)) { /* it says nothing any more */
        told.override = OVERRIDE_NONE;
        told.override_centi = 0;
        told.override_until_s = 0;
    }
    if (reputation_counts_are_none(&told))
        return;
    put_header(exporting);
    if (!exporting->as_json) {
        reputation_file_put_csv(exporting->out, identity, &told);
        return;
    }
    reputation_file_put_json(&exporting->json, identity, &told);
    json_writer_flush(&exporting->json, exporting->out);
}

bool reputation_export_page(struct session *session, enum identity_type type, bool as_json,
                            struct counts_cursor *cursor, FILE *out, struct error *error)
{
    struct exporting exporting = {.out = out,
                                  .as_json = as_json,
                                  .headed = as_json || cursor->length > 0,
                                  .now_s = time(NULL)};
    bool good = counts_reputation_page(session->store, type, cursor, put, &exporting, error);
    if (good)
        put_header(&exporting); /* of a store that has none, too, but not of one that is away */
    json_writer_free(&exporting.json);
    return good;
}

/* --- in --- */

/* A reputation as it waits in a file of this process; its value comes behind it. */
struct waiting {
    enum identity_type type;
    size_t length;
    struct reputation_counts counts;
};

static bool spool_failed(struct error *error)
{
    return error_set(error, ERROR_SYSTEM, "a temporary file: %m");
}

static bool spool_row(struct reputation_import *import, const struct identity *identity,
                      const struct reputation_counts *counts, struct error *error)
{
    struct waiting waiting;
    memset(&waiting, 0, sizeof waiting); /* its gaps too are written */
    waiting.type = identity->type;
    waiting.length = identity->value.length;
    waiting.counts = *counts;
    import->rows++;
    return (fwrite(&waiting, sizeof waiting, 1, import->spool) == 1 &&
            fwrite(identity->value.data, 1, waiting.length, import->spool) == waiting.length) ||
           spool_failed(error);
}

static void note_broken(struct reputation_import *import, unsigned long line, struct error *error)
{
    if (import->broken < REPUTATION_IMPORT_NAMED) {
        error_prefix(error, "%s:%lu", import->name, line);
        import->complaints[import->broken] = *error;
    }
    import->broken++;
}

bool reputation_import_read(struct reputation_import *import, FILE *stream, struct error *error)
{
    struct reputation_file file = {.stream = stream, .config = import->config};
    enum reputation_file_outcome outcome = REPUTATION_FILE_ROW;
    import->spool = tmpfile();
    bool good = import->spool || spool_failed(error);
    while (good && outcome != REPUTATION_FILE_END) {
        struct document *scratch = document_new(CHANNEL_MAIL);
        struct error refusal = {0};
        struct identity identity;
        struct reputation_counts counts;
        outcome = reputation_file_next(&file, scratch, &identity, &counts, &refusal);
        if (outcome == REPUTATION_FILE_BROKEN)
            note_broken(import, file.line, &refusal);
        else if (outcome == REPUTATION_FILE_ROW)
            good = spool_row(import, &identity, &counts, error);
        document_free(scratch);
    }
    if (good && ferror(stream))
        good = error_set(error, ERROR_SYSTEM, "%s: %m", import->name);
    return good;
}

void reputation_import_clear(struct reputation_import *import)
{
    if (import->spool)
        fclose(import->spool);
    import->spool = NULL;
}

/* The next ones that wait, at most AT_ONCE; `*count` is 0 after the last. */
static bool take_back(struct reputation_import *import, struct identity *identities,
                      struct reputation_counts *counts, char values[][IDENTITY_VALUE_MAX],
                      size_t *count, struct error *error)
{
    struct waiting waiting;
    *count = 0;
    while (*count < AT_ONCE && fread(&waiting, sizeof waiting, 1, import->spool) == 1) {
        if (fread(values[*count], 1, waiting.length, import->spool) != waiting.length)
            break;
        identities[*count] = (struct identity){waiting.type, {values[*count], waiting.length}};
        counts[(*count)++] = waiting.counts;
    }
    return !ferror(import->spool) || spool_failed(error);
}

bool reputation_import_give(struct reputation_import *import, reputation_import_write *write,
                            void *context, struct error *error)
{
    struct identity *identities = memory_new(AT_ONCE * sizeof *identities);
    struct reputation_counts *counts = memory_new(AT_ONCE * sizeof *counts);
    char(*values)[IDENTITY_VALUE_MAX] = memory_new(AT_ONCE * sizeof *values);
    size_t count = 0;
    bool good = (fflush(import->spool) == 0 && fseek(import->spool, 0, SEEK_SET) == 0) ||
                spool_failed(error);
    do {
        good = good && take_back(import, identities, counts, values, &count, error) &&
               write(context, identities, counts, count, error);
    } while (good && count);
    free(identities);
    free(counts);
    free(values);
    return good;
}

bool reputation_import_goes_on(const struct reputation_import *import, uint64_t done,
                               struct error *error)
{
    if (!import->interrupted || !*import->interrupted)
        return true;
    return error_set(error, ERROR_NETWORK,
                     "interrupted: %" PRIu64 " of %" PRIu64
                     " were imported; run it again to import the rest",
                     done, import->rows);
}

struct importing {
    struct session *session;
    const struct reputation_import *import;
    uint64_t written;
};

static bool write_here(void *context, const struct identity *identities,
                       const struct reputation_counts *counts, size_t n, struct error *error)
{
    struct importing *importing = context;
    if (n && !reputation_import_goes_on(importing->import, importing->written, error))
        return false;
    if (!counts_reputation_write(importing->session->store, identities, counts, n, error))
        return importing->written ? error_prefix(error, "%" PRIu64 " of %" PRIu64 " were imported",
                                                 importing->written, importing->import->rows)
                                  : false;
    importing->written += n;
    return true;
}

#define WHAT_BYTES 80
#define SUBJECT "reputations"

static void describe(uint64_t done, uint64_t all, char what[WHAT_BYTES])
{
    if (done == all)
        snprintf(what, WHAT_BYTES, "import of %" PRIu64, done);
    else
        snprintf(what, WHAT_BYTES, "import of %" PRIu64 " of %" PRIu64, done, all);
}

/* One line for all parts of an import, whose number grows. The `*before` that `who` says came
 * before are believed when they are the last thing that the audit has of them; else none did. */
static bool audit_beginning(struct session *session, const char *who, uint64_t rows,
                            uint64_t *before, struct error *warning)
{
    char former[WHAT_BYTES], begun[WHAT_BYTES];
    bool replaced = false;
    struct records *records = session_audit_records(session, warning);
    describe(*before, *before, former);
    snprintf(begun, sizeof begun, "import of %" PRIu64 " began", *before + rows);
    if (!records || (*before && !records_audit_instead(records, who, former, begun, SUBJECT,
                                                       &replaced, warning)))
        return false;
    if (replaced)
        return true;
    *before = 0;
    snprintf(begun, sizeof begun, "import of %" PRIu64 " began", rows);
    return records_audit(records, who, begun, SUBJECT, warning);
}

static bool audit_end(struct session *session, const char *who, uint64_t done, uint64_t all,
                      struct error *warning)
{
    char begun[WHAT_BYTES], what[WHAT_BYTES];
    bool replaced = false;
    struct records *records = session_audit_records(session, warning);
    snprintf(begun, sizeof begun, "import of %" PRIu64 " began", all);
    describe(done, all, what);
    return records &&
           records_audit_instead(records, who, begun, what, SUBJECT, &replaced, warning) &&
           (replaced || records_audit(records, who, what, SUBJECT, warning));
}

bool reputation_import_here(struct session *session, struct reputation_import *import,
                            uint64_t before, const char *who, struct error *warning,
                            struct error *error)
{
    struct importing importing = {session, import, 0};
    struct reputation_table table;
    if (!import->rows)
        return true;
    if (!session_reputations(session, &table, error)) /* how long they are kept */
        return false;
    bool told = audit_beginning(session, who, import->rows, &before, warning);
    bool good = reputation_import_give(import, write_here, &importing, error);
    if (!told ||
        !audit_end(session, who, before + importing.written, before + import->rows, warning))
        error_prefix(warning, importing.written ? "it was done, but it is not in the audit log"
                                                : "the audit log cannot be written");
    return good;
}
