/* stand_in: markup in which long texts are one character each, for a parser that takes every
 * character by itself though only '<' and '&' mean anything to it. What the parser then gives as
 * text is read back through stand_in_next(). Which stretches are texts is a guess: when the parser
 * did not give every stand-in back, in order, as text, the guess was wrong, and whoever parses
 * parses the markup itself. */
#ifndef WEIR_STAND_IN_H
#define WEIR_STAND_IN_H

#include "store/span.h"

#include <stdbool.h>
#include <stddef.h>

enum stand_in_markup { STAND_IN_HTML, STAND_IN_XML };

struct stand_ins {
    enum stand_in_markup kind;
    char *markup; /* the shorter one */
    struct span
        *texts; /* what each stands for, in order; lent by the markup itself, or in `read` */
    char *read; /* texts of XML with references in them, as they are read */
    size_t count, room, met;
    bool out_of_order;
};

/* The shorter markup, which lies in `stand_ins`; `markup` itself (UTF-8) when nothing is gained, or
 * when it holds characters of the private planes that stand-ins are. stand_ins_clear() frees. */
struct span stand_ins_make(struct stand_ins *stand_ins, struct span markup,
                           enum stand_in_markup kind);

/* The next piece of what a parser gave as text, from *at on, which is moved: as it stands, or what
 * it stands for. false: no more. */
bool stand_in_next(struct stand_ins *stand_ins, const char **at, const char *end,
                   struct span *piece);

/* An attribute's value as the parser gave it: what it stands for, if that is a stand-in. */
struct span stand_in_value(struct stand_ins *stand_ins, struct span value);

/* The parser of HTML found no name at `at`, where it looked for one: with a stand-in there the
 * guess was wrong, since what it stands for may be one. */
void stand_ins_no_name_at(struct stand_ins *stand_ins, const char *at);

/* Whether each came back, in order. A parser of HTML drops some values, as that of a second
 * attribute of the same name: those of letters and digits, which mean nothing to it but in names,
 * need not come back. */
bool stand_ins_came_back(struct stand_ins *stand_ins);

void stand_ins_clear(struct stand_ins *stand_ins);

#endif
