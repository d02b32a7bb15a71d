#include "store/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {[ERROR_NONE] = "",
                                    [ERROR_INPUT] = "input",
                                    [ERROR_SYSTEM] = "system",
                                    [ERROR_NETWORK] = "network",
                                    [ERROR_BUG] = "bug"};

const char *error_class_name(enum error_class class)
{
    return names[class];
}

enum error_class error_class_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0)
            return (enum error_class)i;
    }
    return ERROR_NONE;
}

bool error_set(struct error *error, enum error_class class, const char *format, ...)
{
    if (!error)
        return false;
    va_list arguments;
    va_start(arguments, format);
    error->class = class;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    for (char *at = error->message; *at; at++)
        if (*at == '\n' || *at == '\r')
            *at = ' ';
    return false;
}

bool error_prefix(struct error *error, const char *format, ...)
{
    if (!error)
        return false;
    char said[sizeof error->message];
    memcpy(said, error->message, sizeof said);
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof error->message) {
        /* The end of what was said may be cut. */
        int room = (int)sizeof error->message - used - (int)sizeof ": ";
        snprintf(error->message + used, sizeof error->message - (size_t)used, ": %.*s",
                 room > 0 ? room : 0, said);
    }
    return false;
}
