/* console_source: where a request to the console comes from. */
#ifndef WEIR_CONSOLE_SOURCE_H
#define WEIR_CONSOLE_SOURCE_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>

#define CONSOLE_BLOCK_BYTES 16

struct console_source {
    char text[INET6_ADDRSTRLEN]; /* "192.0.2.1" */
    /* What one client has for itself: an IPv4 address (v4-mapped), the /64 of an IPv6 address. */
    unsigned char block[CONSOLE_BLOCK_BYTES];
};

/* `proxied`: a web server stands before the console. Then, of who connects from this machine, the
 * last address in X-Forwarded-For counts, which is the one that the web server wrote; what stands
 * before it is the client's own word. */
void console_source_of(struct MHD_Connection *connection, bool proxied,
                       struct console_source *source);

#endif
