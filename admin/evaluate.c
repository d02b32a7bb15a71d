#include "admin/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/evaluate_report.h"
#include "core/checks.h"
#include "store/memory.h"

#define SEED_MAX 9007199254740991.0 /* what a number on the command line can say exactly */
#define DELAY_MAX 1e9

struct words {
    const char *index, *root, *items, *fields, *protocol, *noise, *seed, *scores, *terms, *prior;
    bool reputations, checks, rates;
};

static bool read_protocol(const char *word, struct evaluation *evaluation)
{
    double number;
    if (!word || !strcmp(word, "online")) {
        evaluation->protocol = PROTOCOL_ONLINE;
        return true;
    }
    if (!strcmp(word, "split")) {
        evaluation->protocol = PROTOCOL_SPLIT;
        return true;
    }
    if (!strncmp(word, "delayed=", 8)) {
        evaluation->protocol = PROTOCOL_DELAYED;
        if (!session_whole_number("--protocol delayed", word + 8, 1, DELAY_MAX, &number))
            return false;
        evaluation->delay = (size_t)number;
        return true;
    }
    if (!strncmp(word, "partial=", 8)) {
        evaluation->protocol = PROTOCOL_PARTIAL;
        return session_number("--protocol partial", word + 8, 0, 1, &evaluation->part);
    }
    session_usage("evaluate: there is no protocol \"%s\": online, split, delayed=N, partial=P",
                  word);
    return false;
}

static bool read_words(const struct words *words, struct evaluation *evaluation, bool *seeded)
{
    static const char *const fields[] = {"all", "text", NULL};
    static const char *const priors[] = {"none", "shipped", NULL};
    size_t field, prior;
    double seed = 0;
    if (!words->index == !words->items) {
        session_usage("evaluate: --index FILE, or --items FILE?");
        return false;
    }
    if (words->items && words->root) {
        session_usage("evaluate: --root goes with --index");
        return false;
    }
    if (words->rates && (words->scores || words->terms)) {
        session_usage("evaluate: --rates scores nothing, so there is nothing to write for %s",
                      words->scores ? "--scores" : "--terms");
        return false;
    }
    *seeded = words->seed;
    if (!session_choice("--fields", words->fields, fields, &field) ||
        !session_choice("--prior", words->prior, priors, &prior) ||
        !read_protocol(words->protocol, evaluation) ||
        (words->noise && !session_number("--noise", words->noise, 0, 1, &evaluation->noise)) ||
        (words->seed && !session_whole_number("--seed", words->seed, 0, SEED_MAX, &seed)))
        return false;
    evaluation->text_only = field == 1;
    evaluation->prior = prior == 1;
    evaluation->seed = (uint64_t)seed;
    evaluation->reputations = words->reputations;
    evaluation->checks = words->checks;
    return true;
}

static int complain_file(const char *path)
{
    struct error error;
    error_set(&error, ERROR_SYSTEM, "cannot write %s: %s", path, strerror(errno));
    return session_complain(&error);
}

static int run_rates(const struct session *session, const struct evaluation *evaluation)
{
    struct error error = {0};
    size_t rows;
    checks_all(&rows);
    struct check_rate *rates = memory_new(rows * sizeof *rates);
    bool done = evaluation_rates(evaluation, rates, &error);
    if (done)
        report_rates(evaluation, rates, session->json);
    free(rates);
    return done ? EX_OK : session_complain_input(&error);
}

/* NULL without a path. */
static bool open_output(const char *path, FILE **file)
{
    *file = path ? fopen(path, "we") : NULL;
    return !path || *file;
}

/* NULL is fine. false: not all of it was written. */
static bool close_output(FILE *file)
{
    bool written = !file || !ferror(file);
    return (!file || fclose(file) == 0) && written;
}

/* Both would write over each other. */
static bool are_one_file(FILE *a, FILE *b)
{
    struct stat of_a, of_b;
    return a && b && fstat(fileno(a), &of_a) == 0 && fstat(fileno(b), &of_b) == 0 &&
           S_ISREG(of_a.st_mode) && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

static int run_protocol(const struct session *session, struct evaluation *evaluation,
                        const struct words *words)
{
    struct error error = {0};
    struct outcome outcome = {0};
    FILE *scores;
    if (!open_output(words->scores, &scores))
        return complain_file(words->scores);
    if (!open_output(words->terms, &evaluation->terms)) {
        int failed = complain_file(words->terms);
        close_output(scores);
        return failed;
    }
    int status = EX_OK;
    if (are_one_file(scores, evaluation->terms))
        status = session_usage("evaluate: --scores and --terms name the same file");
    else if (!evaluation_run(evaluation, &outcome, &error))
        status = session_complain_input(&error);
    else
        report_outcome(evaluation, &outcome, session->json);
    if (scores && status == EX_OK)
        report_scores(evaluation, &outcome, scores);
    if (!close_output(scores))
        status = complain_file(words->scores);
    if (!close_output(evaluation->terms))
        status = complain_file(words->terms);
    outcome_clear(&outcome);
    return status;
}

static int evaluate(const struct session *session, const struct words *words,
                    struct evaluation *evaluation, bool seeded)
{
    struct error error = {0};
    struct corpus corpus;
    int status;
    bool read = words->items ? corpus_read_items(&corpus, words->items, &error)
                             : corpus_read_index(&corpus, words->index,
                                                 words->root ? words->root : ".", &error);
    evaluation->corpus = &corpus;
    if (read && !evaluation_possible(evaluation))
        read =
            error_set(&error, ERROR_INPUT, "%s: ham and spam are both needed among what is scored",
                      words->items ? words->items : words->index);
    if (read && seeded)
        corpus_shuffle(&corpus, evaluation->seed);
    if (!read)
        status = session_complain_input(&error);
    else if (words->rates)
        status = run_rates(session, evaluation);
    else
        status = run_protocol(session, evaluation, words);
    corpus_clear(&corpus);
    return status;
}

static int run(struct session *session, int count, char **arguments)
{
    struct words words = {0};
    const struct option_row rows[] = {
        {"index", &words.index, NULL},
        {"root", &words.root, NULL},
        {"items", &words.items, NULL},
        {"fields", &words.fields, NULL},
        {"protocol", &words.protocol, NULL},
        {"noise", &words.noise, NULL},
        {"seed", &words.seed, NULL},
        {"scores", &words.scores, NULL},
        {"terms", &words.terms, NULL},
        {"prior", &words.prior, NULL},
        {"reputations", NULL, &words.reputations},
        {"checks", NULL, &words.checks},
        {"rates", NULL, &words.rates},
        {NULL, NULL, NULL},
    };
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count)
        return session_usage("evaluate takes options only; \"%s\" is none", arguments[0]);
    struct evaluation evaluation = {0};
    bool seeded;
    if (!read_words(&words, &evaluation, &seeded))
        return EX_USAGE;
    struct config *config = config_defaults();
    evaluation.config = config;
    status = evaluate(session, &words, &evaluation, seeded);
    config_release(config);
    return status;
}

const struct command command_evaluate = {
    "evaluate",
    run,
    "evaluate --index FILE [--root DIR] [OPTION…]\n"
    "evaluate --items FILE [OPTION…]\n",
    "how well does it tell spam from ham, on documents whose labels are known?",
    "Scores and teaches a corpus in memory, without a store and with default settings. FILE has\n"
    "\"ham PATH\" or \"spam PATH\" on each line, or with --items a JSON object of a feed item.\n"
    "\n"
    "--root DIR       what relative paths start from (the current directory)\n"
    "--fields         all, or text: of headers only the subject\n"
    "--protocol       online: each is scored, then taught; split: the first half is taught, the\n"
    "                 second scored (items: each source, taught the others); delayed=N: taught N\n"
    "                 documents later; partial=P: a share P from 0 to 1 is taught\n"
    "--noise P        that share of lessons has the wrong label; all count as untrusted\n"
    "--seed S         shuffle; the same for the same S (without: in the file's order)\n"
    "--prior          none, or shipped: what it knows before the first lesson\n"
    "--reputations    reputations count in, beside content, which is told alone as well\n"
    "--checks         checks do\n"
    "--scores OUT     write \"1|0 score path\" a line, 1 for spam, in the order of scoring\n"
    "--terms OUT      write a line of JSON for each document scored: what content says, how "
    "strongly\n"
    "                 each check fires, what reputations say\n"
    "--rates          how often each check fires on ham and on spam, instead\n",
};
