/* Authentication-Results headers. */
#include "core/authentication.h"
#include "core/url.h"
#include "store/memory.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    url_init();
    /* A copy of its own, so that reading past its end is seen. */
    char *value = memory_new(size);
    if (size)
        memcpy(value, data, size);
    struct arena *arena = arena_new();
    struct authentication found, sum = {.known = false};
    bool read = authentication_read(arena, (struct span){value, size}, &found);
    must(found.known == read && found.signature_count <= SIGNATURES_MAX);
    must(!read || authentication_authserv_id(arena, (struct span){value, size}).length);
    must(read || (!found.spf && !found.dkim && !found.dmarc && !found.signature_count));
    authentication_add(&sum, &found);
    must(sum.spf == found.spf && sum.dkim == found.dkim && sum.dmarc == found.dmarc);
    if (authentication_aligned(&sum, SPAN("example.org")))
        must(sum.spf == AUTHENTICATION_PASS || sum.dkim == AUTHENTICATION_PASS ||
             sum.dmarc == AUTHENTICATION_PASS);
    arena_free(arena);
    free(value);
    return 0;
}
