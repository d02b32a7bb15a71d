#include "admin/review.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/records_text.h"
#include "admin/review_said.h"
#include "core/features.h"
#include "core/learn.h"
#include "core/model.h"

#define BIT(state) (1u << (state))
#define ANY_STATE (~0u)

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

bool review_says(const char *name, enum label *label)
{
    enum review_deed deed;
    if (!review_find(name, &deed) || !deeds[deed].teaches)
        return false;
    *label = deeds[deed].label;
    return true;
}

bool review_can(enum review_deed deed, enum held_state state)
{
    return deeds[deed].from & BIT(state);
}

enum held_state review_leads_to(enum review_deed deed, enum front front)
{
    return deeds[deed].to[front];
}

/* What is said of a document. */
struct word {
    enum label label;
    bool withdrawn;     /* that label is taken back */
    const char *source; /* who says so; empty: the operator */
};

/* What makes the word a lesson about how the document stands. `*from` is what its content says now,
 * 0 where that is not known. */
static void say(const struct session *session, const struct held *held, struct word word,
                struct lesson *lesson, double *from)
{
    *from = 0;
    lesson->withdrawn = word.withdrawn;
    if (word.withdrawn)
        lesson->content_milli = (int32_t)lround(1000 * held->taught_from);
    else if (replica_ready(session->replica) && lesson->feature_version == FEATURE_VERSION)
        *from = model_log_odds(replica_model(session->replica), lesson->slots, lesson->slot_count);
}

/* What a source had said of a document before it said `label`, as struct records_deed has it. */
static int said_before(const struct learn_sums *sums, enum label label)
{
    enum label other = label == LABEL_SPAM ? LABEL_HAM : LABEL_SPAM;
    return sums->taught      ? 0
           : sums->repeated  ? (int)label + 1
           : sums->corrected ? (int)other + 1
                             : RECORDS_SAID_UNKNOWN;
}

/* Teaches what the record knows of the document. `*said` is what was said of it before. */
static bool teach_lesson(struct session *session, const struct held *held, struct word word,
                         double *from, int *said, struct review_outcome *outcome,
                         struct error *error)
{
    struct lesson *lesson = lesson_decode(held->lesson, held->lesson_length, error);
    if (!lesson)
        return false;
    struct learn_sums sums = {0};
    session_open_replica(session, error); /* a store that is away is found out again */
    say(session, held, word, lesson, from);
    bool trusted = !*word.source;
    struct learner *learner =
        learner_new(session->store, session->replica, trusted ? SESSION_OPERATOR : word.source,
                    trusted ? TRUST_OPERATOR : TRUST_USER);
    learner_use_journal(learner, session->journal);
    bool taught =
        learner_add(learner, lesson, word.label, error) && learner_finish(learner, &sums, error);
    if (taught && sums.journalled) {
        outcome->lesson_waits = true;
        snprintf(outcome->store_trouble, sizeof outcome->store_trouble, "%s",
                 learner_trouble(learner));
    }
    *said = said_before(&sums, word.label);
    learner_free(learner);
    lesson_free(lesson);
    return taught;
}

/* Teaches one word after the other. `*from` is what the content said before the last, `*said` what
 * its source had said. */
static bool teach(struct session *session, enum front front, const struct held *held,
                  const struct word *words, size_t count, double *from, int *said,
                  struct review_outcome *outcome)
{
    struct error *error = &outcome->trouble;
    session_teach_for(session, front);
    if (session_open_counts(session) != EX_OK)
        return error_set(error, ERROR_SYSTEM, "the lesson was not taught");
    for (size_t i = 0; i < count; i++)
        if (!teach_lesson(session, held, words[i], from, said, outcome, error))
            return error_prefix(error, "the lesson was not taught%s",
                                error->class == ERROR_NETWORK ? ", ask again later" : "");
    *error = (struct error){0}; /* it waits in the journal */
    return true;
}

static const char *source_of(const struct session *session)
{
    return session->lesson_source ? session->lesson_source : "";
}

/* The record remembers what was taught, so that a lesson which failed can be asked for again. */
static int teach_label(struct session *session, enum front front, const struct held *held,
                       enum label label, struct review_outcome *outcome)
{
    const char *source = source_of(session);
    const struct word word = {label, false, source};
    double from;
    int said = RECORDS_SAID_UNKNOWN;
    outcome->taught = teach(session, front, held, &word, 1, &from, &said, outcome) &&
                      records_held_set_taught(session->records[front], held->id, (int)label + 1,
                                              from, source, &outcome->trouble);
    return said;
}

void review_teach(struct session *session, enum front front, const struct held *held,
                  enum label label, struct review_outcome *outcome)
{
    teach_label(session, front, held, label, outcome);
}

/* What was taught stays when the latest deed that stands says the same: it goes on with that one's
 * entry, which may have taught nothing itself. */
static bool pass_on(struct records *records, const struct held *held,
                    const struct review_said *said, struct error *error)
{
    return !said->stands || said->last.said_before != held->taught ||
           records_held_set_taught(records, said->last.held_id, held->taught, held->taught_from,
                                   held->taught_by, error);
}

/* Withdraws what the deed taught, by who taught it, and has it that the document is what that
 * source says of it without the deed, or had said before. */
static bool withdraw(struct session *session, enum front front, const struct held *held,
                     const struct records_deed *undone, struct review_outcome *outcome)
{
    struct records *records = session->records[front];
    struct review_said said = {.source = held->taught_by};
    if (!review_said_hear(records, held->document_id, &said, &outcome->trouble))
        return false;
    int becomes = review_said_now(&said), now, unused;
    if (review_said_is_over(&said, undone->id))
        return true;
    if (becomes == held->taught)
        return pass_on(records, held, &said, &outcome->trouble);
    const struct word words[] = {{(enum label)(held->taught - 1), true, held->taught_by},
                                 {(enum label)(becomes - 1), false, held->taught_by}};
    double from;
    if (!teach(session, front, held, words, becomes ? 2 : 1, &from, &unused, outcome))
        return false;
    outcome->unlearned = true;
    /* Whoever did a deed meanwhile may have found their word said still. */
    if (!review_said_hear(records, held->document_id, &said, &outcome->trouble))
        return false;
    now = review_said_now(&said);
    const struct word again = {(enum label)(now - 1), false, held->taught_by};
    return !now || now == becomes ||
           teach(session, front, held, &again, 1, &from, &unused, outcome);
}

/* Takes the lesson back that went with the deed, if it is the one that was taught last. */
static void unteach(struct session *session, enum front front, const struct held *held,
                    const struct records_deed *undone, struct review_outcome *outcome)
{
    enum label label;
    if (!review_says(undone->name, &label) || held->taught != (int)label + 1)
        return;
    struct records *records = session->records[front];
    outcome->taught =
        withdraw(session, front, held, undone, outcome) &&
        records_held_set_taught(records, held->id, undone->taught_before,
                                undone->taught_from_before, undone->taught_by_before,
                                &outcome->trouble) &&
        records_deeds_forget(records, held->document_id, held->taught_by, &outcome->trouble);
}

/* Replaces the entry by what it is now. */
static bool look_again(struct records *records, struct held **held, struct error *error)
{
    struct held *now = records_held_get(records, (*held)->id, error);
    if (!now)
        return false;
    held_free(*held);
    *held = now;
    return true;
}

/* A deed's lesson, when the deed stands: not when it was done, and undone, before. It remembers
 * what its source had said of the document, where its undo goes back to; who undid it meanwhile
 * could not take the lesson back, so that is done here. */
static bool teach_deed(struct session *session, enum front front, struct held **held,
                       enum review_deed deed, struct review_outcome *outcome, struct error *error)
{
    struct records *records = session->records[front];
    const char *name = deeds[deed].name;
    struct records_deed last;
    bool found;
    if (!records_deed_last(records, (*held)->id, name, &last, &found, error))
        return false;
    if (found && last.undone_s)
        return true;
    int said = teach_label(session, front, *held, deeds[deed].label, outcome);
    if (!found || !outcome->taught)
        return true;
    if (!records_deed_set_said(records, last.id, said, error) ||
        !look_again(records, held, error) ||
        !records_deed_last(records, (*held)->id, name, &last, &found, error))
        return false;
    if (found && last.undone_s)
        unteach(session, front, *held, &last, outcome);
    return true;
}

/* --- doing it --- */

struct work {
    struct records *records;
    enum front front;
    int64_t id;
    const char *who;
    const char *source; /* of its lesson; empty: the operator */
    enum review_deed deed;
    unsigned states; /* bits: nothing is done in others */
    int64_t undo_s;  /* how long what was deleted can be had back */
    bool quiet;      /* nobody says what it is */
    bool changed;
    const char *name;           /* to undo: of the deed; NULL: the latest */
    struct records_deed undone; /* the deed that is undone */
    const char *said;
    bool impossible;
    bool delivered; /* what is undone, which no undo recalls */
};

static bool audit(const struct work *work, const char *what, struct error *error)
{
    char id[RECORDS_TEXT_ID_SIZE];
    return records_audit(work->records, work->who, what, records_text_id(work->front, work->id, id),
                         error);
}

/* What the person says of the document, for replay. */
static bool correct(const struct work *work, const struct held *held, struct error *error)
{
    return work->quiet || !deeds[work->deed].teaches ||
           records_correct(work->records, held->document_id, deeds[work->deed].label, work->who,
                           deeds[work->deed].name, error);
}

/* In a transaction: nobody else moves the entry meanwhile. */
static bool do_it(void *context, struct error *error)
{
    struct work *work = context;
    enum review_deed deed = work->deed;
    struct held *held = records_held_get(work->records, work->id, error);
    if (!held)
        return false;
    if (work->quiet && records_taught_spam(held->taught))
        work->states = 0; /* somebody says that it is spam */
    struct records_deed done = {.held_id = work->id,
                                .from = held->state,
                                .to = deeds[deed].to[work->front],
                                .taught_before = held->taught,
                                .taught_from_before = held->taught_from,
                                .said_before = work->quiet || !deeds[deed].teaches
                                                   ? RECORDS_SAYS_NOTHING
                                                   : RECORDS_SAID_UNKNOWN};
    int64_t due_s = deed == REVIEW_DELETE && work->undo_s ? time(NULL) + work->undo_s : 0;
    snprintf(done.name, sizeof done.name, "%s", deeds[deed].name);
    snprintf(done.taught_by_before, sizeof done.taught_by_before, "%s", held->taught_by);
    snprintf(done.source, sizeof done.source, "%s", work->source);
    bool good = records_held_move(work->records, work->id, deeds[deed].from & work->states, done.to,
                                  &work->changed, error) &&
                (!work->changed ||
                 (records_held_set_due(work->records, work->id, due_s, error) &&
                  records_deed_add(work->records, &done, error) && correct(work, held, error) &&
                  audit(work, work->quiet ? "reapply" : done.name, error)));
    held_free(held);
    return good;
}

static bool do_deed(struct session *session, enum front front, struct held **held,
                    enum review_deed deed, unsigned states, const char *who, bool quiet,
                    struct review_outcome *outcome, struct error *error)
{
    struct work work = {.records = session->records[front],
                        .front = front,
                        .id = (*held)->id,
                        .who = who,
                        .source = source_of(session),
                        .deed = deed,
                        .states = states,
                        .quiet = quiet,
                        .undo_s = session->config->held.undo_s};
    *outcome = (struct review_outcome){0};
    if (!records_transaction(work.records, do_it, &work, error) ||
        !look_again(work.records, held, error))
        return false;
    enum label label = deeds[deed].label;
    outcome->state = (*held)->state;
    outcome->changed = work.changed;
    outcome->said = deeds[deed].said[front];
    outcome->impossible = !work.changed && !(deeds[deed].done & BIT(outcome->state));
    /* A lesson may have failed the first time. */
    if (!quiet && deeds[deed].teaches && !outcome->impossible &&
        (work.changed || (*held)->taught != (int)label + 1))
        return teach_deed(session, front, held, deed, outcome, error);
    return true;
}

bool review_do(struct session *session, enum front front, struct held **held, enum review_deed deed,
               const char *who, struct review_outcome *outcome, struct error *error)
{
    return do_deed(session, front, held, deed, ANY_STATE, who, false, outcome, error);
}

bool review_release_open(struct session *session, enum front front, struct held **held,
                         const char *who, struct review_outcome *outcome, struct error *error)
{
    return do_deed(session, front, held, REVIEW_RELEASE, BIT(HELD_PENDING) | BIT(HELD_HELD), who,
                   false, outcome, error);
}

bool review_release_quietly(struct session *session, enum front front, struct held **held,
                            const char *who, struct review_outcome *outcome, struct error *error)
{
    return do_deed(session, front, held, REVIEW_RELEASE, BIT(HELD_HELD), who, true, outcome, error);
}

int review_complain(const struct session *session, const char *id,
                    const struct review_outcome *outcome)
{
    if (outcome->lesson_waits)
        fprintf(stderr, "weirctl: %s: %s; its lesson waits in %s and is taught when it is back\n",
                id, outcome->store_trouble, journal_path(session->journal));
    if (outcome->trouble.class == ERROR_NONE)
        return EX_OK;
    struct error error = outcome->trouble;
    error_prefix(&error, "%s", id);
    return session_complain(&error);
}

/* --- undoing it --- */

/* What hinders; NULL: nothing does, and `*back` is whether the entry moves back to the state it
 * was in before, which delivered mail does not. */
static const char *why_not(enum front front, const struct held *held,
                           const struct records_deed *deed, bool *back)
{
    bool release = strcmp(deed->name, deeds[REVIEW_RELEASE].name) == 0;
    bool under_way = front == FRONT_MAIL && held->started_s;
    *back = held->state == deed->to && !under_way;
    if (*back && front == FRONT_FEED && held->state == HELD_DELETED && !held->item_length)
        return "nothing is left of it";
    if (*back || (release && (held->state == HELD_RELEASED || held->state == deed->to)) ||
        held->state == deed->from || held->state == HELD_HELD)
        return NULL; /* weir-hold may have refused it, and then it lies where it lay */
    return held_state_name(held->state);
}

/* Whether what was done with it last is that a reader called it spam. */
static void note_spam(void *context, const struct audit_entry *entry)
{
    bool *spam = context, decides = strcmp(entry->what, "reapply") == 0;
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        decides = decides || strcmp(entry->what, deeds[i].name) == 0;
    if (strcmp(entry->what, "spam") == 0)
        *spam = true;
    else if (decides || strncmp(entry->what, REVIEW_UNDO " ", sizeof REVIEW_UNDO) == 0)
        *spam = false;
}

/* A reader's word is no deed that could be undone: the reader may say otherwise any time. */
static bool look_for_reader(struct work *work, bool *found, struct error *error)
{
    char id[RECORDS_TEXT_ID_SIZE];
    bool spam = false;
    if (work->name || (*found && !work->undone.undone_s))
        return true;
    if (!records_audit_of(work->records, records_text_id(work->front, work->id, id), note_spam,
                          &spam, error))
        return false;
    if (!spam)
        return true;
    work->undone = (struct records_deed){0};
    work->said = "a reader said that it is spam; held release puts it back into the feed, and "
                 "teaches that it is none";
    *found = false;
    return true;
}

/* The deed that is to be undone; `*found` is false, and `said` why, when there is none. */
static bool find_deed(struct work *work, bool *found, struct error *error)
{
    int64_t after = 0;
    if (!records_deed_last(work->records, work->id, work->name, &work->undone, found, error) ||
        (*found && !records_deeds_after(work->records, &work->undone, &after, error)))
        return false;
    if (!*found)
        work->said = work->name ? "that was not done" : "nothing was done with it";
    else if (after)
        work->said = "something was done after it; undo that first";
    *found = *found && !after;
    return look_for_reader(work, found, error);
}

static const char *said_of(const struct work *work, bool back)
{
    if (back)
        return work->undone.from == HELD_CONFIRMED ? "confirmed as spam again" : "held again";
    return "held";
}

static const char *delivered_said(const struct review_outcome *outcome)
{
    return outcome->unlearned
               ? "it was delivered and cannot be recalled; its lesson is taken back"
               : "it was delivered and cannot be recalled; what is learned of it stays";
}

/* The person's word on the document, for replay, is what was said after this deed and stands, or
 * else what was said last before it, by a deed that stands or otherwise. */
static bool uncorrect(const struct work *work, const struct held *held, struct error *error)
{
    struct review_said said = {.without = work->undone.id};
    enum label label;
    if (work->undone.said_before == RECORDS_SAYS_NOTHING || !review_says(work->undone.name, &label))
        return true;
    if (!review_said_hear(work->records, held->document_id, &said, error))
        return false;
    if (review_said_is_over(&said, work->undone.id) ||
        (said.stands && said.last.id > work->undone.id))
        return true;
    if (said.stands)
        return records_correct(work->records, held->document_id, said.last_label, work->who,
                               said.last.name, error);
    if (said.learned)
        return records_correct_as_learned(work->records, held->document_id, error);
    return said.before > 0
               ? records_correct(work->records, held->document_id, (enum label)(said.before - 1),
                                 work->who, "learn", error)
               : records_uncorrect(work->records, held->document_id, work->undone.name, error);
}

static bool take_back(struct work *work, const struct held *held, bool back, struct error *error)
{
    char what[RECORDS_DEED_NAME_SIZE + sizeof REVIEW_UNDO];
    bool moved = true;
    if (back && !records_held_move(work->records, work->id, BIT(held->state), work->undone.from,
                                   &moved, error))
        return false;
    snprintf(what, sizeof what, REVIEW_UNDO " %s", work->undone.name);
    work->said = said_of(work, back);
    work->delivered = !back && (held->state == HELD_RELEASED || held->started_s);
    return records_held_set_due(work->records, work->id, 0, error) &&
           uncorrect(work, held, error) &&
           records_deed_undo(work->records, work->undone.id, &work->changed, error) &&
           audit(work, what, error);
}

/* In a transaction. */
static bool undo_it(void *context, struct error *error)
{
    struct work *work = context;
    bool found, back;
    if (!find_deed(work, &found, error))
        return false;
    work->impossible = !found;
    if (!found || work->undone.undone_s)
        return true;
    struct held *held = records_held_get(work->records, work->id, error);
    if (!held)
        return false;
    work->said = why_not(work->front, held, &work->undone, &back);
    work->impossible = work->said != NULL;
    bool good = work->impossible || take_back(work, held, back, error);
    held_free(held);
    return good;
}

bool review_undo(struct session *session, enum front front, struct held **held, const char *name,
                 const char *who, struct review_outcome *outcome, char deed[RECORDS_DEED_NAME_SIZE],
                 struct error *error)
{
    struct work work = {.records = session->records[front],
                        .front = front,
                        .id = (*held)->id,
                        .who = who,
                        .name = name};
    *outcome = (struct review_outcome){0};
    if (!records_transaction(work.records, undo_it, &work, error) ||
        !look_again(work.records, held, error))
        return false;
    outcome->state = (*held)->state;
    outcome->changed = work.changed;
    outcome->impossible = work.impossible;
    outcome->said = work.said;
    if (deed)
        snprintf(deed, RECORDS_DEED_NAME_SIZE, "%s", work.undone.name);
    if (!work.impossible)
        unteach(session, front, *held, &work.undone, outcome);
    if (work.delivered)
        outcome->said = delivered_said(outcome);
    return true;
}

bool review_undoable(struct records *records, enum front front, const struct held *held,
                     char deed[RECORDS_DEED_NAME_SIZE], struct error *error)
{
    struct records_deed last;
    bool found, back;
    deed[0] = '\0';
    if (!records_deed_last(records, held->id, NULL, &last, &found, error))
        return false;
    if (found && !last.undone_s && !why_not(front, held, &last, &back))
        snprintf(deed, RECORDS_DEED_NAME_SIZE, "%s", last.name);
    return true;
}
