#include "admin/review_said.h"

#include <string.h>

bool review_said_is_over(const struct review_said *said, int64_t deed_id)
{
    return said->learned && deed_id <= said->lesson.deed;
}

int review_said_now(const struct review_said *said)
{
    return said->stands ? (int)said->last_label + 1 : said->before;
}

/* What the store answered, but it may not have heard yet what was learned; and of deeds done while
 * it was away, or by an earlier weir, the answer is not known. */
static int before_deed(const struct review_said *said, const struct records_deed *deed)
{
    if (deed->said_before > 0)
        return deed->said_before;
    if (said->learned)
        return (int)said->lesson.label + 1;
    bool guess = deed->said_before == RECORDS_SAID_UNKNOWN &&
                 strcmp(deed->taught_by_before, deed->source) == 0;
    return guess ? deed->taught_before : 0;
}

static void hear_deed(void *context, const struct records_deed *deed)
{
    struct review_said *said = context;
    enum label label;
    if (deed->said_before == RECORDS_SAYS_NOTHING || !review_says(deed->name, &label) ||
        review_said_is_over(said, deed->id) ||
        (said->source && strcmp(said->source, deed->source) != 0))
        return;
    if (!said->any)
        said->before = before_deed(said, deed);
    said->any = true;
    if (!deed->undone_s && deed->id != said->without) {
        said->stands = true;
        said->last = *deed;
        said->last_label = label;
    }
}

bool review_said_hear(struct records *records, const unsigned char document_id[RECORD_ID_BYTES],
                      struct review_said *said, struct error *error)
{
    said->any = said->stands = false;
    if (!records_learned_last(records, document_id, said->source, &said->lesson, &said->learned,
                              error))
        return false;
    said->before = said->learned ? (int)said->lesson.label + 1 : 0;
    return records_deeds_of_document(records, document_id, hear_deed, said, error);
}
