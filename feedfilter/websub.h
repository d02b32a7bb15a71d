/* websub: a subscription at the hub that a feed offers (W3C Recommendation WebSub, 23 January
 * 2018), so that it need not be polled for news to be seen. What a hub sends is a hint to poll the
 * feed, and only when it is signed with the secret that the hub was given; its content is not used.
 * So a hub that lies, forges, repeats or falls silent costs a poll that was allowed anyway, and
 * polling goes on more slowly beside it. Plain data; whoever holds it locks. */
#ifndef WEIR_WEBSUB_H
#define WEIR_WEBSUB_H

#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBSUB_TOKEN_SIZE 33  /* 128 random bits in hexadecimal, and the NUL */
#define WEBSUB_SECRET_SIZE 65 /* 256 */

/* While the hub tells of news, polls are so far apart at least, if poll-max allows it. */
#define WEBSUB_POLL_S (6 * 3600)

#define WEBSUB_VERIFY_S 600 /* so long a hub may take to ask whether it was us */

enum websub_state {
    WEBSUB_NONE,   /* no hub is offered, or no callback is configured */
    WEBSUB_DUE,    /* the hub is to be asked at `ask_s` */
    WEBSUB_ASKED,  /* it has until `ask_s` to verify that it was us */
    WEBSUB_ACTIVE, /* it tells of news, and is asked again at `ask_s` */
    WEBSUB_STATES
};
const char *websub_state_name(enum websub_state state); /* "none", "due" … */

struct websub {
    enum websub_state state;
    char *base, *hub, *topic;        /* NULL with WEBSUB_NONE */
    char token[WEBSUB_TOKEN_SIZE];   /* of the callback's path */
    char secret[WEBSUB_SECRET_SIZE]; /* of the signatures */
    bool asking;                     /* a request to the hub is under way */
    bool told;                       /* that it fails */
    bool forged_told;                /* that somebody sends what it did not sign */
    unsigned failures;               /* in a row */
    int64_t ask_s;
    int64_t lease_s; /* until when the hub has said that it will tell; 0: never yet */
};

void websub_clear(struct websub *websub);
void websub_copy(struct websub *to, const struct websub *from); /* `to` is cleared first */

/* What the feed offers now: the address of a hub and its own there (empty: none), and the public
 * address of the callbacks (empty: none is configured). When one of them is another than before,
 * all begins anew with another token and secret, and what the former hub sends is not known. True
 * when something changed. */
bool websub_offer(struct websub *websub, struct span hub, struct span topic, struct span base,
                  int64_t now_s);

/* True when the hub is to be asked now. One that did not verify in time has failed. */
bool websub_is_due(struct websub *websub, int64_t now_s);

/* The form to be posted to `hub` (5.1); free() it. `mode`: "subscribe", "unsubscribe". `name` is
 * that of the subscription. */
char *websub_form(const struct websub *websub, const char *mode, const char *name);

/* It was answered with `status` (0: not at all): 2xx, or it is tried again later, ever more seldom
 * up to once a day. True when that is to be told. */
bool websub_answered(struct websub *websub, int status, int64_t now_s);

/* Whether `token` is that of this subscription; takes the same time whatever it is. */
bool websub_is_token(const struct websub *websub, const char *token);

struct websub_query {
    struct span mode, topic, challenge, lease; /* unescaped; empty: not given */
};

/* Whether it is what a hub asks that was asked for that `mode` (5.3). */
bool websub_asks(const struct websub *websub, const struct websub_query *query, const char *mode);

enum websub_reply {
    WEBSUB_CONFIRM,     /* answer with the challenge: it was us */
    WEBSUB_ACKNOWLEDGE, /* the hub says that it will not; it is asked again in a day */
    WEBSUB_UNKNOWN      /* this was not asked for */
};

/* The hub asks whether it was us (5.3), or denies (5.2). However long it lends, it is asked again
 * within ten days, and not sooner than in an hour. */
enum websub_reply websub_verify(struct websub *websub, const struct websub_query *query,
                                int64_t now_s);

/* --- what the hub sends (7) --- */

/* A body whose signature is being checked as it comes. */
struct websub_push;

/* `signature`: of X-Hub-Signature (8), "sha256=…"; sha1, sha256, sha384 and sha512. A missing or
 * unknown one fits nothing. */
struct websub_push *websub_push_new(const struct websub *websub, const char *signature);
void websub_push_take(struct websub_push *push, const char *data, size_t length);
bool websub_push_fits(struct websub_push *push); /* once, at the end of the body */
void websub_push_free(struct websub_push *push); /* NULL is fine */

#endif
