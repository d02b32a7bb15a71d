/* feed_recovery: libxml2 kept going in broken XML, where lenient readers go on. Left to itself it
 * lets any end tag close the innermost element, forgets an element whose start tag is broken, and
 * ends with the first end tag that it meets straight in the root, whosever it is. Private to
 * core/feed_read.c, which knows what is open; all is about the parser of 2.9 as Debian has it. */
#ifndef WEIR_FEED_RECOVERY_H
#define WEIR_FEED_RECOVERY_H

#include "core/arena.h"

#include <libxml/parser.h>
#include <stdbool.h>
#include <stddef.h>

/* Elements that may be open at once. */
#define FEED_OPEN_MAX 512u

struct open_element {
    const char *local, *prefix; /* libxml2's dictionary keeps them as long as the parser */
    struct span base;           /* by xml:base, its own and those around it */
    int names;                  /* of namespaces in force in it, as libxml2 counts */
};

/* How many of the `depth` elements in `stack` are open when that is innermost which an end tag
 * called `name` closes; 0: it closes none. Letters of another size are forgiven where there is no
 * better one.
 */
size_t open_element_named(const struct open_element *stack, size_t depth, struct span name);

/* Namespaces as libxml2 keeps them, and as it does not when an end tag is another's than it takes
 * it for: all zero to begin with. */
struct kept_namespaces {
    const xmlChar **root; /* names that the root declares: prefix, URI, … */
    int root_count;
    int own[FEED_OPEN_MAX]; /* how many each element declares that libxml2 takes to be open */
};

/* In the call for the root's start tag. */
void kept_namespaces_root(struct kept_namespaces *kept, struct arena *arena,
                          xmlParserCtxtPtr parser);

/* In the call for a start tag, in which so many are declared; sets `opened->names`. What is around
 * it stands in front of it but for the root. */
void kept_namespaces_open(struct kept_namespaces *kept, xmlParserCtxtPtr parser,
                          struct open_element *opened, bool is_root, int declared);

/* In the call for an end tag, `open` elements being open for libxml2, which is going to forget what
 * the last of them declares: sees to it that what is in force in `innermost` stays, and no more. */
void kept_namespaces_close(struct kept_namespaces *kept, xmlParserCtxtPtr parser, int open,
                           const struct open_element *innermost);

/* Tells libxml2 that `open` elements are open, of which the outermost `depth` are `stack`. It has
 * kept what else it knows of one that it forgot last. */
void feed_recovery_keep_in_step(xmlParserCtxtPtr parser, const struct open_element *stack,
                                size_t depth, size_t open);

/* In the call for a start tag: whether it is one that libxml2 gave up in its middle, and that of an
 * empty element: <enclosure length=5 url="…"/>. The slash behind a value without quotes belongs to
 * it in HTML: `has_text` says that what would be hidden then is shown. */
bool feed_recovery_is_empty(xmlParserCtxtPtr parser, bool has_text);

/* The name of an end tag where libxml2 complains of it, with its prefix, which libxml2 may leave
 * out; empty: there is no end tag. */
struct span feed_recovery_end_name(xmlParserCtxtPtr parser);

/* "&name" where libxml2 complains that no semicolon is behind it; empty: there is no such. It drops
 * that, readers show it, and whole words could hide so from being judged. */
struct span feed_recovery_bare_name(xmlParserCtxtPtr parser);

/* Whether a tag is left where libxml2 ended. Moves to it, straight in `root` and its namespaces. */
bool feed_recovery_next_tag(xmlParserCtxtPtr parser, const struct open_element *root,
                            const struct kept_namespaces *kept);

/* At such a tag: the name of an end tag, behind which it moves; empty: it is none, and what it is
 * has been parsed, with all that comes up to the next end tag straight in the root. */
struct span feed_recovery_go_on(xmlParserCtxtPtr parser);

#endif
