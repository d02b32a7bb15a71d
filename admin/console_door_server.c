#include "admin/console_door_server.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/console_attempts.h"
#include "admin/console_door.h"
#include "admin/console_source.h"
#include "core/hex.h"
#include "store/memory.h"
#include "store/monotonic.h"

#define FORM "application/x-www-form-urlencoded"
#define NOBODY "/d/" /* in place of a name, which has no slash */

struct door_server {
    struct console_gateway *gateway;
    bool proxied;
    pthread_mutex_t lock; /* of attempts */
    struct console_attempts *attempts;
    char policy[200]; /* Content-Security-Policy */
};

struct door_server *door_server_new(struct console_gateway *gateway, bool proxied)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    struct door_server *server = memory_new(sizeof *server);
    server->gateway = gateway;
    server->proxied = proxied;
    pthread_mutex_init(&server->lock, NULL);
    server->attempts = console_attempts_new();
    crypto_hash_sha256(hash, (const unsigned char *)console_door_style, strlen(console_door_style));
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    snprintf(server->policy, sizeof server->policy,
             "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'; "
             "frame-ancestors 'none'",
             text);
    return server;
}

void door_server_free(struct door_server *server)
{
    if (!server)
        return;
    pthread_mutex_destroy(&server->lock);
    console_attempts_free(server->attempts);
    free(server);
}

/* The value of a field of a form (WHATWG URL, 5.1), to be freed with free(); NULL: it is not there,
 * or holds a NUL. */
static char *form_value(struct span form, const char *name)
{
    size_t length = strlen(name);
    while (form.length) {
        const char *end = memchr(form.data, '&', form.length);
        size_t size = end ? (size_t)(end - form.data) : form.length;
        if (size > length && memcmp(form.data, name, length) == 0 && form.data[length] == '=') {
            char *value = memory_new(size + 1), *to = value;
            for (size_t i = length + 1; i < size; i++) {
                char c = form.data[i];
                unsigned char byte = 0;
                bool escaped =
                    c == '%' && i + 2 < size && bytes_of_hex(&form.data[i + 1], 1, &byte);
                *to++ = escaped ? (char)byte : c == '+' ? ' ' : c;
                i += escaped ? 2 : 0;
            }
            if (strlen(value) == (size_t)(to - value))
                return value;
            free(value);
            return NULL;
        }
        form = end ? (struct span){end + 1, form.length - size - 1} : (struct span){NULL, 0};
    }
    return NULL;
}

static bool is_form(struct MHD_Connection *connection)
{
    const char *type =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    return type && strncasecmp(type, FORM, strlen(FORM)) == 0 && strchr("; ", type[strlen(FORM)]);
}

/* Whether that source has guessed too often. */
static bool must_wait(struct door_server *server, const struct console_source *source)
{
    pthread_mutex_lock(&server->lock);
    bool wait =
        console_attempts_wait_s(server->attempts, source, NOBODY, (int64_t)monotonic_s()) > 0;
    pthread_mutex_unlock(&server->lock);
    return wait;
}

static void note_guess(struct door_server *server, const struct console_source *source)
{
    pthread_mutex_lock(&server->lock);
    console_attempts_failed(server->attempts, source, NOBODY, (int64_t)monotonic_s());
    pthread_mutex_unlock(&server->lock);
}

static void ask_door(struct door_server *server, struct MHD_Connection *connection,
                     const char *target, bool post, struct span body, struct door_answer *answer)
{
    struct console_source source;
    console_source_of(connection, server->proxied, &source);
    struct span form = post && is_form(connection) ? body : (struct span){NULL, 0};
    char *action = form_value(form, "do"), *id = form_value(form, "id");
    char *entry = form_value(form, "entry");
    struct door_request request = {
        .token = target + strlen(CONSOLE_DOOR),
        .post = post,
        .action =
            post ? action : MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "do"),
        .id = id,
        .entry = entry,
        .before = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "before"),
        .address = source.text,
        .must_wait = must_wait(server, &source)};
    console_door(server->gateway, &request, answer);
    if (answer->forged)
        note_guess(server, &source);
    free(action);
    free(id);
    free(entry);
}

void door_server_name(struct door_server *server, const char *target,
                      char name[CONSOLE_DOOR_NAME_SIZE])
{
    struct session *session = console_gateway_enter(server->gateway);
    console_door_name(session->config, target + strlen(CONSOLE_DOOR), name);
    console_gateway_leave(server->gateway, session);
}

struct MHD_Response *door_server_answer(struct door_server *server,
                                        struct MHD_Connection *connection, const char *target,
                                        bool post, struct span body, unsigned *status)
{
    struct door_answer answer = {0};
    ask_door(server, connection, target, post, body, &answer);
    *status = answer.status;
    struct MHD_Response *response = memory_checked(MHD_create_response_from_buffer(
        answer.html.length, answer.html.data, MHD_RESPMEM_MUST_FREE));
    const char *const headers[][2] = {{"Content-Security-Policy", server->policy},
                                      {MHD_HTTP_HEADER_CONTENT_TYPE, "text/html; charset=utf-8"},
                                      {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
                                      {"X-Robots-Tag", "noindex"},
                                      /* Else our own form would come from "null" (Fetch, 3.1). */
                                      {"Referrer-Policy", "same-origin"}};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        memory_checked(MHD_add_response_header(response, headers[i][0], headers[i][1]) == MHD_YES
                           ? response
                           : NULL);
    return response;
}
