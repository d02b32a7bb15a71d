/* redis_address: where a Redis is and how to log in there, read from its URL. */
#ifndef WEIR_REDIS_ADDRESS_H
#define WEIR_REDIS_ADDRESS_H

#include "store/error.h"

struct redis_address {
    char *name;  /* the URL without user and password, for logs */
    char *place; /* "unix:/run/redis/redis.sock" or "host:6379", for errors */
    char *path;  /* of a unix socket; NULL: TCP */
    char *host;  /* NULL: unix socket */
    unsigned port;
    unsigned database;
    char *user;     /* NULL: the default user */
    char *password; /* NULL: do not log in */
};

/* Reads redis://[[user]:password@]host[:port][/database] (an IPv6 address in brackets) or
 * redis+unix://[[user]:password@]/path[?db=N]; %XX stands for a byte in user, password and path.
 * NULL and ERROR_INPUT otherwise; the message shows neither user nor password. */
struct redis_address *redis_address_read(const char *url, struct error *error);
void redis_address_free(struct redis_address *address);

#endif
