#include "feedfilter/refresh_place.h"

#include "core/log.h"

static void tell_moved(const char *name, const struct feed_site *site)
{
    char origin[300];
    feed_site_origin(site->moved_to, origin, sizeof origin);
    log_event(LOG_LEVEL_NOTICE, "feed-moved", "feed", name, "to", origin, "reason",
              "its site redirects there permanently; weir follows, and asks its url again each "
              "week",
              "mend", "set url to where it redirects, which 'weirctl feeds list' shows", NULL);
}

static void tell_found(const char *name, const struct feed_site *site)
{
    char origin[300];
    feed_site_origin(site->found, origin, sizeof origin);
    log_event(LOG_LEVEL_NOTICE, "feed-found", "feed", name, "at", origin, "reason",
              "its url answers a page (HTML) that names this feed; weir fetches that, and asks "
              "its url again each day",
              "mend", "set url to the feed's own, which 'weirctl feeds list' shows", NULL);
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
        learned |= feed_site_redirected(site, job->answer.moved_to, now_s);
    if (feed_site_tell_moved(site))
        tell_moved(job->subscription->name, site);
    if (feed_site_tell_found(site))
        tell_found(job->subscription->name, site);
    return learned;
}
