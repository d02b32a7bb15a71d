/* mail: a message's bytes to a document. What is text becomes UTF-8 text, what is not becomes a
 * part with a hash. The MIME tree is cut out of the bytes without copying them; GMime decodes
 * parameters, transfer encodings and addresses. Bounded: the first 32 MiB, depth 8, 200 entities,
 * 1 MiB of headers (1,000 headers), 2 MiB of text a part and 4 MiB over all; beyond that the
 * document is `truncated` and scored on what was seen. A multipart too deep, or whose boundary does
 * not occur, is read as plain text. Links in plain text: the first 200. */
#ifndef WEIR_MAIL_H
#define WEIR_MAIL_H

#include "core/document.h"

/* Before threads; cheap when called again. Calls text_init(), url_init(), g_mime_init(). */
void mail_init(void);

/* A new document from a whole message (headers, blank line, body; LF or CRLF line ends; an mbox
 * "From " line at the start is skipped). `message` must live as long as the document. Sets the
 * document id: of X-Weir-Id when the message has one and `trust_weir_id`, else a 128-bit hash of
 * canonical From, Date, Message-ID and text (without a body text, of attachments), which relays,
 * line ends and transfer encodings do not change. The envelope is the caller's to fill afterwards,
 * before gatherers_run(). Never NULL: the worst bytes give a document that says little. */
struct document *mail_read(struct span message, bool trust_weir_id);

/* True when `bytes` look like a mail message: an mbox "From " line first, or header lines of which
 * one is of a name that mail knows. */
bool mail_looks_like(struct span bytes);

#endif
