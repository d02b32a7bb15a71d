#include "feedfilter/serve.h"

#include <libxml/parser.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "config.h"
#include "core/config_restart.h"
#include "core/judge_stores.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/retention.h"
#include "core/service.h"
#include "core/text.h"
#include "core/url.h"
#include "feedfilter/complain.h"
#include "feedfilter/feed_duplicates.h"
#include "feedfilter/feed_states.h"
#include "feedfilter/item_links.h"
#include "feedfilter/live_feeds.h"
#include "feedfilter/readers.h"
#include "feedfilter/refresh.h"
#include "feedfilter/serve_answers.h"
#include "feedfilter/store_trouble.h"
#include "store/memory.h"
#include "store/records_evidence.h"

#define TICK_MS 200 /* how soon a release shows, and a due poll begins */
#define CACHE_RETRY_S 5
#define OTHER_DESCRIPTORS 150 /* stores, journal, log, cache, and the like */
/* Judging waits so long for the replica at start: what is judged without it is judged twice. */
#define REPLICA_PATIENCE_MS 5000

struct gateway {
    const char *config_path;
    struct config *file;    /* as it was read last */
    struct config *config;  /* in force: that with what was subscribed to while weir runs */
    struct config *started; /* its strings are lent to the stores */
    struct judge_stores stores;
    _Atomic(struct records *) records, reading; /* of one file: what reads waits for no writer */
    int64_t records_change;                     /* up to which changes were seen */
    int64_t records_retry_s;                    /* NULL records: when to try again */
    bool records_told;                          /* that they fail */
    char states_trouble[STORE_TROUBLE_SIZE];    /* why feeds' states were not written; or empty */
    struct store_trouble records_trouble, cache_trouble;
    struct retention retention;
    uint64_t rules_version; /* of the rules that the pages are made by, or will be soon */
    struct live_feeds live;
    struct feed_states states;
    int64_t states_s; /* when they were told last */
    _Atomic(struct feed_cache *) cache;
    int64_t cache_retry_s; /* NULL cache: when to try again */
    bool cache_told;       /* that it fails */
    struct fetcher *fetcher;
    struct subscriptions *subscriptions;
    struct readers *readers;
    struct link_keys *link_keys;
    struct refresh *refresh;
    atomic_uint stories_freed; /* see refresh.h; */
    atomic_bool stories_known; /* this too */
    bool stories_stale;        /* what is remembered of feeds is yet to follow the configuration */
    struct serve_sources sources; /* of the server's answers */
    struct server *server;
};

/* --- the records: opened when they can be, looked at for releases --- */

static bool ignore_change(void *context, const char *feed)
{
    (void)context, (void)feed;
    return true;
}

static bool filter_again(void *context, const char *feed)
{
    struct gateway *gateway = context;
    struct subscription *subscription = subscriptions_find(gateway->subscriptions, feed);
    if (subscription)
        refresh_filter_again(subscription);
    subscription_release(subscription);
    return true;
}

static void tell_of_records(struct gateway *gateway, const char *reason)
{
    if (reason && !gateway->records_told) {
        metrics_add(METRIC_RECORDS_ERRORS, 0, 1);
        log_event(LOG_LEVEL_ERROR, "records-failed", "reason", reason, "meanwhile",
                  "nothing is held", NULL);
    } else if (!reason && gateway->records_told) {
        log_event(LOG_LEVEL_NOTICE, "records-back", NULL);
    }
    gateway->records_told = reason != NULL;
    store_trouble_set(&gateway->records_trouble, reason ? reason : gateway->states_trouble);
}

static void open_records(struct gateway *gateway)
{
    struct error error = {0};
    const char *path = gateway->started->records_feeds;
    struct records *records = records_open(path, &error);
    struct records *reading = records ? records_open(path, &error) : NULL;
    if (records)
        records_keep_evidence(records, gateway->started->records_evidence);
    gateway->records_retry_s = time(NULL) + RECORDS_RETRY_S;
    if (reading &&
        records_held_changes(reading, &gateway->records_change, ignore_change, NULL, &error)) {
        tell_of_records(gateway, NULL);
        atomic_store(&gateway->reading, reading);
        atomic_store(&gateway->records, records);
        return;
    }
    tell_of_records(gateway, error.message);
    records_close(reading);
    records_close(records);
}

static void make_again(void *context, struct subscription *subscription)
{
    (void)context;
    refresh_filter_again(subscription);
}

static void look_at_records(struct gateway *gateway)
{
    struct error error = {0};
    struct records *records = atomic_load(&gateway->records);
    if (!records) {
        if (time(NULL) >= gateway->records_retry_s)
            open_records(gateway);
        if (atomic_load(&gateway->records))
            subscriptions_visit(gateway->subscriptions, make_again, NULL);
        return;
    }
    retention_work(&gateway->retention, records, gateway->config);
    bool read = records_held_changes(atomic_load(&gateway->reading), &gateway->records_change,
                                     filter_again, gateway, &error);
    tell_of_records(gateway, read ? NULL : error.message);
    if (records_take_error(records, &error)) {
        metrics_add(METRIC_RECORDS_ERRORS, 0, 1);
        log_event(LOG_LEVEL_WARNING, "history-incomplete", "reason", error.message, NULL);
    }
}

/* --- the rules --- */

/* What they say of items may be something else now. */
static void look_at_rules(struct gateway *gateway)
{
    bool known;
    struct rules *rules = live_tuning_rules(gateway->stores.judge.tuning, &known);
    if (known && rules_version(rules) != gateway->rules_version) {
        gateway->rules_version = rules_version(rules);
        subscriptions_visit(gateway->subscriptions, make_again, NULL);
    }
    rules_release(rules);
}

/* --- the cache: opened when it can be --- */

static void open_cache(struct gateway *gateway)
{
    struct error why = {0};
    const struct config *config = gateway->started;
    atomic_store(&gateway->cache, feed_cache_open(config->feedfilter.cache,
                                                  config->feedfilter.cache_size_bytes, &why));
    bool failed = !atomic_load(&gateway->cache);
    gateway->cache_retry_s = time(NULL) + CACHE_RETRY_S;
    if (failed && !gateway->cache_told)
        log_event(LOG_LEVEL_ERROR, "cache-failed", "reason", why.message, "meanwhile",
                  "a restart fetches all feeds anew", NULL);
    else if (!failed && gateway->cache_told)
        log_event(LOG_LEVEL_NOTICE, "cache-back", NULL);
    gateway->cache_told = failed;
    store_trouble_set(&gateway->cache_trouble, failed ? why.message : NULL);
}

/* --- the main thread --- */

static void load(void *context, struct subscription *subscription)
{
    struct gateway *gateway = context;
    refresh_load(gateway->refresh, subscription);
}

static void tick(void *context, struct subscription *subscription)
{
    struct gateway *gateway = context;
    refresh_tick(gateway->refresh, subscription);
}

/* Copies of feeds that nobody subscribes to any more are let go. */
static void tidy_cache(const struct gateway *gateway)
{
    struct error error = {0};
    const struct config *config = gateway->config;
    const char **names = memory_new(config->subscription_count * sizeof *names);
    for (size_t i = 0; i < config->subscription_count; i++)
        names[i] = config->subscriptions[i].name;
    struct feed_cache *cache = atomic_load(&gateway->cache);
    if (cache && !feed_cache_keep(cache, names, config->subscription_count, &error))
        log_event(LOG_LEVEL_WARNING, "cache-not-tidied", "reason", error.message, NULL);
    free(names);
}

/* Trouble is told by look_at_records(). */
static void keep_stories(struct gateway *gateway)
{
    struct error error = {0};
    struct records *records = atomic_load(&gateway->records);
    gateway->stories_stale = !gateway->live.known || !records ||
                             !feed_duplicates_keep(gateway->config, records, &error) ||
                             !item_links_keep(gateway->config, records, &error);
    if (!gateway->stories_stale)
        atomic_store(&gateway->stories_known, true);
}

/* Puts the file in force, with what was subscribed to while weir runs. */
static void join(struct gateway *gateway)
{
    struct config *former = gateway->config;
    gateway->config = live_feeds_join(&gateway->live, gateway->file);
    keep_stories(gateway);
    subscriptions_configure(gateway->subscriptions, gateway->config, load, gateway);
    atomic_fetch_add(&gateway->stories_freed, 1); /* other feeds, or other readers of theirs */
    gateway->states.partly = false;
    if (gateway->live.known)
        tidy_cache(gateway);
    config_release(former);
}

static void put_in_force(struct gateway *gateway, struct config *config)
{
    struct config *former = gateway->file;
    gateway->file = config;
    log_set_level(config->log_level);
    if (gateway->server)
        server_set_public_url(gateway->server, config->feedfilter.public_url);
    if (!config->subscription_count && !gateway->live.count)
        log_event(LOG_LEVEL_WARNING, "no-feeds", "config", gateway->config_path, "mend",
                  "say weirctl feeds add NAME URL", NULL);
    item_links_prepare(gateway->link_keys, config);
    join(gateway);
    config_release(former);
}

/* --- what is subscribed to while weir runs, and how all feeds stand --- */

/* True when it has changed. Trouble is told by look_at_records(). */
static bool look_for_feeds(struct gateway *gateway)
{
    struct error error = {0};
    bool changed;
    struct records *records = atomic_load(&gateway->reading);
    return records && live_feeds_look(&gateway->live, records, &changed, &error) && changed &&
           readers_read(gateway->readers, records, &error);
}

static void look_at_feeds(struct gateway *gateway)
{
    struct error error = {0};
    struct records *records = atomic_load(&gateway->records);
    if (look_for_feeds(gateway)) {
        join(gateway);
        log_event(LOG_LEVEL_NOTICE, "feeds-changed", NULL);
    }
    if (!records || time(NULL) == gateway->states_s)
        return;
    gateway->states_s = time(NULL);
    if (gateway->stories_stale) {
        keep_stories(gateway);
        if (!gateway->stories_stale)
            subscriptions_visit(gateway->subscriptions, make_again, NULL);
    }
    bool written = feed_states_tell(&gateway->states, gateway->subscriptions, records, &error);
    snprintf(gateway->states_trouble, sizeof gateway->states_trouble, "%s",
             written ? "" : store_trouble_reason(error.message));
}

static void reload(struct gateway *gateway)
{
    struct error error = {0};
    struct config *config = config_read_with_feeds(gateway->config_path, &error);
    if (!config) {
        log_event(LOG_LEVEL_ERROR, "reload-failed", "reason", error.message, "still", "as before",
                  NULL);
        return;
    }
    config_log_warnings(config);
    config_restart_log(CONFIG_FEEDFILTER, gateway->started, config);
    put_in_force(gateway, config);
    log_event(LOG_LEVEL_NOTICE, "reloaded", "config", gateway->config_path, NULL);
    replica_log_digest(gateway->stores.judge.replica);
}

static void wait_for_replica(const struct gateway *gateway)
{
    struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    for (int waited = 0; waited < REPLICA_PATIENCE_MS; waited += 20) {
        if (replica_store_up(gateway->stores.judge.replica))
            return;
        nanosleep(&pause, NULL);
    }
}

/* Until a signal says stop. */
static void run(struct gateway *gateway, const sigset_t *signals)
{
    struct timespec pause = {.tv_nsec = TICK_MS * 1000 * 1000};
    for (;;) {
        int number = sigtimedwait(signals, NULL, &pause);
        if (number == SIGTERM || number == SIGINT)
            return;
        if (number == SIGHUP)
            reload(gateway);
        service_watchdog();
        look_at_records(gateway);
        look_at_rules(gateway);
        look_at_feeds(gateway);
        if (!atomic_load(&gateway->cache) && time(NULL) >= gateway->cache_retry_s)
            open_cache(gateway);
        subscriptions_visit(gateway->subscriptions, tick, gateway);
        hub_leaves_tick(subscriptions_leaves(gateway->subscriptions), gateway->fetcher);
    }
}

/* --- start and end --- */

static bool open_stores(struct gateway *gateway, struct error *error)
{
    const struct config *config = gateway->started;
    if (!judge_stores_open(&gateway->stores, config, config->journal.feeds, error))
        return false;
    open_records(gateway);
    open_cache(gateway);
    return true;
}

static bool start_refreshing(struct gateway *gateway, struct error *error)
{
    const struct config *config = gateway->started;
    struct fetch_limits limits = {
        .size_bytes = config->feedfilter.size_limit_bytes,
        .timeout_ms = config->feedfilter.fetch_timeout_ms,
        .redirects = config->feedfilter.redirects,
        .at_once = config->feedfilter.fetches,
        .host_at_once = config->feedfilter.host_fetches,
        .host_spacing_ms = config->feedfilter.host_spacing_ms,
        .allowed = config->feedfilter.upstream_networks,
        .allowed_count = config->feedfilter.upstream_network_count,
    };
    gateway->subscriptions = subscriptions_new();
    gateway->readers = readers_new();
    gateway->link_keys = link_keys_new();
    gateway->fetcher = fetcher_new(&limits, error);
    if (!gateway->fetcher)
        return false;
    struct refresh_parts parts = {.judge = &gateway->stores.judge,
                                  .records = &gateway->records,
                                  .cache = &gateway->cache,
                                  .fetcher = gateway->fetcher,
                                  .link_keys = gateway->link_keys,
                                  .filter_again = filter_again,
                                  .context = gateway,
                                  .stories_freed = &gateway->stories_freed,
                                  .stories_known = &gateway->stories_known};
    gateway->refresh = refresh_new(&parts, error);
    return gateway->refresh != NULL;
}

static bool start_serving(struct gateway *gateway, struct error *error)
{
    const struct config *config = gateway->started;
    struct server_limits limits = {.connections = config->feedfilter.connections,
                                   .request_timeout_ms = config->feedfilter.request_timeout_ms,
                                   .other_descriptors =
                                       OTHER_DESCRIPTORS + fetcher_descriptors(gateway->fetcher)};
    gateway->sources =
        (struct serve_sources){.subscriptions = gateway->subscriptions,
                               .readers = gateway->readers,
                               .link_keys = gateway->link_keys,
                               .stores = &gateway->stores,
                               .journal_limit_bytes = config->journal.size_limit_bytes,
                               .reading = &gateway->reading,
                               .records_trouble = &gateway->records_trouble,
                               .cache_trouble = &gateway->cache_trouble};
    struct server_handlers handlers = serve_answers(&gateway->sources);
    gateway->server = server_new(config->feedfilter.listen, &limits, &handlers, error);
    if (gateway->server)
        server_set_public_url(gateway->server, config->feedfilter.public_url);
    return gateway->server != NULL;
}

static void tell_to_go(void *context, struct subscription *subscription)
{
    (void)context;
    pthread_mutex_lock(&subscription->lock);
    subscription->stopping = true;
    subscription_answer(subscription, NULL);
    pthread_mutex_unlock(&subscription->lock);
}

static void stop(struct gateway *gateway)
{
    if (gateway->server)
        server_quiesce(gateway->server);
    if (gateway->subscriptions)
        subscriptions_visit(gateway->subscriptions, tell_to_go, NULL);
    if (gateway->refresh)
        refresh_stop(gateway->refresh);
    fetcher_free(gateway->fetcher);
    refresh_free(gateway->refresh);
    server_free(gateway->server);
    if (gateway->subscriptions && atomic_load(&gateway->records))
        feed_states_tell_stopped(gateway->subscriptions, atomic_load(&gateway->records), NULL);
    subscriptions_free_all(gateway->subscriptions);
    feed_cache_close(atomic_load(&gateway->cache));
    records_close(atomic_load(&gateway->reading));
    records_close(atomic_load(&gateway->records));
    judge_stores_close(&gateway->stores);
    readers_free(gateway->readers);
    link_keys_free(gateway->link_keys);
    live_feeds_clear(&gateway->live);
    config_release(gateway->config);
    config_release(gateway->file);
    config_release(gateway->started);
}

/* Before the first thread, which inherits the mask: signals reach the main thread only. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static bool start(struct gateway *gateway, struct error *error)
{
    if (!open_stores(gateway, error) || !start_refreshing(gateway, error))
        return false;
    wait_for_replica(gateway);
    look_for_feeds(gateway);
    put_in_force(gateway, config_retain(gateway->started));
    return start_serving(gateway, error);
}

int serve_run(const char *config_path)
{
    sigset_t signals;
    struct error error = {0};
    struct gateway gateway = {.config_path = config_path ? config_path : config_default_path(),
                              .records_trouble = STORE_TROUBLE_NONE,
                              .cache_trouble = STORE_TROUBLE_NONE};
    gateway.started = config_read_with_feeds(gateway.config_path, &error);
    if (!gateway.started) {
        complain("cannot start: %s", error.message);
        return EX_CONFIG;
    }
    log_set_level(gateway.started->log_level);
    config_log_warnings(gateway.started);
    metrics_start(METRICS_FEEDFILTER, PACKAGE_VERSION);
    if (sodium_init() < 0) {
        complain("cannot start: libsodium does not");
        config_release(gateway.started);
        return EX_SOFTWARE;
    }
    text_init();
    url_init();
    xmlInitParser();
    block_signals(&signals);
    bool good = start(&gateway, &error);
    if (good) {
        log_event(LOG_LEVEL_NOTICE, "started", "version", PACKAGE_VERSION, "listen",
                  gateway.started->feedfilter.listen, NULL);
        service_ready();
        run(&gateway, &signals);
        log_event(LOG_LEVEL_NOTICE, "stopping", NULL);
        service_stopping();
    } else {
        complain("cannot start: %s", error.message);
    }
    stop(&gateway);
    xmlCleanupParser();
    return good ? EX_OK : EX_UNAVAILABLE;
}
