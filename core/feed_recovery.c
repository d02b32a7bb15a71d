#include "core/feed_recovery.h"

#include <libxml/parserInternals.h>
#include <string.h>

#define BARE_NAME_MAX 200
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

void root_namespaces_keep(struct root_namespaces *namespaces, struct arena *arena,
                          xmlParserCtxtPtr parser)
{
    size_t count = parser->nsNr > 0 ? (size_t)parser->nsNr : 0;
    if (count > NAMESPACE_NAMES_MAX) /* they are put back as often as an attacker likes */
        count = NAMESPACE_NAMES_MAX;
    namespaces->names = arena_alloc(arena, (count + 1) * sizeof *namespaces->names);
    namespaces->count = (int)count;
    if (count)
        memcpy(namespaces->names, parser->nsTab, count * sizeof *namespaces->names);
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

/* The parser stands where it gave up, else at the tag's end. */
bool feed_recovery_is_empty(xmlParserCtxtPtr parser)
{
    const xmlChar *at = parser->input->cur, *end = parser->input->end;
    if (at == end || *at == '>' || *at == '/')
        return false;
    for (at++; at < end && *at != '<'; at++)
        if (*at == '>')
            return at[-1] == '/';
    return false;
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
                            const struct root_namespaces *namespaces)
{
    xmlParserInputPtr input = parser->input;
    const xmlChar *tag = memchr(input->cur, '<', (size_t)(input->end - input->cur));
    if (!tag)
        return false;
    input->cur = tag;
    parser->instate = XML_PARSER_CONTENT;
    parser->nameNr = 0;
    feed_recovery_keep_in_step(parser, root, 1, 1);
    while (parser->nsNr > namespaces->count)
        parser->nsTab[--parser->nsNr] = NULL;
    parser->nsNr = namespaces->count; /* it had room for them before */
    if (namespaces->count)
        memcpy(parser->nsTab, namespaces->names,
               (size_t)namespaces->count * sizeof *namespaces->names);
    return true;
}

struct span feed_recovery_go_on(xmlParserCtxtPtr parser)
{
    xmlParserInputPtr input = parser->input;
    const xmlChar *start = input->cur;
    if (input->end - start > 1 && start[1] == '/') {
        const char *name = (const char *)start + 2;
        size_t length = 0;
        while ((const xmlChar *)name + length < input->end && !strchr(" \t\r\n/<>", name[length]))
            length++;
        input->cur += 2 + length;
        return (struct span){name, length};
    }
    xmlParseContent(parser);
    if (input == parser->input && input->cur == start)
        input->cur++;
    return (struct span){NULL, 0};
}
