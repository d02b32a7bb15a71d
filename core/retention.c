#include "core/retention.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "core/metrics.h"

#define EVERY_S 60
#define STEPS 5 /* at once; whoever calls has other things to do */

/* Between two steps: whoever waits to write looks every 100 ms whether they may (SQLite). */
#define PAUSE_MS 150

struct records_limits retention_limits(const struct config *config)
{
    return (struct records_limits){.held_s = config->held.keep_s,
                                   .settled_s = config->records_keep_s,
                                   .size_bytes = config->records_size_bytes};
}

static void tell(struct retention *retention)
{
    char texts[RECORDS_DROPPED][24];
    int64_t all = 0;
    for (int i = 0; i < RECORDS_DROPPED; i++) {
        snprintf(texts[i], sizeof texts[i], "%" PRId64, retention->sums[i]);
        all += retention->sums[i];
    }
    if (all)
        log_event(LOG_LEVEL_NOTICE, "dropped", "expired", texts[RECORDS_EXPIRED], "emptied",
                  texts[RECORDS_EMPTIED], "settled", texts[RECORDS_SETTLED], "history",
                  texts[RECORDS_HISTORY], "audit", texts[RECORDS_AUDIT], NULL);
    memset(retention->sums, 0, sizeof retention->sums);
}

void retention_work(struct retention *retention, struct records *records,
                    const struct config *config)
{
    struct error error = {0};
    struct records_limits limits = retention_limits(config);
    int64_t now_s = time(NULL);
    if (now_s < retention->next_s)
        return;
    bool more = true, good = true;
    for (int i = 0; i < STEPS && more && good; i++) {
        if (i)
            nanosleep(&(struct timespec){0, PAUSE_MS * 1000000L}, NULL);
        int64_t sums[RECORDS_DROPPED] = {0};
        good = records_retention_step(records, &limits, now_s, sums, &more, &error);
        for (unsigned j = 0; j < RECORDS_DROPPED; j++) {
            metrics_add(METRIC_DROPPED, j, sums[j]);
            retention->sums[j] += sums[j];
        }
    }
    if (!good && !retention->failed)
        log_event(LOG_LEVEL_ERROR, "not-dropped", "reason", error.message, NULL);
    retention->failed = !good;
    if (good && more)
        return;
    tell(retention);
    retention->next_s = now_s + EVERY_S;
}
