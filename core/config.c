#include "core/config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config_scan.h"
#include "store/counts.h"

#define DAY_MS (24L * 3600 * 1000)

/* The reference count stands behind the structure that everybody reads. */
struct counted_config {
    struct config config;
    atomic_uint references;
};

/* libconfuse's lexer has one state for the whole process, and its error callback takes no context;
 * one reader at a time, then. */
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;
static cfg_t *root; /* of what is being read */
static char complaint[sizeof((struct error *)NULL)->message];

/* Keeps "file:line: what", unless there is a complaint already: the first one is the one. Sections
 * know their line but often not their file. */
static void keep(const cfg_t *cfg, const char *what)
{
    if (complaint[0])
        return;
    const char *file = cfg->filename ? cfg->filename : root->filename;
    if (file)
        snprintf(complaint, sizeof complaint, "%s:%d: %s", file, cfg->line, what);
    else
        snprintf(complaint, sizeof complaint, "%s", what);
}

/* Where libconfuse reports. */
static void complain(cfg_t *cfg, const char *format, va_list arguments)
{
    char said[300], what[400];
    vsnprintf(said, sizeof said, format, arguments);
    snprintf(what, sizeof what, "%s%s%s", cfg == root ? "" : cfg_name(cfg), cfg == root ? "" : ": ",
             said);
    keep(cfg, what);
}

/* "section.key: what": the form of every complaint of ours. Returns -1, which stops libconfuse. */
__attribute__((format(printf, 3, 4))) static int refuse(cfg_t *cfg, const cfg_opt_t *option,
                                                        const char *format, ...)
{
    char said[300], what[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    if (cfg == root)
        snprintf(what, sizeof what, "%s: %s", option->name, said);
    else if (cfg_title(cfg))
        snprintf(what, sizeof what, "%s \"%.60s\".%s: %s", cfg_name(cfg), cfg_title(cfg),
                 option->name, said);
    else
        snprintf(what, sizeof what, "%s.%s: %s", cfg_name(cfg), option->name, said);
    keep(cfg, what);
    return -1;
}

static bool number_of(const char *text, double *number, const char **rest)
{
    char *end;
    *number = strtod(text, &end);
    *rest = end;
    return end != text && isfinite(*number) && !strpbrk(text, "xXpP");
}

/* --- the kinds of values: each reads `value` into `result` or refuses it --- */

static int parse_probability(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    double number;
    const char *rest;
    if (!strcasecmp(value, "never"))
        number = THRESHOLD_NEVER;
    else if (!number_of(value, &number, &rest) || *rest)
        return refuse(cfg, option, "\"%.60s\" is neither a number nor \"never\"", value);
    else if (number < 0 || number > 1)
        return refuse(cfg, option, "%.60s is not a probability (0 to 1)", value);
    *(double *)result = number;
    return 0;
}

static int parse_log_odds(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    double number;
    const char *rest;
    if (!number_of(value, &number, &rest) || *rest)
        return refuse(cfg, option, "\"%.60s\" is not a number", value);
    if (number < -20 || number > 20)
        return refuse(cfg, option, "%.60s is out of range (-20 to 20)", value);
    *(double *)result = number;
    return 0;
}

struct unit {
    const char *name;
    long factor;
};

/* A number and the name of one of `units` (up to the one without a name), from `least` to `most`
 * in the smallest unit. */
static int parse_with_unit(cfg_t *cfg, const cfg_opt_t *option, const char *value,
                           const struct unit *units, const char *what, long least, long most,
                           long *result)
{
    double number;
    const char *rest;
    if (number_of(value, &number, &rest)) {
        for (const struct unit *unit = units; unit->name; unit++) {
            if (strcasecmp(rest, unit->name) != 0)
                continue;
            double whole = number * (double)unit->factor;
            if (whole < (double)least || whole > (double)most)
                return refuse(cfg, option, "%.60s is out of range", value);
            *result = (long)whole;
            return 0;
        }
    }
    return refuse(cfg, option, "\"%.60s\" is not %s", value, what);
}

static int parse_duration(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    static const struct unit units[] = {{"ms", 1},          {"s", 1000},   {"m", 60000},
                                        {"h", DAY_MS / 24}, {"d", DAY_MS}, {NULL, 0}};
    return parse_with_unit(cfg, option, value, units,
                           "a duration: a number and ms, s, m, h or d, as in 500ms or 10m", 1,
                           20 * DAY_MS, result);
}

static int parse_size(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    static const struct unit units[] = {{"", 1}, {"k", 1L << 10}, {"M", 1L << 20}, {NULL, 0}};
    return parse_with_unit(cfg, option, value, units,
                           "a size: a number of bytes, or with k or M behind it", 1024, 1L << 30,
                           result);
}

static int parse_count(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    static const struct unit units[] = {{"", 1}, {NULL, 0}};
    return parse_with_unit(cfg, option, value, units, "a whole number", 0, 1000000, result);
}

static int parse_mode(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    if (!strcasecmp(value, "observe"))
        *(long *)result = MODE_OBSERVE;
    else if (!strcasecmp(value, "enforce"))
        *(long *)result = MODE_ENFORCE;
    else
        return refuse(cfg, option, "\"%.60s\" is neither observe nor enforce", value);
    return 0;
}

static int parse_when_stopping(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    if (!strcasecmp(value, "accept"))
        *(long *)result = WHEN_STOPPING_ACCEPT;
    else if (!strcasecmp(value, "tempfail"))
        *(long *)result = WHEN_STOPPING_TEMPFAIL;
    else
        return refuse(cfg, option, "\"%.60s\" is neither accept nor tempfail", value);
    return 0;
}

static int parse_level(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
    enum log_level level;
    if (!log_level_from_name(value, &level))
        return refuse(cfg, option, "\"%.60s\" is none of error, warning, notice, info, debug",
                      value);
    *(long *)result = (long)level;
    return 0;
}

/* --- strings are checked after they were read --- */

/* Names go into keys of the store and into logs. */
static int check_name(cfg_t *cfg, cfg_opt_t *option)
{
    const char *value = cfg_opt_getstr(option);
    size_t length = value ? strlen(value) : 0;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)value[i] <= ' ' || value[i] == 0x7f)
            return refuse(cfg, option, "a blank in \"%.60s\"", value);
    }
    if (!length || length > 64)
        return refuse(cfg, option, "must have 1 to 64 characters");
    return 0;
}

static int check_path(cfg_t *cfg, cfg_opt_t *option)
{
    const char *value = cfg_opt_getstr(option);
    return value && *value == '/'
               ? 0
               : refuse(cfg, option, "\"%.200s\" is no absolute path", value ? value : "");
}

static int check_counts_url(cfg_t *cfg, cfg_opt_t *option)
{
    struct error error = {0};
    struct counts_store *store = counts_open(cfg_opt_getstr(option), NULL, &error);
    counts_close(store);
    return store ? 0 : refuse(cfg, option, "%s", error.message);
}

/* inet:address:port, or inet:port@address, libmilter's own way. */
static bool has_port(const char *socket)
{
    const char *at = strchr(socket, '@'), *colon = at ? strchr(socket, ':') : strrchr(socket, ':');
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    return colon[1] >= '0' && colon[1] <= '9' && *end == (at ? '@' : '\0') && port >= 1 &&
           port <= 65535;
}

static int check_socket(cfg_t *cfg, cfg_opt_t *option)
{
    static const char *const starts[] = {"inet:", "inet6:", "unix:", "local:", "/"};
    const char *value = cfg_opt_getstr(option);
    for (size_t i = 0; value && i < sizeof starts / sizeof *starts; i++) {
        if (strncmp(value, starts[i], strlen(starts[i])) != 0)
            continue;
        if (starts[i][0] == 'i' && !has_port(value))
            return refuse(cfg, option, "\"%.200s\" has no port from 1 to 65535", value);
        return 0;
    }
    return refuse(cfg, option, "\"%.200s\" is no socket: inet:address:port or unix:/path",
                  value ? value : "");
}

static bool parse_address(const char *text, unsigned char address[16], bool *v4)
{
    struct in_addr in;
    *v4 = inet_pton(AF_INET, text, &in) == 1;
    if (!*v4)
        return inet_pton(AF_INET6, text, address) == 1;
    memset(address, 0, 10);
    memset(address + 10, 0xff, 2);
    memcpy(address + 12, &in, 4);
    return true;
}

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. */
static bool parse_network(const char *text, struct network *network)
{
    char address[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    bool v4;
    if (length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    if (!parse_address(address, network->address, &v4))
        return false;
    unsigned long most = v4 ? 32 : 128, bits = most;
    if (text[length]) {
        const char *digits = text + length + 1;
        if (!*digits || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 3)
            return false;
        bits = strtoul(digits, NULL, 10);
    }
    network->prefix_bits = (unsigned)(bits + 128 - most);
    return bits <= most;
}

static int check_networks(cfg_t *cfg, cfg_opt_t *option)
{
    for (unsigned i = 0; i < cfg_opt_size(option); i++) {
        struct network network;
        if (!parse_network(cfg_opt_getnstr(option, i), &network))
            return refuse(cfg, option, "\"%.60s\" is no network, as 192.0.2.0/24 is one",
                          cfg_opt_getnstr(option, i));
    }
    return 0;
}

static int check_check(cfg_t *cfg, cfg_opt_t *option)
{
    cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
    if (checks_find(cfg_title(section)) >= 0)
        return 0;
    return refuse(cfg, option, "there is no check \"%.60s\"", cfg_title(section));
}

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

/* False, with a complaint, when the file is not whole. */
static bool is_whole(const char *path)
{
    int line = 0;
    FILE *file = fopen(path, "re");
    const char *wrong = file ? config_scan(file, &line) : strerror(errno);
    if (file)
        fclose(file);
    if (wrong && !complaint[0])
        snprintf(complaint, sizeof complaint, "%s:%d: %s", path, line, wrong);
    return !wrong;
}

static int include_file(cfg_t *cfg, cfg_opt_t *option, int argc, const char **argv)
{
    const char *why;
    if (argc != 1)
        return refuse(cfg, option, "takes the path of one file");
    if (!is_readable(argv[0], &why))
        return refuse(cfg, option, "%.200s: %s", argv[0], why);
    if (!is_whole(argv[0]))
        return -1;
    return cfg_include(cfg, option, argc, argv);
}

/* --- the settings --- */

static cfg_opt_t records_options[] = {
    CFG_STR("mail", "/var/lib/weir/mail.db", CFGF_NONE),
    CFG_STR("feeds", "/var/lib/weir-feed/feeds.db", CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t thresholds_options[] = {
    CFG_FLOAT_CB("tag", 0.75, CFGF_NONE, parse_probability),
    CFG_FLOAT_CB("hold", 0.95, CFGF_NONE, parse_probability),
    CFG_FLOAT_CB("reject", THRESHOLD_NEVER, CFGF_NONE, parse_probability),
    CFG_END(),
};
static char no_networks[] = "{}"; /* libconfuse takes no const here */
static cfg_opt_t networks_options[] = {
    CFG_STR_LIST("internal", no_networks, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t milter_options[] = {
    CFG_STR("socket", "inet:127.0.0.1:8891", CFGF_NONE),
    CFG_INT_CB("mode", MODE_OBSERVE, CFGF_NONE, parse_mode),
    CFG_INT_CB("size-limit", 32L << 20, CFGF_NONE, parse_size),
    CFG_STR("key-file", "/etc/weir/weir-id.key", CFGF_NONE),
    CFG_INT_CB("when-stopping", WHEN_STOPPING_ACCEPT, CFGF_NONE, parse_when_stopping),
    CFG_END(),
};
static cfg_opt_t feedfilter_options[] = {
    CFG_INT_CB("mode", MODE_OBSERVE, CFGF_NONE, parse_mode),
    CFG_END(),
};
static cfg_opt_t release_options[] = {
    CFG_INT_CB("requeue-after", DAY_MS, CFGF_NONE, parse_duration),
    CFG_INT_CB("poll", 500, CFGF_NONE, parse_duration),
    CFG_INT_CB("gone-after", 600000, CFGF_NONE, parse_duration),
    CFG_END(),
};
static cfg_opt_t check_options[] = {
    CFG_FLOAT_CB("log-odds", NAN, CFGF_NODEFAULT, parse_log_odds),
    CFG_BOOL("enabled", cfg_true, CFGF_NONE),
    CFG_END(),
};
static cfg_opt_t log_options[] = {
    CFG_INT_CB("level", LOG_LEVEL_INFO, CFGF_NONE, parse_level),
    CFG_END(),
};
static cfg_opt_t options[] = {
    CFG_STR("gateway", NULL, CFGF_NODEFAULT),
    CFG_STR("counts", "redis://127.0.0.1:6379/0", CFGF_NONE),
    CFG_INT_CB("counts-timeout", 500, CFGF_NONE, parse_duration),
    CFG_STR("counts-prefix", "weir:", CFGF_NONE),
    CFG_INT_CB("gather-deadline", 5000, CFGF_NONE, parse_duration),
    CFG_INT_CB("cold-lessons", 20, CFGF_NONE, parse_count),
    CFG_SEC("records", records_options, CFGF_NONE),
    CFG_SEC("thresholds", thresholds_options, CFGF_NONE),
    CFG_SEC("networks", networks_options, CFGF_NONE),
    CFG_SEC("milter", milter_options, CFGF_NONE),
    CFG_SEC("feedfilter", feedfilter_options, CFGF_NONE),
    CFG_SEC("release", release_options, CFGF_NONE),
    CFG_SEC("check", check_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_SEC("log", log_options, CFGF_NONE),
    CFG_FUNC("include", include_file),
    CFG_END(),
};

static const struct {
    const char *path;
    cfg_validate_callback_t check;
} string_checks[] = {
    {"gateway", check_name},         {"counts", check_counts_url},
    {"counts-prefix", check_name},   {"records|mail", check_path},
    {"records|feeds", check_path},   {"networks|internal", check_networks},
    {"milter|socket", check_socket}, {"milter|key-file", check_path},
    {"check", check_check},
};

static char *copy(const char *text)
{
    char *copied = strdup(text);
    if (!copied) {
        fprintf(stderr, "weir: out of memory\n");
        abort();
    }
    return copied;
}

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        fprintf(stderr, "weir: out of memory (%zu bytes)\n", count * size);
        abort();
    }
    return memory;
}

static char *host_name(void)
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) || !*name)
        return copy("localhost");
    return copy(name);
}

static void take_checks(cfg_t *cfg, struct check_weights *weights)
{
    const struct check *rows = checks_all(&weights->count);
    weights->weights = zeroed(weights->count, sizeof *weights->weights);
    for (size_t i = 0; i < weights->count; i++)
        weights->weights[i] = rows[i].log_odds;
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

static void take_networks(cfg_t *cfg, struct config *config)
{
    config->internal_network_count = cfg_size(cfg, "networks|internal");
    config->internal_networks = zeroed(config->internal_network_count, sizeof(struct network));
    for (size_t i = 0; i < config->internal_network_count; i++)
        parse_network(cfg_getnstr(cfg, "networks|internal", (unsigned)i),
                      &config->internal_networks[i]);
}

/* Everything in `cfg` was checked already. */
static struct config *take(cfg_t *cfg)
{
    struct counted_config *counted = zeroed(1, sizeof *counted);
    struct config *config = &counted->config;
    atomic_init(&counted->references, 1);

    const char *gateway = cfg_size(cfg, "gateway") ? cfg_getstr(cfg, "gateway") : NULL;
    config->gateway = gateway ? copy(gateway) : host_name();
    config->counts_url = copy(cfg_getstr(cfg, "counts"));
    config->counts_timeout_ms = (unsigned)cfg_getint(cfg, "counts-timeout");
    config->counts_prefix = copy(cfg_getstr(cfg, "counts-prefix"));
    config->gather_deadline_ms = (unsigned)cfg_getint(cfg, "gather-deadline");
    config->cold_lessons = (unsigned)cfg_getint(cfg, "cold-lessons");
    config->records_mail = copy(cfg_getstr(cfg, "records|mail"));
    config->records_feeds = copy(cfg_getstr(cfg, "records|feeds"));
    config->thresholds.tag = cfg_getfloat(cfg, "thresholds|tag");
    config->thresholds.hold = cfg_getfloat(cfg, "thresholds|hold");
    config->thresholds.reject = cfg_getfloat(cfg, "thresholds|reject");
    config->milter.socket = copy(cfg_getstr(cfg, "milter|socket"));
    config->milter.mode = (enum mode)cfg_getint(cfg, "milter|mode");
    config->milter.size_limit_bytes = (size_t)cfg_getint(cfg, "milter|size-limit");
    config->milter.key_file = copy(cfg_getstr(cfg, "milter|key-file"));
    config->milter.when_stopping = (enum when_stopping)cfg_getint(cfg, "milter|when-stopping");
    config->feedfilter.mode = (enum mode)cfg_getint(cfg, "feedfilter|mode");
    config->release.requeue_after_s = (unsigned)(cfg_getint(cfg, "release|requeue-after") / 1000);
    config->release.poll_ms = (unsigned)cfg_getint(cfg, "release|poll");
    config->release.gone_after_s = (unsigned)(cfg_getint(cfg, "release|gone-after") / 1000);
    config->log_level = (enum log_level)cfg_getint(cfg, "log|level");
    take_networks(cfg, config);
    take_checks(cfg, &config->checks);
    return config;
}

static cfg_t *prepare(void)
{
    cfg_t *cfg = cfg_init(options, CFGF_NONE);
    if (!cfg) {
        fprintf(stderr, "weir: out of memory\n");
        abort();
    }
    root = cfg;
    complaint[0] = '\0';
    cfg_set_error_function(cfg, complain);
    for (size_t i = 0; i < sizeof string_checks / sizeof *string_checks; i++)
        cfg_set_validate_func(cfg, string_checks[i].path, string_checks[i].check);
    return cfg;
}

const char *config_default_path(void)
{
    const char *path = getenv("WEIR_CONFIG");
    return path && *path ? path : SYSCONFDIR "/weir/weir.conf";
}

struct config *config_read(const char *path, struct error *error)
{
    const char *why;
    struct config *config = NULL;
    if (!is_readable(path, &why)) {
        error_set(error, ERROR_SYSTEM, "%s: cannot be read: %s", path, why);
        return NULL;
    }
    pthread_mutex_lock(&reading);
    cfg_t *cfg = prepare();
    if (is_whole(path) && cfg_parse(cfg, path) == CFG_SUCCESS)
        config = take(cfg);
    else
        error_set(error, ERROR_INPUT, "%s", complaint[0] ? complaint : path);
    cfg_free(cfg);
    pthread_mutex_unlock(&reading);
    return config;
}

struct config *config_defaults(void)
{
    pthread_mutex_lock(&reading);
    cfg_t *cfg = prepare();
    int result = cfg_parse_buf(cfg, "");
    assert(result == CFG_SUCCESS);
    (void)result;
    struct config *config = take(cfg);
    cfg_free(cfg);
    pthread_mutex_unlock(&reading);
    return config;
}

struct config *config_retain(struct config *config)
{
    atomic_fetch_add(&((struct counted_config *)config)->references, 1);
    return config;
}

void config_release(struct config *config)
{
    struct counted_config *counted = (struct counted_config *)config;
    if (!counted || atomic_fetch_sub(&counted->references, 1) != 1)
        return;
    free(config->gateway);
    free(config->counts_url);
    free(config->counts_prefix);
    free(config->records_mail);
    free(config->records_feeds);
    free(config->milter.socket);
    free(config->milter.key_file);
    free(config->internal_networks);
    free(config->checks.weights);
    free(counted);
}

bool config_is_internal(const struct config *config, const char *address)
{
    struct network client;
    if (!strncasecmp(address, "IPv6:", 5))
        address += 5;
    if (strchr(address, '/') || !parse_network(address, &client))
        return false;
    for (size_t i = 0; i < config->internal_network_count; i++) {
        const struct network *network = &config->internal_networks[i];
        unsigned whole = network->prefix_bits / 8, rest = network->prefix_bits % 8;
        unsigned char mask = (unsigned char)(0xff00u >> rest);
        if (!memcmp(client.address, network->address, whole) &&
            (!rest || !((client.address[whole] ^ network->address[whole]) & mask)))
            return true;
    }
    return false;
}
