/* held_page: what /q/NAME answers, made again when what is held of the feed has changed. */
#ifndef WEIR_HELD_PAGE_H
#define WEIR_HELD_PAGE_H

#include "feedfilter/item_links.h"
#include "feedfilter/subscription.h"
#include "store/records.h"

#define HELD_PAGE_RETRY_S 5

/* The caller's; 503 when the records cannot be read. NULL: the feed is removed. Thread-safe. */
struct page *held_page(struct records *records, struct link_keys *link_keys,
                       struct subscription *subscription);

#endif
