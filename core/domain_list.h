/* domain_list: a file of domains, one a line, "#" starting a comment: those of public mail
 * providers, and of URL shorteners. Read once, when the configuration is; immutable and so
 * thread-safe after that. */
#ifndef WEIR_DOMAIN_LIST_H
#define WEIR_DOMAIN_LIST_H

#include "store/error.h"
#include "store/span.h"

#include <stdbool.h>

struct domain_list;

/* A line that is no domain: it is passed over. */
typedef void domain_list_complain(const char *path, int line, const char *what);

/* Reads `path`. Domains are in ASCII form ("xn--…"), in whatever case. NULL with ERROR_SYSTEM when
 * the file cannot be read. */
struct domain_list *domain_list_read(const char *path, domain_list_complain *complain,
                                     struct error *error);
void domain_list_free(struct domain_list *list); /* NULL is fine */

/* True when `host` (lower case, ASCII form) is on the list, or its registrable domain is. Nothing
 * is on a list that is NULL. */
bool domain_list_has(const struct domain_list *list, struct span host);

#endif
