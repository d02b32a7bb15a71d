/* asn: the autonomous system that an address belongs to, from a database in MaxMind's format
 * (GeoLite2-ASN, DB-IP ASN Lite and the like), by libmaxminddb. The one file that knows that
 * library; without it at build time every database is refused. Thread-safe once open. */
#ifndef WEIR_ASN_H
#define WEIR_ASN_H

#include "store/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct asn_database;

/* Opens `path` and looks a few addresses up, so that a damaged file is known now. NULL with
 * ERROR_SYSTEM when it cannot be read, ERROR_INPUT when it is no such database or is damaged. The
 * file is mapped: replace it by renaming another one over it, never in place. */
struct asn_database *asn_open(const char *path, struct error *error);
void asn_close(struct asn_database *database); /* NULL is fine */

/* The number of the autonomous system; 0: not known. `database` may be NULL. */
uint32_t asn_of(const struct asn_database *database, const struct sockaddr *address);

#endif
