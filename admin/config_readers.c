#include "admin/config_readers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/text_list.h"
#include "store/memory.h"
#include "store/records_feeds.h"

static void add_known(void *context, const struct reader_record *reader)
{
    text_list_add(context, span_of(reader->name));
}

/* Without records nobody has an address yet. */
static bool read_known(const char *path, struct text_list *known)
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
    struct text_list known; /* and those that were told of */
    void (*warn)(void *context, const char *line);
    void *context;
};

static void look_at(struct look *look, const struct subscription_config *feed)
{
    for (const char *at = feed->readers; at && *at; at += *at == ',') {
        char line[600];
        struct span reader = {at, strcspn(at, ",")};
        char *name = memory_copy(reader.data, reader.length);
        snprintf(line, sizeof line,
                 "%.200s: feed \"%s\": readers names \"%s\", who has no address to read it at; "
                 "'weirctl feeds reader add %s' makes one",
                 feed->place ? feed->place : "weirctl feeds", feed->name, name, name);
        if (!text_list_has(&look->known, name)) {
            look->warn(look->context, line);
            text_list_add(&look->known, reader);
        }
        at += reader.length;
        free(name);
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
    text_list_clear(&look.known);
}
