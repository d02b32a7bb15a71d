#include "admin/commands.h"

#include <string.h>
#include <sys/stat.h>

#include "admin/copied.h"

#define SQLITE_SCHEME "sqlite://"

/* Of a SQLite file; false for other stores and for what is not there. */
static bool find_file(const char *url, struct stat *status)
{
    size_t scheme = strlen(SQLITE_SCHEME);
    return !strncmp(url, SQLITE_SCHEME, scheme) && stat(url + scheme, status) == 0;
}

/* One store under two names would be emptied and then copied from. */
static bool are_one(char **urls, struct counts_store *from, struct counts_store *to, int *status)
{
    struct stat files[2];
    struct counts_health here, there;
    struct error error = {0};
    bool one = find_file(urls[0], &files[0]) && find_file(urls[1], &files[1]) &&
               files[0].st_dev == files[1].st_dev && files[0].st_ino == files[1].st_ino;
    if (!counts_health(from, &here, &error) || !counts_health(to, &there, &error)) {
        *status = session_complain(&error);
        return true;
    }
    /* A server's run id is the same for all its databases. */
    if (strncmp(urls[0], SQLITE_SCHEME, strlen(SQLITE_SCHEME)) != 0 &&
        strcmp(here.run_id, there.run_id) == 0 && here.version && here.version == there.version)
        one = true;
    if (one)
        *status = session_usage("migrate: both URLs name the same store");
    return one;
}

static int run(struct session *session, int count, char **arguments)
{
    bool force = false;
    const struct option_row rows[] = {{"force", NULL, &force}, {NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count != 2)
        return session_usage("migrate: from which URL to which?");
    if (!strcmp(arguments[0], arguments[1]))
        return session_usage("migrate: both URLs name the same store");
    status = session_configure(session);
    if (status != EX_OK)
        return status;
    struct counts_store *from = copied_open(session, arguments[0], true, &status);
    struct counts_store *to = from ? copied_open(session, arguments[1], false, &status) : NULL;
    if (to && !are_one(arguments, from, to, &status) && !copied_is_in_the_way(to, force, &status))
        status = copied_run(session, from, to);
    counts_close(to);
    counts_close(from);
    return status;
}

const struct command command_migrate = {
    "migrate",
    run,
    "migrate URL URL [--force]",
    "move everything learned to another counts store",
    "Copies key, settings, snapshot, log, remembered event ids and labels, and reputations with "
    "their\n"
    "overrides from the first counts store to the second, and compares the two at the end. Then\n"
    "name the second one in the configuration and restart weir. Stop what teaches before.\n\n"
    "--force  replace what the second store holds\n\n"
    "URLs: redis://host:port/database, redis+unix:///path/to/socket, sqlite:///path/to/counts.db\n",
};
