#include "core/config_scan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16

struct scan {
    FILE *file;
    int line;
    void (*unset)(void *context, int line, const char *name);
    void *context;
};

static int next(struct scan *scan)
{
    int c = getc(scan->file);
    scan->line += c == '\n';
    return c;
}

/* To the end of the line, which stays to be read. */
static void skip_line(struct scan *scan)
{
    int c;
    while ((c = getc(scan->file)) != EOF && c != '\n')
        ;
    if (c == '\n')
        ungetc(c, scan->file);
}

/* Behind the end of a comment; false when it has none. */
static bool skip_comment(struct scan *scan)
{
    int before = 0, c;
    while ((c = next(scan)) != EOF) {
        if (before == '*' && c == '/')
            return true;
        before = c;
    }
    return false;
}

/* Behind "${NAME", the "$" having been read; what comes next may be ":-default}" or "}". */
static void read_variable(struct scan *scan)
{
    char name[64];
    size_t length = 0;
    int c = getc(scan->file);
    if (c != '{') {
        ungetc(c, scan->file);
        return;
    }
    while ((c = getc(scan->file)) != EOF && c != '}' && c != ':' && c != '"' && c != '\n' &&
           length < sizeof name - 1)
        name[length++] = (char)c;
    ungetc(c, scan->file);
    name[length] = '\0';
    if (c == '}' && !getenv(name))
        scan->unset(scan->context, scan->line, name);
}

/* Behind the closing quote; that there is none libconfuse says itself. */
static void skip_string(struct scan *scan, int quote)
{
    int c;
    while ((c = next(scan)) != EOF && c != quote) {
        if (c == '\\')
            next(scan);
        else if (c == '$' && quote == '"')
            read_variable(scan);
    }
}

/* A slash begins a comment only where a word could begin: not in redis://host. */
static bool skip_slash(struct scan *scan, int before)
{
    if (!strchr(" \t\r\n{}()=,", before))
        return true;
    int c = getc(scan->file);
    if (c == '*')
        return skip_comment(scan);
    if (c != EOF)
        ungetc(c, scan->file);
    if (c == '/')
        skip_line(scan);
    return true;
}

const char *config_scan(FILE *file, int *line,
                        void (*unset)(void *context, int line, const char *name), void *context)
{
    struct scan scan = {file, 1, unset, context};
    int open[DEPTH_MAX], depth = 0, before = '\n', c;
    while ((c = next(&scan)) != EOF) {
        *line = scan.line;
        if (c == '\0')
            return "a NUL byte";
        if (c == '#')
            skip_line(&scan);
        else if (c == '"' || c == '\'')
            skip_string(&scan, c);
        else if (c == '/' && !skip_slash(&scan, before))
            return "the comment is not closed";
        else if (c == '{' && depth < DEPTH_MAX)
            open[depth++] = scan.line;
        else if (c == '}' && depth > 0)
            depth--;
        before = c;
    }
    if (!depth)
        return NULL;
    *line = open[depth - 1];
    return "the brace is not closed";
}
