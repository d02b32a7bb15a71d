#include "feedfilter/item_links.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "store/memory.h"
#include "store/records_shown.h"

struct link_keys {
    pthread_mutex_t lock;
    char *path; /* that `last` is of; NULL: nothing was read yet */
    struct signed_link_keys last;
    bool told; /* that it cannot be read */
};

struct link_keys *link_keys_new(void)
{
    struct link_keys *keys = memory_new(sizeof *keys);
    pthread_mutex_init(&keys->lock, NULL);
    return keys;
}

static void forget(struct link_keys *keys)
{
    explicit_bzero(&keys->last, sizeof keys->last);
    free(keys->path);
    keys->path = NULL;
}

void link_keys_free(struct link_keys *keys)
{
    if (!keys)
        return;
    forget(keys);
    pthread_mutex_destroy(&keys->lock);
    free(keys);
}

static void tell(struct link_keys *keys, const char *reason)
{
    if (reason && !keys->told)
        log_event(LOG_LEVEL_ERROR, "no-links", "reason", reason, "meanwhile",
                  keys->path ? "links are signed with the key that was there before"
                             : "items get no links",
                  NULL);
    else if (!reason && keys->told)
        log_event(LOG_LEVEL_NOTICE, "links-back", NULL);
    keys->told = reason != NULL;
}

/* Keeps what is in the file at `path` now, if it can be read; the lock is held. */
static void look(struct link_keys *keys, const char *path)
{
    struct error error = {0};
    struct signed_link_keys now = {0};
    if (keys->path && strcmp(keys->path, path) != 0)
        forget(keys);
    bool good = signed_link_keys_read(path, &now, &error);
    tell(keys, good ? NULL : error.message);
    if (good) {
        forget(keys);
        keys->path = memory_text(path);
        keys->last = now;
    }
    explicit_bzero(&now, sizeof now);
}

void item_links_prepare(struct link_keys *keys, const struct config *config)
{
    struct error error = {0};
    const char *path = config->feedfilter.link_key_file;
    if (!config_has_any_footer(config) || !*config->console.public_url)
        return; /* of which the configuration warns */
    pthread_mutex_lock(&keys->lock);
    keys->told = false; /* each time that the configuration is read */
    if (signed_link_keys_make(path, &error))
        look(keys, path);
    else
        tell(keys, error.message);
    pthread_mutex_unlock(&keys->lock);
}

bool item_links_read(struct link_keys *keys, const struct config *config,
                     const struct subscription_config *own, struct item_links *links)
{
    *links = (struct item_links){
        .url = config->console.public_url, .feed = own->name, .keep_s = config->held.keep_s};
    if (!config_has_footer(config, own) || !*links->url)
        return false;
    pthread_mutex_lock(&keys->lock);
    look(keys, config->feedfilter.link_key_file);
    bool known = keys->path != NULL;
    links->keys = keys->last;
    pthread_mutex_unlock(&keys->lock);
    return known;
}

bool item_links_keep(const struct config *config, struct records *records, struct error *error)
{
    const char **names = memory_new((config->subscription_count + 1) * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < config->subscription_count; i++)
        if (config_has_footer(config, &config->subscriptions[i]))
            names[count++] = config->subscriptions[i].name;
    bool good = records_shown_feeds_save(records, names, count, error);
    free(names);
    return good;
}

struct span item_links_url(struct arena *arena, const struct item_links *links,
                           const unsigned char document_id[RECORD_ID_BYTES], int64_t held_id,
                           int64_t since_s)
{
    char token[SIGNED_LINK_TOKEN_SIZE];
    struct signed_link link = {.purpose = SIGNED_LINK_ITEM,
                               .actions = held_id ? SIGNED_LINK_RELEASE | SIGNED_LINK_CONFIRM
                                                  : SIGNED_LINK_SPAM | SIGNED_LINK_NOT_SPAM,
                               .expires_s = since_s + links->keep_s,
                               .held_id = held_id};
    memcpy(link.document_id, document_id, sizeof link.document_id);
    snprintf(link.recipient, sizeof link.recipient, "%s", links->feed);
    signed_link_sign(&links->keys, &link, token);
    return arena_printf(arena, "%s/d/%s", links->url, token);
}
