#include "core/check_read.h"

#include <ctype.h>
#include <string.h>

#include "core/url_host.h"

/* --- subjects --- */

/* Where the mark of an answer or of something passed on ends; 0: there is none. */
static size_t reply_mark(struct span subject)
{
    static const struct span words[] = {
        SPAN_OF("re"),   SPAN_OF("fwd"),  SPAN_OF("fw"),   SPAN_OF("aw"),   SPAN_OF("wg"),
        SPAN_OF("antw"), SPAN_OF("sv"),   SPAN_OF("vs"),   SPAN_OF("vb"),   SPAN_OF("tr"),
        SPAN_OF("rv"),   SPAN_OF("rif"),  SPAN_OF("回复"), SPAN_OF("答复"), SPAN_OF("回覆"),
        SPAN_OF("转发"), SPAN_OF("轉寄"), SPAN_OF("отв"),  SPAN_OF("на")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!span_starts_nocase(subject, words[i]))
            continue;
        size_t at = words[i].length;
        const char *close = NULL;
        if (at < subject.length && subject.data[at] == '[')
            close = memchr(subject.data + at, ']', subject.length - at);
        if (close)
            at = (size_t)(close + 1 - subject.data);
        while (at < subject.length && subject.data[at] == ' ')
            at++;
        struct span rest = {subject.data + at, subject.length - at};
        if (span_starts_nocase(rest, SPAN(":")))
            return at + 1;
        if (span_starts_nocase(rest, SPAN("：")))
            return at + strlen("：");
    }
    return 0;
}

struct span check_bare_subject(struct span subject)
{
    for (;;) {
        subject = span_trim(subject);
        size_t length = reply_mark(subject);
        if (!length && subject.length && subject.data[0] == '[') {
            const char *close = memchr(subject.data, ']', subject.length);
            length = close ? (size_t)(close + 1 - subject.data) : 0;
        }
        if (!length)
            return subject;
        subject.data += length;
        subject.length -= length;
    }
}

/* --- addresses --- */

/* Behind the quoted string, comment or literal that starts at `at`; behind the one byte there when
 * it is none of them. What does not end is none, and sets `*broken`: then nothing behind it is, so
 * that each byte is read twice at most. */
static const char *skip_one(const char *at, const char *end, bool *broken)
{
    const char *start = at;
    char close = *at == '"' ? '"' : *at == '(' ? ')' : *at == '[' ? ']' : '\0';
    size_t depth = 1;
    if (!close || *broken)
        return start + 1;
    for (at++; at < end; at++) {
        if (*at == '\\' && at + 1 < end)
            at++;
        else if (*at == close && --depth == 0)
            return at + 1;
        else if (*at == '(' && close == ')')
            depth++;
    }
    *broken = true;
    return start + 1;
}

/* A comment that does not end stays. */
static const char *skip_comments(const char *at, const char *end)
{
    bool broken = false;
    while (at < end && (*at == ' ' || *at == '\t' || *at == '(')) {
        const char *next = skip_one(at, end, &broken);
        if (broken)
            return at;
        at = next;
    }
    return at;
}

bool check_is_message_id(struct span value)
{
    const char *end = value.data + value.length, *at = skip_comments(value.data, end);
    if (at == end || *at != '<')
        return false;
    const char *start = ++at, *sign = NULL;
    bool broken = false;
    while (at < end && *at != '>') {
        if (*at == ' ' || *at == '\t' || *at == '<')
            return false;
        sign = *at == '@' ? at : sign;
        at = *at == '(' ? at + 1 : skip_one(at, end, &broken);
    }
    return at < end && sign && sign > start && sign + 1 < at && skip_comments(at + 1, end) == end;
}

static bool is_host_byte(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

/* What stands behind an '@'; empty when it has no dot in it. */
static struct span host_at(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && is_host_byte(*at))
        at++;
    while (at > start && at[-1] == '.')
        at--;
    struct span host = {start, (size_t)(at - start)};
    const char *dot = host.length ? memchr(host.data, '.', host.length) : NULL;
    return dot && dot > host.data ? host : (struct span){NULL, 0};
}

bool check_next_host(struct span *rest, struct span *host)
{
    const char *at = rest->data, *end = at + rest->length;
    bool in_brackets = false, after_brackets = false, broken = false;
    *host = (struct span){NULL, 0};
    while (at < end) {
        if (!in_brackets && (*at == ',' || *at == ';' || *at == ':')) {
            if (*at != ':' && host->length)
                break;
            *host = (struct span){NULL, 0};
            after_brackets = false;
        } else if (*at == '<' && !in_brackets) {
            *host = (struct span){NULL, 0};
            in_brackets = true;
        } else if (*at == '>') {
            after_brackets |= in_brackets;
            in_brackets = false;
        } else if (*at == '@' && !after_brackets) {
            *host = host_at(at + 1, end);
        }
        at = skip_one(at, end, &broken);
    }
    *rest = (struct span){at, (size_t)(end - at)};
    return host->length > 0;
}

struct span check_shown_host(struct span name)
{
    for (size_t i = 1; i + 1 < name.length; i++) {
        if (name.data[i] != '@' || !is_host_byte(name.data[i - 1]))
            continue;
        struct span host = host_at(name.data + i + 1, name.data + name.length);
        if (host.length)
            return host;
    }
    return (struct span){NULL, 0};
}

struct span check_host(struct arena *arena, struct span host)
{
    struct span read;
    bool is_address;
    return url_host_read(arena, host, &read, &is_address) ? read : host;
}
