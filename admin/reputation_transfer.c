#include "admin/reputation_transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/reputation_change.h"
#include "admin/reputation_file.h"

#define NAMED 20    /* broken lines */
#define AT_ONCE 500 /* reputations that are written together */

/* --- out --- */

struct exporting {
    struct json_writer json;
    bool as_json;
};

static void put(void *context, const struct identity *identity,
                const struct reputation_counts *counts)
{
    struct exporting *exporting = context;
    if (!exporting->as_json) {
        reputation_file_put_csv(stdout, identity, counts);
        return;
    }
    reputation_file_put_json(&exporting->json, identity, counts);
    json_writer_flush(&exporting->json, stdout);
}

int reputation_export(struct session *session, enum identity_type type)
{
    struct error error = {0};
    struct exporting exporting = {.as_json = session->json};
    int status = session_open_counts(session);
    if (status != EX_OK)
        return status;
    if (!session->json)
        reputation_file_put_header(stdout);
    if (!counts_reputation_list(session->store, type, put, &exporting, &error))
        status = session_complain(&error);
    json_writer_free(&exporting.json);
    return status;
}

/* --- in --- */

/* A reputation as it waits in a file of this process; its value comes behind it. */
struct waiting {
    enum identity_type type;
    size_t length;
    struct reputation_counts counts;
};

struct importing {
    const char *name; /* of the file, for messages */
    FILE *spool;
    uint64_t rows, broken, written;
};

static bool spool_failed(struct error *error)
{
    return error_set(error, ERROR_SYSTEM, "a temporary file: %m");
}

static bool spool_row(struct importing *importing, const struct identity *identity,
                      const struct reputation_counts *counts, struct error *error)
{
    struct waiting waiting;
    memset(&waiting, 0, sizeof waiting); /* its gaps too are written */
    waiting.type = identity->type;
    waiting.length = identity->value.length;
    waiting.counts = *counts;
    importing->rows++;
    return (fwrite(&waiting, sizeof waiting, 1, importing->spool) == 1 &&
            fwrite(identity->value.data, 1, waiting.length, importing->spool) == waiting.length) ||
           spool_failed(error);
}

static void complain_of_line(struct importing *importing, unsigned long line, struct error *error)
{
    if (importing->broken++ < NAMED) {
        error_prefix(error, "%s:%lu", importing->name, line);
        session_complain(error);
    }
}

/* Everything there is, into the spool. */
static bool read_all(struct importing *importing, struct reputation_file *file, struct error *error)
{
    enum reputation_file_outcome outcome = REPUTATION_FILE_ROW;
    bool good = true;
    while (good && outcome != REPUTATION_FILE_END) {
        struct document *scratch = document_new(CHANNEL_MAIL);
        struct error refusal = {0};
        struct identity identity;
        struct reputation_counts counts;
        outcome = reputation_file_next(file, scratch, &identity, &counts, &refusal);
        if (outcome == REPUTATION_FILE_BROKEN)
            complain_of_line(importing, file->line, &refusal);
        else if (outcome == REPUTATION_FILE_ROW)
            good = spool_row(importing, &identity, &counts, error);
        document_free(scratch);
    }
    if (good && ferror(file->stream))
        good = error_set(error, ERROR_SYSTEM, "%s: %m", importing->name);
    return good;
}

/* The next ones that wait, at most AT_ONCE; `*count` is 0 after the last. */
static bool take_back(struct importing *importing, struct identity *identities,
                      struct reputation_counts *counts, char values[][IDENTITY_VALUE_MAX],
                      size_t *count, struct error *error)
{
    struct waiting waiting;
    *count = 0;
    while (*count < AT_ONCE && fread(&waiting, sizeof waiting, 1, importing->spool) == 1) {
        if (fread(values[*count], 1, waiting.length, importing->spool) != waiting.length)
            break;
        identities[*count] = (struct identity){waiting.type, {values[*count], waiting.length}};
        counts[(*count)++] = waiting.counts;
    }
    return !ferror(importing->spool) || spool_failed(error);
}

static bool write_all(struct session *session, struct importing *importing, struct error *error)
{
    static struct identity identities[AT_ONCE];
    static struct reputation_counts counts[AT_ONCE];
    static char values[AT_ONCE][IDENTITY_VALUE_MAX];
    struct reputation_table table;
    size_t count = 0;
    if (fflush(importing->spool) != 0 || fseek(importing->spool, 0, SEEK_SET) != 0)
        return spool_failed(error);
    if (!session_reputations(session, &table, error)) /* how long they are kept */
        return false;
    do {
        if (!take_back(importing, identities, counts, values, &count, error) ||
            !counts_reputation_write(session->store, identities, counts, count, error))
            return importing->written
                       ? error_prefix(error, "%" PRIu64 " of %" PRIu64 " were imported",
                                      importing->written, importing->rows)
                       : false;
        importing->written += count;
    } while (count);
    return true;
}

static int tell(const struct session *session, const struct importing *importing, bool dry_run)
{
    if (session->json)
        printf("{\"reputations\":%" PRIu64 ",\"imported\":%s}\n", importing->rows,
               dry_run ? "false" : "true");
    else
        printf("%" PRIu64 " reputation%s %s\n", importing->rows, importing->rows == 1 ? "" : "s",
               dry_run ? "could be imported" : "imported");
    return EX_OK;
}

static int complain_of_rest(const struct importing *importing)
{
    struct error error = {0};
    if (importing->broken > NAMED)
        error_set(&error, ERROR_INPUT, "%s: and %" PRIu64 " more lines; nothing was imported",
                  importing->name, importing->broken - NAMED);
    else
        error_set(&error, ERROR_INPUT, "%s: nothing was imported", importing->name);
    return session_complain(&error);
}

static int import(struct session *session, struct importing *importing, FILE *stream, bool dry_run)
{
    struct error error = {0};
    struct reputation_file file = {.stream = stream};
    char what[64];
    if (!read_all(importing, &file, &error))
        return session_complain(&error);
    if (importing->broken)
        return complain_of_rest(importing);
    if (!dry_run && importing->rows) {
        snprintf(what, sizeof what, "import of %" PRIu64, importing->rows);
        if (!write_all(session, importing, &error) ||
            !reputation_change_audit(session, session_user(), what, "reputations", &error))
            return session_complain(&error);
    }
    return tell(session, importing, dry_run);
}

int reputation_import(struct session *session, const char *path, bool dry_run)
{
    struct error error = {0};
    bool standard = strcmp(path, "-") == 0;
    struct importing importing = {.name = standard ? "standard input" : path};
    int status = session_open_counts(session);
    if (status != EX_OK)
        return status;
    FILE *stream = standard ? stdin : fopen(path, "re");
    if (!stream) {
        error_set(&error, ERROR_SYSTEM, "%s: %m", path);
        return session_complain_input(&error);
    }
    importing.spool = tmpfile();
    if (importing.spool) {
        status = import(session, &importing, stream, dry_run);
        fclose(importing.spool);
    } else {
        spool_failed(&error);
        status = session_complain(&error);
    }
    if (!standard)
        fclose(stream);
    return status;
}
