#include "feedfilter/refresh_job.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/log.h"
#include "core/metrics.h"
#include "feedfilter/feed_filter.h"
#include "feedfilter/poll_schedule.h"
#include "feedfilter/refresh_answer.h"
#include "feedfilter/refresh_place.h"
#include "feedfilter/store_trouble.h"
#include "store/memory.h"

/* A page is made again so often at least: what was put back must go in the end. */
#define FILTER_EVERY_S (6 * 3600)
/* A time of a page that lies further ahead is none to tell readers (RFC 9110, 8.8.2.1). */
#define CLOCK_STEP_S 60

/* What a job works on and with; the configuration cannot change under it. */
struct work {
    const struct refresh_parts *parts;
    struct subscription *subscription;
    struct config *config; /* retained */
    const struct subscription_config *own;
    unsigned generation;
    int64_t now_s;
    struct filtered_feed *filtered; /* what was made; NULL: nothing */
    struct page *page;              /* of it, until it is published */
    bool provisional;
    bool has_records;    /* when it was judged */
    unsigned freed_seen; /* before `config` was taken */
};

/* Whether readers get this feed from the same upstream as when the job began. The subscription's
 * lock is held. */
static bool still_wanted(const struct work *work)
{
    return work->subscription->own && work->subscription->generation == work->generation;
}

static void replace_text(char **text, const char *with)
{
    free(*text);
    *text = memory_text(with);
}

/* Types that leave nothing to a browser but a feed; others are told by what the bytes are. */
static const char *content_type(const struct cached_feed *copy)
{
    static const char *const known[] = {"application/rss+xml",
                                        "application/atom+xml",
                                        "application/rdf+xml",
                                        "application/xml",
                                        "text/xml",
                                        "application/feed+json",
                                        "application/json"};
    const char *given = refresh_answer_type(copy->content_type);
    size_t length = strcspn(given, "; \t");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == length && strncasecmp(given, known[i], length) == 0)
            return given;
    struct span body = span_trim((struct span){copy->body, copy->length});
    return body.length && body.data[0] == '{' ? "application/feed+json" : "application/xml";
}

/* Once until it is over or something else: a feed that stays broken is made into a page at each
 * poll. */
static void log_trouble(const struct work *work)
{
    struct subscription *subscription = work->subscription;
    const struct filtered_feed *filtered = work->filtered;
    const char *remark = filtered->unparsed          ? "feed-unparsed"
                         : filtered->records_failed  ? "records-failed"
                         : filtered->not_well_formed ? "feed-not-well-formed"
                                                     : NULL;
    pthread_mutex_lock(&subscription->lock);
    bool told = !remark || (subscription->remark && strcmp(remark, subscription->remark) == 0);
    subscription->remark = remark;
    pthread_mutex_unlock(&subscription->lock);
    if (!told)
        log_event(LOG_LEVEL_WARNING, remark, "feed", work->own->name, "reason",
                  filtered->trouble.message, NULL);
}

/* Where the page says its own address, for readers that have another one: before "/f/NAME", which
 * ends it. */
static void set_own(struct page *page, const struct filtered_feed *filtered, const char *name)
{
    const struct span own = filtered->own_address;
    size_t *places = memory_new(filtered->piece_count * sizeof *places);
    size_t count = 0, at = 0, tail = (strlen("/f/") + strlen(name)) * filtered->unit_bytes;
    for (size_t i = 0; i < filtered->piece_count; i++) {
        if (own.length > tail && filtered->pieces[i].data == own.data)
            places[count++] = at + own.length - tail;
        at += filtered->pieces[i].length;
    }
    page_set_own(page, places, count, filtered->unit_bytes, filtered->big_units);
    free(places);
}

/* Makes the page of `copy` and notes in it which that is. A page that says what readers got before
 * keeps the time of that; another has a later one, whatever the clock says. */
static void filter(struct work *work, struct cached_feed *copy)
{
    char own_address[400], etag[sizeof copy->page_etag];
    snprintf(own_address, sizeof own_address, "%s/f/%s", work->config->feedfilter.public_url,
             work->own->name);
    struct feed_judge judge = {
        .config = work->config,
        .judge = *work->parts->judge,
        .mode = work->own->mode,
        .records = atomic_load(work->parts->records),
        .told = &work->subscription->told,
    };
    struct feed_http http = {
        .own_address = span_of(own_address),
        .upstream = span_of(copy->base_url ? copy->base_url : work->own->url),
        .charset = feed_encoding_served(copy->content_type),
        .now_s = work->now_s,
        .put_back_s = work->config->feedfilter.put_back_s,
        .gone_s = copy->site.gone_s,
    };
    struct item_links links;
    if (item_links_read(work->parts->link_keys, work->config, work->own, &links))
        http.links = &links;
    struct feed_duplicates duplicates = {
        .config = work->config,
        .own = work->own,
        .records = judge.records,
        .now_s = work->now_s,
        .changed = work->parts->filter_again,
        .context = work->parts->context,
    };
    if (atomic_load(work->parts->stories_known) && feed_duplicates_wanted(work->config, work->own))
        http.duplicates = &duplicates;
    bool was_up = replica_store_up(judge.judge.replica);
    struct span bytes = {copy->body, copy->length};
    struct filtered_feed *filtered = feed_filter(&judge, bytes, span_of(work->own->name), &http);
    explicit_bzero(&links, sizeof links);
    work->filtered = filtered;
    if (duplicates.freed)
        atomic_fetch_add(work->parts->stories_freed, 1);
    log_trouble(work);
    page_tag(filtered->pieces, filtered->piece_count, etag);
    if (copy->page_changed_s > work->now_s + CLOCK_STEP_S) /* of a clock that was ahead */
        copy->page_changed_s = work->now_s;
    else if (strcmp(etag, copy->page_etag) != 0 || !copy->page_changed_s)
        copy->page_changed_s =
            copy->page_changed_s < work->now_s ? work->now_s : copy->page_changed_s + 1;
    snprintf(copy->page_etag, sizeof copy->page_etag, "%s", etag);
    work->page =
        page_new(filtered->pieces, filtered->piece_count, content_type(copy), copy->page_changed_s);
    set_own(work->page, filtered, work->own->name);
    page_pack(work->page);
    work->has_records = judge.records != NULL;
    work->provisional = !was_up || !replica_store_up(judge.judge.replica);
}

static void keep(const struct work *work, const struct cached_feed *copy)
{
    struct subscription *subscription = work->subscription;
    struct error error = {0};
    struct feed_cache *cache = atomic_load(work->parts->cache);
    if (!cache)
        return;
    bool kept = feed_cache_store(cache, work->own->name, copy, &error);
    pthread_mutex_lock(&subscription->lock);
    bool told = kept || subscription->copy_not_kept;
    if (still_wanted(work)) {
        subscription->copy_not_kept = !kept;
        replace_text(&subscription->cache_trouble, !kept && error.class == ERROR_SYSTEM
                                                       ? store_trouble_reason(error.message)
                                                       : NULL);
    }
    pthread_mutex_unlock(&subscription->lock);
    if (!told)
        log_event(LOG_LEVEL_WARNING, "copy-not-kept", "feed", work->own->name, "reason",
                  error.message, NULL);
}

/* What the cache has, if it came from where the configuration says and is the newest. Without a
 * body it is no copy, but what was learned of the site. */
static struct cached_feed *load(const struct work *work)
{
    struct subscription *subscription = work->subscription;
    pthread_mutex_lock(&subscription->lock);
    struct feed_cache *cache = subscription->copy_not_kept ? NULL : atomic_load(work->parts->cache);
    pthread_mutex_unlock(&subscription->lock);
    struct cached_feed *copy = cache ? feed_cache_load(cache, work->own->name) : NULL;
    if (!copy || strcmp(copy->url, work->own->url) == 0)
        return copy;
    cached_feed_free(copy);
    return NULL;
}

/* --- what became of it; the subscription's lock is held --- */

/* That the records failed says nothing of now, where they are not tried again before a site that
 * fails answers: there is no copy to judge. */
static void forget_records_trouble(const struct work *work)
{
    struct subscription *subscription = work->subscription;
    bool has_copy = atomic_load(work->parts->cache) && !subscription->copy_not_kept;
    if (subscription->failures && (!subscription->unrecorded || !has_copy))
        replace_text(&subscription->records_trouble, NULL);
}

/* That its verdicts are recorded, or not. */
static void note_recorded(struct work *work)
{
    struct subscription *subscription = work->subscription;
    const struct filtered_feed *filtered = work->filtered;
    const char *reason =
        filtered->records_failed ? store_trouble_reason(filtered->trouble.message) : NULL;
    subscription->unrecorded = filtered->records_failed ? subscription->unrecorded + 1 : 0;
    replace_text(&subscription->records_trouble, reason);
    if (reason || work->provisional || !work->has_records)
        return;
    verdicts_told_free(subscription->told);
    subscription->told = NULL;
}

static void publish(struct work *work)
{
    struct subscription *subscription = work->subscription;
    const struct filtered_feed *filtered = work->filtered;
    page_release(subscription->page);
    subscription->page = work->page;
    work->page = NULL;
    subscription->filtered_s = work->now_s;
    subscription->provisional = work->provisional;
    note_recorded(work);
    subscription->feed_poll_s = filtered->poll_s;
    subscription->skip_hours = filtered->skip_hours;
    subscription->skip_days = filtered->skip_days;
    subscription->unjudged = filtered->unparsed;
    subscription->items = filtered->items;
    subscription->held = filtered->held;
    subscription->tagged = filtered->tagged;
    subscription->put_back = filtered->put_back;
    subscription->duplicates = filtered->duplicates;
    subscription->noted = filtered->noted;
    subscription->freed_seen = work->freed_seen;
    page_release(subscription->held_page); /* which lists these too */
    subscription->held_page = NULL;
    subscription_answer(subscription, subscription->page);
}

/* By its hub. */
static bool is_told(const struct subscription *subscription, int64_t now_s)
{
    return subscription->websub.state == WEBSUB_ACTIVE && subscription->websub.lease_s > now_s;
}

/* What is offered now; `hub` empty: nothing. */
static void offer(const struct work *work, struct span hub, struct span topic)
{
    struct span base = span_of(work->config->feedfilter.websub_url);
    struct subscription *subscription = work->subscription;
    struct websub former = {0};
    websub_copy(&former, &subscription->websub);
    if (websub_offer(&subscription->websub, hub, topic, base, work->now_s)) {
        subscription->learned = true;
        hub_leave(subscription->leaves, subscription->name, &former, work->own);
    }
    websub_clear(&former);
}

static struct span first_of(const char *a, struct span b)
{
    return a ? span_of(a) : b;
}

/* The headers of an answer, and the feed in it. What cannot be parsed offers nothing new. */
static void offer_answered(const struct work *work, const struct fetch_answer *answer)
{
    const struct filtered_feed *filtered = work->filtered;
    if (filtered->unparsed)
        return;
    struct span topic = first_of(answer->self, filtered->self);
    offer(work, first_of(answer->hub, filtered->hub),
          topic.length ? topic : first_of(answer->base_url, span_of(work->own->url)));
}

/* From the cache: another callback may be configured, which the hub is not told of by upstream. */
static void offer_loaded(const struct work *work)
{
    const struct filtered_feed *filtered = work->filtered;
    const struct websub *websub = &work->subscription->websub;
    char *hub = memory_text(websub->hub), *topic = memory_text(websub->topic);
    struct span self = filtered->self.length ? filtered->self : span_of(work->own->url);
    if (hub)
        offer(work, span_of(hub), span_of(topic));
    else
        offer(work, filtered->hub, self);
    free(hub);
    free(topic);
}

/* `from_s` may be of a clock that was ahead. */
static void schedule(struct work *work, int64_t from_s, int64_t fresh_s, int64_t retry_after_s)
{
    struct subscription *subscription = work->subscription;
    struct poll_facts facts = {
        .failures = subscription->failures,
        .retry_after_s = retry_after_s,
        .fresh_s = fresh_s,
        .feed_poll_s = subscription->feed_poll_s,
        .rhythm_s = subscription->site.rhythm_s,
        .quiet_s = subscription->site.changed_s ? work->now_s - subscription->site.changed_s : 0,
        .skip_hours = subscription->skip_hours,
        .skip_days = subscription->skip_days,
        .pushed_s = is_told(subscription, work->now_s) ? WEBSUB_POLL_S : 0,
        .now_s = work->now_s,
        .poll_s = work->config->feedfilter.poll_s,
        .poll_min_s = work->config->feedfilter.poll_min_s,
        .poll_max_s = work->config->feedfilter.poll_max_s,
    };
    subscription->next_poll_s = (from_s < work->now_s ? from_s : work->now_s) +
                                poll_after_s(&facts, randombytes_random() / (double)UINT32_MAX);
    if (fresh_s > 0 || retry_after_s > 0)
        subscription->next_poll_s++; /* the second in which it was asked for was not whole */
    if (subscription->hinted)
        subscription_hint(subscription, work->now_s);
}

/* True when a restart is to know what was learned. */
static bool succeeded(struct work *work, const struct refresh_job *job)
{
    struct subscription *subscription = work->subscription;
    const struct fetch_answer *answer = job->answer;
    if (subscription->failures)
        log_event(LOG_LEVEL_NOTICE, "feed-back", "feed", work->own->name, NULL);
    subscription->failures = 0;
    replace_text(&subscription->trouble, NULL);
    subscription->checked_s = work->now_s;
    subscription->site.gone_seen = 0;
    bool learned = refresh_place_learn(job, work->now_s);
    schedule(work, work->now_s, answer->fresh_s, answer->retry_after_s);
    return learned;
}

/* The same. */
static bool failed(struct work *work, const struct refresh_job *job, const char *why)
{
    struct subscription *subscription = work->subscription;
    const char *get = subscription->page ? "the last good copy" : "an error";
    bool told = subscription->failures++ > 0; /* /health has the newest reason */
    forget_records_trouble(work);
    schedule(work, work->now_s, -1, job->answer->retry_after_s);
    /* What a page names may be gone without the page. */
    int status = job->found ? 0 : job->answer->status;
    /* Nor does it say anything of where its page was. */
    bool followed = job->followed && !job->from_page;
    bool gone = feed_site_failed(&subscription->site, status, followed, work->now_s);
    char trouble[SUBSCRIPTION_TROUBLE_SIZE];
    snprintf(trouble, sizeof trouble, "%.400s%s", why,
             gone ? " (Gone) again and again, and is asked no more" : "");
    replace_text(&subscription->trouble, trouble);
    if (gone) {
        log_event(LOG_LEVEL_WARNING, "feed-gone", "feed", work->own->name, "reason",
                  subscription->trouble, "readers-get", get, "mend",
                  "take the feed out, or give it another url", NULL);
    } else if (!told) {
        log_event(LOG_LEVEL_WARNING, "feed-failed", "feed", work->own->name, "reason", why,
                  "readers-get", get, NULL);
    }
    subscription->filter_again = subscription->filter_again || gone;
    if (!subscription->page)
        subscription_answer(subscription, NULL);
    return gone;
}

/* --- the three kinds --- */

/* There is no copy to make the page of again: the whole feed comes from upstream, as soon as can
 * be. But while the records fail every try would ask upstream for it, so that its next poll is soon
 * enough. The lock is held. */
static void ask_for_all(const struct work *work)
{
    struct subscription *subscription = work->subscription;
    replace_text(&subscription->etag, NULL);
    replace_text(&subscription->last_modified, NULL);
    if (!subscription->failures && !subscription->unrecorded)
        subscription->next_poll_s = 0; /* is_poll_due() knows those that are gone */
    subscription->provisional = false;
    subscription->unrecorded = 0;
    forget_records_trouble(work);
}

/* Of a feed without a copy; readers are told at once when it is gone. The lock is held. */
static void restore_site(struct subscription *subscription, const struct cached_feed *kept)
{
    feed_site_copy(&subscription->site, &kept->site);
    if (!subscription->site.gone_s)
        return;
    replace_text(&subscription->trouble,
                 "its site answered 410 (Gone) again and again, and is asked no more");
    subscription_answer(subscription, NULL);
}

/* From the cache. */
static void run_from_cache(struct work *work, const struct refresh_job *job)
{
    struct subscription *subscription = work->subscription;
    struct cached_feed *kept = load(work), *copy = kept && kept->length ? kept : NULL;
    char former[sizeof copy->page_etag] = "";
    if (copy) {
        memcpy(former, copy->page_etag, sizeof former);
        filter(work, copy);
    }
    pthread_mutex_lock(&subscription->lock);
    bool wanted = still_wanted(work);
    if (!wanted) {
        subscription->filter_again = true;
    } else if (copy) {
        publish(work);
        replace_text(&subscription->etag, copy->etag);
        replace_text(&subscription->last_modified, copy->last_modified);
        if (job->kind == JOB_LOAD && !subscription->checked_s) {
            feed_site_copy(&subscription->site, &copy->site);
            subscription->site.items = work->filtered->listed;
            websub_copy(&subscription->websub, &copy->websub);
            subscription->checked_s = copy->fetched_s < work->now_s ? copy->fetched_s : work->now_s;
            schedule(work, copy->fetched_s, copy->fresh_s, -1);
        }
        offer_loaded(work);
    } else {
        if (kept && job->kind == JOB_LOAD && !subscription->checked_s)
            restore_site(subscription, kept);
        ask_for_all(work);
    }
    pthread_mutex_unlock(&subscription->lock);
    if (wanted && copy && strcmp(former, copy->page_etag) != 0)
        keep(work, copy);
    cached_feed_free(kept);
}

/* The new version; what readers got before is told by the page they have. */
static void run_good(struct work *work, const struct refresh_job *job)
{
    struct subscription *subscription = work->subscription;
    const struct fetch_answer *answer = job->answer;
    struct cached_feed copy = {
        .body = answer->body,
        .length = answer->length,
        .url = work->own->url,
        .base_url = answer->base_url,
        .etag = answer->etag,
        .last_modified = answer->last_modified,
        .content_type = answer->content_type,
        .fetched_s = work->now_s,
        .fresh_s = answer->fresh_s,
    };
    pthread_mutex_lock(&subscription->lock);
    if (subscription->page) {
        memcpy(copy.page_etag, subscription->page->etag, sizeof copy.page_etag);
        copy.page_changed_s = subscription->page->last_modified_s;
    }
    pthread_mutex_unlock(&subscription->lock);
    filter(work, &copy);
    uint64_t listed = work->filtered->listed;
    pthread_mutex_lock(&subscription->lock);
    bool wanted = still_wanted(work);
    if (wanted) {
        publish(work);
        replace_text(&subscription->etag, answer->etag);
        replace_text(&subscription->last_modified, answer->last_modified);
        if (!work->filtered->unparsed)
            feed_site_listed(&subscription->site, listed, work->now_s);
        offer_answered(work, answer);
        succeeded(work, job);
        subscription->learned = false;
        feed_site_copy(&copy.site, &subscription->site);
        websub_copy(&copy.websub, &subscription->websub);
    } else {
        subscription->filter_again = true;
    }
    pthread_mutex_unlock(&subscription->lock);
    if (wanted)
        keep(work, &copy);
    feed_site_clear(&copy.site);
    websub_clear(&copy.websub);
}

/* To keep what was learned of upstream where no copy ever came. */
static struct cached_feed *no_copy(const struct work *work)
{
    struct cached_feed *kept = memory_new(sizeof *kept);
    kept->body = memory_text("");
    kept->url = memory_text(work->own->url);
    return kept;
}

/* What was learned of upstream, with the copy that is at hand. */
static void remember(const struct work *work)
{
    struct subscription *subscription = work->subscription;
    struct cached_feed *copy = load(work);
    pthread_mutex_lock(&subscription->lock);
    subscription->learned = false;
    if (!copy && !subscription->page)
        copy = no_copy(work);
    if (copy) {
        feed_site_copy(&copy->site, &subscription->site);
        websub_copy(&copy->websub, &subscription->websub);
    }
    pthread_mutex_unlock(&subscription->lock);
    if (!copy)
        return;
    keep(work, copy);
    cached_feed_free(copy);
}

/* Readers' interest keeps a copy in a cache that is full. */
static void note_use(const struct work *work)
{
    struct subscription *subscription = work->subscription;
    struct feed_cache *cache = atomic_load(work->parts->cache);
    pthread_mutex_lock(&subscription->lock);
    bool asked = subscription->asked;
    subscription->asked = false;
    pthread_mutex_unlock(&subscription->lock);
    if (cache && asked)
        feed_cache_use(cache, work->own->name);
}

/* True when what its page names is to be fetched first. */
static bool run_answer(struct work *work, struct refresh_job *job)
{
    struct subscription *subscription = work->subscription;
    char why[SUBSCRIPTION_TROUBLE_SIZE];
    if (refresh_answer_look(job, why, sizeof why))
        return true;
    metrics_add(METRIC_FETCHES,
                *why                         ? METRICS_FETCH_FAILED
                : job->answer->status == 304 ? METRICS_FETCH_UNCHANGED
                                             : METRICS_FETCH_CHANGED,
                1);
    if (!*why && job->answer->status == 200) {
        run_good(work, job);
        return false;
    }
    bool learned = false;
    pthread_mutex_lock(&subscription->lock);
    if (!still_wanted(work))
        subscription->filter_again = true;
    else if (*why)
        learned = failed(work, job, why);
    else {
        learned = succeeded(work, job);
        /* Where one is known, what it was offered with is known better from the whole answer. */
        if (job->answer->hub && subscription->websub.state == WEBSUB_NONE)
            offer(work, span_of(job->answer->hub),
                  first_of(job->answer->self, span_of(work->own->url)));
        if (llabs(work->now_s - subscription->filtered_s) > FILTER_EVERY_S || !subscription->page ||
            subscription->unrecorded)
            subscription->filter_again = true;
    }
    pthread_mutex_unlock(&subscription->lock);
    if (learned)
        remember(work);
    note_use(work);
    return false;
}

bool refresh_job_run(const struct refresh_parts *parts, struct refresh_job *job)
{
    struct subscription *subscription = job->subscription;
    struct work work = {.parts = parts,
                        .subscription = subscription,
                        .generation = job->generation,
                        .now_s = time(NULL)};
    pthread_mutex_lock(&subscription->lock);
    work.config = config_retain(subscription->config);
    work.own = subscription->own;
    work.freed_seen =
        atomic_load(parts->stories_freed); /* what rises later may be of a later config */
    bool wanted = still_wanted(&work);
    subscription->filter_again = subscription->filter_again || !wanted;
    pthread_mutex_unlock(&subscription->lock);
    bool goes_on = false;
    if (wanted && job->kind == JOB_ANSWER)
        goes_on = run_answer(&work, job);
    else if (wanted && job->kind == JOB_REMEMBER)
        remember(&work);
    else if (wanted)
        run_from_cache(&work, job);
    page_release(work.page);
    filtered_feed_free(work.filtered);
    pthread_mutex_lock(&subscription->lock);
    subscription->busy = goes_on;
    pthread_mutex_unlock(&subscription->lock);
    config_release(work.config);
    return goes_on;
}
