#include "core/recipient.h"

#include "core/arena.h"
#include "core/url_host.h"
#include "store/span.h"

#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

size_t recipient_length(const char *text)
{
    size_t length = 0;
    bool quoted = false;
    for (; text[length] && (quoted || text[length] != ','); length++) {
        if (quoted && text[length] == '\\' && text[length + 1])
            length++;
        else if (text[length] == '"')
            quoted = !quoted;
    }
    return length;
}

/* RFC 5322, 3.2.3: atoms with single dots between them. */
static bool is_dot_atom(const char *text, size_t length)
{
    static const char others[] = "!#$%&'*+-/=?^_`{|}~.";
    for (size_t i = 0; i < length; i++) {
        bool dot = text[i] == '.';
        if (!strchr(letters, text[i]) && !strchr(others, text[i]))
            return false;
        if (dot && (i == 0 || i + 1 == length || text[i + 1] == '.'))
            return false;
    }
    return length > 0;
}

/* RFC 5321, 4.1.2: printable ASCII between quotes, which may stand in it behind a backslash. */
static bool is_quoted(const char *text, size_t length)
{
    if (length < 2 || text[0] != '"' || text[length - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < length; i++) {
        if (text[i] == '\\' && i + 2 < length)
            i++;
        else if (text[i] == '\\' || text[i] == '"')
            return false;
    }
    return true;
}

static bool is_domain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool end = i == 0 || i + 1 == length;
        if (!strchr(letters, text[i]) && (end || !strchr("-.", text[i])))
            return false;
        if (text[i] == '.' && text[i + 1] == '.')
            return false;
    }
    return length > 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Writes the domain of other letters than ASCII's; its length, 0: it is none. */
static size_t put_ascii_form(struct span domain, char *to, size_t room)
{
    struct arena *arena = arena_new();
    struct span host;
    bool is_address;
    bool good =
        url_host_read(arena, domain, &host, &is_address) && !is_address && host.length <= room;
    if (good)
        memcpy(to, host.data, host.length);
    arena_free(arena);
    return good ? host.length : 0;
}

/* Writes it in its one form, with a NUL. */
static bool put_domain(struct span domain, char *to, size_t room)
{
    size_t length = 0;
    while (length < domain.length && domain.data[length] && !(domain.data[length] & 0x80))
        length++;
    bool ascii = length == domain.length;
    if (!ascii)
        length = put_ascii_form(domain, to, room);
    if (length == 0 || length > room)
        return false;
    for (size_t i = 0; ascii && i < length; i++)
        to[i] = lower(domain.data[i]);
    to[length] = '\0';
    return is_domain(to, length);
}

bool recipient_normal(const char *text, size_t length, char normal[RECIPIENT_MAX + 1])
{
    const char *at = length ? memrchr(text, '@', length) : NULL;
    size_t local = at ? (size_t)(at - text) : 0;
    if (!at || length > RECIPIENT_MAX)
        return false;
    for (size_t i = 0; i < local; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
        normal[i] = lower(text[i]);
    }
    normal[local] = '@';
    return (is_dot_atom(normal, local) || is_quoted(normal, local)) &&
           put_domain((struct span){at + 1, length - local - 1}, normal + local + 1,
                      RECIPIENT_MAX - local - 1);
}

bool recipient_sender_normal(const char *text, size_t length, char normal[RECIPIENT_MAX + 1])
{
    const char *at = length ? memrchr(text, '@', length) : NULL;
    if (recipient_normal(text, length, normal))
        return true;
    normal[0] = '@';
    return at && put_domain((struct span){at + 1, length - (size_t)(at - text) - 1}, normal + 1,
                            RECIPIENT_MAX - 1);
}

bool recipient_entry_normal(const char *text, char normal[RECIPIENT_MAX + 1])
{
    text += *text == '@';
    if (strchr(text, '@'))
        return recipient_normal(text, strlen(text), normal);
    return put_domain(span_of(text), normal, RECIPIENT_MAX) && strchr(normal, '.');
}

bool recipient_is_alone(const char *recipients, const char *normal)
{
    char one[RECIPIENT_MAX + 1];
    for (;; recipients++) {
        size_t length = recipient_length(recipients);
        if (!recipient_normal(recipients, length, one) || strcmp(one, normal) != 0)
            return false;
        recipients += length;
        if (!*recipients)
            return true;
    }
}

bool recipient_is_among(const char *recipients, const char *normal)
{
    char one[RECIPIENT_MAX + 1];
    while (*recipients) {
        size_t length = recipient_length(recipients);
        if (recipient_normal(recipients, length, one) && strcmp(one, normal) == 0)
            return true;
        recipients += length + (recipients[length] == ',');
    }
    return false;
}

const char *recipient_domain(const char *address)
{
    const char *at = strrchr(address, '@');
    return at ? at + 1 : "";
}
