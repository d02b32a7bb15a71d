/* punycode: the Bootstring encoding of international host labels (RFC 3492). libidn2 has it too,
 * but only for labels that IDNA 2008 allows, and browsers follow others: hearts and stars. */
#ifndef WEIR_PUNYCODE_H
#define WEIR_PUNYCODE_H

#include "store/span.h"

#include <stdbool.h>

#define PUNYCODE_LABEL_MAX 63

/* "xn--" and the encoding of the UTF-8 in `label`, which should be lower case and normalised, or
 * the label itself when it is ASCII. false when it would be longer than a label may be. */
bool punycode_label(struct span label, char out[PUNYCODE_LABEL_MAX], size_t *length);

#endif
