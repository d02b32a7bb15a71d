#include "admin/commands.h"

#include <stdio.h>
#include <string.h>

#include "admin/config_readers.h"
#include "admin/text_list.h"
#include "admin/tune.h"
#include "admin/tune_show.h"
#include "core/json_writer.h"

static void show_json(const struct config *config, const struct tuning *tuning)
{
    struct json_writer json = {0};
    json_put_open(&json, NULL, '{');
    tune_show_put(&json, config, tuning);
    json_put_close(&json, '}');
    json_put_newline(&json);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

/* Where the numbers that verdicts are made with come from. */
static int show(struct session *session)
{
    struct tune_state state = {0};
    struct error error = {0};
    int status = session_open_counts(session);
    if (status != EX_OK)
        return status;
    if (!tune_load(session, &state, &error)) {
        fprintf(stderr, "weirctl: %s; without what was tuned\n", error.message);
        tuning_clear(&state.tuning);
    }
    if (session->json)
        show_json(session->config, &state.tuning);
    else
        tune_show_numbers(session->config, &state.tuning, true);
    tune_state_clear(&state);
    return EX_OK;
}

/* --- test --- */

static void note_warning(void *context, const char *line)
{
    text_list_add(context, span_of(line));
}

static void test_json(const char *path, const struct text_list *told, const struct error *error)
{
    struct json_writer json = {0};
    bool valid = error->class == ERROR_NONE;
    json_put_open(&json, NULL, '{');
    json_put_string(&json, "file", span_of(path));
    json_put_bool(&json, "valid", valid);
    if (!valid)
        json_put_string(&json, "error", span_of(error->message));
    json_put_open(&json, "warnings", '[');
    for (size_t i = 0; i < told->count; i++)
        json_put_string(&json, NULL, span_of(told->texts[i]));
    json_put_close(&json, ']');
    json_put_close(&json, '}');
    json_put_newline(&json);
    json_writer_flush(&json, stdout);
    json_writer_free(&json);
}

static int test(struct session *session)
{
    const char *path = session->config_path ? session->config_path : config_default_path();
    struct error error = {0};
    struct text_list told = {0};
    session->config = config_read_with_feeds(path, &error);
    for (size_t i = 0; session->config && i < session->config->warning_count; i++)
        note_warning(&told, session->config->warnings[i]);
    if (session->config)
        config_readers_look(session, note_warning, &told);
    if (session->json) {
        test_json(path, &told, &error);
    } else if (session->config) {
        for (size_t i = 0; i < told.count; i++)
            fprintf(stderr, "weirctl: warning: %s\n", told.texts[i]);
        printf("%s: valid\n", path);
    } else {
        session_complain(&error);
    }
    text_list_clear(&told);
    return session->config ? EX_OK : EX_CONFIG;
}

static int run(struct session *session, int count, char **arguments)
{
    const struct option_row rows[] = {{NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count == 1 && strcmp(arguments[0], "show") == 0)
        return show(session);
    if (count == 1 && strcmp(arguments[0], "test") == 0)
        return test(session);
    return session_usage("config: test or show?");
}

const struct command command_config = {
    "config",
    run,
    "config test\n"
    "config show",
    "is the configuration valid, and where do numbers come from?",
    "test reads the configuration file, and the feeds file that it names, and says whether they "
    "are\n"
    "valid; else what is wrong, with file and line, and exit code 78. What works but is hardly\n"
    "meant, such as a password that everybody may read, or a reader of a feed who has no address,\n"
    "is warned of on stderr. Nothing is connected to.\n\n"
    "show tells every number that verdicts are made with, and whether it is the default, the\n"
    "configuration file's, or tuned (see weirctl help tune).\n",
};
