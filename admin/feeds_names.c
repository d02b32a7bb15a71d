#include "admin/feeds_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/memory.h"

#define MADE_MOST 40u  /* characters of a name that is made, before what tells it from others */
#define LETTERS_FEW 3u /* a title with fewer says nothing */
#define NUMBERED_MOST 9

struct configured {
    char *name, *url, *place;
};

struct feeds_names {
    struct records *records;
    struct configured *by_name, *by_url;
    size_t count, room;
    char *numbered_out; /* the last base whose numbers are all taken: they are not tried again */
};

static void add(struct feeds_names *names, const char *name, const char *url, const char *place)
{
    if (names->count == names->room) {
        names->room = names->room ? 2 * names->room : 16;
        names->by_name = memory_resize(names->by_name, names->room * sizeof *names->by_name);
    }
    names->by_name[names->count++] =
        (struct configured){memory_text(name), memory_text(url), memory_text(place)};
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const struct configured *)left)->name,
                  ((const struct configured *)right)->name);
}

static int compare_urls(const void *left, const void *right)
{
    return strcmp(((const struct configured *)left)->url, ((const struct configured *)right)->url);
}

static void add_state(void *context, const struct feed_state *state)
{
    if (*state->place)
        add(context, state->name, state->url, state->place);
}

struct feeds_names *feeds_names_new(struct session *session, struct error *error)
{
    struct feeds_names *names = memory_new(sizeof *names);
    const struct config *config = session->config;
    names->records = session->records[FRONT_FEED];
    names->numbered_out = memory_new(MADE_MOST + 1);
    for (size_t i = 0; i < config->subscription_count; i++)
        add(names, config->subscriptions[i].name, config->subscriptions[i].url,
            config->subscriptions[i].place);
    if (!records_feed_states_visit(names->records, add_state, names, error)) {
        feeds_names_free(names);
        return NULL;
    }
    names->by_url = memory_new(names->count * sizeof *names->by_url);
    if (names->count) {
        memcpy(names->by_url, names->by_name, names->count * sizeof *names->by_url);
        qsort(names->by_name, names->count, sizeof *names->by_name, compare_names);
        qsort(names->by_url, names->count, sizeof *names->by_url, compare_urls);
    }
    return names;
}

void feeds_names_free(struct feeds_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->count; i++) {
        free(names->by_name[i].name);
        free(names->by_name[i].url);
        free(names->by_name[i].place);
    }
    free(names->by_name);
    free(names->by_url);
    free(names->numbered_out);
    free(names);
}

const char *feeds_names_place(const struct feeds_names *names, const char *name)
{
    const struct configured key = {.name = (char *)name};
    const struct configured *found = NULL;
    if (names->count)
        found = bsearch(&key, names->by_name, names->count, sizeof key, compare_names);
    return found ? found->place : NULL;
}

bool feeds_names_of_url(const struct feeds_names *names, const char *url, char **name,
                        struct error *error)
{
    const struct configured key = {.url = (char *)url};
    const struct configured *found = NULL;
    if (names->count)
        found = bsearch(&key, names->by_url, names->count, sizeof key, compare_urls);
    if (!found)
        return records_feed_of_url(names->records, url, name, error);
    *name = memory_text(found->name);
    return true;
}

/* --- making one --- */

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Lower case, with one '-' (or '.', of a host) for whatever stands between; the letters in it. */
static size_t shorten(struct span text, bool host, char name[MADE_MOST + 1])
{
    size_t length = 0, letters = 0;
    char between = 0;
    for (size_t i = 0; i < text.length && length + 2 <= MADE_MOST; i++) {
        char c = text.data[i];
        if (!is_letter_or_digit(c)) {
            between = host && c == '.' ? '.' : '-';
            continue;
        }
        if (between && length)
            name[length++] = between;
        between = 0;
        name[length++] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
        letters++;
    }
    name[length] = '\0';
    return letters;
}

static void shorten_host(const char *url, char name[MADE_MOST + 1])
{
    struct subscription_address address;
    *name = '\0';
    if (!subscription_address_split(url, &address))
        return;
    struct span host = {address.rest.data, strcspn(address.rest.data, "/?#:")};
    if (span_starts_nocase(host, SPAN("www."))) {
        host.data += 4;
        host.length -= 4;
    }
    shorten(host, true, name);
}

static bool is_free(const struct feeds_names *names, const char *name, bool *free_,
                    struct error *error)
{
    bool known = false;
    bool good = records_feed_known(names->records, name, &known, error);
    *free_ = !known && !feeds_names_place(names, name);
    return good;
}

bool feeds_names_make(const struct feeds_names *names, const char *title, const char *url,
                      char name[SUBSCRIPTION_NAME_MAX + 1], struct error *error)
{
    char base[MADE_MOST + 1];
    bool is_new = false;
    if (shorten(span_of(title), false, base) < LETTERS_FEW)
        shorten_host(url, base);
    if (!*base)
        snprintf(base, sizeof base, "feed");
    int number = strcmp(base, names->numbered_out) == 0 ? NUMBERED_MOST + 1 : 1;
    for (; number <= NUMBERED_MOST + 1 && !is_new; number++) {
        if (number > NUMBERED_MOST)
            memcpy(names->numbered_out, base, sizeof base);
        if (number == 1)
            snprintf(name, SUBSCRIPTION_NAME_MAX + 1, "%s", base);
        else if (number <= NUMBERED_MOST)
            snprintf(name, SUBSCRIPTION_NAME_MAX + 1, "%s-%d", base, number);
        else /* a thousand of one title are not counted through */
            snprintf(name, SUBSCRIPTION_NAME_MAX + 1, "%s-%016llx", base,
                     (unsigned long long)XXH3_64bits(url, strlen(url)));
        if (!is_free(names, name, &is_new, error))
            return false;
    }
    return is_new || error_set(error, ERROR_INPUT, "no name is left for it");
}
