#include "admin/config_readers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/memory.h"
#include "store/records_feeds.h"

struct names {
    char **texts;
    size_t count;
};

static void add(struct names *names, char *text)
{
    names->texts = memory_resize(names->texts, (names->count + 1) * sizeof *names->texts);
    names->texts[names->count++] = text;
}

static bool has(const struct names *names, const char *text)
{
    for (size_t i = 0; i < names->count; i++)
        if (!strcmp(names->texts[i], text))
            return true;
    return false;
}

static void clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->texts[i]);
    free(names->texts);
}

static void add_known(void *context, const struct reader_record *reader)
{
    add(context, memory_text(reader->name));
}

/* Without records nobody has an address yet. */
static bool read_known(const char *path, struct names *known)
{
    struct error error = {0};
    if (access(path, F_OK) != 0)
        return errno == ENOENT;
    struct records *records = access(path, R_OK | W_OK) == 0 ? records_open(path, &error) : NULL;
    bool good = records && records_readers_visit(records, add_known, known, &error);
    records_close(records);
    return good;
}

struct look {
    struct names known; /* and those that were told of */
    void (*warn)(void *context, const char *line);
    void *context;
};

static void look_at(struct look *look, const struct subscription_config *feed)
{
    for (const char *at = feed->readers; at && *at; at += *at == ',') {
        char line[600];
        size_t length = strcspn(at, ",");
        char *name = memory_copy(at, length);
        at += length;
        if (has(&look->known, name)) {
            free(name);
            continue;
        }
        snprintf(line, sizeof line,
                 "%.200s: feed \"%s\": readers names \"%s\", who has no address to read it at; "
                 "'weirctl feeds reader add %s' makes one",
                 feed->place ? feed->place : "weirctl feeds", feed->name, name, name);
        look->warn(look->context, line);
        add(&look->known, name);
    }
}

void config_readers_look(struct session *session, void (*warn)(void *context, const char *line),
                         void *context)
{
    const struct config *config = session->config;
    struct look look = {.warn = warn, .context = context};
    bool named = false;
    for (size_t i = 0; i < config->subscription_count; i++)
        named = named || *config->subscriptions[i].readers;
    if (named && read_known(config->records_feeds, &look.known))
        for (size_t i = 0; i < config->subscription_count; i++)
            look_at(&look, &config->subscriptions[i]);
    clear(&look.known);
}
