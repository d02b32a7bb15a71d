#include "admin/commands.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/console_users.h"
#include "admin/password.h"

/* Asked twice on a terminal. The exit code. */
static int ask_for_password(char password[CONSOLE_PASSWORD_MAX + 2])
{
    char again[CONSOLE_PASSWORD_MAX + 2];
    if (!password_read("password", password, CONSOLE_PASSWORD_MAX + 2))
        return session_usage("console-user add: no password on standard input");
    if (strlen(password) < CONSOLE_PASSWORD_MIN || strlen(password) > CONSOLE_PASSWORD_MAX)
        return session_usage("console-user add: a password has %d to %d bytes",
                             CONSOLE_PASSWORD_MIN, CONSOLE_PASSWORD_MAX);
    if (!isatty(STDIN_FILENO))
        return EX_OK;
    if (!password_read("again", again, sizeof again) || strcmp(password, again) != 0)
        return session_usage("console-user add: the two are not the same");
    return EX_OK;
}

static int add(const char *path, const char *name)
{
    char password[CONSOLE_PASSWORD_MAX + 2];
    struct error error = {0};
    bool was_there;
    int status = ask_for_password(password);
    if (status == EX_OK && !console_users_put(path, name, password, &was_there, &error))
        status = session_complain(&error);
    else if (status == EX_OK)
        printf("%s: %s\n", name, was_there ? "has a new password" : "may log in");
    sodium_memzero(password, sizeof password);
    return status;
}

static int take_away(const char *path, const char *name)
{
    struct error error = {0};
    bool was_there;
    if (!console_users_put(path, name, NULL, &was_there, &error))
        return session_complain(&error);
    if (!was_there) {
        error_set(&error, ERROR_INPUT, "%s: there is no such user", name);
        return session_complain(&error);
    }
    printf("%s: may not log in any more\n", name);
    return EX_OK;
}

static void print_name(void *context, const char *name)
{
    (void)context;
    puts(name);
}

static int run(struct session *session, int count, char **arguments)
{
    const struct option_row rows[] = {{NULL, NULL, NULL}};
    struct error error = {0};
    int status = session_options(session, rows, &count, arguments);
    if (status == EX_OK)
        status = session_configure(session);
    if (status != EX_OK)
        return status;
    const char *path = session->config->console.users;
    if (sodium_init() < 0)
        return EX_SOFTWARE;
    if (count == 1 && strcmp(arguments[0], "list") == 0)
        return console_users_list(path, print_name, NULL, &error) ? EX_OK
                                                                  : session_complain(&error);
    if (count != 2 || (strcmp(arguments[0], "add") != 0 && strcmp(arguments[0], "remove") != 0))
        return session_usage("console-user: add NAME, remove NAME or list?");
    if (!console_users_is_name(arguments[1]))
        return session_usage("console-user: a name has 1 to %d letters, digits, '.', '_', '-', '@'",
                             CONSOLE_NAME_MAX);
    return strcmp(arguments[0], "add") == 0 ? add(path, arguments[1])
                                            : take_away(path, arguments[1]);
}

const struct command command_console_user = {
    "console-user",
    run,
    "console-user add NAME\n"
    "console-user remove NAME\n"
    "console-user list",
    "who may log in to the web console",
    "Keeps the file console.users, which weir-console reads at each login and each request: who "
    "is\n"
    "removed is out at once.\n\n"
    "add     a user, or a new password for one: asked for twice on a terminal, else read from\n"
    "        standard input, one line of 8 bytes or more\n"
    "remove  a user\n"
    "list    their names\n",
};
