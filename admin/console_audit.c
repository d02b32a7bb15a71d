#include "admin/console_audit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "store/monotonic.h"

#define SUBJECT_BYTES 200
#define KINDS_MOST 32 /* those in audit_list.c are fewer */
#define REFUSALS_A_MINUTE 30

/* What was refused in this minute. */
static struct kind {
    const char *what;
    unsigned written, left_out;
    char last[80]; /* who was the last of those left out */
} kinds[KINDS_MOST];
static size_t kind_count;
static int64_t minute;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all these */

static void write_one(struct session *session, const char *who, const char *what,
                      const char *subject)
{
    struct error error = {0};
    if (!session_audit(session, who, what, subject, &error))
        log_event(LOG_LEVEL_ERROR, "audit-failed", "user", who, "deed", what, "reason",
                  error.message, NULL);
}

/* Under the lock. */
static void write_sums(struct session *session)
{
    char subject[SUBJECT_BYTES + 1];
    for (size_t i = 0; i < kind_count; i++) {
        snprintf(subject, sizeof subject, "%u more of %s, the last by %s", kinds[i].left_out,
                 kinds[i].what, kinds[i].last);
        if (kinds[i].left_out)
            write_one(session, "weir-console", "refused-many", subject);
    }
    kind_count = 0;
}

/* Under the lock. */
static void turn_minute(struct session *session)
{
    int64_t now = (int64_t)(monotonic_s() / 60);
    if (now != minute)
        write_sums(session);
    minute = now;
}

static struct kind *find_kind(const char *what)
{
    size_t i = 0;
    while (i < kind_count && strcmp(kinds[i].what, what) != 0)
        i++;
    if (i == kind_count && kind_count < KINDS_MOST)
        kinds[kind_count++] = (struct kind){.what = what};
    return &kinds[i < KINDS_MOST ? i : KINDS_MOST - 1];
}

/* False for one too many of this minute, which its sum tells of. */
static bool may_write(struct session *session, const char *who, const char *what)
{
    pthread_mutex_lock(&lock);
    turn_minute(session);
    struct kind *kind = find_kind(what);
    bool may = kind->written < REFUSALS_A_MINUTE;
    if (may) {
        kind->written++;
    } else {
        kind->left_out++;
        snprintf(kind->last, sizeof kind->last, "%s", who);
    }
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
    if (strncmp(what, "refused-", 8) != 0 || may_write(session, who, what))
        write_one(session, who, what, text);
}

void console_audit_sums(struct session *session, bool ending)
{
    pthread_mutex_lock(&lock);
    if (ending)
        write_sums(session);
    else
        turn_minute(session);
    pthread_mutex_unlock(&lock);
}
