#include "core/config_complaint.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store/memory.h"

/* libconfuse's error callback takes no context. */
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;
static cfg_t *root; /* of what is being read */
static char complaint[sizeof((struct error *)NULL)->message];
static char **warnings;
static size_t warning_count;

/* Sections know their line but often not their file. */
static const char *file_of(const cfg_t *cfg)
{
    return cfg->filename ? cfg->filename : root->filename;
}

static void put_place(char *out, size_t size, const char *file, int line, const char *what)
{
    if (file)
        snprintf(out, size, "%s:%d: %s", file, line, what);
    else
        snprintf(out, size, "%s", what);
}

/* Keeps "file:line: what", unless there is a complaint already: the first one is the one. */
static void keep(const cfg_t *cfg, const char *what)
{
    if (!complaint[0])
        put_place(complaint, sizeof complaint, file_of(cfg), cfg->line, what);
}

/* "section \"title\".key: what" */
static void put_name(char *out, size_t size, cfg_t *cfg, const cfg_opt_t *option, const char *what)
{
    if (cfg == root)
        snprintf(out, size, "%s: %s", option->name, what);
    else if (cfg_title(cfg))
        snprintf(out, size, "%s \"%.60s\".%s: %s", cfg_name(cfg), cfg_title(cfg), option->name,
                 what);
    else
        snprintf(out, size, "%s.%s: %s", cfg_name(cfg), option->name, what);
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
    put_name(what, sizeof what, cfg, option, said);
    keep(cfg, what);
    return -1;
}

void config_reading_begin(void)
{
    pthread_mutex_lock(&reading);
}

void config_reading_end(void)
{
    pthread_mutex_unlock(&reading);
}

void config_complaint_begin(cfg_t *cfg)
{
    root = cfg;
    complaint[0] = '\0';
    for (size_t i = 0; i < warning_count; i++)
        free(warnings[i]);
    free(warnings);
    warnings = NULL;
    warning_count = 0;
    cfg_set_error_function(cfg, on_error);
}

void config_complain_of_file(const char *path, int line, const char *what)
{
    if (!complaint[0])
        put_place(complaint, sizeof complaint, path, line, what);
}

const char *config_complaint(void)
{
    return complaint;
}

void config_warn_of_file(const char *path, int line, const char *what)
{
    char text[sizeof complaint];
    put_place(text, sizeof text, path, line, what);
    warnings = memory_resize(warnings, (warning_count + 1) * sizeof *warnings);
    warnings[warning_count++] = memory_text(text);
}

void config_warn(cfg_t *cfg, const cfg_opt_t *option, const char *format, ...)
{
    char said[300], what[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    put_name(what, sizeof what, cfg, option, said);
    config_warn_of_file(file_of(cfg), cfg->line, what);
}

void config_note_secret(cfg_t *cfg, const cfg_opt_t *option)
{
    struct stat status;
    const char *file = file_of(cfg);
    if (file && stat(file, &status) == 0 && (status.st_mode & S_IROTH))
        config_warn(cfg, option, "a secret in a file that everybody may read");
}

char *config_place(const cfg_t *cfg)
{
    char text[sizeof complaint];
    const char *file = file_of(cfg);
    snprintf(text, sizeof text, "%s:%d", file ? file : "", cfg->line);
    return memory_text(text);
}

char **config_take_warnings(size_t *count)
{
    char **taken = warnings;
    *count = warning_count;
    warnings = NULL;
    warning_count = 0;
    return taken;
}
