#include "admin/console_door_link.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static enum signed_link_status verify_by(const char *path, const char *token,
                                         struct signed_link *link, struct error *error)
{
    struct signed_link_keys keys = {0};
    enum signed_link_status status = SIGNED_LINK_FORGED;
    if (signed_link_keys_read(path, &keys, error))
        status = signed_link_verify(&keys, token, time(NULL), link);
    sodium_memzero(&keys, sizeof keys);
    return status;
}

enum signed_link_status console_door_verify(const struct config *config, const char *token,
                                            struct signed_link *link, struct error *error)
{
    const char *of_feeds = config->feedfilter.link_key_file;
    enum signed_link_status status = SIGNED_LINK_FORGED;
    struct error of_items = {0};
    bool made = signed_link_keys_make(config->digest.key_file, error);
    /* As on a machine with feeds only; there is no link of mail then. */
    bool no_mail = !made && access(config->digest.key_file, F_OK) != 0 && errno == ENOENT;
    if (made)
        status = verify_by(config->digest.key_file, token, link, error);
    if (status != SIGNED_LINK_FORGED && link->purpose != SIGNED_LINK_ITEM)
        return status;
    if (access(of_feeds, F_OK) != 0 && errno == ENOENT)
        return SIGNED_LINK_FORGED;
    status = verify_by(of_feeds, token, link, &of_items);
    if (of_items.class == ERROR_NONE && status != SIGNED_LINK_FORGED &&
        link->purpose == SIGNED_LINK_ITEM) {
        *error = (struct error){0};
        return status;
    }
    if (no_mail || error->class == ERROR_NONE)
        *error = of_items;
    return SIGNED_LINK_FORGED;
}

void console_door_name(const struct config *config, const char *token,
                       char name[CONSOLE_DOOR_NAME_SIZE])
{
    struct signed_link link;
    struct error ignored = {0};
    if (console_door_verify(config, token, &link, &ignored) == SIGNED_LINK_FORGED)
        snprintf(name, CONSOLE_DOOR_NAME_SIZE, CONSOLE_DOOR_ANY);
    else if (link.purpose == SIGNED_LINK_ITEM)
        snprintf(name, CONSOLE_DOOR_NAME_SIZE, "the link of an item of the feed %s",
                 link.recipient);
    else
        snprintf(name, CONSOLE_DOOR_NAME_SIZE, "the link of a digest to %s", link.recipient);
}
