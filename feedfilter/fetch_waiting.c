#include "feedfilter/fetch_waiting.h"

#include <curl/curl.h>
#include <string.h>

#include "store/memory.h"

/* Texts that are counted first, and put one behind the other then. */
struct pile {
    char *at; /* NULL: they are being counted */
    size_t size;
};

static void put(struct pile *pile, const char *text, const char **place)
{
    size_t size = text ? strlen(text) + 1 : 0;
    pile->size += size;
    if (!pile->at)
        return;
    *place = text ? memcpy(pile->at, text, size) : NULL;
    pile->at += size;
}

static void put_own(struct pile *pile, const char *text, char **place)
{
    const char *copy = NULL;
    put(pile, text, &copy);
    *place = (char *)(uintptr_t)copy;
}

/* Once to count, and once to copy. The pointers to headers come first, where they are aligned. */
static void put_all(struct pile *pile, const struct fetch_request *request, const char *host,
                    struct fetch_waiting *waiting)
{
    const struct subscription_config *from = request->subscription;
    struct subscription_config *to = &waiting->subscription;
    to->header_count = from->header_count;
    to->headers = (char **)(void *)pile->at;
    pile->size += from->header_count * sizeof *to->headers;
    pile->at = pile->at ? pile->at + from->header_count * sizeof *to->headers : NULL;
    for (size_t i = 0; i < from->header_count; i++) {
        char *header = NULL;
        put_own(pile, from->headers[i], &header);
        if (to->headers)
            to->headers[i] = header;
    }
    put_own(pile, from->url, &to->url);
    put_own(pile, from->user_agent, &to->user_agent);
    put_own(pile, from->user, &to->user);
    put_own(pile, from->password, &to->password);
    put_own(pile, from->proxy, &to->proxy);
    put(pile, request->etag, &waiting->request.etag);
    put(pile, request->last_modified, &waiting->request.last_modified);
    put(pile, request->moved_to, &waiting->request.moved_to);
    put(pile, request->form, &waiting->request.form);
    put_own(pile, host, &waiting->host_name);
}

/* curl_free() it. */
static char *host_of(const struct fetch_request *request)
{
    char *host = NULL;
    CURLU *url = memory_checked(curl_url());
    CURLUcode bad = curl_url_set(url, CURLUPART_URL, request->subscription->url, 0);
    if (!bad && request->moved_to)
        curl_url_set(url, CURLUPART_URL, request->moved_to, CURLU_URLENCODE | CURLU_ALLOW_SPACE);
    if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        host = NULL;
    curl_url_cleanup(url);
    for (char *at = host; at && *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
    return host;
}

struct fetch_waiting *fetch_waiting_new(const struct fetch_request *request,
                                        void (*done)(void *context, struct fetch_answer *answer),
                                        void *context)
{
    char *host = host_of(request);
    struct fetch_waiting counted = {0};
    struct pile pile = {0};
    put_all(&pile, request, host, &counted);
    struct fetch_waiting *waiting = memory_new(sizeof *waiting + pile.size);
    pile.at = (char *)(waiting + 1);
    put_all(&pile, request, host, waiting);
    curl_free(host);
    waiting->request.subscription = &waiting->subscription;
    waiting->done = done;
    waiting->context = context;
    return waiting;
}
