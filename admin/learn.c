#include "admin/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/documents.h"
#include "admin/learn_remote.h"
#include "admin/progress.h"
#include "core/json_writer.h"
#include "core/learn.h"
#include "store/records_evidence.h"

#define LABELS 2

struct teaching {
    struct session *session;
    struct learner *learner;
    const char *source;                  /* as records have it: empty is the operator */
    struct documents *documents[LABELS]; /* by label; NULL: none to teach, or no more */
    size_t given;                        /* documents handed to the learner */
    struct records *records[FRONTS];     /* NULL: none, or not for this user */
};

/* Of both labels, the one whose documents are less far. What is learned depends on the order, and
 * a long run of one label is a bad one: the model forgets what the other looked like. */
static enum label next_label(const struct teaching *teaching)
{
    struct documents *ham = teaching->documents[LABEL_HAM];
    struct documents *spam = teaching->documents[LABEL_SPAM];
    if (!ham || !spam)
        return ham ? LABEL_HAM : LABEL_SPAM;
    return documents_progress(spam) < documents_progress(ham) ? LABEL_SPAM : LABEL_HAM;
}

static double progress_of(const struct teaching *teaching)
{
    double sum = 0;
    for (int label = 0; label < LABELS; label++)
        sum += teaching->documents[label] ? documents_progress(teaching->documents[label]) : 1;
    return sum / LABELS;
}

/* Where records have the document, the person's word is kept with it. What the caller may not read
 * here is somebody else's history. */
static void note_correction(struct teaching *teaching, const struct document *document,
                            enum label label)
{
    for (int front = 0; front < FRONTS; front++) {
        struct records *records = teaching->records[front];
        struct error error = {0};
        if (records && !records_learned(records, document->id, label, teaching->source,
                                        session_user(), "learn", &error))
            session_complain(&error);
    }
}

/* Teaches one document; false when the store went away. */
static bool teach(struct teaching *teaching, struct document *document, enum label label,
                  struct error *error)
{
    const struct judge judge = {.store = teaching->session->store,
                                .replica = teaching->session->replica};
    struct lesson lesson = {0};
    judge_prepare(document, teaching->session->config);
    bool has_slots = judge_lesson(&judge, document, &lesson);
    teaching->given++;
    note_correction(teaching, document, label);
    return learner_add_features(teaching->learner, &lesson, document->features,
                                has_slots ? 0 : document->feature_count, label, error);
}

/* Teaches all there is. The highest exit code of what went wrong. */
static int teach_all(struct teaching *teaching)
{
    struct progress *progress = progress_new("learning");
    bool fine = true;
    int worst = EX_OK;
    while (fine && (teaching->documents[LABEL_HAM] || teaching->documents[LABEL_SPAM])) {
        struct error error = {0};
        struct sample sample;
        enum label label = next_label(teaching);
        enum next_outcome outcome = documents_next(teaching->documents[label], &sample, &error);
        int status = EX_OK;
        if (outcome == NEXT_END) {
            documents_free(teaching->documents[label]);
            teaching->documents[label] = NULL;
        } else if (outcome == NEXT_ERROR) {
            status = session_complain_input(&error);
        } else {
            fine = teach(teaching, sample.document, label, &error);
            status = fine ? EX_OK : session_complain(&error);
        }
        sample_clear(&sample);
        worst = status > worst ? status : worst;
        progress_show(progress, progress_of(teaching), teaching->given);
    }
    progress_free(progress);
    return worst;
}

static void print_sums(const struct session *session, const struct learn_sums *sums)
{
    if (session->json)
        printf("{\"taught\":%zu,\"known\":%zu,\"corrected\":%zu,\"journalled\":%zu}\n",
               sums->taught, sums->repeated, sums->corrected, sums->journalled);
    else if (sums->journalled)
        printf("taught %zu, known %zu, corrected %zu, waiting %zu\n", sums->taught, sums->repeated,
               sums->corrected, sums->journalled);
    else
        printf("taught %zu, known %zu, corrected %zu\n", sums->taught, sums->repeated,
               sums->corrected);
}

static void open_records(struct teaching *teaching)
{
    const struct config *config = teaching->session->config;
    const char *const paths[FRONTS] = {
        [FRONT_MAIL] = config->records_mail, [FRONT_FEED] = config->records_feeds};
    for (int front = 0; front < FRONTS; front++)
        if (access(paths[front], R_OK | W_OK) == 0 &&
            session_open_records(teaching->session, (enum front)front) == EX_OK)
            teaching->records[front] = teaching->session->records[front];
}

static int learn(struct teaching *teaching, const char *source, enum trust trust)
{
    struct session *session = teaching->session;
    struct error error = {0};
    struct learn_sums sums = {0};
    int status = session_open_counts(session);
    if (status != EX_OK)
        return status;
    session_open_replica(session, &error); /* a store that is away is found out again */
    open_records(teaching);
    teaching->source = strcmp(source, SESSION_OPERATOR) != 0 ? source : "";
    teaching->learner = learner_new(session->store, session->replica, source, trust);
    learner_use_journal(teaching->learner, session->journal);
    int worst = teach_all(teaching);
    if (!learner_finish(teaching->learner, &sums, &error)) {
        status = session_complain(&error);
        worst = status > worst ? status : worst;
    }
    if (sums.journalled)
        fprintf(stderr, "weirctl: %s; what waits in %s is taught when it is back\n",
                learner_trouble(teaching->learner), journal_path(session->journal));
    print_sums(session, &sums);
    learner_free(teaching->learner);
    return worst;
}

/* "spam A B ham C": each word that is a label says what follows. The list belongs to the first. */
static int add_operands(struct teaching *teaching, const char *list, int count, char **arguments)
{
    int worst = EX_OK;
    for (int i = 0, next; i < count; i = next) {
        enum label label = strcmp(arguments[i], "spam") ? LABEL_HAM : LABEL_SPAM;
        for (next = i + 1; next < count; next++) {
            if (!strcmp(arguments[next], "spam") || !strcmp(arguments[next], "ham"))
                break;
        }
        const char *from = i == 0 ? list : NULL;
        if (next == i + 1 && !from)
            return session_usage("learn %s: which files? (\"-\": standard input)", arguments[i]);
        if (!teaching->documents[label])
            teaching->documents[label] =
                documents_new(teaching->session->config->milter.size_limit_bytes);
        int status =
            session_add_paths(teaching->documents[label], from, next - i - 1, arguments + i + 1);
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* Over a gateway's API a lesson is a user's word, one file a message. */
static int run_remote(const struct session *session, bool untrusted, const char *list,
                      const char *source, int count, char **arguments)
{
    (void)untrusted; /* it is so in any case */
    for (int i = 1; i < count; i++)
        if (list || !strcmp(arguments[i], "ham") || !strcmp(arguments[i], "spam"))
            count = 0;
    if (list || count < 2)
        return session_usage("learn --gateway: one label, and files with a message each");
    return learn_remote(session, arguments[0], source, count - 1, arguments + 1);
}

static int run(struct session *session, int count, char **arguments)
{
    bool untrusted = false;
    const char *list = NULL, *source = NULL;
    const struct option_row rows[] = {
        {"untrusted", NULL, &untrusted},
        {"source", &source, NULL},
        {"files-from", &list, NULL},
        {NULL, NULL, NULL},
    };
    struct teaching teaching = {.session = session};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (!count || (strcmp(arguments[0], "spam") != 0 && strcmp(arguments[0], "ham") != 0))
        return session_usage("learn: ham or spam?");
    if (source && strlen(source) > LESSON_SOURCE_MAX)
        return session_usage("learn: a source has 1 to %d characters", LESSON_SOURCE_MAX);
    if (session->gateway)
        return run_remote(session, untrusted, list, source, count, arguments);
    status = session_configure(session);
    if (status != EX_OK)
        return status;
    int worst = add_operands(&teaching, list, count, arguments);
    if (worst != EX_USAGE) {
        status = learn(&teaching, source ? source : SESSION_OPERATOR,
                       untrusted ? TRUST_USER : TRUST_OPERATOR);
        worst = status > worst ? status : worst;
    }
    for (int label = 0; label < LABELS; label++)
        documents_free(teaching.documents[label]);
    return worst;
}

const struct command command_learn = {
    "learn",
    run,
    "learn spam|ham [--source NAME] [--untrusted] FILE|DIRECTORY|-… [ham|spam FILE…]\n"
    "learn spam|ham [options] --files-from FILE|-",
    "teach messages and feed items",
    "Teaches every document in messages, mboxes, Maildirs and feeds to all gateways on the counts\n"
    "store, and prints how many were new, how many were known with this label already, and how\n"
    "many had been taught the other way by the same source and were corrected. Give what there\n"
    "is of both in one command: they are taught in turns, from which more is learned than from\n"
    "all of one and then all of the other.\n\n"
    "--source NAME  who says so (\"operator\"; over --gateway \"user:…\" in any case); one label\n"
    "               counts for each document and source\n"
    "--untrusted    the labels come from users or traps: surprising ones count less\n"
    "--files-from   read paths from FILE (or standard input), one a line\n\n"
    "While the counts store is away lessons wait in the journal, and are taught, in this order, "
    "as\n"
    "soon as it is back. When the journal is full one line says how much was not taught, and the\n"
    "exit code is 75. Asking again later is harmless: what was taught already stays as it is.\n",
};
