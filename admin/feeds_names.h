/* feeds_names: what feeds are called and subscribe to already, and names for new ones. */
#ifndef WEIR_FEEDS_NAMES_H
#define WEIR_FEEDS_NAMES_H

#include "admin/session.h"
#include "core/subscription_address.h"
#include "store/records_feeds.h"

struct feeds_names;

/* Those of the configuration, and those that the feed server says are configured where only it may
 * read; those that were added while weir runs are looked up as they are asked for. The feeds'
 * records are open. NULL: they failed. */
struct feeds_names *feeds_names_new(struct session *session, struct error *error);
void feeds_names_free(struct feeds_names *names); /* NULL is fine */

/* Where a feed of that name is configured, "weir.conf:12"; NULL: nowhere. Lent. */
const char *feeds_names_place(const struct feeds_names *names, const char *name);

/* Under which name `url` is subscribed to, which the caller frees; NULL: under none. */
bool feeds_names_of_url(const struct feeds_names *names, const char *url, char **name,
                        struct error *error);

/* Makes one that nothing has yet: of the title's ASCII letters and digits, or, where those are few,
 * of the URL's host. The same title and URL make the same. */
bool feeds_names_make(const struct feeds_names *names, const char *title, const char *url,
                      char name[SUBSCRIPTION_NAME_MAX + 1], struct error *error);

#endif
