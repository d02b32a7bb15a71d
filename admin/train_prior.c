/* train-prior: makes core/prior.dat (prior.h) of a corpus of mail whose licence allows it; run by
 * `make prior`. Not installed.
 *
 * Logistic regression over features, as the model learns it (model.h), but slowly, which transfers
 * better to other mail: steps of 4, a margin of 0.02, three times through the corpus. Headers but
 * the subject are left out, since those of a corpus tell how it was gathered; so are the parts and
 * the markup, since HTML was a sign of spam once and no longer is; so are features of fewer than
 * three messages. Weights are stored at half their size.
 *
 * The same corpus gives the same bytes on every machine: messages go in the order of their hashes,
 * and the only arithmetic is that of IEEE 754's exactly rounded operations. */
#include "admin/evaluate_corpus.h"
#include "core/features.h"
#include "core/mail.h"
#include "core/prior.h"
#include "store/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define ROUNDS 3
#define STEP 4.0
#define SLOWING 0.05
#define MARGIN 0.02
#define MESSAGES_LEAST 3
#define STORED_SHARE 0.5
#define CELLS (1u << 22) /* a power of two, several times the features there are */

struct message {
    uint64_t order;
    uint64_t *features;
    size_t count;
    enum label label;
    struct model_scale scale;
};

struct cell {
    uint64_t feature; /* 0: free */
    double weight;
    uint32_t updates, messages;
};

static struct cell *cell_of(struct cell *cells, uint64_t feature)
{
    size_t at = (size_t)(feature >> 20) % CELLS;
    while (cells[at].feature && cells[at].feature != feature)
        at = (at + 1) % CELLS;
    cells[at].feature = feature;
    return &cells[at];
}

/* Features are extracted twice: all, for the scale, and those to be learned. */
static bool read_message(const struct corpus *corpus, const struct corpus_entry *entry,
                         struct message *message, struct error *error)
{
    struct corpus_bytes bytes;
    if (!corpus_load(corpus, entry, &bytes, error))
        return false;
    struct document *document = corpus_parse(corpus, &bytes);
    features_extract(document);
    size_t count[FEATURE_GROUPS] = {0};
    for (size_t i = 0; i < document->feature_count; i++)
        count[feature_group(document->features[i])]++;
    document->header_count = document->part_count = document->structure_count = 0;
    features_extract(document);
    *message = (struct message){.order = XXH3_64bits(bytes.data, bytes.length),
                                .features = memory_new(document->feature_count * sizeof(uint64_t)),
                                .count = document->feature_count,
                                .label = entry->label,
                                .scale = model_scale(count)};
    memcpy(message->features, document->features, message->count * sizeof(uint64_t));
    document_free(document);
    free(bytes.data);
    return true;
}

static int compare_messages(const void *a, const void *b)
{
    const struct message *one = a, *other = b;
    if (one->order != other->order)
        return one->order < other->order ? -1 : 1;
    return (int)one->label - (int)other->label;
}

/* The logistic function, with e^-z as (1 - z/4096)^4096: exp() is not the same everywhere. */
static double probability(double z)
{
    double power = 1 - fmin(fmax(z, -30), 30) / 4096;
    for (int i = 0; i < 12; i++)
        power *= power;
    return 1 / (1 + power);
}

static void learn(struct cell *cells, const struct message *message)
{
    double z = 0;
    for (size_t i = 0; i < message->count; i++)
        z += cell_of(cells, message->features[i])->weight *
             message->scale.of_group[feature_group(message->features[i])];
    double g = (message->label == LABEL_SPAM ? 1 : 0) - probability(z);
    if (fabs(g) < MARGIN)
        return;
    for (size_t i = 0; i < message->count; i++) {
        struct cell *cell = cell_of(cells, message->features[i]);
        double x = message->scale.of_group[feature_group(cell->feature)];
        if (cell->messages >= MESSAGES_LEAST)
            cell->weight += STEP * g * x / sqrt(1 + SLOWING * cell->updates++);
    }
}

static int stored_weight(const struct cell *cell)
{
    double stored = floor(cell->weight * STORED_SHARE * PRIOR_UNITS + 0.5);
    return stored > 127 ? 127 : stored < -127 ? -127 : (int)stored;
}

static int compare_cells(const void *a, const void *b)
{
    const struct cell *one = a, *other = b;
    return (one->feature > other->feature) - (one->feature < other->feature);
}

/* What the table keeps of a feature: bits 24 to 63. */
static uint64_t stored_bits(const struct cell *cell)
{
    return cell->feature >> 24;
}

/* Moves the cells to be stored to the front, in order; returns how many. */
static size_t choose(struct cell *cells)
{
    size_t count = 0;
    for (size_t i = 0; i < CELLS; i++)
        if (cells[i].feature && stored_weight(&cells[i]) != 0)
            cells[count++] = cells[i];
    qsort(cells, count, sizeof *cells, compare_cells);
    return count;
}

static bool write_table(const struct cell *cells, size_t count, FILE *file)
{
    static unsigned char head[PRIOR_HEAD_BYTES] = PRIOR_MAGIC;
    head[4] = FEATURE_VERSION;
    for (size_t i = 0; i < count; i++)
        if (++head[8 + (cells[i].feature >> 48)] == 0)
            return false;
    fwrite(head, sizeof head, 1, file);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = stored_bits(&cells[i]);
        unsigned char entry[4] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8),
                                  (unsigned char)bits, (unsigned char)stored_weight(&cells[i])};
        fwrite(entry, sizeof entry, 1, file);
    }
    return !ferror(file);
}

static bool train(const struct corpus *corpus, struct cell *cells, struct error *error)
{
    struct message *messages = memory_new(corpus->count * sizeof *messages);
    bool fine = true;
    for (size_t i = 0; fine && i < corpus->count; i++)
        fine = read_message(corpus, &corpus->entries[i], &messages[i], error);
    qsort(messages, corpus->count, sizeof *messages, compare_messages);
    for (size_t i = 0; fine && i < corpus->count; i++)
        for (size_t j = 0; j < messages[i].count; j++)
            cell_of(cells, messages[i].features[j])->messages++;
    for (int round = 0; fine && round < ROUNDS; round++)
        for (size_t i = 0; i < corpus->count; i++)
            learn(cells, &messages[i]);
    for (size_t i = 0; i < corpus->count; i++)
        free(messages[i].features);
    free(messages);
    return fine;
}

int main(int argc, char **argv)
{
    struct corpus corpus;
    struct error error = {0};
    if (argc != 4) {
        fprintf(stderr, "usage: train-prior INDEX ROOT OUT\n");
        return 64;
    }
    mail_init();
    struct cell *cells = memory_new(CELLS * sizeof *cells);
    bool fine =
        corpus_read_index(&corpus, argv[1], argv[2], &error) && train(&corpus, cells, &error);
    corpus_clear(&corpus);
    if (!fine) {
        fprintf(stderr, "train-prior: %s\n", error.message);
        return 1;
    }
    size_t count = choose(cells), bytes = PRIOR_HEAD_BYTES + 4 * count;
    FILE *file = fopen(argv[3], "wbe");
    fine = file && bytes <= PRIOR_BYTES_MAX && write_table(cells, count, file);
    if (!file || fclose(file) != 0 || !fine) {
        fprintf(stderr, "train-prior: cannot write %zu bytes to %s\n", bytes, argv[3]);
        return 1;
    }
    printf("%s: %zu features, %zu bytes\n", argv[3], count, bytes);
    free(cells);
    return 0;
}
