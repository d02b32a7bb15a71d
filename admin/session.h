/* session: what the commands of weirctl share: the configuration, and the stores, opened when a
 * command first asks for them. Calls that fail have said so on stderr, in one line, and give the
 * exit code for it; EX_OK is success. Exit codes are those of sysexits.h, as weirctl(1) lists them;
 * of several the highest counts. */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include "core/config.h"
#include "core/judge.h"
#include "core/replica.h"
#include "store/counts.h"
#include "store/error.h"
#include "store/journal.h"
#include "store/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <sysexits.h>

/* The records of the two fronts. */
enum front { FRONT_MAIL, FRONT_FEED, FRONTS };
extern const char *const session_streams[FRONTS]; /* "mail", "feeds" */

#define SESSION_OPERATOR "operator" /* the source of lessons of whom everything is believed */

struct session {
    const char *config_path; /* of --config; NULL: the default */
    const char *gateway;     /* of --gateway: the URL of a weir-console; NULL: this machine */
    bool json;
    struct config *config;
    struct counts_store *store;
    enum front front; /* whose journal lessons go into; see session_teach_for() */
    struct journal *journals[FRONTS];
    struct journal *journal;   /* of them, the one in use */
    const char *lesson_source; /* who says what review teaches: "user:…"; NULL: the operator */
    struct replica *replica;
    struct live_tuning *tuning; /* followed by the replica */
    struct records *records[FRONTS];
};

/* Who says it; "weirctl" unless another program sets it. */
extern const char *session_program;

/* Says "weirctl: …" on stderr; the exit code that belongs to the error's class. */
int session_complain(const struct error *error);

/* The same for a file that was named: EX_NOINPUT when this machine would not give it. */
int session_complain_input(const struct error *error);

/* The same for words on the command line that cannot be; always EX_USAGE. */
int session_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* session->config is set. Without --config and $WEIR_CONFIG a missing file gives the defaults. */
int session_configure(struct session *session);

/* session->store and session->journal are set, nothing connected, unless lessons wait: they are
 * sent first, when the store takes them, and a line on stderr says so. Configures first, as all
 * calls below do. */
int session_open_counts(struct session *session);

/* From the next session_open_counts() on, lessons are about what that front holds, and wait in its
 * journal, which its programs send: mail's, unless this was called. */
void session_teach_for(struct session *session, enum front front);

/* session->replica is caught up with the log; the counts were opened before. On failure, of which
 * `error` tells and nothing was said, there is a replica all the same, perhaps an empty one. */
bool session_open_replica(struct session *session, struct error *error);

/* The numbers that reputations are read with now: the configuration's with the tuning in force over
 * them, as the counts store has it; what is written to the counts from now on goes by them too. The
 * counts were opened before. Of a failure `error` tells, and nothing was said. */
bool session_reputations(struct session *session, struct reputation_table *table,
                         struct error *error);

/* session->records[front] is open, or stays NULL when the file is not there yet: nothing was ever
 * recorded, and it is the front's to create, as the user it runs as. */
int session_open_records(struct session *session, enum front front);

/* The records with the audit: mail's where they are there, else the feeds', and where neither are,
 * mail's are made, as their daemon would. session is configured. NULL, and nothing was said: they
 * cannot be opened or made, and `error` tells why. */
struct records *session_audit_records(struct session *session, struct error *error);

/* A line in the audit. False, and nothing was said: it is not there, and `error` tells why. */
bool session_audit(struct session *session, const char *who, const char *what, const char *subject,
                   struct error *error);

/* Who is at the keyboard: $SUDO_USER of root, else the user's name. Lent. */
const char *session_user(void);

void session_close(struct session *session);

/* Flushes stdout; EX_IOERR, and said so, when the output could not be written. */
int session_flush(void);

struct documents;

/* Adds the paths listed in the file `list` (NULL: none) and the `count` paths to `documents`; goes
 * on after one that cannot be. */
int session_add_paths(struct documents *documents, const char *list, int count, char **paths);

/* One row of a command's options: "--name VALUE" or "--name=VALUE" when `value` is set, else
 * "--name", which sets `flag`. With both, the value may be empty, and `flag` is set when it was. */
struct option_row {
    const char *name;
    const char **value;
    bool *flag;
};

/* Takes the options of `rows` (ended by a NULL name) and the global ones out of `arguments`, which
 * keeps the operands in order, `*count` of them; "--" ends options, "-" is an operand. Negative
 * numbers are operands. EX_USAGE, and said so, for an option nobody knows, and for a value that is
 * empty: where a script's variable is not set, nobody means everything by it. */
int session_options(struct session *session, const struct option_row *rows, int *count,
                    char **arguments);

/* `text` as a number within [least, most]; false, and said so as usage, otherwise. */
bool session_number(const char *name, const char *text, double least, double most, double *number);

/* The same for whole numbers. */
bool session_whole_number(const char *name, const char *text, double least, double most,
                          double *number);

/* `word` as one of `choices` (ended by NULL), whose place there is `*which`; 0 when `word` is NULL.
 * false, and said so as usage, for any other. */
bool session_choice(const char *name, const char *word, const char *const *choices, size_t *which);

#endif
