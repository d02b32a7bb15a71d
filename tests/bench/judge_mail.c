/* judge_mail: where the time goes from the bytes of a mail to its verdict, against what GMime takes
 * to parse the same mail and decode its parts. The files of LIST (a path a line) are in memory
 * before either begins; both take turns. Prints CPU seconds of each stage, the median of the
 * rounds.
 *
 *     judge_mail COUNTS-URL ROUNDS LIST */
#include "core/html.h"
#include "core/judge.h"
#include "core/log.h"
#include "core/mail.h"
#include "store/memory.h"
#include "tests/bench/bench_program.h"

#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 64 /* as weirctl check judges */
#define ROUNDS_MAX 100u
#define PATH_BYTES 4096

enum stage { STAGE_GMIME, STAGE_HTML, STAGE_READ, STAGE_PREPARE, STAGE_JUDGE, STAGES };
static const char *const stage_names[STAGES] = {"gmime", "html", "read", "prepare", "judge"};

struct bench {
    struct judge judge;
    struct config *config;
    struct span *files;
    size_t count;
    double spent_s[STAGES][ROUNDS_MAX], since_s;
    size_t round;
};

/* The time since the last call was spent in `stage`. */
static void spent(struct bench *bench, enum stage stage)
{
    double now = now_s();
    bench->spent_s[stage][bench->round] += now - bench->since_s;
    bench->since_s = now;
}

static void read_files(struct bench *bench, const char *list)
{
    char path[PATH_BYTES];
    FILE *file = fopen(list, "r");
    if (!file)
        fail(list, "cannot be read");
    while (fgets(path, sizeof path, file)) {
        path[strcspn(path, "\n")] = '\0';
        bench->files = memory_resize(bench->files, (bench->count + 1) * sizeof *bench->files);
        bench->files[bench->count++] = read_file(path);
    }
    fclose(file);
}

/* --- GMime --- */

static void read_html(struct bench *bench, const char *text)
{
    spent(bench, STAGE_GMIME);
    struct document *document = document_new(CHANNEL_MAIL);
    html_read(document, span_of(text));
    document_free(document);
    spent(bench, STAGE_HTML);
}

/* Decodes a part: text to UTF-8, anything else to bytes. weir's own reading of HTML is timed here,
 * where GMime has decoded it. */
static void decode(GMimeObject *parent, GMimeObject *object, gpointer data)
{
    (void)parent;
    if (GMIME_IS_TEXT_PART(object)) {
        char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(object));
        if (text &&
            g_mime_content_type_is_type(g_mime_object_get_content_type(object), "text", "html"))
            read_html(data, text);
        g_free(text);
    } else if (GMIME_IS_PART(object)) {
        GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(object));
        GMimeStream *nowhere = g_mime_stream_null_new();
        if (content)
            g_mime_data_wrapper_write_to_stream(content, nowhere);
        g_object_unref(nowhere);
    }
}

static void run_gmime(struct bench *bench)
{
    bench->since_s = now_s();
    for (size_t i = 0; i < bench->count; i++) {
        GMimeStream *stream =
            g_mime_stream_mem_new_with_buffer(bench->files[i].data, bench->files[i].length);
        GMimeParser *parser = g_mime_parser_new_with_stream(stream);
        GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
        if (message) {
            g_mime_message_foreach(message, decode, bench);
            g_object_unref(message);
        }
        g_object_unref(parser);
        g_object_unref(stream);
    }
    spent(bench, STAGE_GMIME);
}

/* --- weir --- */

static void run_weir(struct bench *bench)
{
    struct document *documents[BATCH];
    struct verdict verdicts[BATCH];
    bench->since_s = now_s();
    for (size_t from = 0; from < bench->count; from += BATCH) {
        size_t n = bench->count - from < BATCH ? bench->count - from : BATCH;
        for (size_t i = 0; i < n; i++)
            documents[i] = mail_read(bench->files[from + i], false);
        spent(bench, STAGE_READ);
        for (size_t i = 0; i < n; i++)
            judge_prepare(documents[i], bench->config);
        spent(bench, STAGE_PREPARE);
        judge_documents(&bench->judge, bench->config, documents, n, verdicts);
        for (size_t i = 0; i < n; i++)
            document_free(documents[i]);
        spent(bench, STAGE_JUDGE);
    }
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The first round warms the caches. */
static void print(struct bench *bench, size_t rounds)
{
    for (size_t stage = 0; stage < STAGES; stage++) {
        double *measured = bench->spent_s[stage] + 1;
        qsort(measured, rounds, sizeof *measured, compare);
        printf("%s %.6f\n", stage_names[stage], measured[rounds / 2]);
    }
}

int main(int argc, char **argv)
{
    struct error error;
    struct bench bench = {.config = config_defaults()};
    size_t rounds = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    if (!rounds || rounds >= ROUNDS_MAX)
        fail("usage", "judge_mail COUNTS-URL ROUNDS LIST");
    mail_init();
    read_files(&bench, argv[3]);
    struct counts_store *store = counts_open(argv[1], NULL, &error);
    bench.judge.replica = store ? replica_new(store, NULL) : NULL;
    if (!bench.judge.replica || !replica_catch_up(bench.judge.replica, &error))
        fail(argv[1], error.message);
    for (; bench.round <= rounds; bench.round++) {
        run_gmime(&bench);
        run_weir(&bench);
    }
    print(&bench, rounds);
    replica_free(bench.judge.replica);
    counts_close(store);
    config_release(bench.config);
    for (size_t i = 0; i < bench.count; i++)
        free((char *)bench.files[i].data);
    free(bench.files);
    return 0;
}
