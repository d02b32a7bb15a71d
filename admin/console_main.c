/* weir-console: see docs/weir-console.8. */
#include <getopt.h>
#include <libxml/parser.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "admin/console_api.h"
#include "admin/console_audit.h"
#include "admin/console_door_server.h"
#include "admin/console_server.h"
#include "config.h"
#include "core/log.h"
#include "core/mail.h"
#include "core/metrics.h"
#include "core/metrics_sample.h"
#include "core/metrics_server.h"
#include "core/service.h"
#include "core/text.h"
#include "core/url.h"

#define AUDIT_MS 5000u

static const char usage[] =
    "usage: weir-console [--config FILE] [--stderr]\n\n"
    "Shows what is held in a browser, behind a login. It listens where the configuration says;\n"
    "weirctl console-user add NAME makes who may log in.\n\n"
    "--config FILE  read FILE instead of the default\n"
    "--stderr       log to standard error instead of syslog\n\n"
    "SIGTERM stops it.\n";

struct options {
    const char *config_path;
    bool to_stderr;
};

static struct options read_options(int argc, char **argv)
{
    static const struct option words[] = {{"config", required_argument, NULL, 'c'},
                                          {"stderr", no_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'v'},
                                          {0}};
    struct options options = {0};
    int word;
    while ((word = getopt_long(argc, argv, "", words, NULL)) != -1) {
        switch (word) {
        case 'c':
            options.config_path = optarg;
            break;
        case 's':
            options.to_stderr = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EX_OK);
        case 'v':
            puts("weir-console " PACKAGE_VERSION);
            exit(EX_OK);
        default:
            exit(EX_USAGE);
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        exit(EX_USAGE);
    }
    return options;
}

static bool sample(void *context)
{
    (void)context;
    return true;
}

/* Before the first thread, which inherits the mask. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* The watchdog hears of us while HTTP is answered. */
static void wait_for_end(const struct console_server *server, struct session *session,
                         const sigset_t *signals)
{
    unsigned watchdog_ms = service_watchdog_ms(), every_ms = watchdog_ms ? watchdog_ms : AUDIT_MS;
    struct timespec pause = {every_ms / 1000, (long)(every_ms % 1000) * 1000000};
    service_ready();
    while (sigtimedwait(signals, NULL, &pause) < 0) {
        console_audit_sums(session, false);
        if (watchdog_ms && console_server_answers(server))
            service_watchdog();
    }
    service_stopping();
}

static void warn_of_no_role(void *context, const struct console_user *user)
{
    const char *path = context;
    if (user->role == CONSOLE_ROLES)
        log_event(LOG_LEVEL_WARNING, "user-without-role", "user", user->name, "file", path, "mend",
                  CONSOLE_ROLE_MEND, NULL);
}

static bool serve(struct console_gateway *gateway, const sigset_t *signals, struct error *error)
{
    const struct config *config = console_gateway_config(gateway);
    struct session *session = console_gateway_enter(gateway); /* of what is not a request's */
    struct console_server_options options = {
        .listen = config->console.listen,
        .public_url = config->console.public_url,
        .users = config->console.users,
        .pages = config->console.pages,
        .door = door_server_new(gateway, *config->console.public_url),
        .handlers = {.context = gateway, .api = console_api, .audit = console_api_audit}};
    struct metrics_server *metrics = NULL;
    if (*config->metrics.console)
        metrics = metrics_server_new(config->metrics.console, sample, NULL, error);
    struct console_server *server =
        *config->metrics.console && !metrics ? NULL : console_server_new(&options, error);
    if (server) {
        struct error unread = {0}; /* each login says so */
        log_event(LOG_LEVEL_NOTICE, "started", "version", PACKAGE_VERSION, "listen",
                  config->console.listen, NULL);
        console_users_list(config->console.users, warn_of_no_role, config->console.users, &unread);
        wait_for_end(server, session, signals);
        log_event(LOG_LEVEL_NOTICE, "stopping", NULL);
    }
    console_server_free(server);
    door_server_free(options.door);
    metrics_server_free(metrics);
    console_audit_sums(session, true);
    console_gateway_leave(gateway, session);
    return server != NULL;
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct error error = {0};
    sigset_t signals;
    session_program = "weir-console";
    log_open("weir-console", options.to_stderr);
    if (sodium_init() < 0)
        return EX_SOFTWARE;
    struct config *config =
        config_read(options.config_path ? options.config_path : config_default_path(), &error);
    if (!config) {
        log_event(LOG_LEVEL_ERROR, "start-failed", "reason", error.message, NULL);
        return EX_CONFIG;
    }
    log_set_level(config->log_level);
    metrics_start(METRICS_CONSOLE, PACKAGE_VERSION);
    mail_init();
    text_init();
    url_init();
    xmlInitParser();
    block_signals(&signals);
    struct console_gateway *gateway = console_gateway_new(config, options.config_path);
    bool good = serve(gateway, &signals, &error);
    if (!good)
        log_event(LOG_LEVEL_ERROR, "start-failed", "reason", error.message, NULL);
    console_gateway_free(gateway);
    config_release(config);
    xmlCleanupParser();
    return good ? EX_OK : EX_UNAVAILABLE;
}
