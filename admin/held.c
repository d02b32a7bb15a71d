#include "admin/commands.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/held_remote.h"
#include "admin/records_text.h"
#include "admin/review.h"
#include "core/text.h"
#include "core/url.h"

#define BIT(state) (1u << (state))
#define LISTED (BIT(HELD_PENDING) | BIT(HELD_HELD) | BIT(HELD_RELEASE_REQUESTED))

/* Says what came of it; the exit code. */
static int tell(const struct session *session, const struct found *found, enum review_deed deed,
                const struct review_outcome *outcome)
{
    char what[64];
    const char *state = held_state_name(outcome->state);
    if (outcome->impossible) {
        fprintf(stderr, "weirctl: %s: cannot %s it, it is %s\n", found->id, review_name(deed),
                state);
        return EX_DATAERR;
    }
    if (outcome->changed)
        snprintf(what, sizeof what, "%s", outcome->said);
    else
        snprintf(what, sizeof what, "%s already%s", state,
                 outcome->taught ? "; its lesson is taught now" : "");
    if (session->json)
        records_text_outcome_json(found->id, state, outcome->changed);
    else
        printf("%s: %s\n", found->id, what);
    if (outcome->lesson_waits)
        fprintf(stderr, "weirctl: %s: %s; its lesson waits in %s and is taught when it is back\n",
                found->id, outcome->store_trouble, journal_path(session->journal));
    if (outcome->trouble.class == ERROR_NONE)
        return EX_OK;
    struct error error = outcome->trouble;
    error_prefix(&error, "%s", found->id);
    return session_complain(&error);
}

static int do_deed(struct session *session, enum review_deed deed, int count, char **ids)
{
    int worst = EX_OK;
    if (!count)
        return session_usage("held %s: which ids?", review_name(deed));
    if (session->gateway)
        return held_remote_do(session, review_name(deed), count, ids);
    for (int i = 0; i < count; i++) {
        struct error error = {0};
        struct review_outcome outcome;
        struct found found;
        int status = records_text_find(session, ids[i], &found);
        if (status == EX_OK)
            status =
                review_do(session, found.front, &found.held, deed, session_user(), &outcome, &error)
                    ? tell(session, &found, deed, &outcome)
                    : session_complain(&error);
        records_text_clear(&found);
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* --- list and show --- */

struct list_context {
    struct session *session;
    enum front front;
    size_t count;
};

static bool print_listed(void *context, const struct held *held)
{
    struct list_context *list = context;
    list->count++;
    if (list->session->json)
        records_text_held_json(list->front, held, false);
    else
        records_text_held_line(list->front, held);
    return true;
}

static int list(struct session *session, unsigned states)
{
    struct list_context context = {session, FRONT_MAIL, 0};
    int worst = session_configure(session);
    if (worst != EX_OK)
        return worst;
    for (int front = FRONT_MAIL; front < FRONTS; front++) {
        struct error error = {0};
        int status = session_open_records(session, (enum front)front);
        context.front = (enum front)front;
        if (status == EX_OK && session->records[front] &&
            !records_held_list(session->records[front], states, print_listed, &context, &error))
            status = session_complain(&error);
        worst = status > worst ? status : worst;
    }
    if (!context.count && !session->json && worst == EX_OK)
        puts("nothing is held");
    return worst;
}

static int show(struct session *session, int count, char **ids)
{
    int worst = EX_OK;
    if (!count)
        return session_usage("held show: which ids?");
    if (session->gateway)
        return held_remote_show(session, count, ids);
    text_init();
    url_init();
    for (int i = 0; i < count; i++) {
        struct found found;
        int status = records_text_find(session, ids[i], &found);
        if (status == EX_OK && session->json)
            records_text_held_json(found.front, found.held, true);
        else if (status == EX_OK)
            records_text_held(found.front, found.held, true);
        records_text_clear(&found);
        worst = status > worst ? status : worst;
    }
    return worst;
}

static int run(struct session *session, int count, char **arguments)
{
    bool all = false;
    const char *state_name = NULL;
    enum held_state state;
    const struct option_row rows[] = {
        {"all", NULL, &all}, {"state", &state_name, NULL}, {NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    const char *verb = count ? arguments[0] : "";
    if (!strcmp(verb, "list")) {
        if (count > 1)
            return session_usage("held list takes no ids; see held show");
        if (state_name && !held_state_from_name(state_name, &state))
            return session_usage("held list: there is no state \"%s\"", state_name);
        if (session->gateway)
            return held_remote_list(session, state_name ? state_name : all ? "all" : "open");
        return list(session, state_name ? BIT(state) : all ? BIT(HELD_STATES) - 1 : LISTED);
    }
    if (!strcmp(verb, "show"))
        return show(session, count - 1, arguments + 1);
    enum review_deed deed;
    if (review_find(verb, &deed))
        return do_deed(session, deed, count - 1, arguments + 1);
    return session_usage("held: list, show, release, confirm or delete?");
}

const struct command command_held = {
    "held",
    run,
    "held list [--all | --state STATE]\n"
    "held show ID…\n"
    "held release ID…\n"
    "held confirm ID…\n"
    "held delete ID…",
    "review what is held",
    "IDs are m12 (mail) and f7 (feed items), as list prints them; a queue id does as well.\n\n"
    "list     what waits for review; with --all everything, with --state what is in one state:\n"
    "         pending, held, release-requested, released, confirmed, delete-requested, deleted,\n"
    "         gone, superseded\n"
    "show     everything that is known of it, and why it was held\n"
    "release  deliver it, and teach it as ham; weir-release does that for mail, within a second\n"
    "confirm  it is spam: teach it; it stays where it is until it is deleted\n"
    "delete   do away with it, once held.undo has passed\n\n"
    "With --gateway URL all of this is done on another machine, over its weir-console; see "
    "weirctl(1)."
    "\n\n"
    "Asked again, a command says so and changes nothing. While the counts store is away the "
    "lesson\n"
    "waits in the journal. When that is full the rest is done all the same, and the exit code is\n"
    "75: ask again later, and the lesson is taught.\n",
};
