/* weirctl: the admin's tool. See weirctl(1). */
#include "admin/commands.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "core/log.h"
#include "paths.h"

static const struct command *const commands[] = {
    &command_check,        &command_learn,    &command_held,   &command_explain,
    &command_reputation,   &command_history,  &command_stats,  &command_top,
    &command_config,       &command_migrate,  &command_backup, &command_restore,
    &command_console_user, &command_evaluate, &command_undo,   &command_retention,
    &command_tune,         &command_rules,    &command_audit,  &command_digest,
    &command_feeds,
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void print_overview(void)
{
    puts("usage: weirctl [--config FILE] [--gateway URL] [--json] COMMAND …\n"
         "       weirctl help [COMMAND]\n"
         "       weirctl --version\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-14s%s\n", commands[i]->name, commands[i]->summary);
    puts("\n--config FILE  read FILE instead of the default (" SYSCONFDIR "/weir/weir.conf, or"
         " $WEIR_CONFIG)\n"
         "--gateway URL  held, undo, learn, reputation, feeds, rules or audit on another machine:\n"
         "               https://NAME@HOST of its weir-console, with the password in\n"
         "               $WEIR_PASSWORD or asked for; or https://HOST with a token in $WEIR_TOKEN\n"
         "--json         JSON instead of words, one value a line\n\n"
         "exit codes: 0 done, 1 see the command, 64 usage, 65 unusable input, 66 cannot open,\n"
         "70 internal error, 74 input or output failed, 75 a store is away, try again,\n"
         "78 configuration; of several the highest");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    }
    return NULL;
}

static int print_help(const char *name)
{
    if (!name) {
        print_overview();
        return session_flush();
    }
    const struct command *command = find_command(name);
    if (!command)
        return session_usage("there is no command \"%s\"", name);
    const char *start = "usage: ";
    for (const char *line = command->usage; *line; start = "       ") {
        size_t length = strcspn(line, "\n");
        printf("%sweirctl %.*s\n", start, (int)length, line);
        line += length + (line[length] == '\n');
    }
    printf("\n%s", command->help);
    return session_flush();
}

/* Options before the command: --config FILE, --gateway URL, --json, --help, --version. Returns the
 * index of the command, or 0 when there is none to run and `*status` says how it ended. */
static int read_globals(struct session *session, int count, char **arguments, int *status)
{
    int i = 1;
    *status = EX_OK;
    for (; i < count && arguments[i][0] == '-'; i++) {
        const char *word = arguments[i];
        if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
            *status = print_help(NULL);
            return 0;
        }
        if (!strcmp(word, "--version")) {
            puts("weirctl " PACKAGE_VERSION);
            *status = session_flush();
            return 0;
        }
        if (!strcmp(word, "--json")) {
            session->json = true;
            continue;
        }
        bool gateway = !strcmp(word, "--gateway") || !strncmp(word, "--gateway=", 10);
        const char **value = gateway ? &session->gateway : &session->config_path;
        const char *equals = strchr(word, '=');
        if (!gateway && strcmp(word, "--config") != 0 && strncmp(word, "--config=", 9) != 0)
            *status = session_usage("unknown option %s", word);
        else if (equals)
            *value = equals + 1;
        else if (i + 1 < count)
            *value = arguments[++i];
        else
            *status = session_usage("option %s wants a value", word);
        if (*status == EX_OK && !**value)
            *status = session_usage("option --%s wants a value, and was given an empty one",
                                    gateway ? "gateway" : "config");
        if (*status != EX_OK)
            return 0;
    }
    if (i < count)
        return i;
    *status = session_usage("which command?");
    return 0;
}

static int run(struct session *session, int count, char **arguments)
{
    int status;
    int at = read_globals(session, count, arguments, &status);
    if (!at)
        return status;
    const char *name = arguments[at];
    if (!strcmp(name, "help"))
        return print_help(at + 1 < count ? arguments[at + 1] : NULL);
    const struct command *command = find_command(name);
    if (!command)
        return session_usage("there is no command \"%s\"", name);
    for (int i = at + 1; i < count && strcmp(arguments[i], "--") != 0; i++) {
        if (!strcmp(arguments[i], "--help"))
            return print_help(name);
    }
    return command->run(session, count - at - 1, arguments + at + 1);
}

int main(int count, char **arguments)
{
    /* Documents come and go by the hundred kilobytes; giving that back to the kernel and asking
     * for it again costs more than judging them. */
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    log_set_level(LOG_LEVEL_WARNING); /* what is in force is for the logs of daemons */
    struct session session = {0};
    int status = run(&session, count, arguments);
    session_close(&session);
    int flushed = session_flush();
    return status > flushed ? status : flushed;
}
