#include "admin/commands.h"

#include <malloc.h>
#include <stdio.h>

#include "admin/documents.h"
#include "core/explain.h"
#include "core/printable.h"
#include "core/reputation_cache.h"

/* Documents that are judged together: one read of reputations for all of them. */
#define BATCH 64

/* So many bytes of documents end a batch early, which bounds the memory for large ones. */
#define BATCH_BYTES (32u * 1024 * 1024)

/* The strongest tokens that are named for the content model's part. */
#define TOKENS_NAMED 12

/* JSON is gathered until there is so much of it. */
#define OUTPUT_BYTES 60000

/* So many characters of a subject are shown to people. */
#define SUBJECT_SHOWN 200

#define MEMORY_KEPT (32 * 1024 * 1024)

enum form { FORM_WORDS, FORM_BRIEF, FORM_JSON };

struct checking {
    struct session *session;
    struct judge judge;
    struct reputation_cache *cache; /* a quarter of what is asked was asked a moment ago */
    enum form form;
    bool explain;
    struct arena *arena; /* for one text at a time */
    struct json_writer json;
    struct sample samples[BATCH];
    size_t count;
    size_t bytes; /* of the samples */
    size_t held;  /* held or rejected */
};

static void write_json(struct checking *check, const struct sample *sample,
                       const struct verdict *verdict)
{
    const struct document *document = sample->document;
    struct json_writer *json = &check->json;
    char id[DOCUMENT_ID_HEX];
    document_id_hex(document->id, id);
    json_put_open(json, NULL, '{');
    json_put_string(json, "file", span_of(sample->file));
    if (sample->index)
        json_put_integer(json, "index", (int64_t)sample->index);
    json_put_string(json, "channel", span_of(channel_name(document->channel)));
    json_put_string(json, "id", span_of(id));
    json_put_string(json, "subject", document->subject);
    explain_verdict_members(json, verdict);
    json_put_close(json, '}');
    json_put_newline(json);
    if (json->length > OUTPUT_BYTES)
        json_writer_flush(json, stdout);
}

static void print_name(const struct sample *sample)
{
    printable_put(stdout, span_of(sample->file), PRINTABLE_LINE);
    if (sample->index)
        printf(" #%zu", sample->index);
}

static void write_words(struct checking *check, const struct sample *sample,
                        const struct verdict *verdict)
{
    print_name(sample);
    if (sample->document->subject.length) {
        fputs(": ", stdout);
        printable_put_start(stdout, sample->document->subject, SUBJECT_SHOWN);
    }
    struct span text =
        explain_verdict_text(check->arena, explain_verdict_json(check->arena, verdict));
    printf("\n%.*s\n", SPAN_ARGS(text));
    arena_reset(check->arena);
}

static void write_brief(const struct sample *sample, const struct verdict *verdict)
{
    printf("%s\t%.3f\t%+.1f\t", action_name(verdict->action), verdict->probability,
           verdict->log_odds);
    print_name(sample);
    putchar('\n');
}

static void judge_batch(struct checking *check)
{
    struct document *documents[BATCH];
    struct verdict verdicts[BATCH];
    for (size_t i = 0; i < check->count; i++)
        documents[i] = check->samples[i].document;
    judge_documents(&check->judge, check->session->config, documents, check->count, verdicts);
    for (size_t i = 0; i < check->count; i++) {
        struct verdict *verdict = &verdicts[i];
        if (check->explain || (check->form == FORM_WORDS && verdict->action != ACTION_ACCEPT))
            judge_name_tokens(&check->judge, documents[i], verdict, TOKENS_NAMED);
        check->held += verdict->action >= ACTION_HOLD;
        if (check->form == FORM_JSON)
            write_json(check, &check->samples[i], verdict);
        else if (check->form == FORM_BRIEF)
            write_brief(&check->samples[i], verdict);
        else
            write_words(check, &check->samples[i], verdict);
        sample_clear(&check->samples[i]);
    }
    check->count = check->bytes = 0;
}

/* Judges all there is. The highest exit code of the files that could not be. */
static int check_all(struct checking *check, struct documents *documents)
{
    int worst = EX_OK;
    for (;;) {
        struct error error = {0};
        struct sample *sample = &check->samples[check->count];
        enum next_outcome outcome = documents_next(documents, sample, &error);
        if (outcome == NEXT_END)
            break;
        if (outcome == NEXT_ERROR) {
            int status = session_complain_input(&error);
            worst = status > worst ? status : worst;
            continue;
        }
        judge_prepare(sample->document, check->session->config);
        check->bytes += sample->size_bytes;
        if (++check->count == BATCH || check->bytes >= BATCH_BYTES)
            judge_batch(check);
    }
    judge_batch(check);
    json_writer_flush(&check->json, stdout);
    return worst;
}

/* Opens the store and the model. A store that is away costs what was learned, not the verdicts. */
static int open_judge(struct checking *check)
{
    struct session *session = check->session;
    struct error error = {0};
    int status = session_open_counts(session);
    if (status != EX_OK)
        return status;
    if (!session_open_replica(session, &error))
        fprintf(stderr, "weirctl: %s; judged without what was learned\n", error.message);
    check->judge = (struct judge){.store = session->store,
                                  .replica = session->replica,
                                  .tuning = session->tuning,
                                  .cache = check->cache};
    return EX_OK;
}

static int run(struct session *session, int count, char **arguments)
{
    bool brief = false, explain = false, exit_code = false;
    const char *list = NULL;
    const struct option_row rows[] = {
        {"brief", NULL, &brief},     {"explain", NULL, &explain}, {"exit-code", NULL, &exit_code},
        {"files-from", &list, NULL}, {NULL, NULL, NULL},
    };
    struct checking *check = NULL;
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (!count && !list)
        return session_usage("check: which files?");
    status = session_configure(session);
    if (status != EX_OK)
        return status;
    struct documents *documents = documents_new(session->config->milter.size_limit_bytes);
    int worst = session_add_paths(documents, list, count, arguments);

    /* The documents of a batch are freed together: what they took stays for the next one, which
     * spares the kernel from zeroing it again. */
    mallopt(M_MMAP_THRESHOLD, MEMORY_KEPT);
    mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);

    static struct checking storage;
    check = &storage;
    check->session = session;
    check->explain = explain;
    check->form = session->json ? FORM_JSON : brief ? FORM_BRIEF : FORM_WORDS;
    check->arena = arena_new();
    check->cache = reputation_cache_new();
    status = open_judge(check);
    if (status == EX_OK)
        status = check_all(check, documents);
    worst = status > worst ? status : worst;
    if (worst == EX_OK && exit_code && check->held)
        worst = 1;
    json_writer_free(&check->json);
    arena_free(check->arena);
    reputation_cache_free(check->cache);
    documents_free(documents);
    return worst;
}

const struct command command_check = {
    "check",
    run,
    "check [--brief] [--explain] [--exit-code] FILE|DIRECTORY|-…\n"
    "check [options] --files-from FILE|-",
    "judge mail and feeds, and tell why",
    "Judges messages, mboxes, Maildirs and feeds (one verdict for each item); nothing is recorded\n"
    "or learned. With --json one object a document and line: file, index (within an mbox or\n"
    "feed), channel, id, subject, action, p, log_odds, terms.\n\n"
    "--brief       one line a document: action, p, log-odds, file\n"
    "--explain     name the tokens that weigh most for every document, also with --json\n"
    "--exit-code   exit 1 when a document would be held or rejected; otherwise verdicts do not\n"
    "              change the exit code\n"
    "--files-from  read paths from FILE (or standard input), one a line\n\n"
    "A file that cannot be read or is no document costs one line on stderr; the rest goes on, and\n"
    "the exit code says so at the end (65 or 66). Without the counts store documents are judged "
    "by\n"
    "the checks alone, which one line on stderr says.\n",
};
