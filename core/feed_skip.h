/* feed_skip: the hours and days in which a feed does not want to be asked (RSS 0.91 and 2.0, where
 * they are in GMT). Private to core/feed_fields.c. */
#ifndef WEIR_FEED_SKIP_H
#define WEIR_FEED_SKIP_H

#include "store/span.h"

#include <stdint.h>

/* What stands in skipHours and skipDays, with the elements in it as markup; bits as struct feed has
 * them. Hours are 0 to 23, or 1 to 24 (RSS 0.91); days have English names. */
uint32_t feed_skip_hours(struct span text);
uint8_t feed_skip_days(struct span text);

#endif
