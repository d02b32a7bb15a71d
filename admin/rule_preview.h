/* rule_preview: what rules would say of what is stored here: of what is held, and of what the
 * history keeps. Items of feeds that are held are there whole. Of held mail, whose body lies with
 * Postfix, and of the history, envelope and subject are known, unless that was cut
 * (RECORDS_TEXT_MOST): a rule that asks for more cannot be told there. Nothing is changed, and
 * nothing is said. */
#ifndef WEIR_RULE_PREVIEW_H
#define WEIR_RULE_PREVIEW_H

#include "admin/session.h"
#include "core/json_writer.h"
#include "core/rules.h"
#include "store/records_search.h"

/* Of the newest so many verdicts of each front. */
#define RULE_PREVIEW_HISTORY 20000

struct rule_counts {
    size_t held, held_unknown; /* entries that wait for review, which it matches; cannot be told */
    size_t past, past_unknown; /* verdicts of the history */
};

struct rule_preview {
    size_t held, past;          /* looked at */
    size_t held_let_go;         /* of those: a rule keeps or tags them */
    size_t past_held, past_let; /* were accepted or tagged, and a rule holds them; the reverse */
    struct rule_counts *rules;  /* of each of the rules */
};

/* `rules` must outlive the preview. The records were opened. */
bool rule_preview_make(struct session *session, const struct rules *rules,
                       struct rule_preview *preview, struct error *error);
void rule_preview_clear(struct rule_preview *preview);

/* The members "held", "past", "held_let_go", "past_held", "past_let" and "rules" of the object that
 * is open in `json`. */
void rule_preview_put(struct json_writer *json, const struct rules *rules,
                      const struct rule_preview *preview);

/* How often each rule of now matched, as the evidence of the newest verdicts here says: in `past`.
 */
bool rule_preview_matched(struct session *session, const struct rules *rules,
                          struct rule_preview *preview, struct error *error);

/* What the rules say of a held entry, in `*said`, which lies in the document that is returned:
 * document_free(). A rule of a name that matched when it was judged is taken to match still where
 * that cannot be told. NULL: the entry cannot be read. */
struct document *rule_preview_held(const struct rules *rules, const struct held *held,
                                   enum front front, struct rules_said *said);

#endif
