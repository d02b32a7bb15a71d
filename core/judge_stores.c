#include "core/judge_stores.h"

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
    counts_use_table(judge->store, &config->reputations);
    judge->replica = replica_new(judge->store, config->gateway);
    stores->journal = journal_new(journal_path, config->journal.size_limit_bytes,
                                  config->journal.resend_window_s);
    stores->outbox = outbox_new(judge->store, stores->journal, NULL);
    if (journal_known_key(stores->journal, key))
        replica_propose_key(judge->replica, key);
    if (!replica_start(judge->replica, error) || !outbox_start(stores->outbox, error))
        return false;
    judge->cache = reputation_cache_new();
    return true;
}

void judge_stores_close(struct judge_stores *stores)
{
    outbox_free(stores->outbox);
    journal_free(stores->journal);
    reputation_cache_free(stores->judge.cache);
    replica_free(stores->judge.replica);
    counts_close(stores->judge.store);
}
