/* fetch: upstream feeds over HTTP, with libcurl. One thread runs all fetches side by side. Only
 * http and https, also behind redirects; each address is checked when its socket is opened, so a
 * redirect or a name that changes its address leads to no private network. Answers are bounded in
 * size (as decoded: a gzip bomb ends there), time and redirects, and all that are under way
 * together in memory: while they take FETCH_SIZES_AT_ONCE times the size limit, one that has more
 * than its share of that fails, and small ones go on. No message and no log line holds
 * an URL, a user or a password: host names and addresses at most. What a subscription sends of its
 * own (password, headers) goes to the scheme, host and port of its URL only, and on from http to
 * https on the usual ports of that host; not beyond a redirect to elsewhere. A subscription's proxy
 * is reached wherever it is, and then it is the proxy that resolves names and reaches addresses. */
#ifndef WEIR_FETCH_H
#define WEIR_FETCH_H

#include "core/config.h"
#include "store/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FETCH_SIZES_AT_ONCE 8u

struct fetcher;

struct fetch_limits {
    size_t size_bytes;   /* of the decoded body */
    unsigned timeout_ms; /* of the whole fetch, from its turn; a third of it for connecting */
    unsigned redirects;
    unsigned at_once; /* further ones wait for their turn, first come first served. Those that hang
                         do not count, up to three times as many */
    unsigned host_at_once;         /* to one host, hanging or not; 0: no limit of its own */
    unsigned host_spacing_ms;      /* between the beginnings of fetches to one host */
    const struct network *allowed; /* private networks that may be reached; copied */
    size_t allowed_count;
};

/* Lent; copied by fetch_start(). */
struct fetch_request {
    const struct subscription_config *subscription;
    const char *etag, *last_modified; /* of the copy at hand, as upstream gave them; NULL: none */
    const char *moved_to; /* asked instead of the subscription's URL, as a redirect would lead to
                             it; NULL: nothing else */
    const char *form;     /* to be posted (application/x-www-form-urlencoded); NULL: a plain GET.
                             No redirect is followed then, and only the status is of interest */
};

struct fetch_answer {
    int status; /* of HTTP, after redirects, 203 as 200; 0: there was no whole answer */
    /* One line for a reader and the log, "example.org: it answered 503"; ERROR_NONE for 304
     * when `etag` or `last_modified` was given, and for 200 with a body that is not empty: no other
     * answer is a copy of the feed. */
    struct error error;
    char *body; /* with 200, whole */
    size_t length;
    char *etag, *last_modified, *content_type; /* as given; NULL: not there */
    int64_t fresh_s;       /* s-maxage, max-age or Expires, less Age; 0: no-cache; -1: not said */
    int64_t retry_after_s; /* from now, of either form of Retry-After, a week at most; -1: none */
    char *moved_to;   /* where permanent redirects (301, 308) led from the URL that was asked, up to
                         the first other one; without user, password and fragment. NULL: nowhere */
    char *hub, *self; /* of its Link headers (RFC 8288), whole URLs; NULL: not there */
    char *base_url;   /* where it came from, after redirects; without user and password */
};

/* All that is in `answer`, which is left empty. Free it with fetch_answer_clear(). */
struct fetch_answer fetch_answer_take(struct fetch_answer *answer);
void fetch_answer_clear(struct fetch_answer *answer);

/* Starts the thread. */
struct fetcher *fetcher_new(const struct fetch_limits *limits, struct error *error);

/* Thread-safe. `done` is called once, in the fetcher's thread, and must not wait; `answer` is lent
 * for the call, and may be taken. It may start other fetches, but none for ever: fetcher_free()
 * ends these too. */
void fetch_start(struct fetcher *fetcher, const struct fetch_request *request,
                 void (*done)(void *context, struct fetch_answer *answer), void *context);

/* How many files it may have open, at most. */
unsigned fetcher_descriptors(const struct fetcher *fetcher);

/* While held, no further fetch gets its turn: for when answers come faster than they are dealt
 * with. Thread-safe, also in `done`. */
void fetcher_hold(struct fetcher *fetcher, bool held);

/* Breaks off what is under way (`done` is called, status 0) and ends the thread. NULL is fine. */
void fetcher_free(struct fetcher *fetcher);

/* True when a socket may be opened to `address` (IPv4 as v4-mapped): it is a public unicast address
 * (IANA's special-purpose registries, RFC 6890), or in one of the `allowed` networks. NAT64 and
 * 6to4 addresses are judged by the IPv4 address in them. */
bool fetch_may_reach(const unsigned char address[16], const struct network *allowed, size_t count);

#endif
