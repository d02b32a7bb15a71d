#include "feedfilter/fetch_transfer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "feedfilter/fetch_failure.h"
#include "store/memory.h"
#include "store/monotonic.h"

#define HEADERS_MAX_BYTES (256u * 1024) /* of one hop, interim answers and trailers too */
#define DISCARD_MAX_BYTES (64u * 1024)  /* of a body that nobody wants, to keep the connection */
#define FIRST_ROOM 32768u               /* of a body; any gets so much */
#define HANGS_AFTER_MS 1000
#define HANGS_BYTES 4096u
#define ACCEPT                                                                                     \
    "Accept: application/rss+xml, application/atom+xml, application/feed+json, "                   \
    "application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, "   \
    "*/*;q=0.5"

/* 203 is 200 by way of a proxy that changed something (RFC 9110, 15.3.4). */
static long status_of(const struct transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return status == 203 ? 200 : status;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct span line = {data, size * count};
    transfer->header_bytes += line.length;
    if (transfer->header_bytes > HEADERS_MAX_BYTES) {
        transfer->end = TRANSFER_HEADERS_TOO_LARGE;
        return 0;
    }
    /* Trailers come after the body, and what they say is not about how to read it. */
    if (span_starts_nocase(line, SPAN("HTTP/")))
        transfer->headers_whole = false;
    if (!transfer->headers_whole)
        fetch_headers_line(&transfer->headers, line);
    if (span_trim(line).length == 0)
        transfer->headers_whole = true;
    if (transfer->headers_whole && status_of(transfer) == 200 && transfer->headers.length > 0 &&
        (size_t)transfer->headers.length > transfer->limits->size_bytes) {
        transfer->end = TRANSFER_BODY_TOO_LARGE; /* nobody waits for all of it to come */
        return 0;
    }
    return line.length;
}

static bool make_room(struct transfer *transfer, size_t length)
{
    struct transfer_memory *memory = transfer->memory;
    size_t room = transfer->room ? transfer->room : FIRST_ROOM;
    while (room < length)
        room *= 2;
    size_t more = room - transfer->room;
    if (room > FIRST_ROOM && room > memory->share && memory->used + more > memory->most)
        return false;
    memory->used += more;
    transfer->body = memory_resize(transfer->body, room);
    transfer->room = room;
    return true;
}

static bool append(struct transfer *transfer, struct span piece)
{
    if (piece.length > transfer->room - transfer->length &&
        !make_room(transfer, transfer->length + piece.length)) {
        transfer->end = TRANSFER_NO_ROOM;
        return false;
    }
    memcpy(transfer->body + transfer->length, piece.data, piece.length);
    transfer->length += piece.length;
    return true;
}

static bool keep(void *context, struct span piece)
{
    struct transfer *transfer = context;
    if (piece.length > transfer->limits->size_bytes - transfer->length) {
        transfer->end = TRANSFER_BODY_TOO_LARGE;
        return false;
    }
    return append(transfer, piece);
}

/* At the first piece: makes ready for how the body is packed. */
static bool begin_body(struct transfer *transfer)
{
    struct span coding = span_of(transfer->headers.content_encoding);
    if (transfer->unpack || !coding.length || span_equal_nocase(coding, SPAN("identity")))
        return true;
    transfer->unpack = fetch_unpack_new(coding);
    if (!transfer->unpack)
        transfer->end = TRANSFER_CODING_UNKNOWN;
    return transfer->unpack != NULL;
}

static bool unpack(struct transfer *transfer, struct span piece)
{
    if (fetch_unpack_feed(transfer->unpack, piece, keep, transfer))
        return true;
    if (transfer->end == TRANSFER_RUNS)
        transfer->end = TRANSFER_NOT_UNPACKED;
    return false;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct span piece = {data, size * count};
    bool wanted = status_of(transfer) == 200 && !transfer->posts;
    transfer->received += piece.length;
    if (transfer->received > (wanted ? transfer->limits->size_bytes : DISCARD_MAX_BYTES))
        transfer->end = wanted ? TRANSFER_BODY_TOO_LARGE : TRANSFER_HEARD_ENOUGH;
    else if (!wanted || (begin_body(transfer) &&
                         (transfer->unpack ? unpack(transfer, piece) : keep(transfer, piece))))
        return piece.length;
    return 0;
}

/* False when `address` is none of the Internet's. */
static bool as_mapped(const struct sockaddr *address, unsigned char mapped[16])
{
    if (address->sa_family == AF_INET6) {
        memcpy(mapped, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        return true;
    }
    memcpy(mapped, (const unsigned char[12]){[10] = 0xff, [11] = 0xff}, 12);
    memcpy(mapped + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    return address->sa_family == AF_INET;
}

/* The last word about each address, whatever names and redirects led to it. A proxy is reached
 * wherever the admin says that it is. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    unsigned char mapped[16];
    if (purpose != CURLSOCKTYPE_IPCXN || !as_mapped(&address->addr, mapped))
        return CURL_SOCKET_BAD;
    if (!transfer->proxied &&
        !fetch_may_reach(mapped, transfer->limits->allowed, transfer->limits->allowed_count)) {
        bool v4 = address->family == AF_INET;
        inet_ntop(address->family, v4 ? mapped + 12 : mapped, transfer->refused,
                  sizeof transfer->refused);
        return CURL_SOCKET_BAD;
    }
    transfer->socket_opened = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *of_a = NULL, *of_b = NULL;
    bool same = curl_url_get(a, part, &of_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(b, part, &of_b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                strcasecmp(of_a, of_b) == 0;
    curl_free(of_a);
    curl_free(of_b);
    return same;
}

static bool part_is(CURLU *url, CURLUPart part, const char *wanted)
{
    char *value = NULL;
    bool is = curl_url_get(url, part, &value, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              strcasecmp(value, wanted) == 0;
    curl_free(value);
    return is;
}

/* True when what the subscription sends may go there too: scheme, host and port are its own, or the
 * host went over from http to https on their usual ports. */
static bool may_see_secrets(CURLU *first, CURLU *url)
{
    if (!same_part(first, url, CURLUPART_HOST))
        return false;
    if (same_part(first, url, CURLUPART_SCHEME) && same_part(first, url, CURLUPART_PORT))
        return true;
    return part_is(first, CURLUPART_SCHEME, "http") && part_is(first, CURLUPART_PORT, "80") &&
           part_is(url, CURLUPART_SCHEME, "https") && part_is(url, CURLUPART_PORT, "443");
}

static void add_header(struct curl_slist **list, const char *name, const char *value)
{
    struct span said = span_of(value);
    if (value && !fetch_headers_may_send(said))
        return;
    char *line;
    if (asprintf(&line, "%s%s", name, value ? value : "") < 0)
        line = memory_checked(NULL);
    *list = memory_checked(curl_slist_append(*list, line));
    free(line);
}

static void build_headers(struct transfer *transfer, const struct fetch_request *request)
{
    const struct subscription_config *subscription = request->subscription;
    bool accept_given = false;
    for (size_t i = 0; i < subscription->header_count; i++) {
        add_header(&transfer->own_headers, subscription->headers[i], NULL);
        accept_given |= span_starts_nocase(span_of(subscription->headers[i]), SPAN("Accept:"));
    }
    struct curl_slist **lists[] = {&transfer->own_headers, &transfer->plain};
    for (size_t i = 0; i < 2; i++) {
        if (i == 1 || !accept_given)
            add_header(lists[i], ACCEPT, NULL);
        if (request->etag)
            add_header(lists[i], "If-None-Match: ", request->etag);
        if (request->last_modified)
            add_header(lists[i], "If-Modified-Since: ", request->last_modified);
    }
}

#define SET(option, value) (ok &= curl_easy_setopt(easy, option, value) == CURLE_OK)

/* What holds for every fetch and all its hops. */
static bool set_rules(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    bool ok = true;
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->said);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* does not wait for a resolver that hangs */
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L); /* curl would take the subscription's headers along */
    SET(CURLOPT_UNRESTRICTED_AUTH, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_ACCEPT_ENCODING, FETCH_UNPACK_CODINGS);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L); /* fetch_unpack does that */
    SET(CURLOPT_LOW_SPEED_LIMIT, FETCH_LOW_SPEED);
    SET(CURLOPT_LOW_SPEED_TIME, fetch_low_speed_s(transfer->limits));
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, transfer);
    return ok;
}

/* From where they do not belong. */
static bool keep_secrets(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    bool ok = true;
    if (!may_see_secrets(transfer->first_url, transfer->url)) {
        SET(CURLOPT_USERNAME, NULL);
        SET(CURLOPT_PASSWORD, NULL);
        SET(CURLOPT_HTTPHEADER, transfer->plain);
    }
    return ok;
}

static bool set_subscription(struct transfer *transfer,
                             const struct subscription_config *subscription)
{
    CURL *easy = transfer->easy;
    bool ok = true;
    transfer->proxied = subscription->proxy && *subscription->proxy;
    SET(CURLOPT_CURLU, transfer->url);
    SET(CURLOPT_USERAGENT, subscription->user_agent);
    SET(CURLOPT_HTTPHEADER, transfer->own_headers);
    SET(CURLOPT_USERNAME, subscription->user);
    SET(CURLOPT_PASSWORD, subscription->password);
    /* Empty strings: the environment's proxies and exceptions are not for us. */
    SET(CURLOPT_PROXY, transfer->proxied ? subscription->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    if (transfer->proxied || subscription->user || subscription->header_count) {
        SET(CURLOPT_FRESH_CONNECT, 1L); /* nobody shares a connection with secrets */
        SET(CURLOPT_FORBID_REUSE, 1L);
    }
    return ok && keep_secrets(transfer);
}

static bool set_form(struct transfer *transfer, const char *form)
{
    CURL *easy = transfer->easy;
    bool ok = true;
    transfer->posts = form != NULL;
    if (form)
        SET(CURLOPT_COPYPOSTFIELDS, form);
    return ok;
}

struct transfer *transfer_new(const struct fetch_request *request,
                              const struct fetch_limits *limits, struct transfer_memory *memory,
                              void (*done)(void *context, struct fetch_answer *answer),
                              void *context)
{
    struct transfer *transfer = memory_new(sizeof *transfer);
    transfer->limits = limits;
    transfer->memory = memory;
    transfer->done = done;
    transfer->context = context;
    transfer->conditional = request->etag || request->last_modified;
    transfer->answer.fresh_s = transfer->answer.retry_after_s = -1;
    transfer->url = memory_checked(curl_url());
    build_headers(transfer, request);
    CURLUcode bad = curl_url_set(transfer->url, CURLUPART_URL, request->subscription->url, 0);
    transfer->first_url = memory_checked(curl_url_dup(transfer->url));
    if (!bad && request->moved_to)
        bad = curl_url_set(transfer->url, CURLUPART_URL, request->moved_to,
                           CURLU_URLENCODE | CURLU_ALLOW_SPACE);
    transfer->easy = memory_checked(curl_easy_init());
    if (bad || !set_rules(transfer) || !set_subscription(transfer, request->subscription) ||
        !set_form(transfer, request->form)) {
        fetch_failure_set(transfer, bad ? "its url cannot be read" : "it cannot be asked for");
        curl_easy_cleanup(transfer->easy);
        transfer->easy = NULL;
    }
    return transfer;
}

static void transfer_free(struct transfer *transfer)
{
    transfer->memory->used -= transfer->room;
    curl_easy_cleanup(transfer->easy);
    curl_url_cleanup(transfer->url);
    curl_url_cleanup(transfer->first_url);
    curl_slist_free_all(transfer->own_headers);
    curl_slist_free_all(transfer->plain);
    fetch_headers_free(&transfer->headers);
    fetch_unpack_free(transfer->unpack);
    free(transfer->body);
    fetch_answer_clear(&transfer->answer);
    free(transfer);
}

/* The time that is left bounds each hop. */
static bool set_hop(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    int64_t left_ms = transfer->deadline_ms - monotonic_ms();
    if (left_ms < 1)
        left_ms = 1; /* 0 would be no limit */
    long connect_ms = (long)transfer->limits->timeout_ms / 3;
    bool ok = true;
    SET(CURLOPT_TIMEOUT_MS, (long)left_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect_ms > 0 ? connect_ms : 1L);
    fetch_headers_reset(&transfer->headers);
    fetch_unpack_free(transfer->unpack);
    transfer->unpack = NULL;
    transfer->header_bytes = transfer->received = transfer->length = 0;
    transfer->headers_whole = transfer->socket_opened = false;
    transfer->end = TRANSFER_RUNS;
    transfer->refused[0] = transfer->said[0] = '\0';
    return ok;
}

void transfer_begin(struct transfer *transfer)
{
    transfer->deadline_ms = monotonic_ms() + transfer->limits->timeout_ms;
    set_hop(transfer);
}

bool transfer_hangs(const struct transfer *transfer)
{
    int64_t begun_ms = transfer->deadline_ms - transfer->limits->timeout_ms;
    return transfer->received < HANGS_BYTES && monotonic_ms() - begun_ms >= HANGS_AFTER_MS;
}

/* The whole URL, but for what is nobody else's business; it is changed to that. */
static char *plain_text(CURLU *url)
{
    char *whole = NULL;
    curl_url_set(url, CURLUPART_USER, NULL, 0);
    curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    if (curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK)
        return NULL;
    char *copy = memory_text(whole);
    curl_free(whole);
    return copy;
}

/* Where the answer points; secrets that stayed behind once do not come back. */
static bool go_to_location(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    bool ok = curl_url_set(transfer->url, CURLUPART_URL, transfer->headers.location,
                           CURLU_URLENCODE | CURLU_ALLOW_SPACE) == CURLUE_OK;
    ok = ok && curl_url_set(transfer->url, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
         curl_url_set(transfer->url, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK;
    if (!ok || !(part_is(transfer->url, CURLUPART_SCHEME, "http") ||
                 part_is(transfer->url, CURLUPART_SCHEME, "https")))
        return fetch_failure_set(transfer, "it redirects to what is no http or https address");
    SET(CURLOPT_CURLU, transfer->url);
    return (ok && keep_secrets(transfer)) ||
           fetch_failure_set(transfer, "its redirect cannot be followed");
}

/* An answer whose status tells all stands, also when its body does not come to an end. */
static bool was_answered(const struct transfer *transfer, CURLcode code)
{
    if (code == CURLE_OK)
        return true;
    return transfer->headers_whole && (status_of(transfer) > 200 || transfer->posts) &&
           code != CURLE_ABORTED_BY_CALLBACK;
}

static void note_move(struct transfer *transfer)
{
    CURLU *url = memory_checked(curl_url_dup(transfer->url));
    free(transfer->answer.moved_to);
    transfer->answer.moved_to = plain_text(url);
    curl_url_cleanup(url);
}

bool transfer_follow(struct transfer *transfer, CURLcode code)
{
    long status = was_answered(transfer, code) ? status_of(transfer) : 0;
    if (!transfer->headers.location || transfer->posts ||
        !(status == 301 || status == 302 || status == 303 || status == 307 || status == 308))
        return false;
    if (++transfer->redirects > transfer->limits->redirects) {
        fetch_failure_set(transfer, "it redirects more than %u times", transfer->limits->redirects);
        return false;
    }
    if (!go_to_location(transfer))
        return false;
    transfer->moved_on = transfer->moved_on || (status != 301 && status != 308);
    if (!transfer->moved_on)
        note_move(transfer);
    return set_hop(transfer);
}

static char *take(char **text)
{
    char *taken = *text;
    *text = NULL;
    return taken;
}

/* A link of the answer as a whole URL. */
static char *whole_link(const struct transfer *transfer, const char *link)
{
    char *whole = NULL;
    CURLU *url = link ? memory_checked(curl_url_dup(transfer->url)) : NULL;
    if (url && curl_url_set(url, CURLUPART_URL, link, CURLU_URLENCODE) == CURLUE_OK)
        whole = plain_text(url);
    curl_url_cleanup(url);
    return whole;
}

/* An answer may wait long to be dealt with. Cut off where it lies, a small one would leave a hole
 * in memory that no other one's room fits into. */
static char *take_whole(struct transfer *transfer)
{
    char *body = transfer->body;
    transfer->body = NULL;
    if (transfer->length > transfer->room / 2)
        return memory_resize(body, transfer->length);
    char *copy = memory_copy(body, transfer->length);
    free(body);
    return copy;
}

static void fill_answer(struct transfer *transfer)
{
    struct fetch_answer *answer = &transfer->answer;
    struct fetch_headers *headers = &transfer->headers;
    int64_t now = time(NULL);
    answer->status = (int)status_of(transfer);
    answer->etag = take(&headers->etag);
    answer->last_modified = take(&headers->last_modified);
    answer->content_type = take(&headers->content_type);
    answer->fresh_s = fetch_headers_fresh_s(headers, now);
    answer->hub = whole_link(transfer, headers->hub);
    answer->self = whole_link(transfer, headers->self);
    answer->retry_after_s = fetch_headers_retry_after_s(headers, now);
    /* What relative references in the answer start from (RFC 3986, 5.1.3). */
    answer->base_url = plain_text(transfer->url);
    if (answer->status == 200 && !transfer->posts) {
        answer->length = transfer->length;
        answer->body = take_whole(transfer);
    }
    if (answer->status == 200 && answer->length == 0 && !transfer->posts)
        fetch_failure_set(transfer, "its answer is empty");
    else if (answer->status == 304 && !transfer->conditional)
        fetch_failure_set(transfer, "it answered 304 without having been told of a copy");
    else if (answer->status != 200 && answer->status != 304 && !transfer->posts)
        fetch_failure_set(transfer, "it answered %d", answer->status);
}

void transfer_finish(struct transfer *transfer, CURLcode code)
{
    bool failed_before = transfer->answer.error.class != ERROR_NONE;
    if (code == CURLE_OK && transfer->unpack && !fetch_unpack_is_whole(transfer->unpack))
        code = CURLE_PARTIAL_FILE;
    if (!failed_before && was_answered(transfer, code))
        fill_answer(transfer);
    else if (!failed_before)
        fetch_failure_explain(transfer, code, transfer->deadline_ms - monotonic_ms());
    transfer->done(transfer->context, &transfer->answer);
    transfer_free(transfer);
}
