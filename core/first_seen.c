#include "core/first_seen.h"

#include "core/checks.h"

#include <math.h>

#define HOUR_S 3600
#define DAY_S 86400

/* From 0 to 1. */
static double newness(const struct reputation_counts *counts, int64_t now_s)
{
    if (reputation_counts_are_none(counts))
        return 1;
    if (counts->ham_milli || counts->spam_milli || !counts->first_s)
        return 0;
    double age_s = (double)now_s - (double)counts->first_s;
    return fmax(0, fmin(1, (DAY_S - age_s) / (DAY_S - HOUR_S)));
}

static struct span age_text(struct arena *arena, const struct reputation_counts *counts,
                            int64_t now_s)
{
    long long minutes = (now_s - counts->first_s) / 60;
    if (reputation_counts_are_none(counts))
        return SPAN("never seen before");
    return minutes < 120 ? arena_printf(arena, "first seen %lld minutes ago", minutes)
                         : arena_printf(arena, "first seen %lld hours ago", minutes / 60);
}

void first_seen_note(struct document *document, const struct reputation_counts *counts,
                     int64_t since_s, int64_t now_s)
{
    size_t links = 0, least = 0;
    document->first_seen = 0;
    if (!since_s || now_s - since_s < FIRST_SEEN_AFTER_S)
        return;
    for (size_t i = 0; i < document->identity_count; i++) {
        if (document->identities[i].type != IDENTITY_LINK_DOMAIN)
            continue;
        double strength = newness(&counts[i], now_s);
        if (!links++ || strength < document->first_seen) {
            document->first_seen = strength;
            least = i;
        }
    }
    if (document->first_seen <= 0)
        return;
    struct span age = age_text(document->arena, &counts[least], now_s);
    document->first_seen_detail =
        arena_printf(document->arena, "%.*s, %.*s", SPAN_ARGS(document->identities[least].value),
                     SPAN_ARGS(age));
}

double check_link_first_seen(const struct document *document, struct span *detail)
{
    *detail = document->first_seen_detail;
    return document->first_seen;
}
