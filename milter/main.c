/* weir-milter: see docs/weir-milter.8. */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "core/config_restart.h"
#include "core/log.h"
#include "core/mail.h"
#include "core/metrics.h"
#include "core/metrics_sample.h"
#include "core/metrics_server.h"
#include "core/service.h"
#include "milter/gateway.h"
#include "milter/probe.h"
#include "milter/session.h"
#include "milter/settings.h"
#include "milter/socket.h"
#include "store/records_evidence.h"

#define PROBE_MS 2000
#define STOPPING_S 10 /* what messages under way get to end */
#define LIBMILTER_PACKET_BYTES (4u << 20)

enum { EXIT_USAGE = 64, EXIT_CONFIGURATION = 78 };

static struct gateway gateway;
static struct metrics_sources metrics_sources;
static struct metrics_server *metrics_server;
static pthread_t signal_taker;

struct options {
    const char *config_path;
    bool make_key, to_stderr;
};

static void print_help(void)
{
    printf("Usage: weir-milter [OPTION]...\n"
           "Judges the mail that Postfix passes to it and answers what is to be done.\n\n"
           "  -c, --config FILE  the configuration (default: $WEIR_CONFIG, else %s)\n"
           "      --make-key     make the key file that the configuration names, and end\n"
           "      --stderr       log to standard error, also without a terminal\n"
           "      --help         show this\n"
           "      --version      show the version\n\n"
           "SIGUSR1 reads configuration and keys again; SIGUSR2 stops orderly.\n"
           "Exit status: 0 stopped as asked, 1 cannot run, 64 usage, 78 configuration.\n",
           config_default_path());
}

/* Ends the program for --help, --version and what is not understood. */
static struct options read_options(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'}, {"make-key", no_argument, NULL, 'k'},
        {"stderr", no_argument, NULL, 'e'},       {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
    struct options options = {.config_path = config_default_path()};
    int option;
    while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options.config_path = optarg;
            break;
        case 'k':
            options.make_key = true;
            break;
        case 'e':
            options.to_stderr = true;
            break;
        case 'h':
            print_help();
            exit(EXIT_SUCCESS);
        case 'v':
            printf("weir-milter %s\n", PACKAGE_VERSION);
            exit(EXIT_SUCCESS);
        default:
            exit(EXIT_USAGE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "weir-milter: \"%s\" is not understood; see --help\n", argv[optind]);
        exit(EXIT_USAGE);
    }
    return options;
}

static int make_key(const char *config_path)
{
    struct error error = {0};
    struct config *config = config_read(config_path, &error);
    bool made = config && weir_id_keys_make(config->milter.key_file, "weir-milter", &error);
    if (!made)
        fprintf(stderr, "weir-milter: %s\n", error.message);
    int status = made ? EXIT_SUCCESS : config ? EXIT_FAILURE : EXIT_CONFIGURATION;
    config_release(config);
    return status;
}

static char socket_words[512];       /* where libmilter listens */
static const struct config *started; /* what the stores were opened with */

/* --- signals: one thread takes ours; SIGTERM, SIGHUP and SIGINT are libmilter's --- */

static void reload(const char *config_path)
{
    struct error error = {0};
    struct settings *settings = settings_read(config_path, &error);
    if (!settings) {
        log_event(LOG_LEVEL_ERROR, "reload-failed", "reason", error.message, "still", "as before",
                  NULL);
        return;
    }
    log_set_level(settings->config->log_level);
    config_log_warnings(settings->config);
    config_restart_log(CONFIG_MILTER, started, settings->config);
    settings_put(settings);
    log_event(LOG_LEVEL_NOTICE, "reloaded", "config", config_path, NULL);
    replica_log_digest(gateway.stores.judge.replica);
}

/* Waits until `counter` is 0 or the time is over, or `*no_more` is set (NULL: never). */
static bool wait_for_none(atomic_int *counter, atomic_bool *no_more)
{
    struct timespec pause = {.tv_nsec = 20 * 1000 * 1000}, start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (atomic_load(counter) > 0 && !(no_more && atomic_load(no_more))) {
        nanosleep(&pause, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec >= STOPPING_S)
            return false;
    }
    return true;
}

/* The signal that came, 0 when none came in the time after which the watchdog wants to hear that
 * libmilter answers. */
static int wait_for_signal(const sigset_t *ours)
{
    unsigned every_ms = service_watchdog_ms();
    struct timespec timeout = {every_ms / 1000, (long)(every_ms % 1000) * 1000000};
    int number = every_ms ? sigtimedwait(ours, NULL, &timeout) : sigwaitinfo(ours, NULL);
    if (number < 0 && every_ms && probe_answers(socket_words, PROBE_MS))
        service_watchdog();
    return number > 0 ? number : 0;
}

/* Until the program stops: what a reload touches is closed then. */
static void *take_signals(void *context)
{
    const char *config_path = context;
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR1);
    sigaddset(&ours, SIGUSR2);
    int number = 0;
    while (number != SIGUSR2) {
        number = wait_for_signal(&ours);
        if (number == SIGUSR1 && !atomic_load(&gateway.closed))
            reload(config_path);
    }
    if (atomic_load(&gateway.closed))
        return NULL;
    atomic_store(&gateway.stopping, true);
    log_event(LOG_LEVEL_NOTICE, "stopping", NULL);
    service_stopping();
    wait_for_none(&gateway.messages, &gateway.closed);
    smfi_stop();
    return NULL;
}

/* Before the first thread: each inherits the mask, so that a signal reaches nobody but the thread
 * that waits for it. */
static bool block_signals(struct error *error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    int failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
    return !failed || error_set(error, ERROR_SYSTEM, "signals: %s", strerror(failed));
}

/* When all that a signal asks of is there. */
static bool start_taking_signals(const char *config_path, struct error *error)
{
    int failed = pthread_create(&signal_taker, NULL, take_signals, (void *)(uintptr_t)config_path);
    return !failed || error_set(error, ERROR_SYSTEM, "signals: %s", strerror(failed));
}

/* When `gateway.closed` is set. */
static void stop_taking_signals(void)
{
    pthread_kill(signal_taker, SIGUSR2); /* which ends its wait, if it waits */
    pthread_join(signal_taker, NULL);
}

/* --- start and end --- */

static bool open_stores(const struct config *config, struct error *error)
{
    started = config;
    gateway.records = records_open(config->records_mail, error);
    gateway.reading = gateway.records ? records_open(config->records_mail, error) : NULL;
    if (gateway.records)
        records_keep_evidence(gateway.records, config->records_evidence);
    if (!gateway.reading ||
        !judge_stores_open(&gateway.stores, config, config->journal.mail, error))
        return false;
    gateway.automatic = automatic_new(gateway.stores.journal, gateway.reading, error);
    if (!gateway.automatic)
        return false;
    metrics_sources = (struct metrics_sources){gateway.stores.judge.replica, gateway.stores.journal,
                                               config->journal.size_limit_bytes};
    return true;
}

static bool sample_metrics(void *context)
{
    (void)context;
    metrics_sample_stores(&metrics_sources);
    metrics_set(METRIC_MESSAGES_UNDER_WAY, 0, atomic_load(&gateway.messages));
    bool read = metrics_sample_records(gateway.records);
    return read && replica_store_up(gateway.stores.judge.replica);
}

static bool serve_metrics(const struct config *config, struct error *error)
{
    if (!*config->metrics.milter)
        return true;
    metrics_server = metrics_server_new(config->metrics.milter, sample_metrics, NULL, error);
    return metrics_server != NULL;
}

static void close_stores(void)
{
    metrics_server_free(metrics_server);
    automatic_free(gateway.automatic);
    judge_stores_close(&gateway.stores);
    records_close(gateway.reading);
    records_close(gateway.records);
}

static bool listen_on(const char *configured, struct error *error)
{
    if (!socket_for_libmilter(configured, socket_words, sizeof socket_words))
        return error_set(error, ERROR_INPUT, "milter.socket is too long");
    smfi_setmaxdatasize(LIBMILTER_PACKET_BYTES);
    if (smfi_setconn(socket_words) != MI_SUCCESS)
        return error_set(error, ERROR_INPUT, "milter.socket: \"%s\" is not understood", configured);
    if (smfi_register(session_callbacks(&gateway)) != MI_SUCCESS)
        return error_set(error, ERROR_BUG, "libmilter refuses the callbacks");
    /* Postfix is another user; the directory is what keeps others from a unix socket. A stale
     * socket is removed. */
    mode_t before = umask(0);
    errno = 0;
    bool opened = smfi_opensocket(true) == MI_SUCCESS;
    int why = errno;
    umask(before);
    return opened || error_set(error, ERROR_SYSTEM, "cannot listen on %s: %s", configured,
                               why ? strerror(why) : "refused");
}

/* `*first` are the settings that the stores keep strings of: they outlive a reload. */
static bool start(const struct options *options, struct settings **first, struct error *error)
{
    struct settings *settings = settings_read(options->config_path, error);
    if (!settings)
        return false;
    log_set_level(settings->config->log_level);
    config_log_warnings(settings->config);
    settings_put(settings);
    *first = settings_take();
    mail_init();
    metrics_start(METRICS_MILTER, PACKAGE_VERSION);
    return block_signals(error) && open_stores(settings->config, error) &&
           listen_on(settings->config->milter.socket, error) &&
           start_taking_signals(options->config_path, error) &&
           serve_metrics(settings->config, error);
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct settings *first = NULL;
    struct error error = {0};
    if (options.make_key)
        return make_key(options.config_path);
    log_open("weir-milter", options.to_stderr);
    if (!start(&options, &first, &error)) {
        log_event(LOG_LEVEL_ERROR, "start-failed", "reason", error.message, NULL);
        return error.class == ERROR_INPUT ? EXIT_CONFIGURATION : EXIT_FAILURE;
    }
    log_event(LOG_LEVEL_NOTICE, "started", "version", PACKAGE_VERSION, NULL);
    service_ready();
    /* It fails, too, when it was stopped before it began. */
    bool good = smfi_main() == MI_SUCCESS || atomic_load(&gateway.stopping);
    log_event(LOG_LEVEL_NOTICE, "stopped", NULL);

    /* libmilter's threads may still be at work: they find the gateway closed, or are waited for. */
    atomic_store(&gateway.closed, true);
    stop_taking_signals();
    if (!wait_for_none(&gateway.judging, NULL)) {
        records_flush(gateway.records);
        _exit(EXIT_FAILURE);
    }
    close_stores();
    settings_put(NULL);
    settings_release(first);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
