/* weir-feedfilter: see docs/weir-feedfilter.1. */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "config.h"
#include "core/log.h"
#include "feedfilter/pipe.h"
#include "feedfilter/serve.h"
#include "paths.h"

static const char usage[] =
    "usage: weir-feedfilter [--config FILE] [--stderr]\n"
    "       weir-feedfilter --pipe [--feed NAME] [--config FILE] [--strict]\n";

static const char help[] =
    "Passes feeds (RSS, Atom, JSON Feed) on to readers, less the items that are held as spam.\n"
    "\n"
    "Without --pipe it is a server: each feed \"NAME\" { url = ... } of the configuration is at\n"
    "http://127.0.0.1:8092/f/NAME, what is held of it at /q/NAME, and how all stands at /health.\n"
    "SIGHUP reads the configuration again, SIGTERM stops.\n"
    "\n"
    "  --pipe         from stdin to stdout, as a reader's filter command\n"
    "  --feed NAME    what the feed is known by: a name or its URL\n"
    "                 (default: the address that the feed itself gives)\n"
    "  --config FILE  instead of $WEIR_CONFIG or " SYSCONFDIR "/weir/weir.conf\n"
    "  --strict       exit with a status of its own when the feed could not be judged\n"
    "  --stderr       the server logs to standard error, also without a terminal\n"
    "  --help         this text\n"
    "  --version      the version\n"
    "\n"
    "Exit status of the server: 0 stopped as asked, 64 wrong usage, 69 cannot run,\n"
    "  78 wrong configuration.\n"
    "Of --pipe: 0 the whole feed, or the feed less the items held, was written.\n"
    "  64 wrong usage   66 the input could not be read to its end   74 the output could not\n"
    "  be written\n"
    "With --strict also, though everything was written:\n"
    "  65 no usable feed   74 the records failed   75 the counts store is away\n"
    "  78 wrong configuration\n"
    "\n"
    "See weir-feedfilter(1).\n";

struct options {
    struct pipe_options pipe;
    bool pipe_wanted, to_stderr;
};

static int wrong_usage(const char *what, const char *argument)
{
    fprintf(stderr, "weir-feedfilter: %s%s\n%s", what, argument, usage);
    return EX_USAGE;
}

/* Ends the program for --help, --version and what is not known. */
static void read_options(int argc, char **argv, struct options *options)
{
    enum { SET_PIPE = 1, SET_FEED, SET_CONFIG, SET_STRICT, SET_STDERR, SHOW_HELP, SHOW_VERSION };
    static const struct option known[] = {
        {"pipe", no_argument, NULL, SET_PIPE},
        {"feed", required_argument, NULL, SET_FEED},
        {"config", required_argument, NULL, SET_CONFIG},
        {"strict", no_argument, NULL, SET_STRICT},
        {"stderr", no_argument, NULL, SET_STDERR},
        {"help", no_argument, NULL, SHOW_HELP},
        {"version", no_argument, NULL, SHOW_VERSION},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case SET_PIPE:
            options->pipe_wanted = true;
            break;
        case SET_FEED:
            options->pipe.feed = optarg;
            break;
        case SET_CONFIG:
            options->pipe.config_path = optarg;
            break;
        case SET_STRICT:
            options->pipe.strict = true;
            break;
        case SET_STDERR:
            options->to_stderr = true;
            break;
        case SHOW_HELP:
            printf("%s%s", usage, help);
            exit(EX_OK);
        case SHOW_VERSION:
            puts("weir-feedfilter " PACKAGE_VERSION);
            exit(EX_OK);
        default: /* getopt has said what was wrong */
            fputs(usage, stderr);
            exit(EX_USAGE);
        }
    }
}

int main(int argc, char **argv)
{
    /* A feed's documents come and go by the megabyte; giving that back to the kernel and asking for
     * it again costs more than judging them. Each of malloc's arenas keeps that much, and would be
     * one thread's only. */
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    struct options options = {0};
    read_options(argc, argv, &options);
    if (optind < argc)
        return wrong_usage("no argument is expected: ", argv[optind]);
    if (options.pipe.feed && !*options.pipe.feed)
        return wrong_usage("--feed needs a name", "");
    if (!options.pipe_wanted && (options.pipe.feed || options.pipe.strict))
        return wrong_usage("--feed and --strict go with --pipe", "");
    /* A reader that goes away is told apart by EPIPE. */
    signal(SIGPIPE, SIG_IGN);
    log_open("weir-feedfilter", options.to_stderr);
    if (options.pipe_wanted)
        return pipe_run(&options.pipe);
    return serve_run(options.pipe.config_path);
}
