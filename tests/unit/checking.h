/* checking: one check, run on a document that is made for it. */
#ifndef WEIR_TEST_CHECKING_H
#define WEIR_TEST_CHECKING_H

#include "core/document.h"

typedef double check_function(const struct document *document, struct span *detail);

/* What the check says of the document, which is freed; the detail may say
 * something only when the check fires. */
double run(check_function *check, struct document *document);

/* Mail with that text, and a feed item with that title. */
struct document *with_body(const char *body);
struct document *with_title(const char *title);

#endif
