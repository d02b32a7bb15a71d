#include "admin/evaluate_report.h"

#include "admin/evaluate_figures.h"
#include "core/checks.h"
#include "core/json_writer.h"
#include "store/memory.h"

#define BOOTSTRAP_ROUNDS 1000u
#define BOOTSTRAP_SEED 1u

static const double misjudged[] = {0.001, 0.005, 0.01};
#define MISJUDGED (sizeof misjudged / sizeof *misjudged)

static const char *const stage_names[STAGES] = {"parse", "features", "checks", "score", "learn"};

static const char *const action_names[] = {"tag", "hold"};

struct figures {
    size_t ham, spam;
    double roca;
    struct interval interval;
    double missed[MISJUDGED];
    struct {
        double threshold, ham_misjudged, spam_missed;
    } actions[2]; /* as action_names[] */
    double calibration_error;
};

static struct figures figures_of(struct scored *scored, size_t count,
                                 const struct thresholds *thresholds)
{
    struct figures figures = {.ham = scored_of(scored, count, LABEL_HAM)};
    figures.spam = count - figures.ham;
    scored_sort(scored, count);
    figures.roca = scored_roca(scored, count);
    figures.interval = scored_roca_interval(scored, count, BOOTSTRAP_ROUNDS, BOOTSTRAP_SEED);
    for (size_t i = 0; i < MISJUDGED; i++)
        figures.missed[i] = scored_missed(scored, count, misjudged[i]);
    const double reached[] = {thresholds->tag, thresholds->hold};
    for (int i = 0; i < 2; i++) {
        figures.actions[i].threshold = reached[i];
        figures.actions[i].ham_misjudged = scored_reaching(scored, count, LABEL_HAM, reached[i]);
        figures.actions[i].spam_missed = 1 - scored_reaching(scored, count, LABEL_SPAM, reached[i]);
    }
    figures.calibration_error = scored_calibration_error(scored, count);
    return figures;
}

/* The documents of `source` (SIZE_MAX: all), scored by all that counts or by content alone; their
 * count is returned. */
static size_t collect(const struct evaluation *evaluation, const struct outcome *outcome,
                      size_t source, bool content, struct scored *scored)
{
    size_t count = 0;
    for (size_t i = 0; i < outcome->count; i++) {
        const struct outcome_row *row = &outcome->rows[i];
        const struct corpus_entry *entry = &evaluation->corpus->entries[row->entry];
        if (source == SIZE_MAX || entry->source == source)
            scored[count++] = (struct scored){content ? row->content : row->score, entry->label};
    }
    return count;
}

/* --- words --- */

static void print_rates(const struct figures *figures)
{
    printf("  1-ROCA %.4f %% (95 %% interval %.4f to %.4f)\n", 100 * figures->roca,
           100 * figures->interval.low, 100 * figures->interval.high);
    for (size_t i = 0; i < MISJUDGED; i++)
        printf("  spam missed at %g %% of ham misjudged: %.2f %%\n", 100 * misjudged[i],
               100 * figures->missed[i]);
}

static void print_figures(const struct figures *figures)
{
    print_rates(figures);
    for (int i = 0; i < 2; i++)
        printf("  at the threshold to %s (p %g): ham misjudged %.3f %%, spam missed %.2f %%\n",
               action_names[i], figures->actions[i].threshold,
               100 * figures->actions[i].ham_misjudged, 100 * figures->actions[i].spam_missed);
    printf("  expected calibration error %.4f (%u bins)\n", figures->calibration_error,
           CALIBRATION_BINS);
}

static void print_costs(const struct outcome *outcome)
{
    printf("documents/s of each stage:");
    for (int stage = 0; stage < STAGES; stage++)
        if (outcome->stages[stage].documents)
            printf(" %s %.0f", stage_names[stage],
                   (double)outcome->stages[stage].documents / outcome->stages[stage].seconds);
    putchar('\n');
    if (outcome->lessons)
        printf("%zu lessons, %.0f bytes each\n", outcome->lessons,
               (double)outcome->lesson_bytes / (double)outcome->lessons);
}

/* --- JSON --- */

static void put_rates(struct json_writer *json, const struct figures *figures)
{
    char name[16];
    json_put_number(json, "roca", 100 * figures->roca, 6);
    json_put_number(json, "roca_low", 100 * figures->interval.low, 6);
    json_put_number(json, "roca_high", 100 * figures->interval.high, 6);
    json_put_open(json, "missed", '{');
    for (size_t i = 0; i < MISJUDGED; i++) {
        snprintf(name, sizeof name, "%g", 100 * misjudged[i]);
        json_put_number(json, name, 100 * figures->missed[i], 4);
    }
    json_put_close(json, '}');
}

static void put_figures(struct json_writer *json, const struct figures *figures)
{
    json_put_integer(json, "ham", (int64_t)figures->ham);
    json_put_integer(json, "spam", (int64_t)figures->spam);
    put_rates(json, figures);
    for (int i = 0; i < 2; i++) {
        json_put_open(json, action_names[i], '{');
        json_put_number(json, "threshold", figures->actions[i].threshold, 6);
        json_put_number(json, "ham_misjudged", 100 * figures->actions[i].ham_misjudged, 4);
        json_put_number(json, "spam_missed", 100 * figures->actions[i].spam_missed, 4);
        json_put_close(json, '}');
    }
    json_put_number(json, "calibration_error", figures->calibration_error, 6);
    json_put_integer(json, "calibration_bins", CALIBRATION_BINS);
}

static void put_costs(struct json_writer *json, const struct outcome *outcome)
{
    json_put_open(json, "documents_per_second", '{');
    for (int stage = 0; stage < STAGES; stage++)
        if (outcome->stages[stage].documents)
            json_put_number(
                json, stage_names[stage],
                (double)outcome->stages[stage].documents / outcome->stages[stage].seconds, 0);
    json_put_close(json, '}');
    json_put_integer(json, "lessons", (int64_t)outcome->lessons);
    json_put_integer(json, "lesson_bytes", (int64_t)outcome->lesson_bytes);
}

/* --- both --- */

/* One object a source with both labels; `json` NULL: words. */
static void report_sources(const struct evaluation *evaluation, const struct outcome *outcome,
                           struct scored *scored, struct json_writer *json)
{
    const struct corpus *corpus = evaluation->corpus;
    const struct thresholds *thresholds = &evaluation->config->thresholds;
    bool *both = evaluation_sources(corpus);
    for (size_t source = 0; source < corpus->source_count; source++) {
        if (!both[source])
            continue;
        size_t count = collect(evaluation, outcome, source, false, scored);
        struct figures figures = figures_of(scored, count, thresholds);
        struct span name = span_of(corpus->sources[source]);
        if (json) {
            json_put_open(json, NULL, '{');
            json_put_string(json, "source", name);
            put_figures(json, &figures);
            json_put_close(json, '}');
        } else {
            printf("source %.*s: %zu ham, %zu spam\n", SPAN_ARGS(name), figures.ham, figures.spam);
            print_figures(&figures);
        }
    }
    free(both);
}

void report_outcome(const struct evaluation *evaluation, const struct outcome *outcome, bool json)
{
    const struct thresholds *thresholds = &evaluation->config->thresholds;
    struct scored *scored = memory_new(outcome->count * sizeof *scored);
    size_t count = collect(evaluation, outcome, SIZE_MAX, false, scored);
    struct figures figures = figures_of(scored, count, thresholds);
    bool more = evaluation->reputations || evaluation->checks;
    collect(evaluation, outcome, SIZE_MAX, true, scored);
    struct figures content = figures_of(scored, count, thresholds);
    if (json) {
        struct json_writer writer = {0};
        json_put_open(&writer, NULL, '{');
        put_figures(&writer, &figures);
        if (more) {
            json_put_open(&writer, "content", '{');
            put_rates(&writer, &content);
            json_put_close(&writer, '}');
        }
        put_costs(&writer, outcome);
        if (evaluation->corpus->items >= 0) {
            json_put_open(&writer, "sources", '[');
            report_sources(evaluation, outcome, scored, &writer);
            json_put_close(&writer, ']');
        }
        json_put_close(&writer, '}');
        json_put_newline(&writer);
        json_writer_flush(&writer, stdout);
        json_writer_free(&writer);
    } else {
        printf("scored: %zu ham, %zu spam\n", figures.ham, figures.spam);
        print_figures(&figures);
        if (more) {
            puts("content alone:");
            print_rates(&content);
        }
        report_sources(evaluation, outcome, scored, NULL);
        print_costs(outcome);
    }
    free(scored);
}

void report_scores(const struct evaluation *evaluation, const struct outcome *outcome, FILE *stream)
{
    for (size_t i = 0; i < outcome->count; i++) {
        const struct corpus_entry *entry = &evaluation->corpus->entries[outcome->rows[i].entry];
        fprintf(stream, "%d %.17g %s\n", entry->label == LABEL_SPAM, outcome->rows[i].score,
                entry->path);
    }
}

void report_rates(const struct evaluation *evaluation, const struct check_rate *rates, bool json)
{
    const struct corpus *corpus = evaluation->corpus;
    struct json_writer writer = {0};
    size_t rows, total[2] = {0, 0};
    const struct check *checks = checks_all(&rows);
    for (size_t i = 0; i < corpus->count; i++)
        total[corpus->entries[i].label]++;
    if (!json)
        printf("%-22s %10s %10s %14s\n", "fires on", "ham", "spam", "mean strength");
    for (size_t i = 0; i < rows; i++) {
        size_t fired = rates[i].fired[LABEL_HAM] + rates[i].fired[LABEL_SPAM];
        double ham = 100.0 * (double)rates[i].fired[LABEL_HAM] / (double)total[LABEL_HAM];
        double spam = 100.0 * (double)rates[i].fired[LABEL_SPAM] / (double)total[LABEL_SPAM];
        double strength = fired ? rates[i].strength / (double)fired : 0;
        if (!json) {
            printf("%-22s %9.3f%% %9.3f%% %14.2f\n", checks[i].symbol, ham, spam, strength);
            continue;
        }
        json_put_open(&writer, NULL, '{');
        json_put_string(&writer, "symbol", span_of(checks[i].symbol));
        json_put_number(&writer, "ham", ham, 4);
        json_put_number(&writer, "spam", spam, 4);
        json_put_number(&writer, "strength", strength, 4);
        json_put_close(&writer, '}');
        json_put_newline(&writer);
    }
    json_writer_flush(&writer, stdout);
    json_writer_free(&writer);
}
