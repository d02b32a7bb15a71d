#include "core/config.h"

#include <assert.h>
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config_complaint.h"
#include "core/config_feedfilter.h"
#include "core/config_identities.h"
#include "core/config_learning.h"
#include "core/config_people.h"
#include "core/config_scan.h"
#include "core/config_subscriptions.h"
#include "core/config_values.h"
#include "paths.h"
#include "store/memory.h"

#define DAY_MS (24L * 3600 * 1000)

/* The reference count stands behind the structure that everybody reads. */
struct counted_config {
    struct config config;
    atomic_uint references;
    struct config *base; /* whose all is but the subscriptions behind its own; NULL: nobody's */
};

/* True when `path` can be read as a file. libconfuse's lexer ends the process when it is given a
 * directory. */
static bool is_readable(const char *path, const char **why)
{
    struct stat status;
    *why = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status))
        *why = strerror(errno);
    else if (S_ISDIR(status.st_mode))
        *why = "it is a directory";
    if (fd >= 0)
        close(fd);
    return *why == NULL;
}

static void warn_of_variable(void *context, int line, const char *name)
{
    char what[200];
    snprintf(what, sizeof what, "${%.100s} is not set in the environment and stands for nothing",
             name);
    config_warn_of_file(context, line, what);
}

/* False, with a complaint, when the file is not whole. */
static bool is_whole(const char *path)
{
    int line = 0;
    FILE *file = fopen(path, "re");
    const char *wrong =
        file ? config_scan(file, &line, warn_of_variable, (void *)path) : strerror(errno);
    if (file)
        fclose(file);
    if (wrong)
        config_complain_of_file(path, line, wrong);
    return !wrong;
}

static int include_file(cfg_t *cfg, cfg_opt_t *option, int argc, const char **argv)
{
    const char *why;
    if (argc != 1)
        return config_refuse(cfg, option, "takes the path of one file");
    if (!is_readable(argv[0], &why))
        return config_refuse(cfg, option, "%.200s: %s", argv[0], why);
    if (!is_whole(argv[0]))
        return -1;
    return cfg_include(cfg, option, argc, argv);
}

static int check_check(cfg_t *cfg, cfg_opt_t *option)
{
    cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    if (checks_find(cfg_title(section)) >= 0)
        return 0;
    return config_refuse(cfg, option, "there is no check \"%.60s\"", cfg_title(section));
}

/* Two threads of two programs would write the one file. */
static int check_two_paths(cfg_t *cfg, cfg_opt_t *option)
{
    (void)cfg;
    cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    const char *mail = cfg_getstr(section, "mail"), *feeds = cfg_getstr(section, "feeds");
    return mail && feeds && !strcmp(mail, feeds)
               ? config_refuse(section, cfg_getopt(section, "feeds"), "is that of mail too")
               : 0;
}

static int check_thresholds(cfg_t *cfg, cfg_opt_t *option)
{
    (void)cfg;
    static const char *const names[] = {"tag", "hold", "reject"};
    cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    for (size_t i = 0; i + 1 < sizeof names / sizeof *names; i++) {
        double lower = cfg_getfloat(section, names[i]), upper = cfg_getfloat(section, names[i + 1]);
        if (lower <= 1 && lower > upper)
            config_warn(section, cfg_getopt(section, names[i]),
                        "is more than %s, so there will be none of it", names[i + 1]);
    }
    return 0;
}

/* --- the settings --- */

static cfg_opt_t records_options[] = {
    CFG_STR("mail", "/var/lib/weir/mail.db", CFGF_NONE),
    CFG_STR("feeds", "/var/lib/weir-feed/feeds.db", CFGF_NONE),
    CFG_INT_CB("keep", 180L * 86400, CFGF_NONE, config_parse_age),
    CFG_INT_CB("size-limit", 1L << 30, CFGF_NONE, config_parse_large_size),
    CFG_INT_CB("evidence", 100000, CFGF_NONE, config_parse_count),
    CFG_END(),
};
static cfg_opt_t journal_options[] = {
    CFG_STR("mail", NULL, CFGF_NODEFAULT),
    CFG_STR("feeds", NULL, CFGF_NODEFAULT),
    CFG_INT_CB("size-limit", 64L << 20, CFGF_NONE, config_parse_size),
    CFG_INT_CB("resend-window", 600000, CFGF_NONE, config_parse_duration),
    CFG_END(),
};
static cfg_opt_t thresholds_options[] = {
    CFG_FLOAT_CB("tag", 0.75, CFGF_NONE, config_parse_probability),
    CFG_FLOAT_CB("hold", 0.95, CFGF_NONE, config_parse_probability),
    CFG_FLOAT_CB("reject", THRESHOLD_NEVER, CFGF_NONE, config_parse_probability),
    CFG_END(),
};
static char no_networks[] = "{}"; /* libconfuse takes no const here */
static cfg_opt_t networks_options[] = {
    CFG_STR_LIST("internal", no_networks, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t milter_options[] = {
    CFG_STR("socket", "inet:127.0.0.1:8891", CFGF_NONE),
    CFG_INT_CB("mode", MODE_OBSERVE, CFGF_NONE, config_parse_mode),
    CFG_INT_CB("size-limit", 32L << 20, CFGF_NONE, config_parse_size),
    CFG_STR("key-file", "/etc/weir/weir-id.key", CFGF_NONE),
    CFG_INT_CB("when-stopping", WHEN_STOPPING_ACCEPT, CFGF_NONE, config_parse_when_stopping),
    CFG_END(),
};
static cfg_opt_t release_options[] = {
    CFG_INT_CB("requeue-after", DAY_MS, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("poll", 500, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("gone-after", 600000, CFGF_NONE, config_parse_duration),
    CFG_STR("preview", "/run/weir-release/preview.sock", CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t check_options[] = {
    CFG_FLOAT_CB("log-odds", NAN, CFGF_NODEFAULT, config_parse_log_odds),
    CFG_BOOL("enabled", cfg_true, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t metrics_options[] = {
    CFG_STR("milter", "", CFGF_NONE),
    CFG_STR("release", "", CFGF_NONE),
    CFG_STR("console", "", CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t console_options[] = {
    CFG_STR("listen", "127.0.0.1:8093", CFGF_NONE),
    CFG_STR("users", SYSCONFDIR "/weir/console.users", CFGF_NONE),
    CFG_STR("public-url", "", CFGF_NONE),
    CFG_STR("pages", PKGDATADIR "/console", CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t log_options[] = {
    CFG_INT_CB("level", LOG_LEVEL_INFO, CFGF_NONE, config_parse_level),
    CFG_END(),
};
static cfg_opt_t options[] = {
    CFG_STR("gateway", NULL, CFGF_NODEFAULT),
    CFG_STR("counts", "sqlite:///var/lib/weir-counts/counts.db", CFGF_NONE),
    CFG_INT_CB("counts-timeout", 500, CFGF_NONE, config_parse_duration),
    CFG_STR("counts-prefix", "weir:", CFGF_NONE),
    CFG_INT_CB("gather-deadline", 5000, CFGF_NONE, config_parse_duration),
    CFG_INT_CB("cold-lessons", 20, CFGF_NONE, config_parse_count),
    CFG_SEC("records", records_options, CFGF_NONE),
    CFG_SEC("journal", journal_options, CFGF_NONE),
    CFG_SEC("thresholds", thresholds_options, CFGF_NONE),
    CFG_SEC("networks", networks_options, CFGF_NONE),
    CFG_SEC("identities", identities_options, CFGF_NONE),
    CFG_SEC("learning", learning_options, CFGF_NONE),
    CFG_SEC("milter", milter_options, CFGF_NONE),
    CFG_SEC("feedfilter", feedfilter_options, CFGF_NONE),
    CFG_SEC("feed", subscription_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("release", release_options, CFGF_NONE),
    CFG_SEC("held", held_options, CFGF_NONE),
    CFG_SEC("digest", digest_options, CFGF_NONE),
    CFG_SEC("recipient", recipient_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("check", check_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("log", log_options, CFGF_NONE),
    CFG_SEC("metrics", metrics_options, CFGF_NONE),
    CFG_SEC("console", console_options, CFGF_NONE),
    CFG_FUNC("include", include_file),
    CFG_END(),
};

/* Of feedfilter.feeds-file. */
static cfg_opt_t feeds_file_options[] = {
    CFG_SEC("feed", subscription_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_FUNC("include", include_file),
    CFG_END(),
};

static const struct {
    const char *path;
    cfg_validate_callback_t check;
} string_checks[] = {
    {"gateway", config_check_name},
    {"counts", config_check_counts_url},
    {"counts-prefix", config_check_name},
    {"records|mail", config_check_path},
    {"records|feeds", config_check_path},
    {"journal|mail", config_check_path},
    {"journal|feeds", config_check_path},
    {"networks|internal", config_check_networks},
    {"identities|trusted-authserv-ids", identities_check_ids},
    {"learning|traps", learning_check_traps},
    {"milter|socket", config_check_socket},
    {"milter|key-file", config_check_path},
    {"feedfilter", feedfilter_check},
    {"feedfilter|listen", config_check_listen},
    {"feedfilter|cache", feedfilter_check_cache},
    {"feedfilter|feeds-file", config_check_path},
    {"feedfilter|link-key-file", config_check_path},
    {"records", check_two_paths},
    {"held", people_check_held},
    {"digest|sendmail", config_check_path},
    {"digest|from", people_check_from},
    {"digest|key-file", config_check_path},
    {"recipient", people_check_recipient},
    {"journal", check_two_paths},
    {"thresholds", check_thresholds},
    {"release|preview", config_check_path},
    {"metrics|milter", config_check_listen},
    {"metrics|release", config_check_listen},
    {"metrics|console", config_check_listen},
    {"console|listen", config_check_listen},
    {"console|users", config_check_path},
    {"console|public-url", config_check_public_url},
    {"console|pages", config_check_path},
    {"feedfilter|public-url", config_check_public_url},
    {"feedfilter|websub-url", config_check_public_url},
    {"feedfilter|upstream-networks", config_check_networks},
    {"feed", subscription_check},
    {"check", check_check},
};

static char *host_name(void)
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) || !*name)
        return memory_text("localhost");
    return memory_text(name);
}

static void take_checks(cfg_t *cfg, struct check_weights *weights)
{
    checks_all(&weights->count);
    weights->weights = memory_new(weights->count * sizeof *weights->weights);
    for (size_t i = 0; i < weights->count; i++)
        weights->weights[i] = checks_log_odds(i);
    for (unsigned i = 0; i < cfg_size(cfg, "check"); i++) {
        cfg_t *section = cfg_getnsec(cfg, "check", i);
        int row = checks_find(cfg_title(section));
        assert(row >= 0);
        if (cfg_size(section, "log-odds"))
            weights->weights[row] = cfg_getfloat(section, "log-odds");
        if (!cfg_getbool(section, "enabled"))
            weights->weights[row] = 0;
    }
}

/* Beside the records, unless the file says otherwise. */
static char *journal_path(cfg_t *cfg, const char *name, const char *records)
{
    if (cfg_size(cfg, name))
        return memory_text(cfg_getstr(cfg, name));
    size_t length = strlen(records);
    if (length > 3 && !strcmp(records + length - 3, ".db"))
        length -= 3;
    char *path = memory_new(length + sizeof ".journal");
    memcpy(path, records, length);
    memcpy(path + length, ".journal", sizeof ".journal");
    return path;
}

static void take_journal(cfg_t *cfg, struct config *config)
{
    config->journal.mail = journal_path(cfg, "mail", config->records_mail);
    config->journal.feeds = journal_path(cfg, "feeds", config->records_feeds);
    config->journal.size_limit_bytes = (size_t)cfg_getint(cfg, "size-limit");
    config->journal.resend_window_s = config_seconds_of(cfg, "resend-window");
}

/* Everything in `cfg` was checked already. */
static struct config *take(cfg_t *cfg)
{
    struct counted_config *counted = memory_new(sizeof *counted);
    struct config *config = &counted->config;
    atomic_init(&counted->references, 1);

    const char *gateway = cfg_size(cfg, "gateway") ? cfg_getstr(cfg, "gateway") : NULL;
    config->gateway = gateway ? memory_text(gateway) : host_name();
    config->counts_url = memory_text(cfg_getstr(cfg, "counts"));
    config->counts_timeout_ms = (unsigned)cfg_getint(cfg, "counts-timeout");
    config->counts_prefix = memory_text(cfg_getstr(cfg, "counts-prefix"));
    config->gather_deadline_ms = (unsigned)cfg_getint(cfg, "gather-deadline");
    config->cold_lessons = (unsigned)cfg_getint(cfg, "cold-lessons");
    config->records_mail = memory_text(cfg_getstr(cfg, "records|mail"));
    config->records_feeds = memory_text(cfg_getstr(cfg, "records|feeds"));
    config->records_evidence = (unsigned)cfg_getint(cfg, "records|evidence");
    take_journal(cfg_getsec(cfg, "journal"), config);
    config->thresholds.tag = cfg_getfloat(cfg, "thresholds|tag");
    config->thresholds.hold = cfg_getfloat(cfg, "thresholds|hold");
    config->thresholds.reject = cfg_getfloat(cfg, "thresholds|reject");
    config->milter.socket = memory_text(cfg_getstr(cfg, "milter|socket"));
    config->milter.mode = (enum mode)cfg_getint(cfg, "milter|mode");
    config->milter.size_limit_bytes = (size_t)cfg_getint(cfg, "milter|size-limit");
    config->milter.key_file = memory_text(cfg_getstr(cfg, "milter|key-file"));
    config->milter.when_stopping = (enum when_stopping)cfg_getint(cfg, "milter|when-stopping");
    feedfilter_take(cfg_getsec(cfg, "feedfilter"), config);
    subscriptions_add(cfg, &config->subscriptions, &config->subscription_count);
    config->release.requeue_after_s = (unsigned)(cfg_getint(cfg, "release|requeue-after") / 1000);
    config->release.poll_ms = (unsigned)cfg_getint(cfg, "release|poll");
    config->release.gone_after_s = (unsigned)(cfg_getint(cfg, "release|gone-after") / 1000);
    config->release.preview = memory_text(cfg_getstr(cfg, "release|preview"));
    config->records_keep_s = cfg_getint(cfg, "records|keep");
    config->records_size_bytes = cfg_getint(cfg, "records|size-limit");
    people_take(cfg, config);
    config->log_level = (enum log_level)cfg_getint(cfg, "log|level");
    config->metrics.milter = memory_text(cfg_getstr(cfg, "metrics|milter"));
    config->metrics.release = memory_text(cfg_getstr(cfg, "metrics|release"));
    config->metrics.console = memory_text(cfg_getstr(cfg, "metrics|console"));
    config->console.listen = memory_text(cfg_getstr(cfg, "console|listen"));
    config->console.users = memory_text(cfg_getstr(cfg, "console|users"));
    config->console.public_url = memory_text(cfg_getstr(cfg, "console|public-url"));
    config->console.pages = memory_text(cfg_getstr(cfg, "console|pages"));
    config->internal_networks =
        config_take_networks(cfg, "networks|internal", &config->internal_network_count);
    identities_take(cfg_getsec(cfg, "identities"), &config->identities);
    learning_take(cfg_getsec(cfg, "learning"), &config->learning);
    take_checks(cfg, &config->checks);
    config->reputations = reputation_table_default;
    config->reputations.source_share = cfg_getfloat(cfg, "learning|share");
    return config;
}

static cfg_t *prepare(cfg_opt_t *settings)
{
    cfg_t *cfg = cfg_init(settings, CFGF_NONE);
    if (!cfg) {
        fprintf(stderr, "weir: out of memory\n");
        abort();
    }
    config_complaint_begin(cfg);
    if (settings == feeds_file_options)
        cfg_set_validate_func(cfg, "feed", subscription_check);
    for (size_t i = 0; settings == options && i < sizeof string_checks / sizeof *string_checks; i++)
        cfg_set_validate_func(cfg, string_checks[i].path, string_checks[i].check);
    return cfg;
}

const char *config_default_path(void)
{
    const char *path = getenv("WEIR_CONFIG");
    return path && *path ? path : SYSCONFDIR "/weir/weir.conf";
}

static cfg_t *parse(const char *path, cfg_opt_t *settings, struct error *error)
{
    const char *why;
    if (!is_readable(path, &why)) {
        error_set(error, ERROR_SYSTEM, "%s: cannot be read: %s", path, why);
        return NULL;
    }
    cfg_t *cfg = prepare(settings);
    if (is_whole(path) && cfg_parse(cfg, path) == CFG_SUCCESS)
        return cfg;
    error_set(error, ERROR_INPUT, "%s", *config_complaint() ? config_complaint() : path);
    cfg_free(cfg);
    return NULL;
}

static void keep_warnings(struct config *config)
{
    size_t count;
    char **warnings = config_take_warnings(&count);
    size_t all = config->warning_count + count;
    config->warnings = memory_resize(config->warnings, (all + 1) * sizeof *warnings);
    for (size_t i = 0; i < count; i++)
        config->warnings[config->warning_count++] = warnings[i];
    free(warnings);
}

static bool add_feeds_file(struct config *config, struct error *error)
{
    const char *path = config->feedfilter.feeds_file;
    cfg_t *cfg = parse(path, feeds_file_options, error);
    if (!cfg)
        return false;
    size_t before = config->subscription_count;
    subscriptions_add(cfg, &config->subscriptions, &config->subscription_count);
    cfg_free(cfg);
    keep_warnings(config);
    for (size_t i = before; i < config->subscription_count; i++)
        config->subscriptions[i].secret = true;
    for (size_t i = before; i < config->subscription_count; i++)
        for (size_t j = 0; j < before; j++)
            if (!strcmp(config->subscriptions[i].name, config->subscriptions[j].name))
                return error_set(error, ERROR_INPUT,
                                 "%s: feed \"%s\" is in the main configuration file too", path,
                                 config->subscriptions[i].name);
    return true;
}

static struct config *read_config(const char *path, bool with_feeds, struct error *error)
{
    struct config *config = NULL;
    config_reading_begin();
    cfg_t *cfg = parse(path, options, error);
    if (cfg) {
        config = take(cfg);
        keep_warnings(config);
        cfg_free(cfg);
    }
    if (config && with_feeds && *config->feedfilter.feeds_file && !add_feeds_file(config, error)) {
        config_release(config);
        config = NULL;
    }
    if (config) {
        subscriptions_sort(config);
        subscriptions_check_urls(config);
        feedfilter_check_footer(config);
        keep_warnings(config);
    }
    config_reading_end();
    return config;
}

struct config *config_read(const char *path, struct error *error)
{
    return read_config(path, false, error);
}

struct config *config_read_with_feeds(const char *path, struct error *error)
{
    return read_config(path, true, error);
}

struct config *config_defaults(void)
{
    config_reading_begin();
    cfg_t *cfg = prepare(options);
    int result = cfg_parse_buf(cfg, "");
    assert(result == CFG_SUCCESS);
    (void)result;
    struct config *config = take(cfg);
    cfg_free(cfg);
    config_reading_end();
    return config;
}

struct config *config_with_subscriptions(struct config *config,
                                         const struct subscription_config *more, size_t count)
{
    size_t own = config->subscription_count;
    struct counted_config *counted = memory_new(sizeof *counted);
    counted->config = *config;
    counted->base = config_retain(config);
    atomic_init(&counted->references, 1);
    struct subscription_config *all = memory_new((own + count) * sizeof *all);
    if (own)
        memcpy(all, config->subscriptions, own * sizeof *all);
    counted->config.subscriptions = all;
    for (size_t i = 0; i < count; i++)
        if (!config_subscription(config, more[i].name))
            all[counted->config.subscription_count++] = subscription_copy(&more[i]);
    subscriptions_sort(&counted->config);
    return &counted->config;
}

/* What config_with_subscriptions() added. */
static void free_added(struct counted_config *counted)
{
    size_t own = counted->base->subscription_count;
    for (size_t i = own; i < counted->config.subscription_count; i++)
        subscription_clear(&counted->config.subscriptions[i]);
    free(counted->config.subscriptions);
    free(counted->config.subscriptions_by_name);
    config_release(counted->base);
    free(counted);
}

struct config *config_retain(struct config *config)
{
    if (config)
        atomic_fetch_add(&((struct counted_config *)config)->references, 1);
    return config;
}

void config_release(struct config *config)
{
    struct counted_config *counted = (struct counted_config *)config;
    if (!counted || atomic_fetch_sub(&counted->references, 1) != 1)
        return;
    if (counted->base) {
        free_added(counted);
        return;
    }
    free(config->gateway);
    free(config->counts_url);
    free(config->counts_prefix);
    free(config->records_mail);
    free(config->records_feeds);
    free(config->journal.mail);
    free(config->journal.feeds);
    free(config->milter.socket);
    free(config->milter.key_file);
    feedfilter_free(config);
    subscriptions_free(config->subscriptions, config->subscription_count);
    free(config->subscriptions_by_name);
    free(config->internal_networks);
    identities_free(&config->identities);
    learning_free(&config->learning);
    free(config->checks.weights);
    people_free(config);
    free(config->release.preview);
    free(config->metrics.milter);
    free(config->metrics.release);
    free(config->metrics.console);
    free(config->console.listen);
    free(config->console.users);
    free(config->console.public_url);
    free(config->console.pages);
    for (size_t i = 0; i < config->warning_count; i++)
        free(config->warnings[i]);
    free(config->warnings);
    free(counted);
}

bool config_trusts_authserv_id(const struct config *config, struct span id)
{
    for (size_t i = 0; i < config->identities.trusted_authserv_id_count; i++)
        if (span_equal_nocase(id, span_of(config->identities.trusted_authserv_ids[i])))
            return true;
    return false;
}

void config_log_warnings(const struct config *config)
{
    for (size_t i = 0; i < config->warning_count; i++)
        log_event(LOG_LEVEL_WARNING, "configuration", "reason", config->warnings[i], NULL);
}

bool config_is_internal(const struct config *config, const char *address)
{
    struct network client;
    if (!strncasecmp(address, "IPv6:", 5))
        address += 5;
    return !strchr(address, '/') && network_parse(address, &client) &&
           network_contains(config->internal_networks, config->internal_network_count,
                            client.address);
}
