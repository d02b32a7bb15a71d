#include "admin/learn_remote.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/console_limits.h"
#include "admin/remote.h"
#include "store/memory.h"

/* The start of the file, which is as much as the other end takes. */
static bool read_message(const char *path, char **bytes, size_t *length, struct error *error)
{
    bool standard_input = strcmp(path, "-") == 0;
    FILE *file = standard_input ? stdin : fopen(path, "re");
    if (!file)
        return error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    *bytes = memory_new(CONSOLE_MESSAGE_MAX);
    errno = 0;
    *length = fread(*bytes, 1, CONSOLE_MESSAGE_MAX, file);
    bool good = !ferror(file);
    if (!good)
        error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    else if (!*length)
        good = error_set(error, ERROR_INPUT, "%s: it is empty", path);
    if (!standard_input)
        fclose(file);
    return good;
}

static int teach(struct remote *remote, const char *path, const char *call, json_int_t sums[4])
{
    static const char *const names[] = {"taught", "known", "corrected", "journalled"};
    struct error error = {0};
    char *bytes = NULL;
    size_t length = 0;
    json_t *answer = NULL;
    if (!read_message(path, &bytes, &length, &error)) {
        free(bytes);
        return session_complain_input(&error);
    }
    answer = remote_send_message(remote, call, bytes, length, &error);
    free(bytes);
    if (!answer) {
        error_prefix(&error, "%s", path);
        return session_complain(&error);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        sums[i] += json_integer_value(json_object_get(answer, names[i]));
    json_decref(answer);
    return EX_OK;
}

static void print_sums(const struct session *session, const json_int_t sums[4])
{
    if (session->json)
        printf("{\"taught\":%lld,\"known\":%lld,\"corrected\":%lld,\"journalled\":%lld}\n",
               (long long)sums[0], (long long)sums[1], (long long)sums[2], (long long)sums[3]);
    else
        printf("taught %lld, known %lld, corrected %lld%s\n", (long long)sums[0],
               (long long)sums[1], (long long)sums[2],
               sums[3] ? "; the counts store there is away, and lessons wait" : "");
}

/* "learn/spam?source=…" */
static char *call_of(const char *label, const char *source)
{
    char *escaped = source ? memory_checked(curl_easy_escape(NULL, source, 0)) : NULL;
    size_t room = sizeof "learn/?source=" + strlen(label) + (escaped ? strlen(escaped) : 0);
    char *call = memory_new(room);
    snprintf(call, room, "learn/%s%s%s", label, escaped ? "?source=" : "", escaped ? escaped : "");
    curl_free(escaped);
    return call;
}

int learn_remote(const struct session *session, const char *label, const char *source, int count,
                 char **paths)
{
    struct error error = {0};
    json_int_t sums[4] = {0};
    struct remote *remote = remote_open(session->gateway, &error);
    if (!remote)
        return session_complain(&error);
    char *call = call_of(label, source);
    int worst = EX_OK;
    for (int i = 0; i < count; i++) {
        int status = teach(remote, paths[i], call, sums);
        worst = status > worst ? status : worst;
    }
    print_sums(session, sums);
    free(call);
    remote_close(remote);
    return worst;
}
