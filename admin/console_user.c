#include "admin/commands.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/console_users.h"
#include "admin/password.h"
#include "core/json_writer.h"

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

static int put(const struct session *session, struct console_user *user, bool keeps_role,
               bool *was_there)
{
    struct error error = {0};
    return console_users_put(session->config->console.users, user, keeps_role, was_there, &error)
               ? EX_OK
               : session_complain(&error);
}

/* `role`: that the user has now; NULL: none. What cannot be written was done all the same. */
static void audit(struct session *session, const char *deed, const char *name, const char *role)
{
    char what[60];
    struct error error = {0};
    snprintf(what, sizeof what, "%s%s%s", deed, role ? " " : "", role ? role : "");
    if (session_audit(session, session_user(), what, name, &error))
        return;
    error_prefix(&error, "it was done, but it is not in the audit log");
    session_complain(&error);
}

static int complain_unknown(const char *name)
{
    struct error error = {0};
    error_set(&error, ERROR_INPUT, "%s: there is no such user", name);
    return session_complain(&error);
}

static int add(struct session *session, struct console_user *user, bool keeps_role)
{
    char password[CONSOLE_PASSWORD_MAX + 2];
    struct error error = {0};
    bool was_there;
    int status = ask_for_password(password);
    if (status == EX_OK && !console_users_set_password(user, password, &error))
        status = session_complain(&error);
    sodium_memzero(password, sizeof password);
    if (status == EX_OK)
        status = put(session, user, keeps_role, &was_there);
    if (status != EX_OK)
        return status;
    printf("%s: %s as %s\n", user->name, was_there ? "has a new password" : "may log in",
           console_role_name(user->role));
    audit(session, was_there ? "user-password" : "user-add", user->name,
          console_role_name(user->role));
    return EX_OK;
}

static int make_token(struct session *session, struct console_user *user, bool keeps_role)
{
    char token[CONSOLE_TOKEN_SIZE];
    bool was_there;
    console_users_set_token(user, token);
    int status = put(session, user, keeps_role, &was_there);
    if (status != EX_OK)
        return status;
    puts(token);
    fprintf(stderr, "%s: %s as %s; the token is shown this once\n", user->name,
            was_there ? "has a new token" : "may call the API", console_role_name(user->role));
    audit(session, "user-token", user->name, console_role_name(user->role));
    return EX_OK;
}

static int change_role(struct session *session, struct console_user *user, bool keeps_role)
{
    bool was_there;
    int status = put(session, user, keeps_role, &was_there);
    if (status == EX_OK && !was_there)
        return complain_unknown(user->name);
    if (status != EX_OK)
        return status;
    printf("%s: is %s now\n", user->name, console_role_name(user->role));
    audit(session, "user-role", user->name, console_role_name(user->role));
    return EX_OK;
}

static int take_away(struct session *session, const char *name)
{
    struct error error = {0};
    bool was_there;
    if (!console_users_remove(session->config->console.users, name, &was_there, &error))
        return session_complain(&error);
    if (!was_there)
        return complain_unknown(name);
    printf("%s: may not log in any more\n", name);
    audit(session, "user-remove", name, NULL);
    return EX_OK;
}

static void print_user(void *context, const struct console_user *user)
{
    const struct session *session = context;
    if (user->role == CONSOLE_ROLES) {
        fprintf(stderr, "weirctl: %s: %s has no role and no access; mend it with %s\n",
                session->config->console.users, user->name, CONSOLE_ROLE_MEND);
        return;
    }
    const char *role = console_role_name(user->role);
    if (session->json) {
        struct json_writer json = {0};
        json_put_open(&json, NULL, '{');
        json_put_string(&json, "name", span_of(user->name));
        json_put_string(&json, "role", span_of(role));
        json_put_bool(&json, "program", console_user_is_program(user));
        json_put_close(&json, '}');
        json_put_newline(&json);
        json_writer_flush(&json, stdout);
        json_writer_free(&json);
        return;
    }
    printf("%-20s %-9s %s\n", user->name, role,
           console_user_is_program(user) ? "token" : "password");
}

/* What is done with a user of that name; who is new and has no role given becomes `role`. */
struct deed {
    const char *name;
    int (*run)(struct session *session, struct console_user *user, bool keeps_role);
    enum console_role role; /* CONSOLE_ROLES: it has to be given */
};

static const struct deed deeds[] = {
    {"add", add, CONSOLE_ADMIN},
    {"token", make_token, CONSOLE_READER},
    {"role", change_role, CONSOLE_ROLES},
};

static const struct deed *find_deed(const char *name)
{
    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
        if (strcmp(deeds[i].name, name) == 0)
            return &deeds[i];
    return NULL;
}

/* "ACTION NAME", and of `role` "role NAME ROLE" too. */
static int run_deed(struct session *session, const struct deed *deed, int count, char **words,
                    const char *role)
{
    struct console_user user = {.role = deed->role};
    if (deed->role == CONSOLE_ROLES && count == 3)
        role = words[2];
    else if (count != 2)
        return session_usage("console-user: %s NAME%s?", deed->name,
                             deed->role == CONSOLE_ROLES ? " ROLE" : "");
    if (role && !console_role_from_name(role, &user.role))
        return session_usage("console-user: %s: a role is teacher, reader, reviewer or admin",
                             role);
    if (user.role == CONSOLE_ROLES)
        return session_usage("console-user: role NAME teacher, reader, reviewer or admin?");
    strcpy(user.name, words[1]);
    return deed->run(session, &user, !role);
}

static int run(struct session *session, int count, char **arguments)
{
    const char *role = NULL;
    const struct option_row rows[] = {{"role", &role, NULL}, {NULL, NULL, NULL}};
    struct error error = {0};
    int status = session_options(session, rows, &count, arguments);
    if (status == EX_OK)
        status = session_configure(session);
    if (status != EX_OK)
        return status;
    if (sodium_init() < 0)
        return EX_SOFTWARE;
    if (count == 1 && strcmp(arguments[0], "list") == 0)
        return console_users_list(session->config->console.users, print_user, session, &error)
                   ? EX_OK
                   : session_complain(&error);
    const struct deed *deed = count >= 2 ? find_deed(arguments[0]) : NULL;
    bool removal = count == 2 && strcmp(arguments[0], "remove") == 0;
    if (!deed && !removal)
        return session_usage("console-user: add NAME, token NAME, role NAME ROLE, remove NAME or "
                             "list?");
    if (!console_users_is_name(arguments[1]))
        return session_usage("console-user: a name has 1 to %d letters, digits, '.', '_', '-', '@'",
                             CONSOLE_NAME_MAX);
    return removal ? take_away(session, arguments[1])
                   : run_deed(session, deed, count, arguments, role);
}

const struct command command_console_user = {
    "console-user",
    run,
    "console-user add [--role ROLE] NAME\n"
    "console-user token [--role ROLE] NAME\n"
    "console-user role NAME ROLE\n"
    "console-user remove NAME\n"
    "console-user list",
    "who may use the web console and its API",
    "Keeps the file console.users, which weir-console reads at each login and each request: who "
    "is\n"
    "removed is out at once. A ROLE is teacher (only teaches messages), reader (sees), reviewer "
    "(and\n"
    "decides about what is held) or admin (and changes how weir judges).\n\n"
    "add     a user, or a new password for one: asked for twice on a terminal, else read from\n"
    "        standard input, one line of 8 bytes or more\n"
    "token   a program, or a new token for one: prints the token that it sends as "
    "\"Authorization:\n"
    "        Bearer TOKEN\", or that stands in WEIR_TOKEN for weirctl --gateway\n"
    "        Without --role who is new is an admin, a program a reader; others stay what they "
    "are.\n"
    "        A name has either a password or a token: neither takes the place of the other\n"
    "role    another role for a user or program\n"
    "remove  a user or program\n"
    "list    their names, roles, and what they come with\n\n"
    "Each is a line in the audit, with the name, and never a password or token.\n",
};
