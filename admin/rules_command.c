#include "admin/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/documents.h"
#include "admin/feeds_names.h"
#include "admin/held_reapply.h"
#include "admin/records_text.h"
#include "admin/rule_preview.h"
#include "admin/rule_settings.h"
#include "admin/rules_print.h"
#include "admin/rules_remote.h"
#include "core/features.h"
#include "core/printable.h"
#include "core/mail.h"
#include "store/memory.h"

struct request {
    struct session *session;
    struct tune_state state;
    struct rules *rules; /* in force, or of the file */
    const char *file, *feed, *recipient, *sender, *list, *seen;
    bool text, release;
    bool bounce;   /* the sender is empty (RFC 5321 4.5.5) */
    char *content; /* of the file */
    struct json_writer json;
};

/* --- files --- */

/* All of `path` ("-": standard input). */
static bool read_file(struct request *request, const char *path, struct error *error)
{
    size_t length = 0, room = 0;
    FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
    if (!file)
        return error_set(error, ERROR_INPUT, "%s: cannot be read: %m", path);
    for (size_t got = 1; got && length <= RULES_TEXT_MAX; length += got) {
        room = length + 65536;
        request->content = memory_resize(request->content, room + 1);
        got = fread(request->content + length, 1, room - length, file);
    }
    request->content[length] = '\0';
    bool good = !ferror(file) || error_set(error, ERROR_INPUT, "%s: cannot be read: %m", path);
    if (file != stdin)
        fclose(file);
    if (good)
        request->rules = rules_read((struct span){request->content, length},
                                    strcmp(path, "-") ? path : "stdin", error);
    return good && request->rules;
}

static int flush(struct request *request)
{
    json_put_newline(&request->json);
    json_writer_flush(&request->json, stdout);
    json_writer_free(&request->json);
    return EX_OK;
}

/* --- show, history --- */

static int show(struct request *request)
{
    struct rule_preview matched;
    struct error error = {0};
    struct span text = tuning_rules_text(request->state.whole);
    if (request->text) {
        printf("%.*s", SPAN_ARGS(text));
        return EX_OK;
    }
    if (!rule_preview_matched(request->session, request->rules, &matched, &error))
        return session_complain(&error);
    if (request->session->json) {
        json_put_open(&request->json, NULL, '{');
        rule_settings_put(&request->json, &request->state, request->rules);
        json_put_open(&request->json, "matched", '{');
        rule_preview_put(&request->json, request->rules, &matched);
        json_put_close(&request->json, '}');
        json_put_close(&request->json, '}');
        flush(request);
    } else {
        rules_print(request->rules, &matched);
    }
    rule_preview_clear(&matched);
    return EX_OK;
}

static int history(struct request *request)
{
    if (!request->session->json) {
        rules_print_changes(rule_settings_changes(&request->state), "time_s");
        return EX_OK;
    }
    json_put_open(&request->json, NULL, '{');
    rule_settings_put(&request->json, &request->state, request->rules);
    json_put_close(&request->json, '}');
    return flush(request);
}

/* --- test --- */

static void set_scope(const struct request *request, struct document *document)
{
    struct arena *arena = document->arena;
    if (request->feed && document->channel == CHANNEL_FEED)
        document->feed = span_of(request->feed);
    if (document->channel != CHANNEL_MAIL)
        return;
    if (request->sender)
        document->envelope.sender = span_of(request->sender);
    if (request->recipient) {
        document->envelope.recipients = arena_alloc(arena, sizeof(struct span));
        document->envelope.recipients[0] = span_of(request->recipient);
        document->envelope.recipient_count = 1;
    }
}

static void print_match(const struct rules_said *said, const struct rule_match *match)
{
    char action[RULE_ACTION_SIZE];
    const struct rule *rule = match->rule;
    printf("  %-16s ", rule_settings_action(rule, action));
    records_text_plain(rule->name);
    if (match->why.length) {
        fputs("  (", stdout);
        printable_put(stdout, match->why, PRINTABLE_LINE);
        putchar(')');
    }
    puts(match->answer == RULE_UNKNOWN      ? "  cannot be told without a recipient: --recipient"
         : match->answer == RULE_UNFINISHED ? "  did not finish"
         : rule == said->decides            ? "  decides"
         : rule->dry                        ? "  on trial"
         : rule->action == RULE_WEIGHT      ? ""
                                            : "  another goes before it");
}

static void put_match(struct json_writer *json, const struct rules_said *said,
                      const struct rule_match *match)
{
    static const char *const answers[] = {
        [RULE_MATCHES] = "matches", [RULE_UNKNOWN] = "unknown", [RULE_UNFINISHED] = "unfinished"};
    json_put_open(json, NULL, '{');
    rule_settings_put_rule(json, match->rule);
    json_put_string(json, "answer", span_of(answers[match->answer]));
    json_put_string(json, "why", match->why);
    json_put_bool(json, "decides", match->rule == said->decides);
    json_put_close(json, '}');
}

static void test_one(struct request *request, const struct sample *sample)
{
    struct rules_said said;
    struct document *document = sample->document;
    struct json_writer *json = &request->json;
    set_scope(request, document);
    features_extract(document);
    rules_match(request->rules, document,
                document->envelope.recipient_count ? 0 : 1u << RULE_RECIPIENT, &said);
    if (request->session->json) {
        json_put_open(json, NULL, '{');
        json_put_string(json, "file", span_of(sample->file));
        if (sample->index)
            json_put_integer(json, "index", (int64_t)sample->index);
        json_put_string(json, "subject", document->subject);
        json_put_string(json, "action",
                        said.decides ? span_of(rule_action_name(said.decides->action)) : SPAN(""));
        json_put_open(json, "rules", '[');
        for (size_t i = 0; i < said.count; i++)
            put_match(json, &said, &said.matches[i]);
        json_put_close(json, ']');
        json_put_close(json, '}');
        json_put_newline(json);
        json_writer_flush(json, stdout);
        return;
    }
    printable_put(stdout, span_of(sample->file), PRINTABLE_LINE);
    if (sample->index)
        printf(" #%zu", sample->index);
    fputs(": ", stdout);
    printable_put_start(stdout, document->subject, 100);
    puts(said.count ? "" : "\n  no rule matches");
    for (size_t i = 0; i < said.count; i++)
        print_match(&said, &said.matches[i]);
}

static int test_all(struct request *request, int count, char **paths)
{
    struct config *plain = request->session->gateway ? config_defaults() : NULL;
    struct documents *documents =
        documents_new((plain ? plain : request->session->config)->milter.size_limit_bytes);
    int worst = session_add_paths(documents, request->list, count, paths);
    for (;;) {
        struct sample sample;
        struct error error = {0};
        enum next_outcome outcome = documents_next(documents, &sample, &error);
        if (outcome == NEXT_END)
            break;
        int status = outcome == NEXT_ERROR ? session_complain_input(&error) : EX_OK;
        worst = status > worst ? status : worst;
        if (outcome == NEXT_ERROR)
            continue;
        test_one(request, &sample);
        sample_clear(&sample);
    }
    documents_free(documents);
    config_release(plain);
    json_writer_free(&request->json);
    return worst;
}

/* --- preview, apply, undo --- */

static bool is_subscribed(struct records *records, const struct feeds_names *names,
                          const char *feed, bool *subscribed, struct error *error)
{
    *subscribed = feeds_names_place(names, feed) != NULL;
    return *subscribed || records_feed_known(records, feed, subscribed, error);
}

/* A name with a letter too many would match nothing, and say nothing. It is no error: the feed may
 * be another gateway's, or one to come. False: the records failed. */
static bool warn_of_feeds(const struct request *request, struct error *error)
{
    struct records *records = request->session->records[FRONT_FEED];
    struct feeds_names *names = records ? feeds_names_new(request->session, error) : NULL;
    bool good = !records || names;
    for (size_t i = 0; names && good && i < rules_count(request->rules); i++) {
        size_t count;
        const char *const *feeds = rules_feeds(request->rules, i, &count);
        for (size_t j = 0; good && j < count; j++) {
            bool subscribed;
            good = is_subscribed(records, names, feeds[j], &subscribed, error);
            if (!good || subscribed)
                continue;
            fprintf(stderr, "%s: warning: rule \"", session_program);
            printable_put(stderr, span_of(rules_at(request->rules, i)->name), PRINTABLE_LINE);
            fputs("\": there is no feed \"", stderr);
            printable_put(stderr, span_of(feeds[j]), PRINTABLE_LINE);
            fputs("\" here\n", stderr);
        }
    }
    feeds_names_free(names);
    return good;
}

static int preview(struct request *request)
{
    struct rule_preview counts;
    struct error error = {0};
    if (!warn_of_feeds(request, &error) ||
        !rule_preview_make(request->session, request->rules, &counts, &error))
        return session_complain(&error);
    if (request->session->json) {
        json_put_open(&request->json, NULL, '{');
        json_put_integer(&request->json, "version", (int64_t)request->state.version);
        rule_preview_put(&request->json, request->rules, &counts);
        json_put_close(&request->json, '}');
        flush(request);
    } else {
        rules_print_preview(request->rules, &counts);
    }
    rule_preview_clear(&counts);
    return EX_OK;
}

/* What was done, and then what becomes of what is held. */
static int report(struct request *request, const char *done, char *what,
                  const struct error *warning)
{
    if (warning->class != ERROR_NONE)
        session_complain(warning);
    if (request->session->json) {
        json_put_open(&request->json, NULL, '{');
        json_put_string(&request->json, done, span_of(what));
        json_put_close(&request->json, '}');
        flush(request);
    } else {
        printf("%s: ", done);
        records_text_plain(what);
        putchar('\n');
    }
    free(what);
    return held_reapply(request->session, request->release);
}

static bool is_in_force(const struct request *request)
{
    return span_equal(tuning_rules_text(request->state.whole), span_of(request->content));
}

static int apply(struct request *request)
{
    struct error error = {0}, warning = {0};
    char *what;
    /* Who applied them without --release comes back for it. */
    if (request->release && is_in_force(request)) {
        if (!request->session->json)
            puts("these rules are in force already");
        return held_reapply(request->session, true);
    }
    if (!warn_of_feeds(request, &error) ||
        !rule_settings_apply(request->session, &request->state, span_of(request->content),
                             request->rules, session_user(), &what, &warning, &error))
        return session_complain(&error);
    return report(request, "applied", what, &warning);
}

static int undo(struct request *request)
{
    struct error error = {0}, warning = {0};
    char *what;
    if (!rule_settings_undo(request->session, &request->state, session_user(), &what, &warning,
                            &error))
        return session_complain(&error);
    return report(request, "undone", what, &warning);
}

/* --- all of it --- */

/* With the settings as they are, and the rules in force unless a file has some. */
static int open_all(struct request *request, bool in_force)
{
    struct session *session = request->session;
    struct error error = {0};
    double seen;
    int status = session_open_counts(session);
    for (int front = 0; front < FRONTS && status == EX_OK; front++)
        status = session_open_records(session, (enum front)front);
    if (status != EX_OK)
        return status;
    if (!tune_load(session, &request->state, &error))
        return session_complain(&error);
    if (request->seen && !session_whole_number("--seen", request->seen, 0, 1e15, &seen))
        return EX_USAGE;
    if (request->seen && !tune_is_seen(&request->state, (uint64_t)seen, &error))
        return session_complain(&error);
    if (in_force && !request->rules)
        request->rules = rule_settings_rules(&request->state, &error);
    return !in_force || request->rules ? EX_OK : session_complain(&error);
}

static const struct verb {
    const char *name;
    int least, most; /* operands */
    bool reads_file; /* the operand is one of rules */
    bool in_force;   /* asks the rules in force */
    int (*run)(struct request *request);
} verbs[] = {
    {"show", 0, 0, false, true, show},       {"history", 0, 0, false, true, history},
    {"preview", 1, 1, true, false, preview}, {"apply", 1, 1, true, false, apply},
    {"undo", 0, 0, false, false, undo},      {"test", 1, INT32_MAX, false, true, NULL},
};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

/* The rules there for a test of documents here; the console answers the rest. */
static int open_remote(struct request *request, const struct verb *verb)
{
    struct error error = {0};
    double seen;
    if (request->release)
        return session_usage("rules %s: --release works on its own machine only", verb->name);
    if (request->seen && !session_whole_number("--seen", request->seen, 0, 1e15, &seen))
        return EX_USAGE;
    if (verb->run || request->rules)
        return EX_OK;
    request->rules = rules_remote_in_force(request->session, &error);
    return request->rules ? EX_OK : session_complain(&error);
}

/* Rules of a file are read before any store is opened: `test --rules` needs none. */
static int dispatch(struct request *request, const struct verb *verb, int count, char **operands)
{
    struct error error = {0};
    struct session *session = request->session;
    const char *path = verb->reads_file ? operands[0] : verb->run ? NULL : request->file;
    if (path && !read_file(request, path, &error))
        return session_complain(&error);
    int status = session->gateway     ? open_remote(request, verb)
                 : verb->run || !path ? open_all(request, verb->in_force)
                                      : session_configure(session);
    if (status != EX_OK)
        return status;
    if (verb->run && session->gateway)
        return rules_remote(session,
                            &(struct rules_asked){verb->name, request->rules, request->content,
                                                  request->seen, request->text});
    return verb->run ? verb->run(request) : test_all(request, count, operands);
}

static int run(struct session *session, int count, char **arguments)
{
    struct request request = {.session = session};
    const struct option_row rows[] = {{"rules", &request.file, NULL},
                                      {"feed", &request.feed, NULL},
                                      {"recipient", &request.recipient, NULL},
                                      {"sender", &request.sender, &request.bounce},
                                      {"files-from", &request.list, NULL},
                                      {"seen", &request.seen, NULL},
                                      {"text", NULL, &request.text},
                                      {"release", NULL, &request.release},
                                      {NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    const struct verb *verb = count ? find_verb(arguments[0]) : NULL;
    if (!verb)
        return session_usage("rules: show, history, preview FILE, apply FILE, undo, or test "
                             "DOCUMENT…?");
    count--;
    bool listed = !verb->run && request.list;
    if ((count < verb->least && !listed) || count > verb->most)
        return session_usage("rules %s: %s", verb->name,
                             verb->most ? "which file?" : "takes no file");
    if ((request.release && verb->run != apply && verb->run != undo) ||
        (request.text && verb->run != show) || (request.file && verb->run))
        return session_usage("rules %s: --release goes with apply and undo, --text with show, "
                             "--rules with test",
                             verb->name);
    mail_init();
    status = dispatch(&request, verb, count, arguments + 1);
    tune_state_clear(&request.state);
    rules_release(request.rules);
    free(request.content);
    return status;
}

const struct command command_rules = {
    "rules",
    run,
    "rules show [--text]\n"
    "rules test [--rules FILE] [--feed NAME] [--recipient ADDRESS] [--sender ADDRESS] DOCUMENT…\n"
    "rules preview FILE\n"
    "rules apply FILE [--release] [--seen N]\n"
    "rules undo [--release] [--seen N]\n"
    "rules history",
    "rules of your own: keep, hold, tag or weigh what matches",
    "What rules are is told in weir.rules(5). They are one text, the same for all gateways of the\n"
    "counts store, in force within about two seconds.\n\n"
    "show     what is in force, and how often each rule matched of the last verdicts here;\n"
    "         --text: the text itself, to be edited and applied again\n"
    "test     which rules match these messages, mailboxes or feeds, and why; --rules: those of a\n"
    "         file instead; --feed, --recipient, --sender: as if they had come so\n"
    "preview  what the rules of the file match of what is held and of the history here\n"
    "apply    puts the text of the file (\"-\": standard input) in force in the place of the\n"
    "         former, and tells what of the held would not be held any more; --release lets that\n"
    "         go, also when the text is in force already\n"
    "undo     takes the last change back\n"
    "history  who changed the rules, and when\n\n"
    "--seen N goes on only if the settings are still of version N, as --json told it\n\n"
    "With --gateway URL all of this is done on another machine, over its weir-console, but for\n"
    "--release, and test, which tries documents of this machine by the rules there.\n",
};
