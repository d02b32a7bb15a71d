#include "admin/console_guard.h"

#include <string.h>
#include <strings.h>

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

bool console_guard_is_own(struct MHD_Connection *connection, const char *url)
{
    const char *site = header(connection, "Sec-Fetch-Site");
    const char *origin = header(connection, MHD_HTTP_HEADER_ORIGIN);
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    const char *authority = origin ? strstr(origin, "://") : NULL;
    bool same = site && strcmp(site, "same-origin") == 0;
    if (site && !same && strcmp(site, "none") != 0)
        return false;
    if (!origin || (same && strcmp(origin, "null") == 0))
        return true;
    size_t length = strlen(origin);
    return (host && authority && strcasecmp(authority + 3, host) == 0) ||
           (strncasecmp(url, origin, length) == 0 && (!url[length] || url[length] == '/'));
}

/* The length of a dot at the start of `text`; 0: there is none. */
static size_t dot(const char *text)
{
    return *text == '.' ? 1 : strncasecmp(text, "%2e", 3) == 0 ? 3 : 0;
}

/* The same for what parts a path. */
static size_t slash(const char *text)
{
    return *text == '/' || *text == '\\'                                          ? 1
           : strncasecmp(text, "%2f", 3) == 0 || strncasecmp(text, "%5c", 3) == 0 ? 3
                                                                                  : 0;
}

bool console_guard_climbs(const char *path)
{
    for (bool begins = true; *path; path++) {
        size_t first = begins ? dot(path) : 0, second = first ? dot(path + first) : 0;
        if (second && (!path[first + second] || slash(path + first + second)))
            return true;
        size_t parting = slash(path);
        begins = parting > 0;
        path += parting ? parting - 1 : 0;
    }
    return false;
}
