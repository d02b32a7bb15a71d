#include "admin/commands.h"

#include <stdio.h>
#include <string.h>

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

static int run(struct session *session, int count, char **arguments)
{
    const struct option_row rows[] = {{NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count == 1 && strcmp(arguments[0], "show") == 0)
        return show(session);
    if (count != 1 || strcmp(arguments[0], "test") != 0)
        return session_usage("config: test or show?");
    const char *path = session->config_path ? session->config_path : config_default_path();
    struct error error = {0};
    session->config = config_read_with_feeds(path, &error);
    size_t warnings = session->config ? session->config->warning_count : 0;
    if (session->json) {
        struct json_writer json = {0};
        json_put_open(&json, NULL, '{');
        json_put_string(&json, "file", span_of(path));
        json_put_bool(&json, "valid", session->config != NULL);
        if (!session->config)
            json_put_string(&json, "error", span_of(error.message));
        json_put_open(&json, "warnings", '[');
        for (size_t i = 0; i < warnings; i++)
            json_put_string(&json, NULL, span_of(session->config->warnings[i]));
        json_put_close(&json, ']');
        json_put_close(&json, '}');
        json_put_newline(&json);
        json_writer_flush(&json, stdout);
        json_writer_free(&json);
    } else if (session->config) {
        for (size_t i = 0; i < warnings; i++)
            fprintf(stderr, "weirctl: warning: %s\n", session->config->warnings[i]);
        printf("%s: valid\n", path);
    } else {
        session_complain(&error);
    }
    return session->config ? EX_OK : EX_CONFIG;
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
    "meant, such as a password that everybody may read, is warned of on stderr. Nothing is\n"
    "connected to.\n\n"
    "show tells every number that verdicts are made with, and whether it is the default, the\n"
    "configuration file's, or tuned (see weirctl help tune).\n",
};
