#include "feedfilter/websub.h"

#include <glib.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/url.h"
#include "store/memory.h"

#define LEASE_ASKED_S (10 * 86400) /* and the longest that is believed */
#define ASK_LEAST_S 3600
#define ASK_MOST_S 86400
#define CHALLENGE_MOST 1024u
#define SIGNATURE_MOST 129u /* SHA-512 in hexadecimal, and the NUL */

static const char *const names[WEBSUB_STATES] = {"none", "due", "asked", "active"};

const char *websub_state_name(enum websub_state state)
{
    return names[state];
}

void websub_clear(struct websub *websub)
{
    free(websub->base);
    free(websub->hub);
    free(websub->topic);
    *websub = (struct websub){0};
}

void websub_copy(struct websub *to, const struct websub *from)
{
    websub_clear(to);
    *to = *from;
    to->base = memory_text(from->base);
    to->hub = memory_text(from->hub);
    to->topic = memory_text(from->topic);
}

static void random_text(char *text, size_t size)
{
    unsigned char bytes[32];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(text, size, bytes, (size - 1) / 2);
}

static bool is_same(struct span a, const char *b)
{
    return b && span_equal(a, span_of(b));
}

static bool is_web_address(struct span url)
{
    for (size_t i = 0; i < url.length; i++)
        if ((unsigned char)url.data[i] <= ' ' || url.data[i] == 0x7f)
            return false;
    return url.length <= 2000 && url_is_web(url);
}

bool websub_offer(struct websub *websub, struct span hub, struct span topic, struct span base,
                  int64_t now_s)
{
    bool offered = base.length && is_web_address(hub) && is_web_address(topic);
    if (!offered) {
        bool was = websub->state != WEBSUB_NONE;
        websub_clear(websub);
        return was;
    }
    if (websub->state != WEBSUB_NONE && is_same(hub, websub->hub) &&
        is_same(topic, websub->topic) && is_same(base, websub->base))
        return false;
    bool asking = websub->asking; /* its answer is still to come, and is not for this one */
    websub_clear(websub);
    websub->asking = asking;
    websub->state = WEBSUB_DUE;
    websub->hub = memory_copy(hub.data, hub.length);
    websub->topic = memory_copy(topic.data, topic.length);
    websub->base = memory_copy(base.data, base.length);
    websub->ask_s = now_s;
    random_text(websub->token, sizeof websub->token);
    random_text(websub->secret, sizeof websub->secret);
    return true;
}

/* Ever more seldom. */
static void fail(struct websub *websub, int64_t now_s)
{
    int64_t after_s = ASK_LEAST_S;
    for (unsigned i = 0; i < websub->failures && after_s < ASK_MOST_S; i++)
        after_s *= 2;
    websub->failures++;
    websub->ask_s = now_s + (after_s < ASK_MOST_S ? after_s : ASK_MOST_S);
    websub->state = websub->lease_s > now_s ? WEBSUB_ACTIVE : WEBSUB_DUE;
}

/* A clock may have been put back. */
static bool is_time_to_ask(const struct websub *websub, int64_t now_s)
{
    int64_t ahead_s = websub->ask_s - now_s;
    return ahead_s <= 0 || ahead_s > LEASE_ASKED_S;
}

bool websub_is_due(struct websub *websub, int64_t now_s)
{
    if (websub->state == WEBSUB_NONE || websub->asking || !is_time_to_ask(websub, now_s))
        return false;
    if (websub->state != WEBSUB_ASKED)
        return true;
    fail(websub, now_s);
    return false;
}

static void put_escaped(FILE *out, const char *name, struct span value)
{
    fprintf(out, "%s=", name);
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            c == '-' || c == '.' || c == '_' || c == '~')
            fputc(c, out);
        else
            fprintf(out, "%%%02X", c);
    }
}

char *websub_form(const struct websub *websub, const char *mode, const char *name)
{
    char *text = NULL;
    size_t length;
    FILE *out = memory_checked(open_memstream(&text, &length));
    put_escaped(out, "hub.mode", span_of(mode));
    put_escaped(out, "&hub.topic", span_of(websub->topic));
    put_escaped(out, "&hub.callback", span_of(websub->base));
    fprintf(out, "%%2Fw%%2F%s%%2F%s", name, websub->token); /* neither has what to escape */
    if (strcmp(mode, "subscribe") == 0) {
        put_escaped(out, "&hub.secret", span_of(websub->secret));
        fprintf(out, "&hub.lease_seconds=%d", LEASE_ASKED_S);
    }
    fclose(out);
    return memory_checked(text);
}

bool websub_answered(struct websub *websub, int status, int64_t now_s)
{
    websub->asking = false;
    if (websub->state == WEBSUB_NONE)
        return false;
    if (status >= 200 && status < 300) {
        /* It may have said yes or no before it answered: then it is not time to ask any more. */
        if (is_time_to_ask(websub, now_s)) {
            websub->state = WEBSUB_ASKED;
            websub->ask_s = now_s + WEBSUB_VERIFY_S;
        }
        return false;
    }
    fail(websub, now_s);
    bool tell = !websub->told;
    websub->told = true;
    return tell;
}

bool websub_is_token(const struct websub *websub, const char *token)
{
    return websub->state != WEBSUB_NONE && strlen(token) == sizeof websub->token - 1 &&
           sodium_memcmp(token, websub->token, sizeof websub->token - 1) == 0;
}

static int64_t number_of(struct span text)
{
    int64_t number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        if (number < LEASE_ASKED_S)
            number = number * 10 + (text.data[i] - '0');
    }
    return text.length ? number : -1;
}

bool websub_asks(const struct websub *websub, const struct websub_query *query, const char *mode)
{
    return is_same(query->topic, websub->topic) && span_equal(query->mode, span_of(mode)) &&
           query->challenge.length && query->challenge.length <= CHALLENGE_MOST;
}

enum websub_reply websub_verify(struct websub *websub, const struct websub_query *query,
                                int64_t now_s)
{
    if (!is_same(query->topic, websub->topic))
        return WEBSUB_UNKNOWN;
    if (span_equal(query->mode, SPAN("denied"))) {
        websub->lease_s = 0;
        websub->state = WEBSUB_DUE;
        websub->ask_s = now_s + ASK_MOST_S;
        return WEBSUB_ACKNOWLEDGE;
    }
    /* A renewal or the first time: while its answer is awaited, or already there. */
    bool asked = websub->asking || websub->state == WEBSUB_ASKED;
    if (!asked || !websub_asks(websub, query, "subscribe"))
        return WEBSUB_UNKNOWN;
    int64_t lease_s = number_of(query->lease);
    if (lease_s < 0 || lease_s > LEASE_ASKED_S)
        lease_s = LEASE_ASKED_S;
    websub->state = WEBSUB_ACTIVE;
    websub->failures = 0;
    websub->told = false;
    websub->lease_s = now_s + lease_s;
    int64_t again_s = lease_s / 10 * 8;
    websub->ask_s = now_s + (again_s > ASK_LEAST_S ? again_s : ASK_LEAST_S);
    return WEBSUB_CONFIRM;
}

/* --- what the hub sends --- */

struct websub_push {
    GHmac *mac; /* NULL: nothing fits */
    char claimed[SIGNATURE_MOST];
};

static const struct {
    const char *name;
    GChecksumType type;
} methods[] = {
    {"sha1=", G_CHECKSUM_SHA1},
    {"sha256=", G_CHECKSUM_SHA256},
    {"sha384=", G_CHECKSUM_SHA384},
    {"sha512=", G_CHECKSUM_SHA512},
};

struct websub_push *websub_push_new(const struct websub *websub, const char *signature)
{
    struct websub_push *push = memory_new(sizeof *push);
    for (size_t i = 0; signature && i < sizeof methods / sizeof *methods; i++) {
        size_t length = strlen(methods[i].name);
        if (strncmp(signature, methods[i].name, length) != 0)
            continue;
        push->mac =
            g_hmac_new(methods[i].type, (const guchar *)websub->secret, strlen(websub->secret));
        snprintf(push->claimed, sizeof push->claimed, "%s", signature + length);
    }
    return push;
}

void websub_push_take(struct websub_push *push, const char *data, size_t length)
{
    for (gssize part; push->mac && length; data += part, length -= (size_t)part) {
        part = length > 65536 ? 65536 : (gssize)length;
        g_hmac_update(push->mac, (const guchar *)data, part);
    }
}

bool websub_push_fits(struct websub_push *push)
{
    if (!push->mac)
        return false;
    const char *wanted = g_hmac_get_string(push->mac);
    for (char *at = push->claimed; *at; at++)
        *at = *at >= 'A' && *at <= 'F' ? (char)(*at + ('a' - 'A')) : *at;
    return strlen(wanted) == strlen(push->claimed) &&
           sodium_memcmp(wanted, push->claimed, strlen(wanted)) == 0;
}

void websub_push_free(struct websub_push *push)
{
    if (push && push->mac)
        g_hmac_unref(push->mac);
    free(push);
}
