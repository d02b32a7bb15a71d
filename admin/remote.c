#include "admin/remote.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/console_users.h"
#include "admin/password.h"
#include "core/network.h"
#include "store/memory.h"

#define ANSWER_MOST ((size_t)16 * 1024 * 1024)
#define TIMEOUT_S 60L

struct remote {
    CURL *curl;
    char *base; /* "https://weir.example.org/api/" */
    struct curl_slist *headers;
    bool token; /* a program's: there is no session to end */
    char *body;
    size_t length;
};

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct remote *remote = context;
    size_t length = size * count;
    if (length > ANSWER_MOST - remote->length)
        return 0;
    remote->body = memory_resize(remote->body, remote->length + length + 1);
    memcpy(remote->body + remote->length, data, length);
    remote->length += length;
    return length;
}

/* What was answered, when its status says that it went well. */
static json_t *read_answer(struct remote *remote, struct error *error)
{
    long status = 0;
    curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &status);
    json_t *answer =
        remote->length ? json_loadb(remote->body, remote->length, 0, NULL) : json_object();
    if (answer && status >= 200 && status < 300)
        return answer;
    const char *why = json_string_value(json_object_get(answer, "error"));
    error_set(error, status == 503 ? ERROR_NETWORK : ERROR_INPUT, "the gateway answered %ld: %s",
              status, why ? why : "this is no weir-console");
    json_decref(answer);
    return NULL;
}

/* `body`: of POST; NULL: GET. */
static json_t *perform(struct remote *remote, const struct curl_slist *headers, const void *body,
                       size_t length, const char *path, struct error *error)
{
    char *url = memory_new(strlen(remote->base) + strlen(path) + 1), said[CURL_ERROR_SIZE] = "";
    strcat(strcpy(url, remote->base), path);
    curl_easy_setopt(remote->curl, CURLOPT_URL, url);
    curl_easy_setopt(remote->curl, CURLOPT_ERRORBUFFER, said);
    curl_easy_setopt(remote->curl, CURLOPT_HTTPHEADER, headers);
    if (body) {
        curl_easy_setopt(remote->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
        curl_easy_setopt(remote->curl, CURLOPT_POSTFIELDS, body);
    } else {
        curl_easy_setopt(remote->curl, CURLOPT_HTTPGET, 1L);
    }
    remote->length = 0;
    CURLcode code = curl_easy_perform(remote->curl);
    curl_easy_setopt(remote->curl, CURLOPT_ERRORBUFFER, NULL);
    free(url);
    if (code == CURLE_OK)
        return read_answer(remote, error);
    error_set(error, ERROR_NETWORK, "the gateway cannot be reached: %s",
              *said ? said : curl_easy_strerror(code));
    return NULL;
}

static json_t *call(struct remote *remote, const char *body, const char *path, struct error *error)
{
    return perform(remote, remote->headers, body, body ? strlen(body) : 0, path, error);
}

json_t *remote_call(struct remote *remote, bool post, const char *path, struct error *error)
{
    return call(remote, post ? "{}" : NULL, path, error);
}

json_t *remote_send(struct remote *remote, const char *path, const json_t *object,
                    struct error *error)
{
    char *body = json_dumps(object, JSON_COMPACT);
    json_t *answer = body ? call(remote, body, path, error) : NULL;
    if (!body)
        error_set(error, ERROR_INPUT, "what is sent to a gateway must be UTF-8");
    free(body);
    return answer;
}

void remote_put_parameter(FILE *out, bool *first, const char *name, const char *value)
{
    char *escaped = value ? curl_easy_escape(NULL, value, 0) : NULL;
    if (escaped)
        fprintf(out, "%c%s=%s", *first ? '?' : '&', name, escaped);
    *first = *first && !escaped;
    curl_free(escaped);
}

void remote_print_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));
    puts(text ? text : "null");
    free(text);
}

const char *remote_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

json_t *remote_send_message(struct remote *remote, const char *path, const void *message,
                            size_t length, struct error *error)
{
    /* All the headers but the first, which says JSON. */
    struct curl_slist first = {.data = (char[]){"Content-Type: message/rfc822"},
                               .next = remote->headers->next};
    return perform(remote, &first, message, length, path, error);
}

/* --- logging in --- */

static bool log_in(struct remote *remote, const char *user, struct error *error)
{
    char password[CONSOLE_PASSWORD_MAX + 2] = "";
    const char *given = getenv("WEIR_PASSWORD");
    if (given)
        snprintf(password, sizeof password, "%s", given);
    else if (!password_read("password", password, sizeof password))
        return error_set(error, ERROR_INPUT,
                         "no password: set WEIR_PASSWORD, or give it on standard input");
    json_t *words = json_pack("{s:s, s:s}", "user", user, "password", password);
    char *body = words ? json_dumps(words, JSON_COMPACT) : NULL;
    json_t *answer = body ? call(remote, body, "login", error) : NULL;
    if (!body)
        error_set(error, ERROR_INPUT, "name and password must be UTF-8");
    if (body)
        memset(body, 0, strlen(body));
    memset(password, 0, sizeof password);
    free(body);
    json_decref(words);
    json_decref(answer);
    return answer != NULL;
}

static void add_header(struct remote *remote, const char *name, const char *value)
{
    char *line = memory_new(strlen(name) + strlen(value) + sizeof ": ");
    sprintf(line, "%s: %s", name, value);
    remote->headers = memory_checked(curl_slist_append(remote->headers, line));
    free(line);
}

static const char *program_token(void)
{
    const char *token = getenv("WEIR_TOKEN");
    return token && *token ? token : NULL;
}

/* Nobody logs in then. */
static bool use_token(struct remote *remote)
{
    char value[CONSOLE_TOKEN_SIZE + sizeof "Bearer "];
    const char *token = program_token();
    if (!token)
        return false;
    snprintf(value, sizeof value, "Bearer %s", token);
    add_header(remote, "Authorization", value);
    remote->token = true;
    return true;
}

/* What the console wants to see with each deed of a session. */
static bool take_deed_token(struct remote *remote, struct error *error)
{
    json_t *session = call(remote, NULL, "session", error);
    const char *token = json_string_value(json_object_get(session, "deed_token"));
    if (token)
        add_header(remote, "X-Weir-Deed", token);
    json_decref(session);
    return session != NULL;
}

/* `host` as in an URL: an IPv6 address has brackets. */
static bool is_this_machine(const char *host)
{
    char address[64];
    struct network network;
    snprintf(address, sizeof address, "%s", host + (*host == '['));
    address[strcspn(address, "]")] = '\0';
    return strcasecmp(host, "localhost") == 0 ||
           (network_parse(address, &network) && network_is_loopback(network.address));
}

static bool refuse_clear_text(const char *host, struct error *error)
{
    return error_set(error, ERROR_INPUT,
                     "--gateway: http would send the password to %.100s in the clear: use https, "
                     "or http://NAME@127.0.0.1:8093 through ssh -L 8093:127.0.0.1:8093 %.100s",
                     host, host);
}

/* Takes the URL apart: the base goes into `remote`, the user, also on failure, into `*user`
 * (curl_free() it). */
static bool take_url(struct remote *remote, const char *url, char **user, struct error *error)
{
    CURLU *parts = memory_checked(curl_url());
    char *whole = NULL, *scheme = NULL, *host = NULL;
    bool good = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                (curl_url_get(parts, CURLUPART_USER, user, CURLU_URLDECODE) == CURLUE_OK ||
                 program_token()) &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    if (!good) {
        error_set(error, ERROR_INPUT,
                  "--gateway: an URL with a name in it is needed, as "
                  "https://ann@weir.example.org");
    } else if (strcasecmp(scheme, "https") != 0) {
        curl_easy_setopt(remote->curl, CURLOPT_PROXY, ""); /* whatever $http_proxy says */
        good = is_this_machine(host) || refuse_clear_text(host, error);
    }
    if (good) {
        curl_url_set(parts, CURLUPART_USER, NULL, 0);
        curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0);
        curl_url_set(parts, CURLUPART_PATH, "/api/", 0);
        curl_url_get(parts, CURLUPART_URL, &whole, 0);
        remote->base = memory_text(whole);
    }
    curl_free(whole);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    return good;
}

struct remote *remote_open(const char *url, struct error *error)
{
    struct remote *remote = memory_new(sizeof *remote);
    char *user = NULL;
    remote->curl = memory_checked(curl_easy_init());
    remote->headers = memory_checked(curl_slist_append(NULL, "Content-Type: application/json"));
    curl_easy_setopt(remote->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(remote->curl, CURLOPT_COOKIEFILE, ""); /* kept in memory */
    curl_easy_setopt(remote->curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(remote->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(remote->curl, CURLOPT_WRITEDATA, remote);
    bool good =
        take_url(remote, url, &user, error) &&
        (use_token(remote) || (log_in(remote, user, error) && take_deed_token(remote, error)));
    curl_free(user);
    if (good)
        return remote;
    remote_close(remote);
    return NULL;
}

void remote_close(struct remote *remote)
{
    struct error error = {0};
    if (!remote)
        return;
    if (remote->base && !remote->token)
        json_decref(call(remote, "{}", "logout", &error));
    curl_easy_cleanup(remote->curl);
    curl_slist_free_all(remote->headers);
    free(remote->base);
    free(remote->body);
    free(remote);
}
