/* url: a link taken apart the way a browser would follow it (WHATWG URL in spirit: blanks and
 * control characters dropped, backslashes read as slashes, numeric hosts to addresses). */
#ifndef WEIR_URL_H
#define WEIR_URL_H

#include "core/document.h"

#include <stdbool.h>

/* Loads the public suffix list (libpsl, /usr/share/publicsuffix or the built-in one). Call before
 * threads; cheap when called again. */
void url_init(void);

/* Fills scheme, host, domain, path and flags of `link` from link->url; parts that need rewriting
 * lie in `arena`. false: no URL that leads anywhere (empty, "#fragment", "javascript:", "data:",
 * "cid:"). Relative references and mailto: give true with an empty host. */
bool url_parse(struct arena *arena, struct link *link);

/* True for a reference that leads somewhere only from a base: no scheme, and more than a fragment.
 */
bool url_is_relative(struct span reference);

/* True for what begins as an address of the web does: http:// or https://. */
bool url_is_web(struct span url);

/* `url` without "user:password@", which are nobody else's business; `url` itself when it has none,
 * else in `arena`. */
struct span url_without_user(struct arena *arena, struct span url);

/* Where `reference` leads from `base` (RFC 3986, 5.2, strict), in `arena`; a base may be relative
 * itself, and then the result is. As it is: a reference that has a scheme, and any when `base` is
 * empty. Backslashes are slashes, blanks around it go, as url_parse() sees it. */
struct span url_resolve(struct arena *arena, struct span base, struct span reference);

/* Registrable domain of a host name in ASCII form, a part of `host`; the whole host for IP
 * addresses and when it is itself a public suffix or has no dot. */
struct span url_registrable_domain(struct span host);

/* True when everybody may register a name below `host` (ASCII form), so that it is nobody's domain:
 * "co.uk", and what no rule of the list knows without a dot in it. */
bool url_is_public_suffix(struct span host);

/* The next address in plain text from *at on: "http://…", "https://…", "www.…", or a bare
 * "name.tld/…" whose tld is a public suffix. Trailing punctuation does not belong to it.
 * false: no more. */
bool url_find_in_text(const char **at, const char *end, struct span *url);

#endif
