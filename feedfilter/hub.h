/* hub: between the WebSub hubs of feeds and their subscriptions: asks hubs to tell of news, answers
 * them, and has a feed polled when its hub says that there is some. See websub.h for the rules. */
#ifndef WEIR_HUB_H
#define WEIR_HUB_H

#include "feedfilter/fetch.h"
#include "feedfilter/subscription.h"

/* Asks the hub of `subscription` if that is due: to be called often. */
void hub_tick(struct fetcher *fetcher, struct subscription *subscription);

/* Handlers of struct server_handlers. Thread-safe. */
struct page *hub_asks(struct subscriptions *subscriptions, const char *name, const char *token,
                      const struct websub_query *query);
struct websub_push *hub_sends(struct subscriptions *subscriptions, const char *name,
                              const char *token, const char *signature);
struct page *hub_sent(struct subscriptions *subscriptions, const char *name, const char *token,
                      bool fits);

#endif
