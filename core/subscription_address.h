/* subscription_address: what may be the name and the URL of a feed that readers subscribe to, the
 * same for weir.conf and for what is added while weir runs. */
#ifndef WEIR_SUBSCRIPTION_ADDRESS_H
#define WEIR_SUBSCRIPTION_ADDRESS_H

#include "core/config.h"
#include "store/span.h"

#include <stdbool.h>

#define SUBSCRIPTION_NAME_MAX 64u
#define SUBSCRIPTION_URL_MAX 4096u

/* An URL taken apart as far as credentials go; lent from it. */
struct subscription_address {
    struct span scheme, user, password, rest; /* rest: host and what follows */
};

/* One segment of a path: 1 to 64 ASCII letters, digits, '.', '_' and '-', no '.' first. */
bool subscription_is_name(const char *name);

/* scheme "://" [user [":" password] "@"] host … (RFC 3986, 3.2). False: `url` (may be NULL) is none
 * of that, or holds blanks or control characters. */
bool subscription_address_split(const char *url, struct subscription_address *address);

/* What is wrong with its host or port; NULL: nothing. */
const char *subscription_address_host_trouble(const struct subscription_address *address);

/* What is wrong with `url` as that of a feed, never repeating it; NULL: nothing, and `address`
 * (NULL: never mind) has its parts. */
const char *subscription_url_trouble(const char *url, struct subscription_address *address);

/* Sets url, user and password of `subscription` from an URL without trouble; percent-encoding of
 * the latter two is undone (RFC 3986, 2.1). */
void subscription_take_url(struct subscription_config *subscription, const char *url);

#endif
