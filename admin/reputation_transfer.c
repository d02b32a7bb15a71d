#include "admin/reputation_transfer.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "admin/reputation_bulk.h"
#include "admin/reputation_remote.h"

int reputation_export(struct session *session, enum identity_type type)
{
    struct error error = {0};
    struct counts_cursor cursor = {0};
    int status = session_open_counts(session);
    if (status != EX_OK)
        return status;
    do {
        if (!reputation_export_page(session, type, session->json, &cursor, stdout, &error))
            return session_complain(&error);
    } while (cursor.length && !ferror(stdout));
    return EX_OK;
}

static int tell(const struct session *session, const struct reputation_import *import, bool dry_run)
{
    if (session->json)
        printf("{\"reputations\":%" PRIu64 ",\"imported\":%s}\n", import->rows,
               dry_run ? "false" : "true");
    else
        printf("%" PRIu64 " reputation%s %s\n", import->rows, import->rows == 1 ? "" : "s",
               dry_run ? "could be imported" : "imported");
    return EX_OK;
}

static int complain_of_lines(const struct reputation_import *import)
{
    struct error error = {0};
    for (uint64_t i = 0; i < import->broken && i < REPUTATION_IMPORT_NAMED; i++)
        session_complain(&import->complaints[i]);
    if (import->broken > REPUTATION_IMPORT_NAMED)
        error_set(&error, ERROR_INPUT, "%s: and %" PRIu64 " more lines; nothing was imported",
                  import->name, import->broken - REPUTATION_IMPORT_NAMED);
    else
        error_set(&error, ERROR_INPUT, "%s: nothing was imported", import->name);
    return session_complain(&error);
}

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* What is being written is written to its end; a second signal ends us at once. */
static void watch_for_signals(struct reputation_import *import)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART | SA_RESETHAND};
    import->interrupted = &interrupted;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}

static int import_stream(struct session *session, struct reputation_import *import, FILE *stream,
                         bool dry_run)
{
    struct error error = {0}, warning = {0};
    if (!reputation_import_read(import, stream, &error))
        return session_complain(&error);
    if (import->broken)
        return complain_of_lines(import);
    if (!import->rows) {
        error_set(&error, ERROR_INPUT, "%s: there is no reputation in it; nothing was imported",
                  import->name);
        return session_complain(&error);
    }
    if (!dry_run)
        watch_for_signals(import);
    bool good =
        dry_run || (session->gateway ? reputation_remote_import(session, import, &error)
                                     : reputation_import_here(session, import, 0, session_user(),
                                                              &warning, &error));
    if (warning.class != ERROR_NONE)
        session_complain(&warning);
    return good ? tell(session, import, dry_run) : session_complain(&error);
}

int reputation_import(struct session *session, const char *path, bool dry_run)
{
    struct error error = {0};
    bool standard = strcmp(path, "-") == 0;
    struct reputation_import import = {.name = standard ? "standard input" : path};
    int status = session->gateway ? EX_OK : session_open_counts(session);
    if (status != EX_OK)
        return status;
    import.config = session->config;
    FILE *stream = standard ? stdin : fopen(path, "re");
    if (!stream) {
        error_set(&error, ERROR_SYSTEM, "%s: %m", path);
        return session_complain_input(&error);
    }
    status = import_stream(session, &import, stream, dry_run);
    reputation_import_clear(&import);
    if (!standard)
        fclose(stream);
    return status;
}
