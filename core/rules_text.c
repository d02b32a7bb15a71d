#include "core/rules_text.h"

#include "core/text.h"

#include <stdio.h>

#define SETTINGS_MAX 64 /* of one rule; there are not so many */

struct reading {
    const char *at, *end;
    const char *name;
    int line;
    struct span_buffer *out;
    struct error *error;
    /* What libconfuse takes without a word: a setting that is given twice, the last of which it
     * would keep, and a list of nothing. */
    int depth;        /* of braces */
    char before;      /* what stands before, blanks and comments apart */
    struct span word; /* the last one outside quotes */
    struct span settings[SETTINGS_MAX];
    size_t setting_count;
};

static void put(struct reading *reading, const char *data, size_t length)
{
    span_buffer_add(reading->out, (struct span){data, length});
}

/* One character, or two, which libconfuse takes for the one within single quotes. */
static void put_quoted(struct reading *reading, char c)
{
    if (c == '\'' || c == '\\')
        put(reading, "\\", 1);
    put(reading, &c, 1);
}

static bool wrong(const struct reading *reading, int line, const char *what)
{
    return error_set(reading->error, ERROR_INPUT, "%s:%d: %s", reading->name, line, what);
}

/* In single quotes, whichever it stood in. A backslash before the quote it stands in makes that a
 * part of it; any other is a backslash. */
static bool copy_quoted(struct reading *reading, char quote)
{
    int line = reading->line;
    put(reading, "'", 1);
    for (; reading->at < reading->end && *reading->at != quote; reading->at++) {
        if (*reading->at == '\n')
            return wrong(reading, line, "a quote that does not end on its line");
        if (*reading->at == '\\' && reading->end - reading->at > 1) {
            if (reading->at[1] == '\n')
                return wrong(reading, line, "a quote that does not end on its line");
            if (reading->at[1] != quote)
                put_quoted(reading, '\\');
            reading->at++;
        }
        put_quoted(reading, *reading->at);
    }
    if (reading->at == reading->end)
        return wrong(reading, line, "a quote that does not end on its line");
    reading->at++;
    put(reading, "'", 1);
    return true;
}

static void skip_line(struct reading *reading)
{
    while (reading->at < reading->end && *reading->at != '\n')
        reading->at++;
}

/* Its lines count. */
static bool skip_comment(struct reading *reading)
{
    int line = reading->line;
    for (; reading->end - reading->at > 1; reading->at++) {
        if (reading->at[0] == '*' && reading->at[1] == '/') {
            reading->at += 2;
            return true;
        }
        if (*reading->at == '\n') {
            put(reading, "\n", 1);
            reading->line++;
        }
    }
    return wrong(reading, line, "a comment that is never closed");
}

static bool note_setting(struct reading *reading)
{
    char what[120];
    if (reading->depth != 1 || reading->before == '+')
        return true;
    for (size_t i = 0; i < reading->setting_count; i++)
        if (span_equal(reading->settings[i], reading->word)) {
            snprintf(what, sizeof what, "%.*s is given twice; of several values one is a list: {…}",
                     reading->word.length < 40 ? (int)reading->word.length : 40,
                     reading->word.data);
            return wrong(reading, reading->line, what);
        }
    if (reading->setting_count < SETTINGS_MAX)
        reading->settings[reading->setting_count++] = reading->word;
    return true;
}

/* A character outside quotes and comments. */
static bool note(struct reading *reading, char c)
{
    bool ends_word = strchr(" \t\r\n={}+,\"'()", c) != NULL;
    if (!ends_word && reading->word.data + reading->word.length == reading->at)
        reading->word.length++;
    else if (!ends_word)
        reading->word = (struct span){reading->at, 1};
    if (c == '=' && !note_setting(reading))
        return false;
    if (c == '}' && reading->before == '{' && reading->depth > 1)
        return wrong(reading, reading->line, "a list of nothing; take it out");
    reading->depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    if (c == '{' && reading->depth == 1)
        reading->setting_count = 0;
    if (!strchr(" \t\r\n", c))
        reading->before = c;
    return true;
}

static bool copy_next(struct reading *reading)
{
    char c = *reading->at, next = reading->end - reading->at > 1 ? reading->at[1] : '\0';
    if (c == '#' || (c == '/' && next == '/')) {
        skip_line(reading);
        return true;
    }
    if (c == '/' && next == '*') {
        reading->at += 2;
        return skip_comment(reading);
    }
    if (c == '/')
        return wrong(reading, reading->line, "a regular expression stands in quotes: '/…/'");
    if (c == '$' || c == '\\')
        return wrong(reading, reading->line, "'$' and '\\' stand in quotes only");
    if (!note(reading, c))
        return false;
    reading->at++;
    if (c == '"' || c == '\'')
        return copy_quoted(reading, c);
    put(reading, &c, 1);
    reading->line += c == '\n';
    return true;
}

/* Only at the first line that is none. */
static bool is_text(struct span text, const char *name, struct error *error)
{
    int line = 1;
    for (const char *at = text.data, *end = at + text.length; at < end;) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((next ? next : end) - at);
        if (!text_is_utf8((struct span){at, length}))
            return error_set(error, ERROR_INPUT, "%s:%d: is no UTF-8 text", name, line);
        at += length + 1;
        line++;
    }
    return true;
}

bool rules_text_prepare(struct span text, const char *name, struct span_buffer *out,
                        struct error *error)
{
    struct reading reading = {.at = text.data,
                              .end = text.data + text.length,
                              .name = name,
                              .line = 1,
                              .out = out,
                              .error = error};
    if (!text.length)
        return true;
    if (!is_text(text, name, error))
        return false;
    while (reading.at < reading.end)
        if (!copy_next(&reading))
            return false;
    return reading.depth <= 0 || wrong(&reading, reading.line, "a '{' that is never closed");
}
