#include "admin/commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/records_text.h"
#include "admin/tune.h"
#include "admin/tune_show.h"
#include "admin/tune_suggest.h"

#define LISTED 20
#define LISTED_MOST 100000
#define PIN_TEXT 600

struct request {
    struct session *session;
    struct tune_state state;
    struct tune_change change;
    bool apply, undo, suggest, all;
    bool asked;  /* for any change */
    bool guards; /* with the version of the settings that was seen: */
    uint64_t seen;
    size_t limit;                           /* verdicts that are listed, of each front */
    char pins[TUNE_PINS_MAX + 1][PIN_TEXT]; /* as typed: the configuration says how to read them */
    size_t pin_count;
};

/* --- words on the command line --- */

/* "--weight X=1", "--weight=X=1", "--pin TYPE VALUE=N"; how many words were taken, 0: none of
 * ours; -1: said so. */
static int take_option(struct request *request, int count, char **words)
{
    static const char *const kinds[] = {"threshold", "cost",     "weight", "disable", "half-life",
                                        "base-rate", "strength", "reset",  "pin"};
    struct error error = {0};
    size_t length = strcspn(words[0] + 2, "=");
    bool attached = words[0][2 + length] == '=';
    const char *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i]) == length && !strncmp(words[0] + 2, kinds[i], length))
            kind = kinds[i];
    if (!kind)
        return 0;
    bool is_pin = !strcmp(kind, "pin");
    int wanted = (attached ? 1 : 2) + (is_pin ? 1 : 0);
    if (count < wanted) {
        session_usage("option --%s wants %s", kind, is_pin ? "TYPE VALUE=LOG-ODDS" : "a value");
        return -1;
    }
    char text[PIN_TEXT];
    const char *first = attached ? words[0] + 3 + length : words[1];
    snprintf(text, sizeof text, "%s%s%s", first, is_pin ? " " : "",
             is_pin ? words[wanted - 1] : "");
    request->asked = true;
    if (is_pin && request->pin_count <= TUNE_PINS_MAX) {
        strcpy(request->pins[request->pin_count++], text);
        return wanted;
    }
    if (tune_change_add(&request->change, NULL, kind, text, &error))
        return wanted;
    session_usage("%s", error.message);
    return -1;
}

static int take_pins(struct request *request)
{
    struct error error = {0};
    int status = session_configure(request->session);
    for (size_t i = 0; i < request->pin_count && status == EX_OK; i++)
        if (!tune_change_add(&request->change, request->session->config, "pin", request->pins[i],
                             &error))
            status = session_usage("%s", error.message);
    return status;
}

/* Takes our own options, each as often as it comes, and leaves the rest to session_options(). */
static int take_options(struct request *request, int *count, char **words)
{
    int kept = 0;
    const char *limit = NULL, *seen = NULL;
    double number = LISTED;
    for (int i = 0; i < *count;) {
        int taken = strncmp(words[i], "--", 2) ? 0 : take_option(request, *count - i, words + i);
        if (taken < 0)
            return EX_USAGE;
        if (!taken)
            words[kept++] = words[i++];
        i += taken;
    }
    *count = kept;
    const struct option_row rows[] = {{"apply", NULL, &request->apply},
                                      {"undo", NULL, &request->undo},
                                      {"suggest", NULL, &request->suggest},
                                      {"all", NULL, &request->all},
                                      {"limit", &limit, NULL},
                                      {"seen", &seen, NULL},
                                      {NULL, NULL, NULL}};
    int status = session_options(request->session, rows, count, words);
    if (status != EX_OK)
        return status;
    if (limit && !session_number("--limit", limit, 0, LISTED_MOST, &number))
        return EX_USAGE;
    request->limit = (size_t)number;
    request->guards = seen != NULL;
    if (seen && !session_number("--seen", seen, 0, 1e15, &number))
        return EX_USAGE;
    request->seen = (uint64_t)number;
    return EX_OK;
}

/* --- preview --- */

static void print_moved(const struct tune_moved *moved)
{
    const struct history_entry *entry = moved->entry;
    const struct replayed *replayed = &moved->replayed;
    char when[32] = "?", move[32];
    if (entry)
        records_text_time(entry->time_s, when);
    snprintf(move, sizeof move, "%s -> %s", action_name(replayed->before),
             action_name(replayed->after));
    printf("  %s  %s  %-16s %+5.1f -> %+5.1f  ", when, moved->front == FRONT_MAIL ? "mail" : "feed",
           move, replayed->log_odds_before, replayed->log_odds_after);
    if (entry) {
        records_text_start(*entry->sender ? entry->sender : "<>");
        fputs("  ", stdout);
        records_text_start(entry->subject);
        fputs("  [", stdout);
        records_text_plain(entry->reference);
        putchar(']');
    }
    if (replayed->corrected)
        printf("  (a person said %s: %s)", replayed->label == LABEL_SPAM ? "spam" : "ham",
               replay_mends(replayed->before, replayed->after, replayed->label) ? "mended"
                                                                                : "spoiled");
    putchar('\n');
}

static void print_preview(const struct tune_preview *preview, size_t limit)
{
    struct replay_sums all = tune_preview_all(preview);
    records_text_plain(*preview->what ? preview->what : "nothing is changed by this");
    putchar('\n');
    if (!all.verdicts) {
        puts("no evidence of past verdicts is kept on this machine yet: nothing to try it on");
        return;
    }
    printf("of %zu past verdicts (%zu of mail, %zu of feed items) %zu would change\n", all.verdicts,
           preview->sums[FRONT_MAIL].verdicts, preview->sums[FRONT_FEED].verdicts, all.changed);
    for (int from = 0; from < ACTIONS; from++)
        for (int to = 0; to < ACTIONS; to++)
            if (all.moved[from][to])
                printf("%6zu  %s -> %s\n", all.moved[from][to], action_name((enum action)from),
                       action_name((enum action)to));
    if (all.moved_since)
        printf("%zu have another action already, by what was pinned, set or taken back since\n",
               all.moved_since);
    if (all.corrected)
        printf("a person had judged %zu of them all: %zu mistakes mended, %zu made\n",
               all.corrected, all.mended, all.spoiled);
    if (all.damaged)
        printf("%zu could not be read\n", all.damaged);
    for (size_t i = 0; i < preview->moved_count && i < limit; i++)
        print_moved(&preview->moved[i]);
    if (all.changed > preview->moved_count || preview->moved_count > limit)
        puts("  …");
}

static void print_preview_json(const struct request *request, const struct tune_preview *preview)
{
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    json_put_integer(&json, "version", (int64_t)request->state.version);
    tune_preview_put(&json, preview);
    json_put_bool(&json, "applied", request->apply);
    json_put_close(&json, '}');
    json_put_newline(&json);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

static int preview_and_apply(struct request *request)
{
    struct session *session = request->session;
    struct error error = {0}, warning = {0};
    struct tune_preview preview;
    char *what = NULL;
    if (!tune_preview(session, &request->state, &request->change, request->limit, &preview, &error))
        return session_complain(&error);
    int status = EX_OK;
    if (request->apply && !tune_apply(session, &request->state, &request->change, session_user(),
                                      &what, &warning, &error))
        status = session_complain(&error);
    else if (session->json)
        print_preview_json(request, &preview);
    else
        print_preview(&preview, request->limit);
    if (*preview.warning && !session->json)
        fprintf(stderr, "weirctl: warning: %s\n", preview.warning);
    if (warning.class != ERROR_NONE)
        session_complain(&warning);
    if (status == EX_OK && !session->json)
        puts(request->apply ? "applied; weirctl tune --undo takes it back"
                            : "nothing is changed yet: --apply does it");
    free(what);
    tune_preview_clear(&preview);
    return status;
}

static int suggest(struct request *request)
{
    struct error error = {0};
    if (!tune_suggest(request->session, &request->state, &request->change, &error))
        return session_complain(&error);
    return preview_and_apply(request);
}

static int undo(struct request *request)
{
    struct session *session = request->session;
    struct error error = {0}, warning = {0};
    char *what;
    if (!tune_undo(session, &request->state, session_user(), &what, &warning, &error))
        return session_complain(&error);
    if (warning.class != ERROR_NONE)
        session_complain(&warning);
    if (session->json) {
        struct json_writer json = {0};
        json_put_open(&json, NULL, '{');
        json_put_string(&json, "undone", span_of(what));
        json_put_close(&json, '}');
        json_put_newline(&json);
        json_writer_flush(&json, stdout);
        json_writer_free(&json);
    } else {
        fputs("taken back: ", stdout);
        records_text_plain(what);
        putchar('\n');
    }
    free(what);
    return EX_OK;
}

/* --- show --- */

static void show_change(const json_t *change)
{
    char when[32];
    const char *who = json_string_value(json_object_get(change, "who"));
    const char *what = json_string_value(json_object_get(change, "what"));
    int64_t time_s = json_integer_value(json_object_get(change, "time_s"));
    printf("  %s  %s  ", records_text_time(time_s, when), who ? who : "?");
    records_text_plain(what ? what : "?");
    putchar('\n');
}

static int show_json(const struct request *request)
{
    json_t *whole = json_copy(request->state.whole);
    json_object_set_new(whole, "version", json_integer((json_int_t)request->state.version));
    char *text = json_dumps(whole, JSON_COMPACT | JSON_REAL_PRECISION(15));
    puts(text ? text : "{}");
    free(text);
    json_decref(whole);
    return EX_OK;
}

/* What is in force, and the last changes. */
static int show(const struct request *request)
{
    size_t i;
    json_t *change;
    if (request->session->json)
        return show_json(request);
    tune_show_numbers(request->session->config, &request->state.tuning, request->all);
    if (json_array_size(json_object_get(request->state.whole, "changes")))
        puts("changes, newest first:");
    json_array_foreach(json_object_get(request->state.whole, "changes"), i, change)
        show_change(change);
    return EX_OK;
}

/* --- all of it --- */

static int open_all(struct request *request)
{
    struct session *session = request->session;
    struct error error = {0};
    int status = session_open_counts(session);
    for (int front = 0; front < FRONTS && status == EX_OK; front++)
        status = session_open_records(session, (enum front)front);
    if (status != EX_OK)
        return status;
    if (!tune_load(session, &request->state, &error) ||
        (request->guards && !tune_is_seen(&request->state, request->seen, &error)))
        return session_complain(&error);
    return EX_OK;
}

static int dispatch(struct request *request, bool shows)
{
    int status = open_all(request);
    if (status != EX_OK)
        return status;
    if (shows)
        return show(request);
    if (request->undo)
        return undo(request);
    return request->suggest ? suggest(request) : preview_and_apply(request);
}

static int run(struct session *session, int count, char **arguments)
{
    static struct request storage;
    struct request *request = &storage;
    request->session = session;
    tune_change_begin(&request->change);
    int status = take_options(request, &count, arguments);
    if (status != EX_OK)
        return status;
    bool shows = count == 1 && !strcmp(arguments[0], "show");
    if (count && !shows)
        return session_usage("tune: what is \"%.60s\"?", arguments[0]);
    if (shows + request->undo + (request->asked || request->suggest) != 1)
        return session_usage("tune: show, --undo, --suggest, or which change?");
    if ((shows || request->undo) && request->apply)
        return session_usage("tune: --apply goes with a change");
    if ((status = take_pins(request)) != EX_OK)
        return status;
    status = dispatch(request, shows);
    tune_state_clear(&request->state);
    return status;
}

const struct command command_tune = {
    "tune",
    run,
    "tune CHANGE… [--limit N] [--apply]\n"
    "tune --suggest [--cost hold=N] [CHANGE…] [--apply]\n"
    "tune --undo\n"
    "tune show [--all]",
    "try other thresholds and weights on what is past, and apply them",
    "Tells which past verdicts would be others, from the evidence that the records keep, and how\n"
    "many of those a person had judged; --apply puts the change in force on all gateways of the\n"
    "counts store, within about two seconds and without a restart. It lies over the\n"
    "configuration file. Changes, as many as you like at once:\n\n"
    "--threshold hold=0.9         of both fronts, or mail.hold, feed.hold; tag, reject; never\n"
    "--cost hold=99               one good document wrongly held is worth 99 spams let through\n"
    "--weight LINK_FARM=1.5       of a check: its log-odds at full strength; of CONTENT and\n"
    "                             REPUTATION_…: a factor (1: as it is)\n"
    "--disable LINK_FARM          the same with 0\n"
    "--half-life link-domain=30d  of the counts of reputations\n"
    "--base-rate link-domain=0.4  share of spam that is expected of one never seen\n"
    "--strength link-domain=2     of that expectation, in lessons\n"
    "--pin link-domain example.org=-2\n"
    "--reset LINK_FARM            back to what the configuration file says\n\n"
    "--limit N  lists so many of the verdicts that would change, of each front (20)\n"
    "--seen N   goes on only if the settings are still of version N, as --json told it\n"
    "--suggest  proposes the weights and the threshold that corrections by people favour; a "
    "CHANGE\n"
    "           that is given besides stands\n"
    "--undo     takes the last change back, and says which\n"
    "show       what is in force, and where it comes from; --all: every number\n",
};
