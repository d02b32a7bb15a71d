#include "admin/console_source.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "core/network.h"
#include "store/span.h"

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* False when `text` is no address. */
static bool take(struct console_source *source, struct span text)
{
    char copy[INET6_ADDRSTRLEN];
    struct network network;
    if (!text.length || text.length >= sizeof copy || memchr(text.data, '/', text.length))
        return false;
    memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    if (!network_parse(copy, &network))
        return false;
    strcpy(source->text, copy);
    memcpy(source->block, network.address, sizeof source->block);
    if (memcmp(source->block, mapped, sizeof mapped) != 0)
        memset(source->block + 8, 0, 8);
    return true;
}

static void take_peer(struct MHD_Connection *connection, struct console_source *source)
{
    const struct sockaddr *peer =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    const void *address = peer->sa_family == AF_INET6
                              ? (const void *)&((const struct sockaddr_in6 *)peer)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)peer)->sin_addr;
    char text[INET6_ADDRSTRLEN];
    if (inet_ntop(peer->sa_family, address, text, sizeof text))
        take(source, span_of(text));
}

/* The last of several, as a proxy may add a field of its own behind the client's. */
static enum MHD_Result keep_last(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    (void)kind;
    const char **last = context;
    if (value && strcasecmp(name, "X-Forwarded-For") == 0)
        *last = value;
    return MHD_YES;
}

void console_source_of(struct MHD_Connection *connection, bool proxied,
                       struct console_source *source)
{
    *source = (struct console_source){0};
    take_peer(connection, source);
    struct network peer;
    if (!proxied || !network_parse(source->text, &peer) || !network_is_loopback(peer.address))
        return;
    const char *forwarded = NULL;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, keep_last, &forwarded);
    const char *comma = forwarded ? strrchr(forwarded, ',') : NULL;
    if (forwarded)
        take(source, span_trim(span_of(comma ? comma + 1 : forwarded)));
}
