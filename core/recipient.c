#include "core/recipient.h"

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

bool recipient_normal(const char *text, size_t length, char normal[RECIPIENT_MAX + 1])
{
    if (length > RECIPIENT_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
        normal[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    }
    normal[length] = '\0';
    const char *domain = recipient_domain(normal);
    if (!*domain)
        return false;
    size_t local = (size_t)(domain - normal) - 1;
    return (is_dot_atom(normal, local) || is_quoted(normal, local)) &&
           is_domain(domain, length - local - 1);
}

bool recipient_entry_normal(const char *text, char normal[RECIPIENT_MAX + 1])
{
    text += *text == '@';
    size_t length = strlen(text);
    if (strchr(text, '@'))
        return recipient_normal(text, length, normal);
    if (length > RECIPIENT_MAX || !strchr(text, '.'))
        return false;
    for (size_t i = 0; i <= length; i++)
        normal[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    return is_domain(normal, length);
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
