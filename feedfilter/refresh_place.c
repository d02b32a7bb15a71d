#include "feedfilter/refresh_place.h"

#include "core/log.h"

/* In the log goes the origin alone: the rest of a URL may be secret. */
static void tell(const char *event, const char *name, const char *key, const char *url,
                 const char *reason, const char *mend)
{
    char origin[300];
    feed_site_origin(url, origin, sizeof origin);
    log_event(LOG_LEVEL_NOTICE, event, "feed", name, key, origin, "reason", reason, "mend", mend,
              NULL);
}

bool refresh_place_learn(const struct refresh_job *job, int64_t now_s)
{
    struct feed_site *site = &job->subscription->site;
    bool learned = false;
    if (job->from_page)
        learned = feed_site_found(site, job->found, now_s);
    else if (!job->found)
        learned = feed_site_found(site, NULL, now_s);
    if (!job->followed)
        learned |= feed_site_redirected(site, job->answer->moved_to, now_s);
    if (feed_site_tell_moved(site))
        tell("feed-moved", job->subscription->name, "to", site->moved_to,
             "its site redirects there permanently; weir follows, and asks its url again each week",
             "set url to where it redirects, which 'weirctl feeds list' shows");
    if (feed_site_tell_found(site))
        tell("feed-found", job->subscription->name, "at", site->found,
             "its url answers a page (HTML) that names this feed; weir fetches that, and asks its "
             "url again each day",
             "set url to the feed's own, which 'weirctl feeds list' shows");
    return learned;
}
