/* judge: document -> verdict. The one way in for every front: features, gatherers, one read of
 * reputations for all documents given, checks, rules, sum. Thread-safe; owns nothing it is given.
 */
#ifndef WEIR_JUDGE_H
#define WEIR_JUDGE_H

#include "core/config.h"
#include "core/document.h"
#include "core/evidence_record.h"
#include "core/live_tuning.h"
#include "core/replica.h"
#include "core/reputation_cache.h"
#include "core/verdict.h"
#include "core/volume.h"
#include "store/counts.h"
#include "store/lesson.h"

#include <stdbool.h>

struct judge {
    struct counts_store *store;     /* NULL: no reputations */
    struct replica *replica;        /* NULL or not ready: no content */
    struct reputation_cache *cache; /* NULL: each call asks the store */
    struct live_tuning *tuning;     /* NULL: the configuration alone, and no rules */
    struct volume *volume;          /* NULL: documents are not counted */
};

#define STORE_DOWN_SYMBOL "STORE_DOWN"

/* About an edited item whose former version the admin had released; not in a feed that names
 * itself. */
#define FORMERLY_RELEASED_SYMBOL "FORMERLY_RELEASED"
#define FORMERLY_RELEASED_LOG_ODDS -2.0

/* Besides RULE: a rule that matches too, and another goes before it; one on trial; one whose
 * regular expression did not finish. Their detail is its name. */
#define RULE_ALSO_SYMBOL "RULE_ALSO"
#define RULE_DRY_SYMBOL "RULE_DRY"
#define RULE_UNFINISHED_SYMBOL "RULE_UNFINISHED"

/* Puts what the rules say into a record that has nothing of rules yet. */
void judge_record_rules(struct evidence_record *record, struct arena *arena,
                        const struct rules_said *said);

/* The numbers that documents are judged with now. */
void judge_scoring(const struct judge *judge, const struct config *config, struct scoring *scoring);

/* Completes documents (features_extract, gatherers_run) that were just read. */
void judge_prepare(struct document *document, const struct config *config);

/* Judges `n` prepared documents. Reputations come in one round trip for all; while the store is
 * away those the cache does not know are neutral. STORE_DOWN (weight 0) stands in the evidence
 * then, and until the replica is in step with the log again. What each verdict was made of is its
 * record, in the document's arena. Never fails. */
void judge_documents(const struct judge *judge, const struct config *config,
                     struct document *const *documents, size_t n, struct verdict *verdicts);

/* Names, in the content's evidence in `verdict`, the `most` tokens that weigh most, whichever way
 * they go. The names lie in the document's arena. Without a replica that is ready there are none,
 * which the detail says. */
void judge_name_tokens(const struct judge *judge, struct document *document,
                       struct verdict *verdict, size_t most);

/* A lesson about a prepared document, without event id, label, source, trust and time; its arrays
 * lie in the document's arena. false: the replica has no key yet (lesson then has no slots). */
bool judge_lesson(const struct judge *judge, const struct document *document,
                  struct lesson *lesson);

/* Log-odds of the content of that lesson's document by what was learned alone, which is where the
 * lesson starts from; 0 when that is not known. */
double judge_learned(const struct judge *judge, const struct lesson *lesson);

#endif
