/* gather: the gatherers of a document's identities, one a row in core/gatherers.c, and what they
 * share. Values are written the same whichever front brought the document, so that what one channel
 * learns of a domain, an address or a text protects the other. None of them waits. */
#ifndef WEIR_GATHER_H
#define WEIR_GATHER_H

#include "core/gatherers.h"

/* Fills `authentication` from the Authentication-Results of trusted milters. */
enum gather_state gather_authentication(struct document *document, const struct config *config,
                                        void **state, int *wait_fd);

/* Client: `ip`, `net` (IPv4 /24, IPv6 /64 and /48), `asn`, `helo`. */
enum gather_state gather_client(struct document *document, const struct config *config,
                                void **state, int *wait_fd);

/* Sender: `envelope-domain`, `from-domain`, `from-address`, `dkim-domain`, `pair`, after
 * gather_authentication(). Domains are organisational ones.
 *
 * Where it is known whether a message is authenticated, what it claims is an identity of its own
 * in either case, "example.org (authenticated)" or "example.org (unauthenticated)": one who forges
 * a sender neither borrows the reputation of the real one nor spoils it. Where nobody looked (no
 * authserv-id is trusted, our own users' mail, files that never came through a gateway) there is
 * only the claim: "example.org". */
enum gather_state gather_sender(struct document *document, const struct config *config,
                                void **state, int *wait_fd);

/* Links: `link-domain`, `link-host`. */
enum gather_state gather_links(struct document *document, const struct config *config, void **state,
                               int *wait_fd);

/* `shingle`: what copies of a text have in common. */
enum gather_state gather_shingles(struct document *document, const struct config *config,
                                  void **state, int *wait_fd);

/* Lower-case hex, in `arena`. */
struct span gather_hex(struct arena *arena, const unsigned char *bytes, size_t length);

#endif
