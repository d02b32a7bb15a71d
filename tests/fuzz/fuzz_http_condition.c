/* What the server reads of a request by itself: a target and header fields, a line each. */
#include "feedfilter/http_condition.h"
#include "feedfilter/server_target.h"
#include "store/memory.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void read_target(const char *target)
{
    char logged[100];
    const struct server_target found = server_target_read(target);
    server_target_to_log(target, logged, sizeof logged);
    must(!*found.token || !strstr(logged, found.token));
    if (found.kind == TARGET_FEED || found.kind == TARGET_HELD)
        must(*found.name &&
             !found.name[strspn(found.name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789._-")]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"Accept-Encoding", "If-None-Match", "If-Modified-Since"};
    char *text = memory_copy(data, size), *rest = text;
    struct http_condition condition;
    http_condition_init(&condition, SPAN("\"abc\""));
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        /* A copy of its own, so that reading past its end is seen. */
        char *value = memory_text(line);
        if (value[0] >= '1' && value[0] <= '3')
            http_condition_field(&condition, names[value[0] - '1'], value + 1);
        else
            read_target(value);
        free(value);
    }
    enum http_encoding encoding = http_condition_encoding(&condition, true);
    must(encoding == HTTP_GZIP || condition.q_gzip != 1000 || condition.q_identity > 0);
    bool unchanged = http_condition_unchanged(&condition, 1, &encoding);
    must(!unchanged || condition.none_match || condition.modified_since_s >= 1);
    free(text);
    return 0;
}
