#include "core/gather.h"

#include "core/weir_id.h"

/* Headers that trusted milters have put on top of a message, as headers[from] to headers[to - 1].
 *
 * At SMTP's end, weir-milter sees what milters before it have added, above all that came from
 * outside, and not Postfix's own Received. What is below the first Received was there before. What
 * a client itself has put on top, without a Received, cannot be told from what a milter added,
 * except by being lower.
 *
 * In a file, a header of weir's own shows that the message came through a gateway, which had taken
 * out what was forged: from there on, there is its own Received and then the same again. */
static bool find_top(const struct document *document, size_t *from, size_t *to)
{
    size_t received = document->envelope.known ? 0 : 1;
    const struct header *weir_id = document_header(document, WEIR_ID_HEADER);
    if (!document->envelope.known && !weir_id)
        return false;
    *from = document->envelope.known ? 0 : (size_t)(weir_id - document->headers);
    for (*to = *from; *to < document->header_count; ++*to)
        if (span_equal_nocase(document->headers[*to].name, SPAN("Received")) && received-- == 0)
            break;
    return true;
}

enum gather_state gather_authentication(struct document *document, const struct config *config,
                                        void **state, int *wait_fd)
{
    (void)state, (void)wait_fd;
    size_t from, to;
    /* Mail of our own is not what others look at, and its clients could write anything. */
    if (!config->identities.trusted_authserv_id_count || document->envelope.internal ||
        !find_top(document, &from, &to))
        return GATHER_DONE;
    document->authentication.known = true;
    for (size_t i = from; i < to; i++) {
        const struct header *header = &document->headers[i];
        struct authentication found;
        if (span_equal_nocase(header->name, SPAN(AUTHENTICATION_HEADER)) &&
            config_trusts_authserv_id(config,
                                      authentication_authserv_id(document->arena, header->value)) &&
            authentication_read(document->arena, header->value, &found))
            authentication_add(&document->authentication, &found);
    }
    return GATHER_DONE;
}
