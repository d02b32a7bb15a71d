#include "admin/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/audit_list.h"
#include "admin/follow.h"
#include "admin/period.h"
#include "admin/records_text.h"
#include "admin/remote.h"

#define LIMIT_USUAL 50
#define LIMIT_MAX 1e6

static void print_line(const struct session *session, const struct audit_listed *line)
{
    char when[32];
    if (session->json) {
        struct json_writer json = {0};
        audit_list_put(&json, line);
        json_put_newline(&json);
        json_writer_flush(&json, stdout);
        json_writer_free(&json);
        return;
    }
    printf("%s  ", records_text_time(line->time_s, when));
    records_text_plain(line->who);
    fputs("  ", stdout);
    records_text_plain(line->what);
    fputs("  ", stdout);
    records_text_plain(line->subject);
    putchar('\n');
}

/* What weir writes; who asks for another deed, of which there is no line either, has mistyped it.
 */
/* On another machine it has records that let somebody ask. */
static bool has_records(const struct session *session)
{
    return session->gateway || session->records[FRONT_MAIL] || session->records[FRONT_FEED];
}

/* Of no line that was found. */
static int tell_of_none(const struct session *session, const struct audit_filter *filter)
{
    char why[AUDIT_WHY_SIZE];
    bool any = filter->who || filter->subject || filter->since_s || filter->until_s || filter->what;
    if (!audit_may_be(filter, why))
        return session_usage("audit: %s", why);
    if (!session->json)
        puts(!has_records(session) ? "there are no records yet"
             : any                 ? "no line matches"
                                   : "nothing was done");
    return EX_OK;
}

static int list(struct session *session, const struct audit_filter *filter)
{
    struct error error = {0};
    struct audit_list found = {0};
    int status = session_configure(session);
    for (int front = 0; status == EX_OK && front < FRONTS; front++)
        if (!audit_list_read(session, (enum front)front, filter, &found, &error))
            status = session_complain(&error);
    audit_list_merge(&found, filter->most);
    for (size_t i = 0; status == EX_OK && i < found.count; i++)
        print_line(session, &found.items[i]);
    if (status == EX_OK && !found.count)
        status = tell_of_none(session, filter);
    audit_list_clear(&found);
    return status;
}

/* --- on another machine --- */

#define PAGE 1000

static char *path_of(const struct audit_filter *filter, const char *since, const char *until,
                     size_t most, const char *after)
{
    char *path = NULL, limit[24];
    size_t length;
    bool first = true;
    FILE *out = open_memstream(&path, &length);
    snprintf(limit, sizeof limit, "%zu", most);
    fputs("audit", out);
    remote_put_parameter(out, &first, "who", filter->who);
    remote_put_parameter(out, &first, "what", filter->what);
    remote_put_parameter(out, &first, "subject", filter->subject);
    remote_put_parameter(out, &first, "since", since);
    remote_put_parameter(out, &first, "until", until);
    remote_put_parameter(out, &first, "limit", limit);
    remote_put_parameter(out, &first, "after", after && *after ? after : NULL);
    fclose(out);
    return path;
}

/* How many there were. */
static size_t print_page(const struct session *session, const json_t *page)
{
    const json_t *items = json_object_get(page, "items");
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        struct audit_listed line = {.time_s = json_integer_value(json_object_get(item, "time")),
                                    .who = (char *)(uintptr_t)remote_text(item, "who"),
                                    .what = (char *)(uintptr_t)remote_text(item, "what"),
                                    .subject = (char *)(uintptr_t)remote_text(item, "subject")};
        if (session->json)
            remote_print_json(item);
        else
            print_line(session, &line);
    }
    return json_array_size(items);
}

static int list_remote(struct session *session, const struct audit_filter *filter,
                       const char *since, const char *until)
{
    struct error error = {0};
    struct remote *remote = remote_open(session->gateway, &error);
    json_t *page = NULL;
    size_t left = filter->most, shown = 0;
    bool good = remote != NULL, more = good;
    while (more) {
        char *path = path_of(filter, since, until, left < PAGE ? left : PAGE,
                             page ? remote_text(page, "next") : NULL);
        json_decref(page);
        page = remote_call(remote, false, path, &error);
        free(path);
        good = page != NULL;
        size_t count = good ? print_page(session, page) : 0;
        shown += count;
        left -= count < left ? count : left;
        more = count && left && *remote_text(page, "next") && !ferror(stdout);
    }
    json_decref(page);
    remote_close(remote);
    if (!good)
        return session_complain(&error);
    return shown ? EX_OK : tell_of_none(session, filter);
}

/* --- following --- */

struct following {
    struct session *session;
    struct audit_filter filter;
};

static int follow_audit(void *context, enum front front, int64_t *last, bool first)
{
    struct session *session = ((struct following *)context)->session;
    struct audit_filter filter = ((struct following *)context)->filter;
    struct error error = {0};
    struct audit_list found = {0};
    int status = session_open_records(session, front);
    if (status != EX_OK || !session->records[front])
        return status;
    if (first)
        return records_audit_last(session->records[front], last, &error) ? EX_OK
                                                                         : session_complain(&error);
    filter.after_id = *last;
    filter.by_id = true;
    if (!audit_list_read(session, front, &filter, &found, &error))
        status = session_complain(&error);
    for (size_t i = 0; i < found.count; i++) {
        print_line(session, &found.items[i]);
        *last = found.items[i].id;
    }
    audit_list_clear(&found);
    return status;
}

/* --- the command --- */

static int run(struct session *session, int count, char **arguments)
{
    struct audit_filter filter = {.most = LIMIT_USUAL};
    struct error error = {0};
    const char *since = NULL, *until = NULL, *limit = NULL;
    bool following = false;
    double number;
    const struct option_row rows[] = {{"who", &filter.who, NULL},
                                      {"what", &filter.what, NULL},
                                      {"subject", &filter.subject, NULL},
                                      {"since", &since, NULL},
                                      {"until", &until, NULL},
                                      {"limit", &limit, NULL},
                                      {"follow", NULL, &following},
                                      {NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count)
        return session_usage("audit takes options only; \"%s\" is none", arguments[0]);
    if (!period_read(since, time(NULL), &filter.since_s, &error) ||
        !period_read(until, time(NULL), &filter.until_s, &error))
        return session_usage("audit: %s", error.message);
    if (limit) {
        if (!session_number("--limit", limit, 1, LIMIT_MAX, &number))
            return EX_USAGE;
        filter.most = (size_t)number;
    }
    if (session->gateway && following)
        return session_usage("audit --follow works on its own machine only");
    if (session->gateway)
        return list_remote(session, &filter, since, until);
    return following ? follow(follow_audit, &(struct following){session, filter})
                     : list(session, &filter);
}

const struct command command_audit = {
    "audit",
    run,
    "audit [--who NAME] [--what DEED] [--subject WHAT] [--since WHEN] [--until WHEN] [--limit N] "
    "[--follow]",
    "who did what, when, newest first",
    "Deeds with weirctl and the console: release, confirm, delete and undo of m12 and f7; set, "
    "pin,\n"
    "learned and forget of reputations, whose subject is \"link-domain evil.example\"; user-add,\n"
    "user-password, user-token, user-role and user-remove of who may use the console; logins and\n"
    "what was refused. All filters have to agree.\n\n"
    "--who NAME      by that user\n"
    "--what DEED     that deed\n"
    "--subject WHAT  to what has that in its name: m12, \"link-domain evil.example\", example\n"
    "--since WHEN    since then, and --until before: 90m, 24h, 7d or 2w ago, or a day\n"
    "--limit N       so many at most (50)\n"
    "--follow        print what is done from now on, until stopped\n\n"
    "With --gateway URL it is the audit of another machine, over its weir-console, of an admin "
    "there.\n",
};
