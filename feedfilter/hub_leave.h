/* hub_leave: tells WebSub hubs that weir wants no more news of a feed: it was removed, or has
 * another hub or address (W3C WebSub, 5.1). Best effort, while weir runs: a hub that does not
 * answer is asked three times in all, and ends by itself when its lease does. Thread-safe. */
#ifndef WEIR_HUB_LEAVE_H
#define WEIR_HUB_LEAVE_H

#include "core/config.h"
#include "feedfilter/fetch.h"
#include "feedfilter/page.h"
#include "feedfilter/websub.h"

struct hub_leaves;
struct hub_leaves *hub_leaves_new(void);
void hub_leaves_free(struct hub_leaves *leaves); /* once the fetcher has gone; NULL is fine */

/* Has the hub of `websub`, which is copied, told so if it has a lease: that of the subscription
 * `name`, which asked it as `own` says. */
void hub_leave(struct hub_leaves *leaves, const char *name, const struct websub *websub,
               const struct subscription_config *own);

/* Asks the hubs whose time it is: to be called often. */
void hub_leaves_tick(struct hub_leaves *leaves, struct fetcher *fetcher);

/* A hub asks whether it was us that wants no more news: the answer to give, which is the caller's;
 * NULL: it was not, or nobody asked for that. */
struct page *hub_leaves_answer(struct hub_leaves *leaves, const char *name, const char *token,
                               const struct websub_query *query);

#endif
