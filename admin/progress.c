#include "admin/progress.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "store/monotonic.h"

#define DRAW_EVERY_MS 100
#define BAR_MAX 50

struct progress {
    const char *what;
    bool terminal;
    bool drawn;
    int64_t drawn_ms;
};

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

struct progress *progress_new(const char *what)
{
    struct progress *progress = calloc(1, sizeof *progress);
    if (!progress)
        abort();
    progress->what = what;
    progress->terminal = isatty(STDERR_FILENO);
    return progress;
}

void progress_show(struct progress *progress, double part, size_t count)
{
    if (!progress->terminal)
        return;
    int64_t now = monotonic_ms();
    if (progress->drawn && now - progress->drawn_ms < DRAW_EVERY_MS)
        return;
    progress->drawn_ms = now;
    progress->drawn = true;
    char numbers[64], bar[BAR_MAX + 1];
    int used = snprintf(numbers, sizeof numbers, " %3.0f %%  %zu", part * 100, count);
    int room = terminal_width() - (int)strlen(progress->what) - used - 4;
    if (room > BAR_MAX)
        room = BAR_MAX;
    if (room < 0)
        room = 0;
    int filled = (int)(part * room);
    memset(bar, '#', (size_t)filled);
    memset(bar + filled, '.', (size_t)(room - filled));
    bar[room] = '\0';
    fprintf(stderr, room ? "\r%s [%s]%s" : "\r%s%s%s", progress->what, bar, numbers);
}

void progress_free(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\x1b[K", stderr);
    free(progress);
}
