#include "core/url.h"

#include "core/text.h"
#include "core/url_host.h"

#define URL_MAX 4096

static bool is_alnum(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9');
}

static bool in_name(char c)
{
    return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* True when a link may hold the code point. People write on in Chinese right behind an address,
 * without a blank, so ideographs end it; in the host they belong to it until it has come to a known
 * end. */
static bool in_url(uint32_t code_point, bool in_host, struct span host)
{
    if (code_point < 0x80)
        return code_point > ' ' && code_point != 0x7F && code_point != '<' && code_point != '>' &&
               code_point != '"' && code_point != '`';
    switch (text_character(code_point).class) {
    case CHARACTER_LETTER:
    case CHARACTER_DIGIT:
    case CHARACTER_INVISIBLE:
        return !in_host || !url_host_has_known_end(host);
    case CHARACTER_IDEOGRAPH:
    case CHARACTER_EMOJI:
    case CHARACTER_SYMBOL:
        return in_host && !url_host_has_known_end(host);
    default:
        /* U+3002 is a dot to IDNA, but a full stop to whoever writes it. */
        return !in_host && code_point < 0x2000;
    }
}

static const char opening[] = "([{", closing[] = ")]}";

/* Where the address ends whose host starts at `host`: also before a bracket that was opened before
 * the address. */
static const char *address_end(const char *host, const char *end)
{
    if ((size_t)(end - host) > URL_MAX)
        end = host + URL_MAX;
    const char *at = host;
    int open[3] = {0, 0, 0};
    bool in_host = true;
    while (at < end) {
        const char *next = at;
        uint32_t code_point = text_next(&next, end);
        if (in_host && (code_point == '/' || code_point == '?' || code_point == '#'))
            in_host = false;
        if (!in_url(code_point, in_host, (struct span){host, (size_t)(at - host)}))
            break;
        for (int i = 0; i < 3 && code_point < 0x80; i++)
            open[i] += (*at == opening[i]) - (*at == closing[i]);
        if (open[0] < 0 || open[1] < 0 || open[2] < 0)
            break;
        at = next;
    }
    /* Punctuation behind it belongs to the sentence. */
    while (at > host && strchr(".,;:!?'*_~|&([{", at[-1]))
        at--;
    return at;
}

/* "http://…" with the colon at `colon`. */
static bool find_scheme(const char *start, const char *colon, const char *end, struct span *url)
{
    static const struct span names[] = {{"https", 5}, {"http", 4}, {"ftp", 3}};
    if (end - colon < 4 || colon[1] != '/' || colon[2] != '/')
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = names[i].length;
        if ((size_t)(colon - start) < length)
            continue;
        const char *name = colon - length;
        if (strncasecmp(name, names[i].data, length) != 0 || (name > start && is_alnum(name[-1])))
            continue;
        const char *stop = address_end(colon + 3, end);
        if (stop == colon + 3 || strchr("/.-#?:@", colon[3]))
            return false;
        *url = (struct span){name, (size_t)(stop - name)};
        return true;
    }
    return false;
}

/* "www.…" or "name.tld/…" with its first dot at `dot`. */
static bool find_bare(const char *start, const char *dot, const char *end, struct span *url)
{
    const char *name = dot, *stop = dot;
    while (name > start && in_name(name[-1]) && dot - name < 64)
        name--;
    while (name < dot && !is_alnum(*name))
        name++;
    while (stop < end && in_name(*stop) && stop - name < 256)
        stop++;
    bool www = dot - name == 3 && strncasecmp(name, "www", 3) == 0;
    bool slash = stop < end && *stop == '/';
    while (stop > dot && stop[-1] == '.')
        stop--;
    struct span host = {name, (size_t)(stop - name)};
    /* Behind these it is part of something else: an e-mail address, a path, a parameter. */
    const char *belongs = www ? "@/\\" : "@/\\=&%+~";
    if (name == dot || !(www || slash) || (name > start && strchr(belongs, name[-1])) ||
        (stop < end && *stop == '@') || !url_host_has_known_end(host) ||
        (www && !memchr(dot + 1, '.', (size_t)(stop - dot - 1))))
        return false;
    stop = address_end(name, end);
    *url = (struct span){name, (size_t)(stop - name)};
    return true;
}

bool url_find_in_text(const char **at, const char *end, struct span *url)
{
    const char *start = *at, *dot = start, *colon = start;
    /* Addresses are rare and so are dots and colons: memchr() passes over the rest. */
    for (const char *from = start; from < end;) {
        if (dot && dot <= from)
            dot = memchr(from, '.', (size_t)(end - from));
        if (colon && colon <= from)
            colon = memchr(from, ':', (size_t)(end - from));
        if (!dot && !colon)
            break;
        bool at_dot = dot && (!colon || dot < colon);
        const char *mark = at_dot ? dot : colon;
        if (at_dot ? mark + 1 < end && is_alnum(mark[1]) && find_bare(start, mark, end, url)
                   : find_scheme(start, mark, end, url)) {
            *at = url->data + url->length;
            return true;
        }
        from = mark + 1;
    }
    *at = end;
    return false;
}
