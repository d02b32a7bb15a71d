#include "admin/commands.h"

#include <stdio.h>

#include "admin/held_remote.h"
#include "admin/records_text.h"
#include "admin/review.h"

/* Says what came of it; the exit code. */
static int tell(const struct session *session, const struct found *found, const char *deed,
                const struct review_outcome *outcome)
{
    if (outcome->impossible) {
        fprintf(stderr, "weirctl: %s: cannot undo%s%s: %s\n", found->id, *deed ? " its " : "", deed,
                outcome->said);
        return EX_DATAERR;
    }
    if (session->json)
        records_text_outcome_json(found->id, held_state_name(outcome->state), outcome->changed);
    else if (outcome->changed)
        printf("%s: %s undone: %s\n", found->id, deed, outcome->said);
    else
        printf("%s: %s undone already%s\n", found->id, deed,
               outcome->unlearned ? "; its lesson is taken back now" : "");
    return review_complain(session, found->id, outcome);
}

static int undo(struct session *session, const char *id, const char *name)
{
    struct error error = {0};
    struct review_outcome outcome;
    struct found found;
    char deed[RECORDS_DEED_NAME_SIZE] = "";
    int status = records_text_find(session, id, &found);
    if (status == EX_OK)
        status = review_undo(session, found.front, &found.held, name, session_user(), &outcome,
                             deed, &error)
                     ? tell(session, &found, deed, &outcome)
                     : session_complain(&error);
    records_text_clear(&found);
    return status;
}

static int run(struct session *session, int count, char **arguments)
{
    const char *name = NULL;
    enum review_deed deed;
    const struct option_row rows[] = {{"deed", &name, NULL}, {NULL, NULL, NULL}};
    int worst = session_options(session, rows, &count, arguments);
    if (worst != EX_OK)
        return worst;
    if (!count)
        return session_usage("undo: which ids?");
    if (name && !review_find(name, &deed))
        return session_usage("undo: --deed is release, confirm or delete");
    if (session->gateway && name)
        return session_usage("undo: --deed works on its own machine only");
    if (session->gateway)
        return held_remote_do(session, REVIEW_UNDO, count, arguments);
    for (int i = 0; i < count; i++) {
        int status = undo(session, arguments[i], name);
        worst = status > worst ? status : worst;
    }
    return worst;
}

const struct command command_undo = {
    "undo",
    run,
    "undo [--deed NAME] ID…",
    "take back what was done with something held",
    "Takes back the latest release, confirm or delete of what has that id, as held list prints "
    "it,\n"
    "or a queue id. It is held again, and its lesson is taken back, whoever taught it; what that "
    "had\n"
    "corrected is taught again.\n\n"
    "release  a feed's item is held again. Mail that was delivered cannot be recalled; its lesson\n"
    "         is taken back, unless it was taught otherwise since\n"
    "confirm  it waits for review again\n"
    "delete   while it is still there: until held.undo has passed\n\n"
    "--deed NAME  the latest of that name (release, confirm, delete), when all that was done "
    "after\n"
    "             it is undone\n\n"
    "Asked again, it says so and changes nothing. What a reader of a feed called spam is no deed "
    "to\n"
    "be undone: held release puts it back.\n",
};
