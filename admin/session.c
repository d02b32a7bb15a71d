#include "admin/session.h"

#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/documents.h"
#include "core/outbox.h"
#include "core/scoring.h"
#include "store/memory.h"

const char *const session_streams[FRONTS] = {[FRONT_MAIL] = "mail", [FRONT_FEED] = "feeds"};
const char *session_program = "weirctl";

int session_complain(const struct error *error)
{
    static const int codes[] = {[ERROR_NONE] = EX_SOFTWARE,
                                [ERROR_INPUT] = EX_DATAERR,
                                [ERROR_SYSTEM] = EX_IOERR,
                                [ERROR_NETWORK] = EX_TEMPFAIL,
                                [ERROR_BUG] = EX_SOFTWARE};
    fprintf(stderr, "%s: %s\n", session_program, error->message);
    return codes[error->class];
}

int session_complain_input(const struct error *error)
{
    int status = session_complain(error);
    return status == EX_IOERR ? EX_NOINPUT : status;
}

int session_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("weirctl: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs(" (see weirctl help)\n", stderr);
    va_end(arguments);
    return EX_USAGE;
}

int session_configure(struct session *session)
{
    struct error error = {0};
    if (session->gateway)
        return session_usage(
            "this works on its own machine only; held, undo, learn, reputation, feeds, rules and "
            "audit work with --gateway");
    if (session->config)
        return EX_OK;
    const char *path = session->config_path ? session->config_path : config_default_path();
    const char *named = session->config_path ? session->config_path : getenv("WEIR_CONFIG");
    if (!(named && *named) && access(path, F_OK) != 0)
        session->config = config_defaults();
    else
        session->config = config_read(path, &error);
    if (session->config)
        return EX_OK;
    session_complain(&error);
    return EX_CONFIG;
}

/* What cannot be sent waits on; the command itself will find out that the store is away. */
static void drain_journal(struct session *session, struct journal *journal)
{
    struct outbox_sums sums = {0};
    struct error error = {0};
    if (!journal_is_busy(journal))
        return;
    struct outbox *outbox = outbox_new(session->store, journal, NULL);
    if (outbox_drain(outbox, &sums, &error) && sums.drained)
        fprintf(stderr, "%s: taught %zu lesson%s that waited in %s\n", session_program,
                sums.drained, sums.drained == 1 ? "" : "s", journal_path(journal));
    outbox_free(outbox);
}

/* Lessons of either front go out with whatever is done next. */
static void open_journals(struct session *session)
{
    const struct config *config = session->config;
    for (int front = 0; front < FRONTS; front++) {
        const char *path = front == FRONT_MAIL ? config->journal.mail : config->journal.feeds;
        session->journals[front] =
            journal_new(path, config->journal.size_limit_bytes, config->journal.resend_window_s);
        drain_journal(session, session->journals[front]);
    }
}

int session_open_counts(struct session *session)
{
    struct error error = {0};
    int status = session_configure(session);
    if (status != EX_OK)
        return status;
    if (session->store) {
        session->journal = session->journals[session->front];
        return EX_OK;
    }
    const struct counts_options options = {.timeout_ms = session->config->counts_timeout_ms,
                                           .key_prefix = session->config->counts_prefix};
    session->store = counts_open(session->config->counts_url, &options, &error);
    if (!session->store) {
        session_complain(&error);
        return EX_CONFIG;
    }
    counts_use_table(session->store, &session->config->reputations);
    open_journals(session);
    session->journal = session->journals[session->front];
    return EX_OK;
}

void session_teach_for(struct session *session, enum front front)
{
    session->front = front;
}

/* What is counted from now on decays by the half-lives in force. */
static void use_table(void *context)
{
    const struct session *session = context;
    const struct judge judge = {.tuning = session->tuning};
    struct scoring scoring;
    judge_scoring(&judge, session->config, &scoring);
    counts_use_table(session->store, &scoring.reputations);
}

bool session_open_replica(struct session *session, struct error *error)
{
    unsigned char key[COUNTS_KEY_BYTES];
    if (!session->replica) {
        session->replica = replica_new(session->store, NULL);
        session->tuning = live_tuning_new(NULL);
        replica_follow_tuning(session->replica, session->tuning, use_table, session);
        for (int front = 0; front < FRONTS; front++) {
            if (journal_known_key(session->journals[front], key))
                replica_propose_key(session->replica, key);
        }
    }
    return replica_catch_up(session->replica, error);
}

bool session_reputations(struct session *session, struct reputation_table *table,
                         struct error *error)
{
    struct counts_settings settings;
    struct tuning tuning;
    struct scoring scoring;
    json_t *whole = NULL;
    if (!counts_settings_load(session->store, &settings, error))
        return false;
    bool good = tuning_read((struct span){settings.length ? settings.text : "", settings.length},
                            &tuning, &whole, error);
    counts_settings_clear(&settings);
    json_decref(whole);
    if (!good)
        return false;
    scoring_make(&scoring, session->config, &tuning);
    *table = scoring.reputations;
    counts_use_table(session->store, table);
    return true;
}

static const char *records_path(const struct session *session, enum front front)
{
    return front == FRONT_MAIL ? session->config->records_mail : session->config->records_feeds;
}

static bool has_records(const struct session *session, enum front front)
{
    return access(records_path(session, front), F_OK) == 0 || errno != ENOENT;
}

int session_open_records(struct session *session, enum front front)
{
    struct error error = {0};
    int status = session_configure(session);
    if (status != EX_OK || session->records[front] || !has_records(session, front))
        return status;
    const char *path = records_path(session, front);
    session->records[front] = records_open(path, &error);
    return session->records[front] ? EX_OK : session_complain(&error);
}

/* What somebody else made in a directory that does not give files its group could not be written by
 * the daemon. */
static bool may_make_records(const char *path, struct error *error)
{
    struct stat status;
    char *copy = memory_text(path);
    const char *directory = dirname(copy);
    bool good = geteuid() == 0 || stat(directory, &status) != 0 || status.st_uid == geteuid() ||
                (status.st_mode & S_ISGID) ||
                error_set(error, ERROR_SYSTEM,
                          "%s: there are no records yet; run as root, or as whom %s belongs to",
                          path, directory);
    free(copy);
    return good;
}

struct records *session_audit_records(struct session *session, struct error *error)
{
    bool mail = has_records(session, FRONT_MAIL), feeds = has_records(session, FRONT_FEED);
    enum front front = !mail && feeds ? FRONT_FEED : FRONT_MAIL;
    const char *path = records_path(session, front);
    struct records **records = &session->records[front];
    if (!*records && (mail || feeds || may_make_records(path, error)))
        *records = records_open(path, error);
    return *records;
}

bool session_audit(struct session *session, const char *who, const char *what, const char *subject,
                   struct error *error)
{
    struct records *records = session_audit_records(session, error);
    return records && records_audit(records, who, what, subject, error);
}

int session_add_paths(struct documents *documents, const char *list, int count, char **paths)
{
    int worst = EX_OK;
    for (int i = list ? -1 : 0; i < count; i++) {
        struct error error = {0};
        bool added = i < 0 ? documents_add_list(documents, list, &error)
                           : documents_add(documents, paths[i], &error);
        int status = added ? EX_OK : session_complain_input(&error);
        worst = status > worst ? status : worst;
    }
    return worst;
}

const char *session_user(void)
{
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    if (sudo && *sudo)
        return sudo;
    const struct passwd *entry = getpwuid(getuid());
    return entry ? entry->pw_name : "unknown";
}

void session_close(struct session *session)
{
    for (int i = 0; i < FRONTS; i++)
        records_close(session->records[i]);
    replica_free(session->replica);
    live_tuning_free(session->tuning);
    for (int i = 0; i < FRONTS; i++)
        journal_free(session->journals[i]);
    counts_close(session->store);
    config_release(session->config);
}

int session_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EX_OK;
    fputs("weirctl: the output could not be written\n", stderr);
    return EX_IOERR;
}

/* The row that `word` names, with what follows '=' (NULL: nothing) in `attached`. */
static const struct option_row *find_row(const struct option_row *rows, const char *word,
                                         const char **attached)
{
    size_t length = strcspn(word, "=");
    *attached = word[length] ? word + length + 1 : NULL;
    for (; rows->name; rows++) {
        if (strlen(rows->name) == length && !strncmp(rows->name, word, length))
            return rows;
    }
    return NULL;
}

static bool is_number(const char *word)
{
    return word[0] == '-' && word[1] && strchr("0123456789.", word[1]);
}

static int take_value(const struct option_row *row, const char *value)
{
    if (!*value && !row->flag)
        return session_usage("option --%s wants a value, and was given an empty one", row->name);
    if (!*value)
        *row->flag = true;
    *row->value = value;
    return EX_OK;
}

int session_options(struct session *session, const struct option_row *rows, int *count,
                    char **arguments)
{
    const struct option_row global[] = {{"config", &session->config_path, NULL},
                                        {"gateway", &session->gateway, NULL},
                                        {"json", NULL, &session->json},
                                        {NULL, NULL, NULL}};
    int kept = 0, i = 0;
    for (; i < *count; i++) {
        char *word = arguments[i];
        const char *attached;
        if (!strcmp(word, "--")) {
            i++;
            break;
        }
        if (word[0] != '-' || !word[1] || is_number(word)) {
            arguments[kept++] = word;
            continue;
        }
        const struct option_row *row = NULL;
        if (word[1] == '-') {
            row = find_row(rows, word + 2, &attached);
            row = row ? row : find_row(global, word + 2, &attached);
        }
        if (!row || (!row->value && attached))
            return session_usage("unknown option %s", word);
        if (row->value && !attached && i + 1 == *count)
            return session_usage("option %s wants a value", word);
        if (!row->value)
            *row->flag = true;
        else if (take_value(row, attached ? attached : arguments[++i]) != EX_OK)
            return EX_USAGE;
    }
    while (i < *count)
        arguments[kept++] = arguments[i++];
    *count = kept;
    return EX_OK;
}

bool session_number(const char *name, const char *text, double least, double most, double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end != text && !*end && isfinite(*number) && *number >= least && *number <= most)
        return true;
    session_usage("%s: \"%s\" is not a number from %g to %g", name, text, least, most);
    return false;
}

bool session_whole_number(const char *name, const char *text, double least, double most,
                          double *number)
{
    if (!session_number(name, text, least, most, number))
        return false;
    if (*number == floor(*number))
        return true;
    session_usage("%s: \"%s\" is not a whole number", name, text);
    return false;
}

bool session_choice(const char *name, const char *word, const char *const *choices, size_t *which)
{
    char all[200] = "";
    *which = 0;
    for (size_t i = 0; word && choices[i]; i++) {
        if (!strcmp(word, choices[i])) {
            *which = i;
            return true;
        }
        size_t length = strlen(all);
        snprintf(all + length, sizeof all - length, "%s%s",
                 !i               ? ""
                 : choices[i + 1] ? ", "
                                  : " or ",
                 choices[i]);
    }
    if (word)
        session_usage("%s is %s, not \"%s\"", name, all, word);
    return !word;
}
