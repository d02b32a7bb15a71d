/* item_links: signed links to weir-console's pages about items of a feed, on which readers say what
 * they are (core/signed_link.h). */
#ifndef WEIR_ITEM_LINKS_H
#define WEIR_ITEM_LINKS_H

#include "core/arena.h"
#include "core/config.h"
#include "core/signed_link.h"
#include "store/records.h"

/* The keys that sign: those in their file, which is read each time, or the last that could be read
 * there. Thread-safe. */
struct link_keys;
struct link_keys *link_keys_new(void);
void link_keys_free(struct link_keys *keys); /* NULL is fine */

struct item_links {
    struct signed_link_keys keys;
    const char *url;  /* of the console */
    const char *feed; /* the subscription's name */
    int64_t keep_s;   /* how long a link is valid */
};

/* Makes the key file where items are to have links and there is none, and tries it. */
void item_links_prepare(struct link_keys *keys, const struct config *config);

/* false: items of that subscription have no links. When the file cannot be read any more, or can
 * again, one line in the log says so. What is lent lives as long as `config` and `own`. */
bool item_links_read(struct link_keys *keys, const struct config *config,
                     const struct subscription_config *own, struct item_links *links);

/* Tells the records whose items have links by `config`: links of others act no more. */
bool item_links_keep(const struct config *config, struct records *records, struct error *error);

/* In `arena`, "https://console.example/d/TOKEN", about the item with that document id, or what is
 * held of it as `held_id`, valid from `since_s` on. */
struct span item_links_url(struct arena *arena, const struct item_links *links,
                           const unsigned char document_id[RECORD_ID_BYTES], int64_t held_id,
                           int64_t since_s);

#endif
