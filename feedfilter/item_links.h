/* item_links: signed links to weir-console's pages about items of a feed, on which readers say what
 * they are (core/signed_link.h). */
#ifndef WEIR_ITEM_LINKS_H
#define WEIR_ITEM_LINKS_H

#include "core/arena.h"
#include "core/config.h"
#include "core/signed_link.h"
#include "store/records.h"

struct item_links {
    struct signed_link_keys keys;
    const char *url;  /* of the console */
    const char *feed; /* the subscription's name */
    enum language language;
    int64_t keep_s; /* how long a link is valid */
};

/* Makes the key file where items are to have links and there is none; one line in the log says when
 * there will be none all the same. */
void item_links_prepare(const struct config *config);

/* false: items of that subscription have no links. What is lent lives as long as the two. */
bool item_links_read(const struct config *config, const struct subscription_config *own,
                     struct item_links *links);

/* In `arena`, "https://console.example/d/TOKEN", about the item with that document id, or what is
 * held of it as `held_id`, valid from `since_s` on. */
struct span item_links_url(struct arena *arena, const struct item_links *links,
                           const unsigned char document_id[RECORD_ID_BYTES], int64_t held_id,
                           int64_t since_s);

#endif
