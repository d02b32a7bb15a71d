#include "core/domain_list.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/url.h"
#include "store/memory.h"

#define DOMAIN_MAX 253
#define LABEL_MAX 63

/* Sorted; each is a copy of its own. */
struct domain_list {
    struct span *domains;
    size_t count, room;
};

static int compare(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->data, y->data, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* What is wrong with it; NULL: it is a domain in ASCII form (RFC 1123 2.1), or a suffix alone. */
static const char *fault_of(struct span domain)
{
    size_t label = 0;
    if (domain.length > DOMAIN_MAX)
        return "is too long for a domain";
    for (size_t i = 0; i < domain.length; i++) {
        char c = domain.data[i];
        bool last = i + 1 == domain.length || domain.data[i + 1] == '.';
        if ((unsigned char)c >= 0x80)
            return "is not in ASCII form (\"xn--...\")";
        if (c == '.' ? label == 0 || i + 1 == domain.length
                     : !strchr("abcdefghijklmnopqrstuvwxyz0123456789-", c) || label == LABEL_MAX ||
                           (c == '-' && (label == 0 || last)))
            return "is no domain";
        label = c == '.' ? 0 : label + 1;
    }
    return memchr(domain.data, '.', domain.length) ? NULL : "is no domain: it has no dot";
}

static void add(struct domain_list *list, struct span domain)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 256;
        list->domains = memory_resize(list->domains, list->room * sizeof *list->domains);
    }
    list->domains[list->count++] =
        (struct span){memory_copy(domain.data, domain.length), domain.length};
}

/* A line without its comment and blanks, in lower case; empty: nothing stands in it. */
static struct span tidy(char *line, size_t length)
{
    const char *comment = memchr(line, '#', length);
    struct span text = span_trim((struct span){line, comment ? (size_t)(comment - line) : length});
    for (size_t i = 0; i < length; i++)
        line[i] = line[i] >= 'A' && line[i] <= 'Z' ? (char)(line[i] | 0x20) : line[i];
    return text;
}

static void read_line(struct domain_list *list, char *line, size_t length, const char *path,
                      int number, domain_list_complain *complain)
{
    struct span domain = tidy(line, length);
    if (!domain.length)
        return;
    const char *fault = memchr(domain.data, '\0', domain.length) ? "has a NUL" : fault_of(domain);
    if (!fault) {
        add(list, domain);
        return;
    }
    char what[200];
    int shown = domain.length > 60 ? 60 : (int)domain.length;
    snprintf(what, sizeof what, "\"%.*s\" %s", shown, domain.data, fault);
    complain(path, number, what);
}

struct domain_list *domain_list_read(const char *path, domain_list_complain *complain,
                                     struct error *error)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
        return NULL;
    }
    struct domain_list *list = memory_new(sizeof *list);
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    for (int number = 1; (length = getline(&line, &room, file)) >= 0; number++)
        read_line(list, line, (size_t)length, path, number, complain);
    bool failed = ferror(file) != 0;
    if (failed)
        error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    free(line);
    fclose(file);
    if (failed) {
        domain_list_free(list);
        return NULL;
    }
    if (list->count)
        qsort(list->domains, list->count, sizeof *list->domains, compare);
    return list;
}

void domain_list_free(struct domain_list *list)
{
    for (size_t i = 0; list && i < list->count; i++)
        free((char *)(uintptr_t)list->domains[i].data);
    if (list)
        free(list->domains);
    free(list);
}

static bool has(const struct domain_list *list, struct span domain)
{
    return bsearch(&domain, list->domains, list->count, sizeof *list->domains, compare) != NULL;
}

bool domain_list_has(const struct domain_list *list, struct span host)
{
    if (!list || !list->count || !host.length)
        return false;
    struct span domain = url_registrable_domain(host);
    return has(list, host) || (domain.length != host.length && has(list, domain));
}
