#include "core/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#define VALUE_BYTES 200
#define MESSAGE_BYTES 600
#define LINE_BYTES 2000

enum target { TARGET_STDERR, TARGET_JOURNAL, TARGET_SYSLOG };

static const char *tag = "weir";
static atomic_int target = TARGET_STDERR;
static atomic_int threshold = LOG_LEVEL_INFO;

static const struct {
    const char *name;
    int priority; /* of syslog(3), and of the journal's "<N>" */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", LOG_ERR},      [LOG_LEVEL_WARNING] = {"warning", LOG_WARNING},
    [LOG_LEVEL_NOTICE] = {"notice", LOG_NOTICE}, [LOG_LEVEL_INFO] = {"info", LOG_INFO},
    [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

void log_open(const char *program, bool to_stderr)
{
    tag = program;
    if (getenv("JOURNAL_STREAM")) {
        atomic_store(&target, TARGET_JOURNAL);
    } else if (to_stderr || isatty(STDERR_FILENO)) {
        atomic_store(&target, TARGET_STDERR);
    } else {
        openlog(program, LOG_PID, LOG_MAIL);
        atomic_store(&target, TARGET_SYSLOG);
    }
}

bool log_is_on_stderr(void)
{
    return atomic_load(&target) != TARGET_SYSLOG;
}

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, (int)level);
}

bool log_level_from_name(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (!strcasecmp(name, levels[i].name)) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

struct line {
    char text[LINE_BYTES + 1]; /* room for the newline */
    size_t length;
};

static void put(struct line *line, const char *text, size_t length)
{
    if (length > LINE_BYTES - line->length)
        length = LINE_BYTES - line->length;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

/* Bytes of the UTF-8 sequence at `text`, 0 when it is none that may stand in a log line: not
 * well-formed, a control character, or one that turns the direction of what follows. */
static size_t printable_length(const unsigned char *text, size_t left)
{
    if (text[0] < 0x80)
        return text[0] >= 0x20 && text[0] != 0x7f;
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4 || length > left)
        return 0;
    uint32_t code_point = text[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code_point = code_point << 6 | (text[i] & 0x3f);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    bool formed = code_point >= smallest[length] && code_point <= 0x10ffff &&
                  (code_point < 0xd800 || code_point > 0xdfff);
    bool control = code_point < 0xa0 || code_point == 0x2028 || code_point == 0x2029;
    bool turns = (code_point >= 0x202a && code_point <= 0x202e) ||
                 (code_point >= 0x2066 && code_point <= 0x2069);
    return formed && !control && !turns ? length : 0;
}

static void put_value(struct line *line, const char *value, size_t most)
{
    size_t length = strlen(value);
    size_t kept = length > most ? most : length;
    bool quoted = !length || strpbrk(value, " \"=\\") != NULL;
    for (size_t i = 0; i < kept && !quoted;) {
        size_t step = printable_length((const unsigned char *)value + i, length - i);
        quoted = step == 0;
        i += step ? step : 1;
    }
    if (quoted)
        put(line, "\"", 1);
    for (size_t i = 0; i < kept;) {
        size_t step = printable_length((const unsigned char *)value + i, length - i);
        if (step == 0) {
            char escape[8];
            int n = value[i] == '\n' ? snprintf(escape, sizeof escape, "\\n")
                    : value[i] == '\t'
                        ? snprintf(escape, sizeof escape, "\\t")
                        : snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)value[i]);
            put(line, escape, (size_t)n);
            i++;
            continue;
        }
        if (value[i] == '"' || value[i] == '\\')
            put(line, "\\", 1);
        put(line, value + i, step);
        i += step;
    }
    if (length > kept)
        put(line, "...", 3);
    if (quoted)
        put(line, "\"", 1);
}

static void put_pair(struct line *line, const char *key, const char *value, size_t most)
{
    if (line->length)
        put(line, " ", 1);
    put(line, key, strlen(key));
    put(line, "=", 1);
    put_value(line, value, most);
}

/* One write(2) a line, so that lines of threads and processes do not mix. */
static void emit(enum log_level level, struct line *line)
{
    if (atomic_load(&target) == TARGET_SYSLOG) {
        syslog(levels[level].priority, "%.*s", (int)line->length, line->text);
        return;
    }
    struct line whole = {.length = 0};
    char head[80];
    int n = atomic_load(&target) == TARGET_JOURNAL
                ? snprintf(head, sizeof head, "<%d>", levels[level].priority)
                : snprintf(head, sizeof head, "%.60s: ", tag);
    put(&whole, head, (size_t)n);
    put(&whole, line->text, line->length);
    whole.text[whole.length++] = '\n';
    ssize_t written = write(STDERR_FILENO, whole.text, whole.length);
    (void)written; /* nowhere left to say that the log cannot be written */
}

static bool wanted(enum log_level level)
{
    return (int)level <= atomic_load(&threshold);
}

void log_event(enum log_level level, const char *event, ...)
{
    if (!wanted(level))
        return;
    struct line line = {.length = 0};
    put_pair(&line, "level", levels[level].name, VALUE_BYTES);
    put_pair(&line, "event", event, VALUE_BYTES);
    va_list arguments;
    va_start(arguments, event);
    for (const char *key; (key = va_arg(arguments, const char *));) {
        const char *value = va_arg(arguments, const char *);
        if (value)
            put_pair(&line, key, value, VALUE_BYTES);
    }
    va_end(arguments);
    emit(level, &line);
}

void log_message(enum log_level level, const char *format, ...)
{
    if (!wanted(level))
        return;
    char message[MESSAGE_BYTES + 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    struct line line = {.length = 0};
    put_pair(&line, "level", levels[level].name, VALUE_BYTES);
    put_pair(&line, "msg", message, MESSAGE_BYTES);
    emit(level, &line);
}
