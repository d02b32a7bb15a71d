/* rules_text: a text of rules as libconfuse can take it. What stands in quotes is meant as it
 * stands, so that "/\d+/" needs no second backslash and ${HOME} is no variable. For core/rules.h.
 */
#ifndef WEIR_RULES_TEXT_H
#define WEIR_RULES_TEXT_H

#include "core/span_buffer.h"
#include "store/error.h"

/* Line for line the same rules, in `out`, which is empty before. false: ERROR_INPUT, "NAME:3: …".
 * Of a text that is no UTF-8, has a NUL byte, or ends in a quote or comment. */
bool rules_text_prepare(struct span text, const char *name, struct span_buffer *out,
                        struct error *error);

#endif
