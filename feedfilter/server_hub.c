#include "feedfilter/server_hub.h"

#include "feedfilter/server_target.h"

#define VALUE_MOST 2000u

/* Blanks for '+' are there already. */
static struct span argument(struct arena *arena, struct MHD_Connection *connection,
                            const char *name)
{
    struct span none = {NULL, 0};
    struct span text =
        span_of(MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name));
    if (text.length > VALUE_MOST * 3)
        return none;
    char *value = arena_text(arena, text.length);
    size_t length = 0;
    while (text.length) {
        int c = server_target_next(&text);
        if (c <= 0)
            return none;
        value[length++] = (char)c;
    }
    return length <= VALUE_MOST ? (struct span){value, length} : none;
}

struct websub_query server_hub_query(struct arena *arena, struct MHD_Connection *connection)
{
    return (struct websub_query){
        .mode = argument(arena, connection, "hub.mode"),
        .topic = argument(arena, connection, "hub.topic"),
        .challenge = argument(arena, connection, "hub.challenge"),
        .lease = argument(arena, connection, "hub.lease_seconds"),
    };
}
