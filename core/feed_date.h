/* feed_date: the moment that a date in a feed means. RSS says RFC 822 and Atom RFC 3339, and feeds
 * say whatever their software prints: names of months in other languages, two-digit years, missing
 * zones, Korean and Chinese units. */
#ifndef WEIR_FEED_DATE_H
#define WEIR_FEED_DATE_H

#include "store/span.h"

#include <stdbool.h>
#include <stdint.h>

/* `*time_s` is in seconds since 1970, UTC; a date without a zone is taken for UTC (one in Korean
 * for Korea's), what it leaves out for the first of it: "2003" is the first second of that year. Of
 * "3/4/2005" the month is taken to come first, of "3.4.2005" the day. false: it names no day that
 * there is. */
bool feed_date_read(struct span text, int64_t *time_s);

#endif
