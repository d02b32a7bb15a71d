/* pipe: a feed from stdin to stdout, less the items held; what `weir-feedfilter --pipe` does. */
#ifndef WEIR_PIPE_H
#define WEIR_PIPE_H

#include <stdbool.h>

struct pipe_options {
    const char *feed;        /* name or URL; NULL: the feed's own address */
    const char *config_path; /* NULL: the default one, and defaults when there is none */
    bool strict;             /* trouble shows in the exit status even if all bytes were passed */
};

/* The exit status (sysexits.h). Whatever goes wrong, the input comes out: unchanged, where it could
 * not be judged. One line on stderr says so, and the status is EX_OK all the same unless `strict`:
 * readers throw away the output of a filter that fails. */
int pipe_run(const struct pipe_options *options);

#endif
