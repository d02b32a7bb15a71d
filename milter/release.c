/* weir-release: see docs/weir-release.8. Follows the records of held mail and has weir-hold, which
 * started it, do what was asked. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "core/config.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/metrics_sample.h"
#include "core/metrics_server.h"
#include "core/outbox.h"
#include "core/retention.h"
#include "core/service.h"
#include "milter/follow.h"
#include "milter/hold_protocol.h"
#include "milter/preview.h"
#include "store/records.h"

enum { EXIT_USAGE = 64, EXIT_CONFIGURATION = 78 };

static volatile sig_atomic_t asked_to_stop;

static void note_stop(int number)
{
    (void)number;
    asked_to_stop = 1;
}

struct options {
    const char *config_path;
    bool to_stderr;
};

/* Ends the program for --help, --version and what is not understood. */
static struct options read_options(int argc, char **argv)
{
    static const struct option long_options[] = {{"config", required_argument, NULL, 'c'},
                                                 {"stderr", no_argument, NULL, 'e'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {"version", no_argument, NULL, 'v'},
                                                 {NULL, 0, NULL, 0}};
    struct options options = {.config_path = config_default_path()};
    int option;
    while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options.config_path = optarg;
            break;
        case 'e':
            options.to_stderr = true;
            break;
        case 'h':
            printf("Usage: weir-release [OPTION]...\n"
                   "Releases and deletes held mail as the records ask. Started by weir-hold.\n\n"
                   "  -c, --config FILE  the configuration (default: $WEIR_CONFIG, else %s)\n"
                   "      --stderr       log to standard error, also without a terminal\n"
                   "      --help         show this\n"
                   "      --version      show the version\n",
                   config_default_path());
            exit(EXIT_SUCCESS);
        case 'v':
            printf("weir-release %s\n", PACKAGE_VERSION);
            exit(EXIT_SUCCESS);
        default:
            exit(EXIT_USAGE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "weir-release: \"%s\" is not understood; see --help\n", argv[optind]);
        exit(EXIT_USAGE);
    }
    return options;
}

/* SIGTERM and SIGINT come in while waiting, never in the middle of a request. */
static bool take_signals(struct error *error)
{
    struct sigaction action = {.sa_handler = note_stop};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    if (sigaction(SIGTERM, &action, NULL) == 0 && sigaction(SIGINT, &action, NULL) == 0 &&
        sigprocmask(SIG_BLOCK, &blocked, NULL) == 0)
        return true;
    return error_set(error, ERROR_SYSTEM, "signals: %s", strerror(errno));
}

/* Until the next pass is due, or somebody wants to see a message; false when weir-hold has gone. */
static bool pause_ms(unsigned ms, int listening, struct error *error)
{
    struct pollfd wait[] = {{.fd = HOLD_FD, .events = POLLIN}, {.fd = listening, .events = POLLIN}};
    struct timespec timeout = {ms / 1000, (long)(ms % 1000) * 1000000};
    sigset_t none;
    sigemptyset(&none);
    if (ppoll(wait, 2, &timeout, &none) <= 0)
        return true;
    if (wait[0].revents) /* it speaks only when asked */
        return error_set(error, ERROR_SYSTEM, "weir-hold has ended");
    return preview_answer(listening, HOLD_FD, error);
}

/* -1: nobody can ask; held mail is followed all the same. */
static int listen_for_previews(const struct config *config)
{
    struct error error = {0};
    int listening = preview_listen(config->release.preview, &error);
    if (listening < 0)
        log_event(LOG_LEVEL_WARNING, "no-previews", "reason", error.message, NULL);
    return listening;
}

static bool follow_until_stopped(const struct config *config, struct records *records,
                                 struct error *error)
{
    struct follower follower = {.config = config, .hold = HOLD_FD, .records = records};
    struct retention retention = {0};
    int listening = listen_for_previews(config);
    bool good = true;
    while (good && !asked_to_stop) {
        retention_work(&retention, records, config);
        good = follow(&follower, error) && pause_ms(config->release.poll_ms, listening, error);
        service_watchdog();
    }
    if (listening >= 0) {
        close(listening);
        unlink(config->release.preview);
    }
    return good;
}

struct stores {
    struct metrics_sources sources;
    struct records *records;
};

static bool sample_metrics(void *context)
{
    const struct stores *stores = context;
    metrics_sample_stores(&stores->sources);
    return metrics_sample_records(stores->records);
}

/* `*server` is NULL when the configuration wants none. */
static bool serve_metrics(const struct config *config, struct stores *stores,
                          struct metrics_server **server, struct error *error)
{
    *server = NULL;
    if (!*config->metrics.release)
        return true;
    *server = metrics_server_new(config->metrics.release, sample_metrics, stores, error);
    return *server != NULL;
}

static bool run(const struct config *config, struct error *error)
{
    if (fcntl(HOLD_FD, F_GETFD) < 0)
        return error_set(error, ERROR_INPUT,
                         "descriptor %d is not open: weir-hold starts this "
                         "program",
                         HOLD_FD);
    if (!take_signals(error))
        return false;
    const struct counts_options options = {.timeout_ms = config->counts_timeout_ms,
                                           .key_prefix = config->counts_prefix};
    struct records *records = records_open(config->records_mail, error);
    struct counts_store *store = records ? counts_open(config->counts_url, &options, error) : NULL;
    if (store)
        counts_use_table(store, &config->reputations);
    struct journal *journal = journal_new(config->journal.mail, config->journal.size_limit_bytes,
                                          config->journal.resend_window_s);
    struct outbox *outbox = outbox_new(store, journal, NULL);
    struct stores stores = {{NULL, journal, config->journal.size_limit_bytes}, records};
    struct metrics_server *metrics_server = NULL;
    bool good = records && store && outbox_start(outbox, error) &&
                serve_metrics(config, &stores, &metrics_server, error);
    if (good) {
        log_event(LOG_LEVEL_NOTICE, "started", "version", PACKAGE_VERSION, NULL);
        service_ready();
        good = follow_until_stopped(config, records, error);
        service_stopping();
    }
    metrics_server_free(metrics_server);
    outbox_free(outbox);
    journal_free(journal);
    counts_close(store);
    records_close(records);
    return good;
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct error error = {0};
    log_open("weir-release", options.to_stderr);
    struct config *config = config_read(options.config_path, &error);
    if (!config) {
        log_event(LOG_LEVEL_ERROR, "ended", "reason", error.message, NULL);
        return EXIT_CONFIGURATION;
    }
    log_set_level(config->log_level);
    metrics_start(METRICS_RELEASE, PACKAGE_VERSION);
    bool good = run(config, &error);
    config_release(config);
    if (good) {
        log_event(LOG_LEVEL_NOTICE, "stopped", NULL);
        return EXIT_SUCCESS;
    }
    log_event(LOG_LEVEL_ERROR, "ended", "reason", error.message, NULL);
    return error.class == ERROR_INPUT ? EXIT_CONFIGURATION : EXIT_FAILURE;
}
