#include "core/config_complaint.h"

#include <stdio.h>

/* libconfuse's error callback takes no context; whoever reads holds the one lock. */
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
static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
    char said[300], what[400];
    vsnprintf(said, sizeof said, format, arguments);
    snprintf(what, sizeof what, "%s%s%s", cfg == root ? "" : cfg_name(cfg), cfg == root ? "" : ": ",
             said);
    keep(cfg, what);
}

int config_refuse(cfg_t *cfg, const cfg_opt_t *option, const char *format, ...)
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

void config_complaint_begin(cfg_t *cfg)
{
    root = cfg;
    complaint[0] = '\0';
    cfg_set_error_function(cfg, on_error);
}

void config_complain_of_file(const char *path, int line, const char *what)
{
    if (!complaint[0])
        snprintf(complaint, sizeof complaint, "%s:%d: %s", path, line, what);
}

const char *config_complaint(void)
{
    return complaint;
}
