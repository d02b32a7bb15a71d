#include "core/live_tuning.h"

#include "core/log.h"
#include "core/write_all.h"
#include "store/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE 0640
#define FILE_MAX (4u << 20)

struct live_tuning {
    pthread_mutex_t lock; /* of `tuning` and `rules` */
    struct tuning tuning;
    struct rules *rules; /* NULL: none */
    bool knows_rules;
    char *path;
    /* Of whoever follows: one thread. */
    bool asked; /* the store was */
    uint64_t version;
    char run_id[64];
};

/* --- the rules of the settings --- */

/* Puts them in force, unless they cannot be read. `*changed` is set when they are others. */
static bool take_rules(struct live_tuning *live, const json_t *whole, bool *changed,
                       struct error *error)
{
    struct span text = tuning_rules_text(whole);
    struct rules *rules = rules_read(text, "rules", error);
    if (!rules)
        return false;
    pthread_mutex_lock(&live->lock);
    struct rules *former = live->rules;
    *changed = rules_version(rules) != rules_version(former);
    if (*changed) {
        rules_count_on(rules, former);
        live->rules = rules;
    }
    live->knows_rules = true;
    pthread_mutex_unlock(&live->lock);
    rules_release(*changed ? former : rules);
    return true;
}

/* --- over a restart --- */

static void load_file(struct live_tuning *live)
{
    struct error error = {0};
    json_t *whole = NULL;
    char *text = memory_new(FILE_MAX);
    int fd = open(live->path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, FILE_MAX) : -1;
    if (fd >= 0)
        close(fd);
    bool changed;
    if (length > 0 &&
        !(tuning_read((struct span){text, (size_t)length}, &live->tuning, &whole, &error) &&
          take_rules(live, whole, &changed, &error)))
        log_message(LOG_LEVEL_WARNING, "%s: %s; it is left out until the counts store is there",
                    live->path, error.message);
    json_decref(whole);
    free(text);
}

/* What cannot be kept is in force all the same. */
static void save_file(const struct live_tuning *live, struct span text)
{
    char fresh[4096];
    if (!live->path || (size_t)snprintf(fresh, sizeof fresh, "%s.new", live->path) >= sizeof fresh)
        return;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    bool good = fd >= 0 && write_all(fd, text.data, text.length);
    if (fd >= 0)
        good = close(fd) == 0 && good;
    if (!good || rename(fresh, live->path) != 0)
        log_message(LOG_LEVEL_WARNING, "%s: the tuning is not kept over a restart: %s", live->path,
                    strerror(errno));
}

struct live_tuning *live_tuning_new(const char *path)
{
    struct live_tuning *live = memory_new(sizeof *live);
    pthread_mutex_init(&live->lock, NULL);
    tuning_clear(&live->tuning);
    live->path = memory_text(path);
    if (path)
        load_file(live);
    return live;
}

void live_tuning_free(struct live_tuning *live)
{
    if (!live)
        return;
    pthread_mutex_destroy(&live->lock);
    rules_release(live->rules);
    free(live->path);
    free(live);
}

/* --- metrics --- */

static void write_label(FILE *file, const char *value)
{
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            fputc('\\', file);
        fputc(*value, file);
    }
}

static void write_counter(FILE *file, const struct rule *rule, const char *name, uint64_t value)
{
    fprintf(file, "%s{rule=\"", name);
    write_label(file, rule->name);
    fprintf(file, "\",action=\"%s\",dry=\"%s\"} %" PRIu64 "\n", rule_action_name(rule->action),
            rule->dry ? "yes" : "no", value);
}

void live_tuning_write_metrics(void *live, FILE *file)
{
    struct rules *rules = live_tuning_rules(live, NULL);
    fputs("# HELP weir_rule_matches_total Documents that a rule matched, those on trial too.\n"
          "# TYPE weir_rule_matches_total counter\n",
          file);
    for (size_t i = 0; i < rules_count(rules); i++)
        write_counter(file, rules_at(rules, i), "weir_rule_matches_total",
                      atomic_load(&rules_at(rules, i)->matched));
    fputs("# HELP weir_rule_unfinished_total Documents that a rule did not finish on.\n"
          "# TYPE weir_rule_unfinished_total counter\n",
          file);
    for (size_t i = 0; i < rules_count(rules); i++)
        write_counter(file, rules_at(rules, i), "weir_rule_unfinished_total",
                      atomic_load(&rules_at(rules, i)->unfinished));
    rules_release(rules);
}

/* --- following --- */

void live_tuning_get(struct live_tuning *live, struct tuning *tuning)
{
    pthread_mutex_lock(&live->lock);
    *tuning = live->tuning;
    pthread_mutex_unlock(&live->lock);
}

struct rules *live_tuning_rules(struct live_tuning *live, bool *known)
{
    pthread_mutex_lock(&live->lock);
    if (known)
        *known = live->knows_rules;
    struct rules *rules = rules_retain(live->rules);
    pthread_mutex_unlock(&live->lock);
    return rules;
}

static void tell_of_rules(struct live_tuning *live, const char *version)
{
    char count[24];
    snprintf(count, sizeof count, "%zu", rules_count(live->rules));
    log_event(LOG_LEVEL_NOTICE, "rules", "version", version, "state", "in force", "rules", count,
              NULL);
}

/* What there is to read is put in force, or said to be of no use. */
static bool take(struct live_tuning *live, const struct counts_settings *settings)
{
    struct tuning tuning;
    struct error error = {0};
    json_t *whole;
    char version[24];
    struct span text = {settings->length ? settings->text : "", settings->length};
    snprintf(version, sizeof version, "%" PRIu64, settings->version);
    if (!tuning_read(text, &tuning, &whole, &error)) {
        log_event(LOG_LEVEL_ERROR, "tuning", "version", version, "left-out", error.message, NULL);
        return false;
    }
    bool others = false;
    if (!take_rules(live, whole, &others, &error))
        log_event(LOG_LEVEL_ERROR, "rules", "version", version, "left-out", error.message, NULL);
    json_decref(whole);
    bool changed = !tuning_is_equal(&tuning, &live->tuning);
    pthread_mutex_lock(&live->lock);
    live->tuning = tuning;
    pthread_mutex_unlock(&live->lock);
    /* What is told to be in force is so after a restart, too. */
    save_file(live, text);
    if (others)
        tell_of_rules(live, version);
    if (changed)
        log_event(LOG_LEVEL_NOTICE, "tuning", "version", version, "state", "in force", NULL);
    return changed;
}

bool live_tuning_follow(struct live_tuning *live, struct counts_store *store,
                        const struct counts_health *health, bool *changed, struct error *error)
{
    struct counts_settings settings;
    if (changed)
        *changed = false;
    if (live->asked && health->settings == live->version &&
        strcmp(health->run_id, live->run_id) == 0)
        return true;
    if (!counts_settings_load(store, &settings, error))
        return false;
    bool others = take(live, &settings);
    if (changed)
        *changed = others;
    live->asked = true;
    live->version = settings.version;
    snprintf(live->run_id, sizeof live->run_id, "%s", health->run_id);
    counts_settings_clear(&settings);
    return true;
}
