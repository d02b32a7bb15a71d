/* commands: the table of weirctl's commands, one file each. A command gets its words after its
 * name, options and operands, and gives the exit code. */
#ifndef WEIR_COMMANDS_H
#define WEIR_COMMANDS_H

#include "admin/session.h"

struct command {
    const char *name;
    int (*run)(struct session *session, int count, char **arguments);
    const char *usage;   /* one or more lines, each "weirctl name …" without "weirctl " */
    const char *summary; /* one line for the list of commands */
    const char *help;    /* what `weirctl help NAME` says besides */
};

extern const struct command command_check;
extern const struct command command_learn;
extern const struct command command_reputation;
extern const struct command command_held;
extern const struct command command_retention;
extern const struct command command_digest;
extern const struct command command_undo;
extern const struct command command_tune;
extern const struct command command_rules;
extern const struct command command_explain;
extern const struct command command_evaluate;
extern const struct command command_config;
extern const struct command command_migrate;
extern const struct command command_backup;
extern const struct command command_restore;
extern const struct command command_feeds;
extern const struct command command_history;
extern const struct command command_audit;
extern const struct command command_stats;
extern const struct command command_top;
extern const struct command command_console_user;

#endif
