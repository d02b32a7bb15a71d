#include "admin/console_audit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "store/monotonic.h"

#define SUBJECT_BYTES 200
#define REFUSALS_A_MINUTE 60

static void write_one(struct session *session, const char *who, const char *what,
                      const char *subject)
{
    struct error error = {0};
    if (!session_audit(session, who, what, subject, &error))
        log_event(LOG_LEVEL_ERROR, "audit-failed", "user", who, "deed", what, "reason",
                  error.message, NULL);
}

/* Under the lock. False for one too many of this minute; those of the minute before are told of at
 * the next. */
static bool may_write(struct session *session)
{
    static int64_t minute;
    static unsigned written, left_out;
    int64_t now = (int64_t)(monotonic_s() / 60);
    if (now != minute) {
        char count[40];
        snprintf(count, sizeof count, "%u more", left_out);
        if (left_out)
            write_one(session, "weir-console", "refused-many", count);
        minute = now;
        written = left_out = 0;
    }
    if (written >= REFUSALS_A_MINUTE) {
        left_out++;
        return false;
    }
    written++;
    return true;
}

static bool may_write_next(struct session *session)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    bool may = may_write(session);
    pthread_mutex_unlock(&lock);
    return may;
}

void console_audit(struct session *session, const char *who, const char *what, const char *subject)
{
    char text[SUBJECT_BYTES + 1];
    snprintf(text, sizeof text, "%s", subject);
    for (char *c = text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    if (strncmp(what, "refused-", 8) != 0 || may_write_next(session))
        write_one(session, who, what, text);
}
