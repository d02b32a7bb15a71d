#include "feedfilter/refresh_answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/feed.h"
#include "core/feed_encoding.h"
#include "feedfilter/feed_discover.h"

const char *refresh_answer_type(const char *content_type)
{
    const char *at = content_type ? content_type : "";
    while (*at >= ' ' && *at <= '~')
        at++;
    return *at || !content_type ? "" : content_type;
}

/* A page instead of a feed that there was is a slip of the site, until it comes again and again,
 * with nothing else between. The page was counted. */
static bool may_follow_page(struct subscription *subscription)
{
    pthread_mutex_lock(&subscription->lock);
    bool may = !subscription->page || subscription->site.found ||
               subscription->pages >= FEED_SITE_CONVINCED;
    pthread_mutex_unlock(&subscription->lock);
    return may;
}

static void count_page(struct subscription *subscription, bool is_page)
{
    pthread_mutex_lock(&subscription->lock);
    subscription->pages = is_page ? subscription->pages + 1 : 0;
    pthread_mutex_unlock(&subscription->lock);
}

/* What is no feed. True when it is a page that names one, which is to be fetched. */
static bool look_at_page(struct refresh_job *job, char *why, size_t size)
{
    const struct fetch_answer *answer = job->answer;
    const char *type = refresh_answer_type(answer->content_type);
    char *found;
    bool follow = false;
    bool is_page = feed_discover((struct span){answer->body, answer->length},
                                 feed_encoding_served(answer->content_type),
                                 span_of(answer->base_url), &found);
    count_page(job->subscription, is_page);
    if (!is_page)
        snprintf(why, size, "what came is no feed (%s)", *type ? type : "of no known type");
    else if (job->found)
        snprintf(why, size, "the feed that its page names is no feed but a page (HTML) itself");
    else if (!found)
        snprintf(why, size, "what came is no feed but a page (HTML), which names none");
    else if (!may_follow_page(job->subscription))
        snprintf(why, size,
                 "what came is no feed but a page (HTML); if that goes on, the feed "
                 "that it names is taken");
    else
        follow = true;
    if (follow) {
        job->found = found;
        job->followed = job->from_page = true;
    } else {
        free(found);
    }
    return follow;
}

bool refresh_answer_look(struct refresh_job *job, char *why, size_t size)
{
    const struct fetch_answer *answer = job->answer;
    *why = '\0';
    if (answer->status == 200 && answer->length &&
        !feed_looks_like((struct span){answer->body, answer->length}))
        return look_at_page(job, why, size);
    count_page(job->subscription, false);
    bool good = answer->status == 200 || answer->status == 304;
    /* 304 is an error too where no copy was told of: there is nothing that it could be about. */
    if (!good || (answer->status == 304 && answer->error.class != ERROR_NONE))
        snprintf(why, size, "%s%s", job->found ? "the feed that its page names: " : "",
                 answer->error.message);
    else if (answer->status == 200 && !answer->length)
        snprintf(why, size, "the answer is empty");
    return false;
}
