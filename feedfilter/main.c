#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "config.h"
#include "core/log.h"
#include "feedfilter/pipe.h"

static const char usage[] =
    "usage: weir-feedfilter --pipe [--feed NAME] [--config FILE] [--strict]\n";

static const char help[] =
    "Reads a feed (RSS or Atom) and writes it less the items that are held as spam.\n"
    "\n"
    "  --pipe         from stdin to stdout, as a reader's filter command\n"
    "  --feed NAME    what the feed is known by: a name or its URL\n"
    "                 (default: the address that the feed itself gives)\n"
    "  --config FILE  instead of $WEIR_CONFIG or " SYSCONFDIR "/weir/weir.conf\n"
    "  --strict       exit with a status of its own when the feed could not be judged\n"
    "  --help         this text\n"
    "  --version      the version\n"
    "\n"
    "Exit status: 0 the whole feed, or the feed less the items held, was written.\n"
    "  64 wrong usage   66 the input could not be read to its end   74 the output could not\n"
    "  be written\n"
    "With --strict also, though everything was written:\n"
    "  65 no usable feed   74 the records failed   75 the counts store is away\n"
    "  78 wrong configuration\n"
    "\n"
    "See weir-feedfilter(1).\n";

static int wrong_usage(const char *what, const char *argument)
{
    fprintf(stderr, "weir-feedfilter: %s%s\n%s", what, argument, usage);
    return EX_USAGE;
}

int main(int argc, char **argv)
{
    enum { SET_PIPE = 1, SET_FEED, SET_CONFIG, SET_STRICT, SHOW_HELP, SHOW_VERSION };
    static const struct option known[] = {
        {"pipe", no_argument, NULL, SET_PIPE},
        {"feed", required_argument, NULL, SET_FEED},
        {"config", required_argument, NULL, SET_CONFIG},
        {"strict", no_argument, NULL, SET_STRICT},
        {"help", no_argument, NULL, SHOW_HELP},
        {"version", no_argument, NULL, SHOW_VERSION},
        {NULL, 0, NULL, 0},
    };
    struct pipe_options options = {0};
    bool pipe_wanted = false;
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (option) {
        case SET_PIPE:
            pipe_wanted = true;
            break;
        case SET_FEED:
            options.feed = optarg;
            break;
        case SET_CONFIG:
            options.config_path = optarg;
            break;
        case SET_STRICT:
            options.strict = true;
            break;
        case SHOW_HELP:
            printf("%s%s", usage, help);
            return EX_OK;
        case SHOW_VERSION:
            puts("weir-feedfilter " PACKAGE_VERSION);
            return EX_OK;
        default: /* getopt has said what was wrong */
            fputs(usage, stderr);
            return EX_USAGE;
        }
    }
    if (optind < argc)
        return wrong_usage("no argument is expected: ", argv[optind]);
    if (!pipe_wanted)
        return wrong_usage("--pipe is the only way to run it", "");
    if (options.feed && !*options.feed)
        return wrong_usage("--feed needs a name", "");
    /* A reader that goes away is told apart by EPIPE. */
    signal(SIGPIPE, SIG_IGN);
    log_open("weir-feedfilter", false);
    return pipe_run(&options);
}
