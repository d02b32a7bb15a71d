/* Whatever text stands in a link: only what a key of ours signed is taken, and that is read again
 * as it was signed. The same bytes are tried as an address. */
#include "core/recipient.h"
#include "core/signed_link.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_token(const struct signed_link_keys *keys, const uint8_t *data, size_t size)
{
    char *token = malloc(size + 1);
    struct signed_link link;
    if (!token)
        abort();
    memcpy(token, data, size);
    token[size] = '\0';
    if (signed_link_verify(keys, token, 0, &link) != SIGNED_LINK_FORGED)
        abort(); /* nobody finds a tag of 32 bytes */
    free(token);
}

static void try_link(const struct signed_link_keys *keys, const uint8_t *data, size_t size)
{
    char token[SIGNED_LINK_TOKEN_SIZE];
    struct signed_link link = {.purpose = SIGNED_LINK_MAIL, .expires_s = 1}, again;
    for (size_t i = 0; i < size && i < SIGNED_LINK_RECIPIENT_MAX && data[i]; i++)
        link.recipient[i] = (char)data[i];
    signed_link_sign(keys, &link, token);
    if (signed_link_verify(keys, token, 0, &again) != SIGNED_LINK_VALID ||
        memcmp(&link, &again, sizeof link) != 0)
        abort();
}

static void try_address(const uint8_t *data, size_t size)
{
    char normal[RECIPIENT_MAX + 1], again[RECIPIENT_MAX + 1];
    if (!recipient_normal((const char *)data, size, normal))
        return;
    if (strpbrk(normal, "\r\n") || recipient_length(normal) != strlen(normal) ||
        !recipient_normal(normal, strlen(normal), again) || strcmp(normal, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct signed_link_keys keys = {.key = {{1}}, .count = 1};
    if (sodium_init() < 0)
        abort();
    try_token(&keys, data, size);
    try_link(&keys, data, size);
    try_address(data, size);
    return 0;
}
