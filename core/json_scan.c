#include "core/json_scan.h"

#include <stdint.h>

#include "core/text.h"

static bool fail(struct json_scan *scan, const char *trouble)
{
    if (!scan->trouble) {
        scan->trouble = trouble;
        scan->trouble_at = scan->at;
    }
    return false;
}

/* The next byte that is no blank and, when `commas`, no comma; NUL at the end. */
static char next_byte(struct json_scan *scan, bool commas)
{
    if (scan->trouble)
        return '\0';
    while (scan->at < scan->end &&
           ((unsigned char)*scan->at <= ' ' || (commas && *scan->at == ',')))
        scan->at++;
    return scan->at < scan->end ? *scan->at : '\0';
}

char json_scan_kind(struct json_scan *scan)
{
    char byte = next_byte(scan, false);
    if (byte == '{' || byte == '[' || byte == '"' || byte == '\0')
        return byte;
    return strchr("}],:", byte) ? '\0' : '0';
}

bool json_scan_open(struct json_scan *scan, char bracket)
{
    if (json_scan_kind(scan) != bracket)
        return false;
    scan->at++;
    return true;
}

/* From the quote on; at the end behind the closing one. */
static bool pass_string(struct json_scan *scan)
{
    const char *start = scan->at++;
    while (scan->at < scan->end) {
        const char *quote = memchr(scan->at, '"', (size_t)(scan->end - scan->at));
        if (!quote)
            break;
        const char *escape = quote;
        while (escape[-1] == '\\' && escape - 1 > start)
            escape--;
        scan->at = quote + 1;
        if ((quote - escape) % 2 == 0)
            return true;
    }
    scan->at = start;
    return fail(scan, "a string without end");
}

static void pass_word(struct json_scan *scan)
{
    while (scan->at < scan->end && (unsigned char)*scan->at > ' ' && !strchr("{}[],:\"", *scan->at))
        scan->at++;
}

bool json_scan_member(struct json_scan *scan, struct span *name)
{
    char byte = next_byte(scan, true);
    if (byte == '}') {
        scan->at++;
        return false;
    }
    if (byte != '"')
        return fail(scan, byte ? "no name of a member where one has to be" : "it is broken off");
    const char *start = scan->at + 1;
    if (!pass_string(scan))
        return false;
    *name = (struct span){start, (size_t)(scan->at - 1 - start)};
    if (next_byte(scan, false) != ':')
        return fail(scan, "no colon behind the name of a member");
    scan->at++;
    return json_scan_kind(scan) != '\0' || fail(scan, "a member without value");
}

bool json_scan_element(struct json_scan *scan)
{
    if (next_byte(scan, true) == ']') {
        scan->at++;
        return false;
    }
    return json_scan_kind(scan) != '\0' || fail(scan, "an array without end");
}

bool json_scan_skip(struct json_scan *scan, struct span *value)
{
    bool object[JSON_DEPTH_MAX];
    size_t depth = 0;
    struct span name;
    char kind = json_scan_kind(scan);
    const char *start = scan->at;
    do {
        if (depth &&
            !(object[depth - 1] ? json_scan_member(scan, &name) : json_scan_element(scan))) {
            depth--;
            continue;
        }
        kind = json_scan_kind(scan);
        if (kind == '"')
            pass_string(scan);
        else if (kind == '0')
            pass_word(scan);
        else if (kind == '\0')
            fail(scan, "no value where one has to be");
        else if (depth == JSON_DEPTH_MAX)
            fail(scan, "it is nested too deeply");
        else {
            object[depth++] = kind == '{';
            scan->at++;
        }
    } while (depth && !scan->trouble);
    *value = (struct span){start, (size_t)(scan->at - start)};
    return !scan->trouble;
}

/* The code unit of "\uXXXX" whose four digits are at `at`; -1: they are none. */
static int32_t read_hex(const char *at, const char *end)
{
    int32_t unit = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i], letter = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            unit = unit * 16 + (c - '0');
        else if (letter >= 'a' && letter <= 'f')
            unit = unit * 16 + (letter - 'a' + 10);
        else
            return -1;
    }
    return unit;
}

/* Of the escape whose 'u' is behind *at; passes the second half of a pair too. */
static uint32_t read_unit_escape(const char **at, const char *end)
{
    int32_t high = read_hex(*at, end);
    if (high < 0)
        return 'u';
    *at += 4;
    if (high < 0xd800 || high > 0xdfff)
        return (uint32_t)high;
    if (high < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        int32_t low = read_hex(*at + 2, end);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *at += 6;
            return 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
        }
    }
    return 0xfffd;
}

static uint32_t read_escape(const char **at, const char *end)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    char letter = *(*at)++;
    const char *known = letter ? strchr(letters, letter) : NULL;
    if (letter == 'u')
        return read_unit_escape(at, end);
    return known ? (unsigned char)meanings[known - letters] : (unsigned char)letter;
}

struct span json_scan_text(struct arena *arena, struct span quoted)
{
    if (quoted.length >= 2 && quoted.data[0] == '"')
        quoted = (struct span){quoted.data + 1, quoted.length - 2};
    char *out = arena_text(arena, quoted.length + 1);
    size_t length = 0;
    const char *at = quoted.data, *end = quoted.data + quoted.length;
    while (at < end) {
        unsigned char byte = (unsigned char)*at++;
        if (byte == '\\' && at < end) {
            /* Behind a backslash a byte from 0x80 up starts a character that is copied whole. */
            if ((unsigned char)*at >= 0x80)
                continue;
            uint32_t code_point = read_escape(&at, end);
            if (code_point >= ' ' || code_point == '\t' || code_point == '\n' || code_point == '\r')
                length += text_put(out + length, code_point);
        } else if (byte >= ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
            out[length++] = (char)byte;
        }
    }
    out[length] = '\0';
    return (struct span){out, length};
}

unsigned json_scan_line(const struct json_scan *scan)
{
    unsigned line = 1;
    const char *end = scan->trouble_at ? scan->trouble_at : scan->at;
    for (const char *at = scan->start; at < end; at++)
        line += *at == '\n';
    return line;
}
