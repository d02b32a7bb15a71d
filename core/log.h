/* log: one line per event, logfmt ("key=value key=\"two words\""). To stderr under systemd (with
 * the <N> level prefix) and on a terminal, else to syslog (facility mail). Thread-safe. Values
 * from outside are escaped: no line breaks, no control characters, quotes escaped, 200 bytes. */
#ifndef WEIR_LOG_H
#define WEIR_LOG_H

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

/* `program` (lent) names the syslog tag. `to_stderr` forces stderr; else as above. */
void log_open(const char *program, bool to_stderr);
/* True when lines go to stderr (a terminal, systemd) and not to syslog. */
bool log_is_on_stderr(void);
void log_set_level(enum log_level level);
bool log_level_from_name(const char *name, enum log_level *level);

/* log_event(LOG_LEVEL_INFO, "verdict", "action", "hold", "p", "0.99", NULL): keys and values in
 * turn, then NULL; a NULL value drops the pair. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

/* A message in words: msg="…". */
void log_message(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
