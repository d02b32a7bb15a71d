#include "core/feed_recovery.h"

#include <libxml/parserInternals.h>
#include <string.h>

#include "core/xml_text.h"

#define BARE_NAME_MAX 200
#define TAG_MAX 4096
/* Two of each namespace; no feed has half as many. */
#define NAMESPACE_NAMES_MAX 256u

/* Whether an open element has the name of an end tag; `exactly`: its letters are as large, too. */
static bool is_named(const struct open_element *element, struct span name, bool exactly)
{
    struct span prefix = span_of(element->prefix), local = span_of(element->local);
    if (prefix.length) {
        if (name.length <= prefix.length || name.data[prefix.length] != ':')
            return false;
        struct span its = {name.data, prefix.length};
        if (!(exactly ? span_equal(its, prefix) : span_equal_nocase(its, prefix)))
            return false;
        name = (struct span){name.data + prefix.length + 1, name.length - prefix.length - 1};
    }
    return exactly ? span_equal(name, local) : span_equal_nocase(name, local);
}

size_t open_element_named(const struct open_element *stack, size_t depth, struct span name)
{
    for (int exactly = 1; exactly >= 0; exactly--)
        for (size_t match = depth; match > 0; match--)
            if (is_named(&stack[match - 1], name, exactly))
                return match;
    return 0;
}

void kept_namespaces_root(struct kept_namespaces *kept, struct arena *arena,
                          xmlParserCtxtPtr parser)
{
    size_t count = parser->nsNr > 0 ? (size_t)parser->nsNr : 0;
    if (count > NAMESPACE_NAMES_MAX) /* they are put back as often as an attacker likes */
        count = NAMESPACE_NAMES_MAX;
    kept->root = arena_alloc(arena, (count + 1) * sizeof *kept->root);
    kept->root_count = (int)count;
    if (count)
        memcpy(kept->root, parser->nsTab, count * sizeof *kept->root);
}

/* The parser stands where it gave a start tag up, else at the tag's end. What it gave up it is
 * going to forget with its namespaces. */
static bool is_broken(xmlParserCtxtPtr parser)
{
    const xmlChar *at = parser->input->cur, *end = parser->input->end;
    return at == end || (*at != '>' && (*at != '/' || end - at < 2 || at[1] != '>'));
}

void kept_namespaces_open(struct kept_namespaces *kept, xmlParserCtxtPtr parser,
                          struct open_element *opened, bool is_root, int declared)
{
    if (parser->nameNr < (int)FEED_OPEN_MAX)
        kept->own[parser->nameNr] = 2 * declared;
    opened->names = parser->nsNr;
    if (declared && !is_root && is_broken(parser))
        opened->names = opened[-1].names;
}

/* Names that libxml2 lacks are not made up: it reads those that it has. */
void kept_namespaces_close(struct kept_namespaces *kept, xmlParserCtxtPtr parser, int open,
                           const struct open_element *innermost)
{
    int own = open > 0 && open <= (int)FEED_OPEN_MAX ? kept->own[open - 1] : 0;
    int names = (innermost->names < parser->nsNr ? innermost->names : parser->nsNr) + own;
    if (!parser->nsTab || names == parser->nsNr)
        return;
    if (names > parser->nsMax) {
        void *room = xmlRealloc(parser->nsTab, (size_t)names * sizeof *parser->nsTab);
        if (!room)
            return;
        parser->nsTab = room;
        parser->nsMax = names;
    }
    parser->nsNr = names;
}

void feed_recovery_keep_in_step(xmlParserCtxtPtr parser, const struct open_element *stack,
                                size_t depth, size_t open)
{
    if (open == 0 || open > (size_t)parser->nameMax)
        return;
    for (size_t i = (size_t)parser->nameNr; i < open; i++)
        parser->nameTab[i] = (const xmlChar *)stack[i < depth ? i : 0].local;
    parser->nameNr = (int)open;
    parser->name = parser->nameTab[open - 1];
}

/* Moves behind the value that is behind an equals sign; false: it has no end. `*bare`: it has no
 * quotes. */
static bool pass_value(const xmlChar **at, const xmlChar *end, bool *bare)
{
    while (*at < end && span_is_blank((char)**at))
        ++*at;
    *bare = *at < end && **at != '"' && **at != '\'';
    if (*bare || *at == end)
        return *at < end;
    const xmlChar *closing = memchr(*at + 1, **at, (size_t)(end - *at - 1));
    *at = closing ? closing + 1 : end;
    return closing != NULL;
}

bool feed_recovery_is_empty(xmlParserCtxtPtr parser, bool has_text)
{
    const xmlChar *at = parser->input->cur, *end = parser->input->end;
    if (!is_broken(parser))
        return false;
    if (end - at > TAG_MAX) /* or each of many quotes without an end costs the whole document */
        end = at + TAG_MAX;
    const xmlChar *start = memrchr(parser->input->base, '<', (size_t)(at - parser->input->base));
    bool bare = false;
    for (at = start ? start + 1 : at; at < end && *at != '<'; at++) {
        if (*at == '>')
            return at[-1] == '/' && !(bare && has_text);
        if (span_is_blank((char)*at))
            bare = false;
        if (*at == '=' && !bare) {
            at++;
            if (!pass_value(&at, end, &bare))
                return false;
            at--;
        }
    }
    return false;
}

/* The parser stands behind the tag. */
struct span feed_recovery_end_name(xmlParserCtxtPtr parser)
{
    const char *start = (const char *)parser->input->base, *end = (const char *)parser->input->cur;
    const char *tag = memrchr(start, '<', (size_t)(end - start));
    if (!tag || end - tag < 2 || tag[1] != '/')
        return (struct span){NULL, 0};
    return xml_tag_name(tag + 2, end);
}

/* The parser stands behind the name. */
struct span feed_recovery_bare_name(xmlParserCtxtPtr parser)
{
    const xmlChar *start = parser->input->base, *at = parser->input->cur;
    const xmlChar *end = at;
    while (at > start && end - at < BARE_NAME_MAX && at[-1] != '&')
        at--;
    if (at == start || at[-1] != '&')
        return (struct span){NULL, 0};
    return (struct span){(const char *)at - 1, (size_t)(end - at) + 1};
}

bool feed_recovery_next_tag(xmlParserCtxtPtr parser, const struct open_element *root,
                            const struct kept_namespaces *kept)
{
    xmlParserInputPtr input = parser->input;
    const xmlChar *tag = memchr(input->cur, '<', (size_t)(input->end - input->cur));
    if (!tag)
        return false;
    input->cur = tag;
    parser->instate = XML_PARSER_CONTENT;
    parser->nameNr = 0;
    feed_recovery_keep_in_step(parser, root, 1, 1);
    while (parser->nsNr > kept->root_count)
        parser->nsTab[--parser->nsNr] = NULL;
    parser->nsNr = kept->root_count; /* it had room for them before */
    if (kept->root_count)
        memcpy(parser->nsTab, kept->root, (size_t)kept->root_count * sizeof *kept->root);
    return true;
}

struct span feed_recovery_go_on(xmlParserCtxtPtr parser)
{
    xmlParserInputPtr input = parser->input;
    const xmlChar *start = input->cur;
    if (input->end - start > 1 && start[1] == '/') {
        struct span name = xml_tag_name((const char *)start + 2, (const char *)input->end);
        input->cur += 2 + name.length;
        return name;
    }
    xmlParseContent(parser);
    if (input == parser->input && input->cur == start)
        input->cur++;
    return (struct span){NULL, 0};
}
