#include "admin/commands.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/copied.h"

#define SQLITE_SCHEME "sqlite://"

/* "sqlite://" and the absolute path of the file that was named. */
static bool make_url(const char *file, char url[PATH_MAX + 16])
{
    char directory[PATH_MAX] = "";
    if (file[0] != '/' && !getcwd(directory, sizeof directory - 1))
        return false;
    const char *slash = file[0] == '/' ? "" : "/";
    return snprintf(url, PATH_MAX + 16, "%s%s%s%s", SQLITE_SCHEME, directory, slash, file) <
           PATH_MAX;
}

/* The store in use must not be replaced by, or from, itself. */
static bool is_the_store(const struct session *session, const char *path)
{
    struct stat file, store;
    size_t scheme = strlen(SQLITE_SCHEME);
    const char *url = session->config->counts_url;
    return !strncmp(url, SQLITE_SCHEME, scheme) && stat(url + scheme, &store) == 0 &&
           stat(path, &file) == 0 && file.st_dev == store.st_dev && file.st_ino == store.st_ino;
}

/* Options, the one file, and the store of the configuration. */
static int prepare(struct session *session, const struct option_row *rows, int count,
                   char **arguments, const char *name, char url[PATH_MAX + 16])
{
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count != 1 || !arguments[0][0])
        return session_usage("%s: which file?", name);
    if (!make_url(arguments[0], url))
        return session_usage("%s: %s is too long a name", name, arguments[0]);
    status = session_open_counts(session);
    if (status == EX_OK && is_the_store(session, url + strlen(SQLITE_SCHEME)))
        return session_usage("%s: %s is the counts store itself", name, arguments[0]);
    return status;
}

static int run_backup(struct session *session, int count, char **arguments)
{
    const struct option_row rows[] = {{NULL, NULL, NULL}};
    char url[PATH_MAX + 16];
    const char *path = url + strlen(SQLITE_SCHEME);
    struct error error = {0};
    int status = prepare(session, rows, count, arguments, "backup", url);
    if (status != EX_OK)
        return status;
    /* With more patience than the daemons have. */
    struct counts_store *store = copied_open(session, session->config->counts_url, true, &status);
    if (!store)
        return status;
    if (!counts_backup(store, path, &error))
        status = session_complain(&error);
    else if (session->json)
        puts("{\"backed_up\":true}");
    else
        printf("%s: a backup of %s\n", path, counts_name(store));
    counts_close(store);
    return status;
}

static int run_restore(struct session *session, int count, char **arguments)
{
    bool force = false, empty;
    const struct option_row rows[] = {{"force", NULL, &force}, {NULL, NULL, NULL}};
    char url[PATH_MAX + 16];
    struct error error = {0};
    int status = prepare(session, rows, count, arguments, "restore", url);
    if (status != EX_OK)
        return status;
    struct counts_store *to = NULL, *from = copied_open(session, url, true, &status);
    if (from && !counts_is_empty(from, &empty, &error)) {
        status = session_complain(&error);
    } else if (from && empty) {
        error_set(&error, ERROR_INPUT, "%s: nothing was ever backed up into it",
                  url + strlen(SQLITE_SCHEME));
        status = session_complain(&error);
    }
    if (status == EX_OK)
        to = copied_open(session, session->config->counts_url, false, &status);
    if (to && !copied_is_in_the_way(to, force, &status))
        status = copied_run(session, from, to);
    counts_close(to);
    counts_close(from);
    return status;
}

const struct command command_backup = {
    "backup",
    run_backup,
    "backup FILE",
    "copy everything learned into a file, while weir runs",
    "Writes the counts store as it is at one moment into FILE, which only its owner may read. An\n"
    "earlier backup of that name is replaced once the new one is complete.\n",
};

const struct command command_restore = {
    "restore",
    run_restore,
    "restore FILE [--force]",
    "bring back what a backup holds, while weir runs",
    "Puts what FILE holds in the place of what the counts store holds, and compares the two.\n"
    "Gateways go on with the store as it then is within seconds.\n\n"
    "--force  replace a store that is not empty\n",
};
