#include "feedfilter/complain.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/log.h"

void complain(const char *format, ...)
{
    char line[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log_message(LOG_LEVEL_WARNING, "%s", line);
    if (log_is_on_stderr())
        return;
    /* Feeds name themselves: nothing of theirs may move the cursor. */
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    fprintf(stderr, "weir-feedfilter: %s\n", line);
}
