#include "feedfilter/fetch_failure.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HOST_MAX 254
#define SLACK_MS 10 /* curl's clock and ours */

static const struct {
    CURLcode code;
    const char *text;
} reasons[] = {
    {CURLE_ABORTED_BY_CALLBACK, "broken off: weir is stopping"},
    {CURLE_COULDNT_RESOLVE_HOST, "its name cannot be resolved"},
    {CURLE_COULDNT_RESOLVE_PROXY, "the name of its proxy cannot be resolved"},
    {CURLE_GOT_NOTHING, "it closed the connection without an answer"},
    {CURLE_HTTP2, "it broke the rules of HTTP/2"},
    {CURLE_HTTP2_STREAM, "it broke off the answer"},
    {CURLE_PARTIAL_FILE, "the answer broke off before its end"},
    {CURLE_PROXY, "its proxy refused"},
    {CURLE_RECV_ERROR, "the connection broke off"},
    {CURLE_SEND_ERROR, "the connection broke off"},
    {CURLE_SSL_CACERT_BADFILE, "certificates to trust are missing here (package ca-certificates)"},
    {CURLE_SSL_CONNECT_ERROR, "no secure connection could be agreed on (TLS)"},
    {CURLE_UNSUPPORTED_PROTOCOL, "what it answered is not HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, "what it answered is not HTTP"},
};

long fetch_low_speed_s(const struct fetch_limits *limits)
{
    long half = (long)limits->timeout_ms / 2000;
    return half > 0 ? half : 1;
}

/* Printable ASCII only: a redirect may name anything. */
static void host_of(CURLU *url, char host[HOST_MAX])
{
    char *part = NULL;
    if (curl_url_get(url, CURLUPART_HOST, &part, 0) != CURLUE_OK)
        part = NULL;
    snprintf(host, HOST_MAX, "%s", part && *part ? part : "nowhere");
    curl_free(part);
    for (char *at = host; *at; at++)
        if (!isgraph((unsigned char)*at))
            *at = '?';
}

bool fetch_failure_set(struct transfer *transfer, const char *format, ...)
{
    char host[HOST_MAX], hop[HOST_MAX], said[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    host_of(transfer->first_url, host);
    host_of(transfer->url, hop);
    struct error *error = &transfer->answer.error;
    if (strcasecmp(host, hop) == 0)
        return error_set(error, ERROR_NETWORK, "%.120s: %s", host, said);
    return error_set(error, ERROR_NETWORK, "%.120s, redirected to %.120s: %s", host, hop, said);
}

struct amount {
    char text[32];
};

static struct amount size_text(size_t bytes)
{
    struct amount amount;
    if (bytes >= 1024 * 1024 && bytes % (1024 * 1024) == 0)
        snprintf(amount.text, sizeof amount.text, "%zu MiB", bytes / (1024 * 1024));
    else if (bytes >= 1024 && bytes % 1024 == 0)
        snprintf(amount.text, sizeof amount.text, "%zu KiB", bytes / 1024);
    else
        snprintf(amount.text, sizeof amount.text, "%zu bytes", bytes);
    return amount;
}

static struct amount time_text(long ms)
{
    struct amount amount;
    if (ms >= 1000 && ms % 1000 == 0)
        snprintf(amount.text, sizeof amount.text, "%ld s", ms / 1000);
    else
        snprintf(amount.text, sizeof amount.text, "%ld ms", ms);
    return amount;
}

static void explain_timeout(struct transfer *transfer, int64_t left_ms)
{
    curl_off_t connected_us = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    long whole_ms = (long)transfer->limits->timeout_ms;
    if (left_ms <= SLACK_MS)
        fetch_failure_set(transfer, "no whole answer within %s", time_text(whole_ms).text);
    else if (connected_us == 0)
        fetch_failure_set(transfer, "no connection within %s", time_text(whole_ms / 3).text);
    else
        fetch_failure_set(transfer, "it is too slow: fewer than %ld bytes a second for %s",
                          FETCH_LOW_SPEED,
                          time_text(fetch_low_speed_s(transfer->limits) * 1000).text);
}

static void explain_connect(struct transfer *transfer)
{
    if (transfer->refused[0] && !transfer->socket_opened) {
        fetch_failure_set(transfer,
                          "its address %s is private, and not in feedfilter.upstream-networks",
                          transfer->refused);
        return;
    }
    long number = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
    const char *description = number ? strerrordesc_np((int)number) : NULL;
    char said[128];
    snprintf(said, sizeof said, "%s", description ? description : "cannot be reached");
    said[0] = (char)tolower((unsigned char)said[0]);
    fetch_failure_set(transfer, "%s%s", transfer->proxied ? "its proxy: " : "", said);
}

/* OpenSSL's words are fixed texts; curl adds the host's name at most. */
static void explain_certificate(struct transfer *transfer)
{
    static const char known[] = "SSL certificate problem: ";
    const char *said = transfer->said;
    if (strncmp(said, known, strlen(known)) == 0)
        said += strlen(known);
    fetch_failure_set(transfer, "its certificate is not to be trusted%s%s", *said ? ": " : "",
                      said);
}

static void explain_code(struct transfer *transfer, CURLcode code)
{
    const char *text = curl_easy_strerror(code);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].code == code)
            text = reasons[i].text;
    fetch_failure_set(transfer, "%s", text);
}

/* A proxy that would not connect us. */
static bool explain_proxy(struct transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status >= 300)
        fetch_failure_set(transfer, "its proxy answered %ld", status);
    return status >= 300;
}

/* What a callback of ours ended. */
static bool explain_end(struct transfer *transfer)
{
    switch (transfer->end) {
    case TRANSFER_BODY_TOO_LARGE:
        fetch_failure_set(transfer, "larger than %s", size_text(transfer->limits->size_bytes).text);
        return true;
    case TRANSFER_NO_ROOM:
        fetch_failure_set(transfer, "no room for it beside other large answers; it is tried again");
        return true;
    case TRANSFER_HEADERS_TOO_LARGE:
        fetch_failure_set(transfer, "its headers are too large");
        return true;
    case TRANSFER_CODING_UNKNOWN:
        fetch_failure_set(transfer, "its answer is packed otherwise than was asked for");
        return true;
    case TRANSFER_NOT_UNPACKED:
        fetch_failure_set(transfer, "its answer cannot be unpacked");
        return true;
    case TRANSFER_HEARD_ENOUGH:
    case TRANSFER_RUNS:
        break;
    }
    return false;
}

void fetch_failure_explain(struct transfer *transfer, CURLcode code, int64_t left_ms)
{
    if (explain_end(transfer) || explain_proxy(transfer))
        return;
    if (code == CURLE_OPERATION_TIMEDOUT)
        explain_timeout(transfer, left_ms);
    else if (code == CURLE_COULDNT_CONNECT)
        explain_connect(transfer);
    else if (code == CURLE_PEER_FAILED_VERIFICATION)
        explain_certificate(transfer);
    else
        explain_code(transfer, code);
}
