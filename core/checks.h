/* checks: the catalogue of rules. A check is a pure function of a finished document and one row in
 * the table in checks.c; configuration can re-weigh or disable any row by its symbol. */
#ifndef WEIR_CHECKS_H
#define WEIR_CHECKS_H

#include "core/document.h"
#include "core/evidence.h"

#include <stdbool.h>
#include <stddef.h>

struct check {
    const char *symbol; /* family first: "LINK_FARM" */
    double by_hand;     /* log-odds at full strength, which the fit starts from */
    enum channel channels;
    /* Strength from 0 (does not fire) to 1; `detail` says what was seen, when `words` do not say
     * all, in the document's arena. */
    double (*run)(const struct document *document, struct span *detail);
    const char *words; /* what fired, for people; the detail follows behind a colon */
};

#define CHECKS_MOST 128 /* rows */

/* All rows; `*count` is set. Static. */
const struct check *checks_all(size_t *count);

/* What the row at that index adds when it fires at full strength, unless configuration says
 * otherwise, in log-odds: as fitted (check_weights.def), by hand where there is no line for it. */
double checks_log_odds(size_t row);

/* The row's index, or -1. */
int checks_find(const char *symbol);

/* What configuration makes of the rows: weights[i] belongs to row i; 0 disables it. */
struct check_weights {
    double *weights;
    size_t count;
};

/* Runs every row that fits the document's channel and is enabled, and adds what fires. */
void checks_run(struct document *document, const struct check_weights *weights,
                struct evidence_list *list);

/* The functions behind the rows; first_seen.c, check_feed.c, check_headers.c, check_letters.c,
 * check_links.c, check_markers.c, check_parts.c, check_sender.c, check_splice.c, check_text.c,
 * check_words.c. */
double check_attachment_disguised(const struct document *document, struct span *detail);
double check_attachment_executable(const struct document *document, struct span *detail);
double check_comment_links(const struct document *document, struct span *detail);
double check_date_malformed(const struct document *document, struct span *detail);
double check_date_missing(const struct document *document, struct span *detail);
double check_farm_unrelated(const struct document *document, struct span *detail);
double check_feed_flood(const struct document *document, struct span *detail);
double check_feed_language_changed(const struct document *document, struct span *detail);
double check_feed_links_changed(const struct document *document, struct span *detail);
double check_feed_promotion(const struct document *document, struct span *detail);
double check_feed_topic_changed(const struct document *document, struct span *detail);
double check_from_malformed(const struct document *document, struct span *detail);
double check_from_missing(const struct document *document, struct span *detail);
double check_from_name_is_address(const struct document *document, struct span *detail);
double check_html_hidden_text(const struct document *document, struct span *detail);
double check_image_only(const struct document *document, struct span *detail);
double check_letters_decorated(const struct document *document, struct span *detail);
double check_link_address(const struct document *document, struct span *detail);
double check_link_farm(const struct document *document, struct span *detail);
double check_link_first_seen(const struct document *document, struct span *detail);
double check_link_text_mismatch(const struct document *document, struct span *detail);
double check_links_hidden(const struct document *document, struct span *detail);
double check_message_id_malformed(const struct document *document, struct span *detail);
double check_message_id_missing(const struct document *document, struct span *detail);
double check_mixed_scripts(const struct document *document, struct span *detail);
double check_phrases_repeated(const struct document *document, struct span *detail);
double check_recipient_allows(const struct document *document, struct span *detail);
double check_recipient_denies(const struct document *document, struct span *detail);
double check_reply_to_elsewhere(const struct document *document, struct span *detail);
double check_sponsored(const struct document *document, struct span *detail);
double check_subject_capitals(const struct document *document, struct span *detail);
double check_text_spliced(const struct document *document, struct span *detail);
double check_title_joined(const struct document *document, struct span *detail);
double check_title_stuffed(const struct document *document, struct span *detail);
double check_word_split(const struct document *document, struct span *detail);

#endif
