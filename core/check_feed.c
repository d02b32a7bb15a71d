/* Checks of an item against what its feed was before: a domain that was resold or broken into. What
 * is remembered is core/feed_profile.h's; each sign but FEED_PROMOTION is no more than a reason to
 * look. */
#include "core/checks.h"

double check_feed_topic_changed(const struct document *document, struct span *detail)
{
    const struct feed_change *change = &document->feed_change;
    if (change->topic > 0)
        *detail = arena_printf(document->arena,
                               "%.0f %% of its words are those of the feed, %.0f %% are usual",
                               100 * change->topic_known, 100 * change->topic_usual);
    return change->topic;
}

double check_feed_links_changed(const struct document *document, struct span *detail)
{
    const struct feed_change *change = &document->feed_change;
    if (change->links > 0)
        *detail = arena_printf(document->arena, "%.0f %% of the sites it links to are new",
                               100 * change->links_unknown);
    return change->links;
}

double check_feed_language_changed(const struct document *document, struct span *detail)
{
    const struct feed_change *change = &document->feed_change;
    if (change->language > 0)
        *detail = arena_printf(document->arena, "%u items in a row", change->run);
    return change->language;
}

double check_feed_flood(const struct document *document, struct span *detail)
{
    const struct feed_change *change = &document->feed_change;
    if (change->flood > 0)
        *detail = arena_printf(document->arena, "%.0f within a day", change->flood_items);
    return change->flood;
}

double check_feed_promotion(const struct document *document, struct span *detail)
{
    const struct feed_change *change = &document->feed_change;
    if (change->promotion > 0)
        *detail =
            arena_printf(document->arena, "%zu words of advertising in it and those before it",
                         change->promotion_words);
    return change->promotion;
}
