/* evaluate: how well the content model tells spam from ham, by the online protocol (TREC's
 * immediate feedback): each message of an index ("ham|spam path" a line, in order) is scored and
 * then learned. Prints 1-ROCA %, the chance that a ham scores above a spam, and the share of spam
 * missed when 0.1 % of ham is misjudged; with --rates, how often each check fires instead, which is
 * what the weights in core/checks.c follow from. In memory, without a store. */
#include "core/checks.h"
#include "core/features.h"
#include "core/gatherers.h"
#include "core/mail.h"
#include "core/model.h"
#include "core/reputation.h"
#include "store/memory.h"

#include <fcntl.h>
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define REPUTATIONS (1u << 20)
#define NOW 1700000000

struct options {
    bool subject_and_body_only;
    bool reputations, checks, rates;
    bool verbose;
    uint64_t shuffle; /* seed; 0: in the order of the index */
};

struct message {
    char *path;
    enum label label;
    double score;
};

static const unsigned char key[COUNTS_KEY_BYTES] = "weir evaluation";

/* Counts by the hash of the identity. Two that share a place share their counts: rare enough. */
static struct reputation_counts *reputations;

static struct reputation_counts *reputation_of(const struct identity *identity)
{
    uint64_t hash = XXH3_64bits_withSeed(identity->value.data, identity->value.length,
                                         (uint64_t)identity->type);
    return &reputations[hash % REPUTATIONS];
}

static char *read_file(const char *path, size_t *length)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        fprintf(stderr, "evaluate: cannot read %s\n", path);
        exit(1);
    }
    char *data = memory_new((size_t)status.st_size);
    *length = 0;
    ssize_t got;
    while ((got = read(fd, data + *length, (size_t)status.st_size - *length)) > 0)
        *length += (size_t)got;
    close(fd);
    return data;
}

/* Where the other headers give the label away. */
static void keep_subject_only(struct document *document)
{
    size_t kept = 0;
    for (size_t i = 0; i < document->header_count; i++)
        if (span_equal_nocase(document->headers[i].name, SPAN("Subject")))
            document->headers[kept++] = document->headers[i];
    document->header_count = kept;
    document->from_name = document->from_address = (struct span){0};
}

static struct check_weights check_weights_of(struct arena *arena)
{
    struct check_weights weights;
    const struct check *checks = checks_all(&weights.count);
    weights.weights = arena_alloc(arena, weights.count * sizeof *weights.weights);
    for (size_t i = 0; i < weights.count; i++)
        weights.weights[i] = checks[i].log_odds;
    return weights;
}

static double score_of(const struct options *options, const struct model *model,
                       struct document *document, const uint32_t *slots, size_t n)
{
    struct evidence_list list = {.arena = document->arena};
    double sum = model_log_odds(model, slots, n);
    if (options->reputations) {
        struct reputation_counts *counts =
            arena_alloc(document->arena, document->identity_count * sizeof *counts);
        for (size_t i = 0; i < document->identity_count; i++)
            counts[i] = *reputation_of(&document->identities[i]);
        reputation_evidence(document, counts, NOW, &list);
    }
    if (options->checks) {
        struct check_weights weights = check_weights_of(document->arena);
        checks_run(document, &weights, &list);
    }
    for (size_t i = 0; i < list.count; i++)
        sum += list.items[i].log_odds;
    return sum;
}

static void learn(struct model *model, const struct document *document, const uint32_t *slots,
                  size_t n, enum label label)
{
    struct lesson lesson = {.label = label,
                            .trust = TRUST_OPERATOR,
                            .feature_version = FEATURE_VERSION,
                            .script = document->script,
                            .slots = slots,
                            .slot_count = n};
    memcpy(lesson.document_id, document->id, sizeof lesson.document_id);
    model_apply(model, &lesson, model_version(model) + 1);
    for (size_t i = 0; i < document->identity_count; i++) {
        struct reputation_counts *counts = reputation_of(&document->identities[i]);
        *(label == LABEL_SPAM ? &counts->spam_milli : &counts->ham_milli) += 1000;
        counts->time_s = NOW;
    }
}

static void score_and_learn(const struct options *options, struct model *model,
                            struct message *message)
{
    size_t length, gatherer_count;
    char *data = read_file(message->path, &length);
    struct document *document = mail_read((struct span){data, length}, false);
    if (options->subject_and_body_only)
        keep_subject_only(document);
    features_extract(document);
    const struct gatherer *gatherers = gatherers_all(&gatherer_count);
    if (options->reputations)
        gatherers_run(gatherers, gatherer_count, document, 1000);
    uint32_t *slots = arena_alloc(document->arena, document->feature_count * sizeof *slots);
    size_t n = model_slots(key, document->features, document->feature_count, slots);
    message->score = score_of(options, model, document, slots, n);
    learn(model, document, slots, n, message->label);
    document_free(document);
    free(data);
}

/* By check and label: messages on which it fires, and the sum of its strengths. */
struct rate {
    size_t fired[2];
    double strength[2];
};

static void add_to_rates(const struct message *message, const struct options *options,
                         struct rate *rates)
{
    size_t length;
    char *data = read_file(message->path, &length);
    struct document *document = mail_read((struct span){data, length}, false);
    struct check_weights weights = check_weights_of(document->arena);
    struct evidence_list list = {.arena = document->arena};
    checks_run(document, &weights, &list);
    for (size_t i = 0; i < list.count; i++) {
        int row = checks_find(list.items[i].symbol);
        double strength = list.items[i].log_odds / weights.weights[row];
        rates[row].fired[message->label]++;
        rates[row].strength[message->label] += strength;
        if (options->verbose)
            printf("%s %s %.2f %s: %.*s\n", message->label == LABEL_SPAM ? "spam" : "ham",
                   list.items[i].symbol, strength, message->path, SPAN_ARGS(list.items[i].detail));
    }
    document_free(document);
    free(data);
}

static void print_rates(const struct options *options, const struct message *messages, size_t count)
{
    size_t rows, total[2] = {0, 0};
    const struct check *checks = checks_all(&rows);
    struct rate *rates = memory_new(rows * sizeof *rates);
    for (size_t i = 0; i < count; i++) {
        total[messages[i].label]++;
        add_to_rates(&messages[i], options, rates);
    }
    printf("%-22s %10s %10s %14s\n", "fires on", "ham", "spam", "mean strength");
    for (size_t i = 0; i < rows; i++) {
        size_t fired = rates[i].fired[LABEL_HAM] + rates[i].fired[LABEL_SPAM];
        printf("%-22s %9.3f%% %9.3f%% %14.2f\n", checks[i].symbol,
               100.0 * (double)rates[i].fired[LABEL_HAM] / (double)total[LABEL_HAM],
               100.0 * (double)rates[i].fired[LABEL_SPAM] / (double)total[LABEL_SPAM],
               fired ? (rates[i].strength[0] + rates[i].strength[1]) / (double)fired : 0);
    }
    free(rates);
}

static struct message *read_index(const char *index, const char *root, size_t *count)
{
    FILE *file = fopen(index, "r");
    if (!file) {
        printf("skipped: no data at %s\n", index);
        exit(77);
    }
    struct message *messages = NULL;
    char line[1024], label[8], path[512];
    *count = 0;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%7s %511s", label, path) != 2)
            continue;
        char whole[2048];
        snprintf(whole, sizeof whole, "%s/%s", root, path);
        messages = memory_resize(messages, (*count + 1) * sizeof *messages);
        messages[(*count)++] =
            (struct message){.path = memory_text(whole),
                             .label = strcmp(label, "spam") == 0 ? LABEL_SPAM : LABEL_HAM};
    }
    fclose(file);
    return messages;
}

static void shuffle(struct message *messages, size_t count, uint64_t seed)
{
    for (size_t i = count; i > 1; i--) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        size_t other = seed % i;
        struct message swap = messages[i - 1];
        messages[i - 1] = messages[other];
        messages[other] = swap;
    }
}

/* Highest score first; ham before spam of the same score, so that a tie is never a success. */
static int compare(const void *left, const void *right)
{
    const struct message *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (int)a->label - (int)b->label;
}

static void print_result(struct message *messages, size_t count)
{
    size_t total[2] = {0, 0}, seen[2] = {0, 0}, missed = 0;
    for (size_t i = 0; i < count; i++)
        total[messages[i].label]++;
    qsort(messages, count, sizeof *messages, compare);
    double inversions = 0;
    for (size_t i = 0; i < count; i++) {
        enum label label = messages[i].label;
        if (label == LABEL_SPAM) {
            inversions += (double)seen[LABEL_HAM];
            missed += (double)seen[LABEL_HAM] > 0.001 * (double)total[LABEL_HAM];
        }
        seen[label]++;
    }
    printf("%zu messages, %zu spam: 1-ROCA %.4f %%, spam missed at 0.1 %% ham misjudged %.2f %%\n",
           count, total[LABEL_SPAM],
           100 * inversions / (double)total[LABEL_HAM] / (double)total[LABEL_SPAM],
           100 * (double)missed / (double)total[LABEL_SPAM]);
}

static bool read_options(int argc, char **argv, struct options *options)
{
    static const struct option words[] = {{"subject-and-body-only", no_argument, NULL, 's'},
                                          {"reputations", no_argument, NULL, 'r'},
                                          {"checks", no_argument, NULL, 'c'},
                                          {"rates", no_argument, NULL, 'R'},
                                          {"shuffle", required_argument, NULL, 'x'},
                                          {"verbose", no_argument, NULL, 'v'},
                                          {0}};
    int word;
    while ((word = getopt_long(argc, argv, "srcRx:v", words, NULL)) != -1) {
        options->subject_and_body_only |= word == 's';
        options->reputations |= word == 'r';
        options->checks |= word == 'c';
        options->rates |= word == 'R';
        options->verbose |= word == 'v';
        if (word == 'x')
            options->shuffle = strtoull(optarg, NULL, 10) * 0x9e3779b97f4a7c15u;
        if (word == '?')
            return false;
    }
    return argc - optind == 2;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: evaluate [--subject-and-body-only] [--reputations] [--checks]\n"
                        "                [--shuffle SEED] [--verbose] INDEX ROOT\n"
                        "       evaluate --rates [--verbose] INDEX ROOT\n");
        return 2;
    }
    mail_init();
    reputations = memory_new(REPUTATIONS * sizeof *reputations);
    size_t count;
    struct message *messages = read_index(argv[optind], argv[optind + 1], &count);
    if (options.shuffle)
        shuffle(messages, count, options.shuffle);
    struct model *model = model_new();
    if (options.rates) {
        print_rates(&options, messages, count);
    } else {
        for (size_t i = 0; i < count; i++)
            score_and_learn(&options, model, &messages[i]);
        print_result(messages, count);
    }
    for (size_t i = 0; i < count; i++) {
        if (options.verbose && !options.rates)
            printf("%s %.3f %s\n", messages[i].label == LABEL_SPAM ? "spam" : "ham",
                   messages[i].score, messages[i].path);
        free(messages[i].path);
    }
    free(messages);
    free(reputations);
    model_free(model);
    return 0;
}
