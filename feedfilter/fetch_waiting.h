/* fetch_waiting: a fetch that waits for its turn: what is to be asked for, and who wants to know.
 * It lies in one piece of a few hundred bytes, where libcurl would take thousands for each: all
 * feeds of a long list may wait at once. Internal to fetch. */
#ifndef WEIR_FETCH_WAITING_H
#define WEIR_FETCH_WAITING_H

#include "feedfilter/fetch.h"
#include "feedfilter/fetch_hosts.h"

struct fetch_waiting {
    struct fetch_waiting *next; /* the fetcher's queue */
    struct fetch_request request;
    struct subscription_config subscription; /* of the request: what is sent to upstream */
    void (*done)(void *context, struct fetch_answer *answer);
    void *context;
    char *host_name;         /* lower case, without port; NULL: the URL has none */
    struct fetch_host *host; /* once it was looked up */
};

/* Copies the request; free() it. */
struct fetch_waiting *fetch_waiting_new(const struct fetch_request *request,
                                        void (*done)(void *context, struct fetch_answer *answer),
                                        void *context);

#endif
