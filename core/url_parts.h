/* url_parts: where the parts of a URL begin, as browsers see it. Private to core/url*.c. */
#ifndef WEIR_URL_PARTS_H
#define WEIR_URL_PARTS_H

#include "core/arena.h"
#include "store/span.h"

#include <stdbool.h>

/* Nothing longer leads anywhere in practice; the rest of it is not looked at. */
#define URL_MAX 8192

static inline bool url_is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* Without control characters and blanks around it, tabs and line ends anywhere (WHATWG URL 4.4);
 * a copy only when something in the middle has to go. */
struct span url_clean(struct arena *arena, struct span url);

/* Length of the scheme before the colon; 0 when the URL is relative. */
size_t url_scheme_length(struct span url);

#endif
