#include "admin/commands.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/records_text.h"
#include "core/learn.h"
#include "core/text.h"
#include "core/url.h"

#define BIT(state) (1u << (state))
#define LISTED (BIT(HELD_PENDING) | BIT(HELD_HELD) | BIT(HELD_RELEASE_REQUESTED))

/* What an admin may do with what is held. For mail weir-release carries it out; a feed item is in
 * our own keeping. */
struct deed {
    const char *name;
    unsigned from;              /* states it can be done in */
    enum held_state to[FRONTS]; /* the state it leads to */
    unsigned done;              /* states in which it is done already, or under way */
    bool teaches;
    enum label label;
    const char *said[FRONTS]; /* after it was done */
};

static const struct deed deeds[] = {
    {"release",
     BIT(HELD_PENDING) | BIT(HELD_HELD) | BIT(HELD_CONFIRMED),
     {HELD_RELEASE_REQUESTED, HELD_RELEASED},
     BIT(HELD_RELEASE_REQUESTED) | BIT(HELD_RELEASED),
     true,
     LABEL_HAM,
     {"will be released", "released"}},
    {"confirm",
     BIT(HELD_PENDING) | BIT(HELD_HELD),
     {HELD_CONFIRMED, HELD_CONFIRMED},
     BIT(HELD_CONFIRMED),
     true,
     LABEL_SPAM,
     {"confirmed as spam", "confirmed as spam"}},
    {"delete",
     BIT(HELD_PENDING) | BIT(HELD_HELD) | BIT(HELD_CONFIRMED),
     {HELD_DELETE_REQUESTED, HELD_DELETED},
     BIT(HELD_DELETE_REQUESTED) | BIT(HELD_DELETED) | BIT(HELD_GONE),
     false,
     LABEL_HAM,
     {"will be deleted", "deleted"}},
};

/* --- the lesson in a deed --- */

/* Teaches what the record knows of the document. */
static bool teach_lesson(struct session *session, const struct found *found, enum label label,
                         struct error *error)
{
    const struct held *held = found->held;
    struct lesson *lesson = lesson_decode(held->lesson, held->lesson_length, error);
    if (!lesson)
        return false;
    struct learn_sums sums = {0};
    session_open_replica(session, error); /* a store that is away is found out again */
    struct learner *learner =
        learner_new(session->store, session->replica, "operator", TRUST_OPERATOR);
    learner_use_journal(learner, session->journal);
    bool taught =
        learner_add(learner, lesson, label, error) && learner_finish(learner, &sums, error);
    if (taught && sums.journalled)
        fprintf(stderr, "weirctl: %s: %s; its lesson waits in %s and is taught when it is back\n",
                found->id, learner_trouble(learner), journal_path(session->journal));
    learner_free(learner);
    lesson_free(lesson);
    return taught;
}

/* The record remembers what was taught, so that a lesson which failed can be asked for again. */
static int teach(struct session *session, const struct deed *deed, const struct found *found)
{
    struct error error = {0};
    int status = session_open_counts(session);
    if (status != EX_OK) {
        fprintf(stderr, "weirctl: %s: the lesson was not taught\n", found->id);
        return status;
    }
    if (!teach_lesson(session, found, deed->label, &error)) {
        error_prefix(&error, "%s: the lesson was not taught%s", found->id,
                     error.class == ERROR_NETWORK ? ", ask again later" : "");
        return session_complain(&error);
    }
    return records_held_set_taught(session->records[found->front], found->held->id, deed->label + 1,
                                   &error)
               ? EX_OK
               : session_complain(&error);
}

static void report(const struct session *session, const char *id, const char *what, bool changed)
{
    if (!session->json) {
        printf("%s: %s\n", id, what);
        return;
    }
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    json_put_string(&json, "id", span_of(id));
    json_put_bool(&json, "changed", changed);
    json_put_string(&json, "state", span_of(what));
    json_put_close(&json, '}');
    json_put_newline(&json);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

/* The record is in none of the states that `deed` starts from. */
static int do_again(struct session *session, const struct deed *deed, const struct found *found)
{
    char what[64];
    const struct held *held = found->held;
    const char *name = held_state_name(held->state);
    if (!(deed->done & BIT(held->state))) {
        fprintf(stderr, "weirctl: %s: cannot %s it, it is %s\n", found->id, deed->name, name);
        return EX_DATAERR;
    }
    bool teaches = deed->teaches && held->taught != (int)deed->label + 1;
    int status = teaches ? teach(session, deed, found) : EX_OK;
    snprintf(what, sizeof what, "%s already%s", name,
             teaches && status == EX_OK ? "; its lesson is taught now" : "");
    report(session, found->id, session->json ? name : what, false);
    return status;
}

static int do_first(struct session *session, const struct deed *deed, const struct found *found)
{
    struct error error = {0};
    enum held_state to = deed->to[found->front];
    int worst = EX_OK;
    report(session, found->id, session->json ? held_state_name(to) : deed->said[found->front],
           true);
    if (!records_audit(session->records[found->front], session_user(), deed->name, found->id,
                       &error))
        worst = session_complain(&error);
    int status = deed->teaches ? teach(session, deed, found) : EX_OK;
    return status > worst ? status : worst;
}

static int do_one(struct session *session, const struct deed *deed, struct found *found)
{
    struct error error = {0};
    struct records *records = session->records[found->front];
    int64_t id = found->held->id;
    bool moved;
    if (!records_held_move(records, id, deed->from, deed->to[found->front], &moved, &error))
        return session_complain(&error);
    if (moved)
        return do_first(session, deed, found);
    held_free(found->held);
    found->held = records_held_get(records, id, &error);
    return found->held ? do_again(session, deed, found) : session_complain(&error);
}

static int do_deed(struct session *session, const struct deed *deed, int count, char **ids)
{
    int worst = EX_OK;
    if (!count)
        return session_usage("held %s: which ids?", deed->name);
    for (int i = 0; i < count; i++) {
        struct found found;
        int status = records_text_find(session, ids[i], &found);
        if (status == EX_OK)
            status = do_one(session, deed, &found);
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
        return list(session, state_name ? BIT(state) : all ? BIT(HELD_STATES) - 1 : LISTED);
    }
    if (!strcmp(verb, "show"))
        return show(session, count - 1, arguments + 1);
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (!strcmp(verb, deeds[i].name))
            return do_deed(session, &deeds[i], count - 1, arguments + 1);
    }
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
    "delete   do away with it\n\n"
    "Asked again, a command says so and changes nothing. While the counts store is away the "
    "lesson\n"
    "waits in the journal. When that is full the rest is done all the same, and the exit code is\n"
    "75: ask again later, and the lesson is taught.\n",
};
