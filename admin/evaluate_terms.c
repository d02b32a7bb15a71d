#include "admin/evaluate_terms.h"

#include "core/checks.h"
#include "core/json_writer.h"
#include "store/memory.h"

void terms_run_checks(struct document *document, struct terms *terms)
{
    size_t rows;
    checks_all(&rows);
    double *weights = arena_alloc(document->arena, rows * sizeof *weights);
    for (size_t i = 0; i < rows; i++)
        weights[i] = 1;
    checks_run(document, &(struct check_weights){weights, rows}, &terms->checks);
}

double terms_sum(const struct evaluation *evaluation, const struct terms *terms)
{
    double sum = terms->content;
    for (size_t i = 0; i < terms->checks.count && evaluation->checks; i++) {
        const struct evidence *check = &terms->checks.items[i];
        sum += check->log_odds * evaluation->config->checks.weights[checks_find(check->symbol)];
    }
    for (size_t i = 0; i < terms->reputations.count; i++)
        sum += terms->reputations.items[i].log_odds;
    return sum;
}

static void put_list(struct json_writer *writer, const char *key, const struct evidence_list *list)
{
    json_put_open(writer, key, '{');
    for (size_t i = 0; i < list->count; i++)
        json_put_number(writer, list->items[i].symbol, list->items[i].log_odds, 6);
    json_put_close(writer, '}');
}

void terms_write(const struct terms *terms, const struct corpus_entry *entry, FILE *stream)
{
    struct json_writer writer = {0};
    json_put_open(&writer, NULL, '{');
    json_put_bool(&writer, "spam", entry->label == LABEL_SPAM);
    json_put_string(&writer, "path", span_of(entry->path));
    json_put_number(&writer, "content", terms->content, 6);
    put_list(&writer, "checks", &terms->checks);
    put_list(&writer, "reputations", &terms->reputations);
    json_put_close(&writer, '}');
    json_put_newline(&writer);
    json_writer_flush(&writer, stream);
    json_writer_free(&writer);
}
