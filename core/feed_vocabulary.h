/* feed_vocabulary: the elements of a feed whose text is read, by namespace, name and place. Private
 * to core/feed_*.c. */
#ifndef WEIR_FEED_VOCABULARY_H
#define WEIR_FEED_VOCABULARY_H

#include "core/feed.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* What the element stands in. */
enum feed_place {
    PLACE_FEED = 1, /* the channel of RSS, the root of Atom */
    PLACE_ITEM = 2,
    PLACE_AUTHOR = 4, /* the author of either */
    PLACE_MEDIA = 8   /* media:group, media:content or a category of an item */
};

enum vocabulary {
    OWN, /* the namespace of the feed's root, or none */
    ATOM,
    CONTENT,
    DUBLIN_CORE,
    XHTML,
    ITUNES,
    MEDIA,
    SYNDICATION,
    OTHER
};

enum field {
    FIELD_TITLE,
    FIELD_LINK,
    FIELD_GUID,
    FIELD_SUMMARY,
    FIELD_CONTENT,
    FIELD_AUTHOR,
    FIELD_AUTHOR_EMAIL, /* only where no name is given */
    FIELD_DATE,
    FIELD_CATEGORY,
    FIELD_KEYWORDS, /* categories between commas */
    FIELD_PICTURE,  /* of the feed */
    FIELD_TTL,
    FIELD_SKIP_HOURS,
    FIELD_SKIP_DAYS,
    FIELD_PERIOD,
    FIELD_FREQUENCY,
    FIELD_LANGUAGE
};

struct feed_row {
    const char *local;
    enum vocabulary vocabulary;
    unsigned places; /* enum feed_place, or-ed */
    enum field field;
    bool fallback; /* only when the field is still empty */
};

/* `root_uri` NULL: the root of the feed has no namespace; `uri` and `prefix` are the element's,
 * NULL where it has none. A prefix that nothing declares is taken for what it usually means. */
enum vocabulary feed_vocabulary_of(const char *root_uri, const char *uri, const char *prefix);

/* Whether an element or attribute is called `known` (in ASCII): feeds that are not made by programs
 * say ITEM and Link too, and lenient readers take them for what is meant. Most names differ in the
 * first letter already, which needs no call, or in none. */
static inline bool feed_name_is(const char *name, const char *known)
{
    return !((*name ^ *known) & ~0x20) &&
           (strcmp(name, known) == 0 || strcasecmp(name, known) == 0);
}

/* The format whose root element is called `local`. false: there is none; CDF's <channel> is not
 * told here, since RSS has such an element. */
bool feed_format_of(const char *local, enum feed_format *format);

/* NULL: no text is read of such an element there. */
const struct feed_row *feed_row_find(enum vocabulary vocabulary, const char *local,
                                     enum feed_place place);

#endif
