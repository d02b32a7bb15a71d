#include "feedfilter/item_links.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"

void item_links_prepare(const struct config *config)
{
    struct error error = {0};
    struct signed_link_keys keys = {0};
    const char *path = config->feedfilter.link_key_file;
    if (!config_has_any_footer(config) || !*config->console.public_url)
        return; /* of which the configuration warns */
    if (!signed_link_keys_make(path, &error) || !signed_link_keys_read(path, &keys, &error))
        log_event(LOG_LEVEL_ERROR, "no-links", "reason", error.message, "meanwhile",
                  "items get no links", NULL);
    explicit_bzero(&keys, sizeof keys);
}

bool item_links_read(const struct config *config, const struct subscription_config *own,
                     struct item_links *links)
{
    struct error error = {0};
    *links = (struct item_links){.url = config->console.public_url,
                                 .feed = own->name,
                                 .language = config->digest.language,
                                 .keep_s = config->held.keep_s};
    return config_has_footer(config, own) && *links->url &&
           signed_link_keys_read(config->feedfilter.link_key_file, &links->keys, &error);
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
