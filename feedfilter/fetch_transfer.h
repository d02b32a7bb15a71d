/* fetch_transfer: one fetch from its request to its answer: a curl easy handle with its callbacks,
 * led over redirects hop by hop. Internal to fetch: used in the fetcher's thread only. */
#ifndef WEIR_FETCH_TRANSFER_H
#define WEIR_FETCH_TRANSFER_H

#include "feedfilter/fetch.h"
#include "feedfilter/fetch_headers.h"
#include "feedfilter/fetch_unpack.h"

#include <curl/curl.h>
#include <netinet/in.h>

/* Why a callback of ours ended a hop. */
enum transfer_end {
    TRANSFER_RUNS,
    TRANSFER_BODY_TOO_LARGE,
    TRANSFER_NO_ROOM, /* with all the others that are under way */
    TRANSFER_HEADERS_TOO_LARGE,
    TRANSFER_CODING_UNKNOWN,
    TRANSFER_NOT_UNPACKED,
    TRANSFER_HEARD_ENOUGH /* the body of a redirect or an error page */
};

/* What bodies that are under way take, all together. */
struct transfer_memory {
    size_t used, most; /* bytes */
    size_t share;      /* of one, that it gets in any case */
};

struct transfer {
    const struct fetch_limits *limits;
    struct transfer_memory *memory;
    void (*done)(void *context, struct fetch_answer *answer);
    void *context;
    struct fetch_host *host;                /* NULL: the URL has none */
    CURL *easy;                             /* NULL: the request was no good, `answer` says why */
    CURLU *first_url, *url;                 /* of the subscription, of this hop */
    struct curl_slist *own_headers, *plain; /* with and without those of the subscription */
    bool proxied;
    bool posts;          /* a form */
    bool conditional;    /* upstream was told of a copy: it may answer 304 */
    int64_t deadline_ms; /* CLOCK_MONOTONIC */
    unsigned redirects;
    bool moved_on; /* a redirect was not permanent, so that those behind it do not count */

    /* of this hop */
    struct fetch_headers headers;
    size_t header_bytes;
    bool headers_whole;
    enum transfer_end end;
    size_t received;             /* of the body, before it is unpacked */
    struct fetch_unpack *unpack; /* NULL: not packed */
    bool socket_opened;
    char refused[INET6_ADDRSTRLEN]; /* the address that may not be reached; empty: none */
    char said[CURL_ERROR_SIZE];

    char *body;
    size_t length, room;
    struct fetch_answer answer;
};

/* Copies the request; `limits` and `memory` must live as long. */
struct transfer *transfer_new(const struct fetch_request *request,
                              const struct fetch_limits *limits, struct transfer_memory *memory,
                              void (*done)(void *context, struct fetch_answer *answer),
                              void *context);

/* The clock starts. */
void transfer_begin(struct transfer *transfer);

/* True when it has run for a second, and next to nothing came. */
bool transfer_hangs(const struct transfer *transfer);

/* A hop ended with `code`. True when that was a redirect to be followed: the handle is set up for
 * the next hop. */
bool transfer_follow(struct transfer *transfer, CURLcode code);

/* Calls `done` and frees the transfer. CURLE_ABORTED_BY_CALLBACK: the fetcher is stopping. */
void transfer_finish(struct transfer *transfer, CURLcode code);

#endif
