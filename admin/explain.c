#include "admin/commands.h"

#include "admin/records_text.h"
#include "admin/tune.h"
#include "admin/tune_show.h"

/* The numbers in force now may be others than those it was judged by. */
static void tell_tuned(struct session *session, const char *channel, const char *evidence)
{
    struct tune_state state;
    if (session_open_counts(session) == EX_OK && tune_load(session, &state, NULL)) {
        tune_show_part(session->config, &state.tuning, channel, evidence);
        tune_state_clear(&state);
    }
}

static int explain_held(struct session *session, const char *id)
{
    struct found found;
    int status = records_text_find(session, id, &found);
    if (status == EX_OK && session->json)
        records_text_held_json(found.front, found.held, false);
    else if (status == EX_OK) {
        records_text_held(found.front, found.held, false);
        tell_tuned(session, found.held->channel, found.held->evidence);
    }
    records_text_clear(&found);
    return status;
}

/* Looks in the history of both fronts. */
static int explain_history(struct session *session, const char *id)
{
    struct error error = {0};
    error_set(&error, ERROR_INPUT, "%s: nothing is recorded under this id", id);
    for (int front = FRONT_MAIL; front < FRONTS; front++) {
        int status = session_open_records(session, (enum front)front);
        if (status != EX_OK)
            return status;
        if (!session->records[front])
            continue;
        struct history_entry *entry = records_history_find(session->records[front], id, &error);
        if (!entry)
            continue;
        if (session->json)
            records_text_history_json(entry);
        else {
            records_text_history(entry);
            tell_tuned(session, entry->channel, entry->evidence);
        }
        history_entry_free(entry);
        return EX_OK;
    }
    return session_complain(&error);
}

static int run(struct session *session, int count, char **arguments)
{
    const struct option_row rows[] = {{NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (!count)
        return session_usage("explain: which id?");
    int worst = EX_OK;
    for (int i = 0; i < count; i++) {
        enum front front;
        int64_t number;
        status = records_text_is_held_id(arguments[i], &front, &number)
                     ? explain_held(session, arguments[i])
                     : explain_history(session, arguments[i]);
        worst = status > worst ? status : worst;
    }
    return worst;
}

const struct command command_explain = {
    "explain",
    run,
    "explain ID…",
    "why was it judged so?",
    "Prints the verdict on a message or item with every reason for it: tokens of the content, "
    "checks\n"
    "and reputations, largest first, with their log-odds and, in brackets, their symbols. ID is "
    "that\n"
    "of something held (m12, f7), a queue id, or the start (6 digits or more) of a document id, "
    "as\n"
    "in X-Weir-Id.\n",
};
