/* console_preview: what a held mail says, for who reviews it: plain text, links and the names of
 * files, nothing else of it. mail_init() must have been called. */
#ifndef WEIR_CONSOLE_PREVIEW_H
#define WEIR_CONSOLE_PREVIEW_H

#include "admin/console_answer.h"
#include "store/records.h"

#define CONSOLE_PREVIEW_BYTES ((size_t)200 * 1000) /* of text */

/* Asks weir-release at its socket `path` for the message of `held`, and answers with what it says;
 * 503 when weir-release is away, 404 when the message is gone. */
void console_preview_mail(const char *path, const struct held *held, struct console_answer *answer);

#endif
