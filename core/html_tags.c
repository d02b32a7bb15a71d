#include "core/html_tags.h"

#include <stdlib.h>
#include <string.h>

/* Ascending, for bsearch(). */
static const struct row {
    const char *name;
    enum html_tag tag;
} rows[] = {
    {"a", HTML_ANCHOR},      {"address", HTML_BLOCK},    {"area", HTML_AREA},
    {"article", HTML_BLOCK}, {"aside", HTML_BLOCK},      {"blockquote", HTML_BLOCK},
    {"body", HTML_BODY},     {"br", HTML_BREAK},         {"caption", HTML_BLOCK},
    {"center", HTML_BLOCK},  {"dd", HTML_BLOCK},         {"details", HTML_BLOCK},
    {"dir", HTML_BLOCK},     {"div", HTML_BLOCK},        {"dl", HTML_BLOCK},
    {"dt", HTML_BLOCK},      {"fieldset", HTML_BLOCK},   {"figcaption", HTML_BLOCK},
    {"figure", HTML_BLOCK},  {"font", HTML_FONT},        {"footer", HTML_BLOCK},
    {"form", HTML_FORM},     {"h1", HTML_BLOCK},         {"h2", HTML_BLOCK},
    {"h3", HTML_BLOCK},      {"h4", HTML_BLOCK},         {"h5", HTML_BLOCK},
    {"h6", HTML_BLOCK},      {"header", HTML_BLOCK},     {"hr", HTML_BLOCK},
    {"img", HTML_IMAGE},     {"legend", HTML_BLOCK},     {"li", HTML_BLOCK},
    {"link", HTML_SHEET},    {"main", HTML_BLOCK},       {"menu", HTML_BLOCK},
    {"nav", HTML_BLOCK},     {"ol", HTML_BLOCK},         {"option", HTML_BLOCK},
    {"p", HTML_BLOCK},       {"pre", HTML_BLOCK},        {"script", HTML_DROPPED},
    {"section", HTML_BLOCK}, {"select", HTML_BLOCK},     {"style", HTML_SHEET},
    {"summary", HTML_BLOCK}, {"table", HTML_BLOCK},      {"tbody", HTML_BLOCK},
    {"td", HTML_CELL},       {"template", HTML_DROPPED}, {"textarea", HTML_DROPPED},
    {"tfoot", HTML_BLOCK},   {"th", HTML_CELL},          {"thead", HTML_BLOCK},
    {"title", HTML_DROPPED}, {"tr", HTML_BLOCK},         {"ul", HTML_BLOCK},
    {"xmp", HTML_BLOCK},
};

static int compare(const void *name, const void *row)
{
    return strcmp(name, ((const struct row *)row)->name);
}

enum html_tag html_tag(const char *name)
{
    const struct row *row = bsearch(name, rows, sizeof rows / sizeof *rows, sizeof *rows, compare);
    return row ? row->tag : HTML_INLINE;
}

const char *html_tag_name(size_t index)
{
    return index < sizeof rows / sizeof *rows ? rows[index].name : NULL;
}
