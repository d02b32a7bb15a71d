#include "core/judge_stores.h"

#include "core/metrics.h"

#include <stdio.h>
#include <string.h>

/* "mail.journal" -> "mail.settings" */
static struct live_tuning *open_tuning(const char *journal_path)
{
    static const char end[] = ".journal";
    char path[4096];
    size_t length = strlen(journal_path);
    if (length >= strlen(end) && strcmp(journal_path + length - strlen(end), end) == 0)
        length -= strlen(end);
    snprintf(path, sizeof path, "%.*s.settings", (int)length, journal_path);
    return live_tuning_new(path);
}

/* What is counted from now on decays by the half-lives in force. */
static void use_table(void *context)
{
    const struct judge_stores *stores = context;
    struct scoring scoring;
    judge_scoring(&stores->judge, stores->config, &scoring);
    counts_use_table(stores->judge.store, &scoring.reputations);
}

bool judge_stores_open(struct judge_stores *stores, const struct config *config,
                       const char *journal_path, struct error *error)
{
    const struct counts_options options = {.timeout_ms = config->counts_timeout_ms,
                                           .key_prefix = config->counts_prefix};
    unsigned char key[COUNTS_KEY_BYTES];
    struct judge *judge = &stores->judge;
    judge->store = counts_open(config->counts_url, &options, error);
    if (!judge->store)
        return false;
    stores->config = config;
    judge->tuning = open_tuning(journal_path);
    metrics_also(live_tuning_write_metrics, judge->tuning);
    use_table(stores);
    judge->replica = replica_new(judge->store, config->gateway);
    replica_follow_tuning(judge->replica, judge->tuning, use_table, stores);
    stores->journal = journal_new(journal_path, config->journal.size_limit_bytes,
                                  config->journal.resend_window_s);
    stores->outbox = outbox_new(judge->store, stores->journal, NULL);
    if (journal_known_key(stores->journal, key))
        replica_propose_key(judge->replica, key);
    if (!replica_start(judge->replica, error) || !outbox_start(stores->outbox, error))
        return false;
    judge->cache = reputation_cache_new();
    judge->volume = volume_new(judge->store);
    return volume_start(judge->volume, error);
}

void judge_stores_close(struct judge_stores *stores)
{
    metrics_also(NULL, NULL);
    volume_free(stores->judge.volume);
    outbox_free(stores->outbox);
    journal_free(stores->journal);
    reputation_cache_free(stores->judge.cache);
    replica_free(stores->judge.replica);
    live_tuning_free(stores->judge.tuning);
    counts_close(stores->judge.store);
}
