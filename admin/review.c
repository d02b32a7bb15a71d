#include "admin/review.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/records_text.h"
#include "core/learn.h"

#define BIT(state) (1u << (state))

static const struct {
    const char *name;
    unsigned from;              /* states it can be done in */
    enum held_state to[FRONTS]; /* the state it leads to */
    unsigned done;              /* states in which it is done already, or under way */
    bool teaches;
    enum label label;
    const char *said[FRONTS]; /* after it was done */
} deeds[REVIEW_DEEDS] = {
    [REVIEW_RELEASE] = {"release",
                        BIT(HELD_PENDING) | BIT(HELD_HELD) | BIT(HELD_CONFIRMED),
                        {HELD_RELEASE_REQUESTED, HELD_RELEASED},
                        BIT(HELD_RELEASE_REQUESTED) | BIT(HELD_RELEASED),
                        true,
                        LABEL_HAM,
                        {"will be released", "released"}},
    [REVIEW_CONFIRM] = {"confirm",
                        BIT(HELD_PENDING) | BIT(HELD_HELD),
                        {HELD_CONFIRMED, HELD_CONFIRMED},
                        BIT(HELD_CONFIRMED),
                        true,
                        LABEL_SPAM,
                        {"confirmed as spam", "confirmed as spam"}},
    [REVIEW_DELETE] = {"delete",
                       BIT(HELD_PENDING) | BIT(HELD_HELD) | BIT(HELD_CONFIRMED),
                       {HELD_DELETE_REQUESTED, HELD_DELETED},
                       BIT(HELD_DELETE_REQUESTED) | BIT(HELD_DELETED) | BIT(HELD_GONE),
                       false,
                       LABEL_HAM,
                       {"will be deleted", "deleted"}},
};

const char *review_name(enum review_deed deed)
{
    return deeds[deed].name;
}

bool review_find(const char *name, enum review_deed *deed)
{
    for (int i = 0; i < REVIEW_DEEDS; i++) {
        if (strcmp(deeds[i].name, name) == 0) {
            *deed = (enum review_deed)i;
            return true;
        }
    }
    return false;
}

bool review_can(enum review_deed deed, enum held_state state)
{
    return deeds[deed].from & BIT(state);
}

enum held_state review_leads_to(enum review_deed deed, enum front front)
{
    return deeds[deed].to[front];
}

/* Teaches what the record knows of the document. */
static bool teach_lesson(struct session *session, const struct held *held, enum label label,
                         struct review_outcome *outcome, struct error *error)
{
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
    outcome->lesson_waits = taught && sums.journalled;
    if (outcome->lesson_waits)
        snprintf(outcome->store_trouble, sizeof outcome->store_trouble, "%s",
                 learner_trouble(learner));
    learner_free(learner);
    lesson_free(lesson);
    return taught;
}

/* The record remembers what was taught, so that a lesson which failed can be asked for again. */
static void teach(struct session *session, enum front front, const struct held *held,
                  enum review_deed deed, struct review_outcome *outcome)
{
    struct error error = {0};
    if (!deeds[deed].teaches)
        return;
    session_teach_for(session, front);
    if (session_open_counts(session) != EX_OK)
        error_set(&error, ERROR_SYSTEM, "the lesson was not taught");
    else if (!teach_lesson(session, held, deeds[deed].label, outcome, &error))
        error_prefix(&error, "the lesson was not taught%s",
                     error.class == ERROR_NETWORK ? ", ask again later" : "");
    else
        outcome->taught = records_held_set_taught(session->records[front], held->id,
                                                  (int)deeds[deed].label + 1, &error);
    if (!outcome->taught)
        outcome->trouble = error;
}

/* Its lesson may have failed the first time. */
static void do_again(struct session *session, enum front front, const struct held *held,
                     enum review_deed deed, struct review_outcome *outcome)
{
    outcome->impossible = !(deeds[deed].done & BIT(held->state));
    if (!outcome->impossible && held->taught != (int)deeds[deed].label + 1)
        teach(session, front, held, deed, outcome);
}

static void do_first(struct session *session, enum front front, const struct held *held,
                     enum review_deed deed, const char *who, struct review_outcome *outcome)
{
    char id[RECORDS_TEXT_ID_SIZE];
    outcome->changed = true;
    outcome->said = deeds[deed].said[front];
    teach(session, front, held, deed, outcome);
    struct error error = {0};
    if (!records_audit(session->records[front], who, deeds[deed].name,
                       records_text_id(front, held->id, id), &error) &&
        outcome->trouble.class == ERROR_NONE)
        outcome->trouble = error;
}

bool review_do(struct session *session, enum front front, struct held **held, enum review_deed deed,
               const char *who, struct review_outcome *outcome, struct error *error)
{
    struct records *records = session->records[front];
    int64_t id = (*held)->id;
    bool moved;
    *outcome = (struct review_outcome){0};
    if (!records_held_move(records, id, deeds[deed].from, deeds[deed].to[front], &moved, error))
        return false;
    struct held *now = records_held_get(records, id, error);
    if (!now)
        return false;
    held_free(*held);
    *held = now;
    outcome->state = now->state;
    if (moved)
        do_first(session, front, now, deed, who, outcome);
    else
        do_again(session, front, now, deed, outcome);
    return true;
}
