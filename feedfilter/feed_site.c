#include "feedfilter/feed_site.h"

#include <stdio.h>
#include <string.h>

#include "feedfilter/poll_schedule.h"
#include "store/memory.h"

void feed_site_clear(struct feed_site *site)
{
    free(site->moved_to);
    free(site->found);
    *site = (struct feed_site){0};
}

void feed_site_copy(struct feed_site *to, const struct feed_site *from)
{
    feed_site_clear(to);
    *to = *from;
    to->moved_to = memory_text(from->moved_to);
    to->found = memory_text(from->found);
}

static bool is_followed(const struct feed_site *site)
{
    return site->moved_to && site->moved_seen >= FEED_SITE_CONVINCED;
}

static bool is_recent(int64_t seen_s, int64_t confirm_s, int64_t now_s)
{
    int64_t age_s = now_s - seen_s; /* less than nothing: the clock was put back */
    return age_s >= 0 && age_s < confirm_s;
}

const char *feed_site_address(const struct feed_site *site, int64_t now_s)
{
    if (site->found)
        return is_recent(site->found_s, FEED_SITE_PAGE_S, now_s) ? site->found : NULL;
    return is_followed(site) && is_recent(site->moved_s, FEED_SITE_CONFIRM_S, now_s)
               ? site->moved_to
               : NULL;
}

const char *feed_site_moved(const struct feed_site *site, bool failing, int64_t now_s)
{
    bool holds = !failing || is_recent(site->moved_s, FEED_SITE_CONFIRM_S, now_s);
    return site->moved_told && !site->found && is_followed(site) && holds ? site->moved_to : NULL;
}

bool feed_site_redirected(struct feed_site *site, const char *moved_to, int64_t now_s)
{
    bool was = is_followed(site);
    if (!moved_to || !site->moved_to || strcmp(moved_to, site->moved_to) != 0) {
        free(site->moved_to);
        site->moved_to = memory_text(moved_to);
        site->moved_seen = 0;
        site->moved_told = false;
    }
    if (moved_to && site->moved_seen < FEED_SITE_CONVINCED)
        site->moved_seen++;
    site->moved_s = moved_to ? now_s : 0;
    return was || is_followed(site);
}

bool feed_site_tell_moved(struct feed_site *site)
{
    bool tell = is_followed(site) && !site->moved_told;
    site->moved_told = site->moved_told || tell;
    return tell;
}

bool feed_site_found(struct feed_site *site, const char *found, int64_t now_s)
{
    bool was = site->found != NULL;
    if (!found || !was || strcmp(found, site->found) != 0) {
        free(site->found);
        site->found = memory_text(found);
        site->found_told = false;
    }
    site->found_s = found ? now_s : 0;
    return was || found;
}

bool feed_site_tell_found(struct feed_site *site)
{
    bool tell = site->found && !site->found_told;
    site->found_told = site->found_told || tell;
    return tell;
}

bool feed_site_failed(struct feed_site *site, int status, bool followed, int64_t now_s)
{
    site->gone_seen = status == 410 ? site->gone_seen + 1 : 0;
    if (followed && site->found)
        site->found_s = 0;
    else if (followed)
        site->moved_seen = FEED_SITE_CONVINCED - 1;
    if (site->gone_s || site->gone_seen < FEED_SITE_CONVINCED)
        return false;
    site->gone_s = now_s;
    return true;
}

void feed_site_listed(struct feed_site *site, uint64_t items, int64_t now_s)
{
    site->gone_seen = 0;
    if (site->changed_s && items == site->items)
        return;
    int64_t gap_s = now_s - site->changed_s;
    if (site->changed_s && gap_s >= 0)
        site->rhythm_s = poll_rhythm_s(site->rhythm_s, gap_s);
    site->changed_s = now_s;
    site->items = items;
}

void feed_site_origin(const char *url, char *text, size_t size)
{
    const char *slashes = strstr(url, "://");
    size_t scheme = slashes ? (size_t)(slashes - url) + 3 : 0;
    size_t whole = scheme + strcspn(url + scheme, "/?#");
    snprintf(text, size, "%.*s", (int)whole, url);
}
