/* redis_link: one connection to a Redis: connect, log in, choose the database, send, receive, each
 * within a timeout. hiredis connects and parses; the bytes are moved here, because hiredis writes
 * without MSG_NOSIGNAL, so that a server that went away would kill the program by SIGPIPE. */
#ifndef WEIR_REDIS_LINK_H
#define WEIR_REDIS_LINK_H

#include "store/error.h"
#include "store/redis_address.h"
#include "store/redis_batch.h"

#include <hiredis.h>

struct redis_link;

enum link_result {
    LINK_OK,
    LINK_CLOSED, /* the server closed the connection: on an idle one, worth a new one */
    LINK_FAILED  /* anything else: slow, refused, nonsense */
};

/* Connected, logged in, in its database. NULL and ERROR_NETWORK otherwise. */
struct redis_link *redis_link_open(const struct redis_address *address, unsigned timeout_ms,
                                   struct error *error);
void redis_link_close(struct redis_link *link); /* NULL is fine */

/* Both count the timeout from the last byte that moved, so that a large answer on a slow line is
 * no failure. After anything but LINK_OK the link is of no use. Free `*reply` with
 * freeReplyObject(); an error that the server answered is a reply like any other. */
enum link_result redis_link_send(struct redis_link *link, const struct redis_batch *batch,
                                 unsigned timeout_ms, struct error *error);
enum link_result redis_link_receive(struct redis_link *link, unsigned timeout_ms,
                                    redisReply **reply, struct error *error);

#endif
