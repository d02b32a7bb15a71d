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

struct open_element {
    const char *local, *prefix; /* libxml2's dictionary keeps them as long as the parser */
    struct span base;           /* by xml:base, its own and those around it */
};

/* How many of the `depth` elements in `stack` are open when that is innermost which an end tag
 * called `name` closes; 0: it closes none. Letters of another size are forgiven where there is no
 * better one.
 */
size_t open_element_named(const struct open_element *stack, size_t depth, struct span name);

/* The namespaces that the root declares, while libxml2 is in its start tag. */
struct root_namespaces {
    const xmlChar **names; /* as libxml2 keeps them: prefix, URI, … */
    int count;
};
void root_namespaces_keep(struct root_namespaces *namespaces, struct arena *arena,
                          xmlParserCtxtPtr parser);

/* Tells libxml2 that `open` elements are open, of which the outermost `depth` are `stack`. It has
 * kept what else it knows of one that it forgot last. */
void feed_recovery_keep_in_step(xmlParserCtxtPtr parser, const struct open_element *stack,
                                size_t depth, size_t open);

/* In the call for a start tag: whether it is one that libxml2 gave up in its middle, and that of an
 * empty element: <enclosure length=5 url="…"/>. */
bool feed_recovery_is_empty(xmlParserCtxtPtr parser);

/* "&name" where libxml2 complains that no semicolon is behind it; empty: there is no such. It drops
 * that, readers show it, and whole words could hide so from being judged. */
struct span feed_recovery_bare_name(xmlParserCtxtPtr parser);

/* Whether a tag is left where libxml2 ended. Moves to it, straight in `root` and its namespaces. */
bool feed_recovery_next_tag(xmlParserCtxtPtr parser, const struct open_element *root,
                            const struct root_namespaces *namespaces);

/* At such a tag: the name of an end tag, behind which it moves; empty: it is none, and what it is
 * has been parsed, with all that comes up to the next end tag straight in the root. */
struct span feed_recovery_go_on(xmlParserCtxtPtr parser);

#endif
