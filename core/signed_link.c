#include "core/signed_link.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "core/key_file.h"

#define VERSION 1
#define KEY_MODE 0640 /* root may have made it, in a directory whose group needs it */
#define TAG_BYTES 32
#define FIXED_BYTES (3 + 8 + 8 + 16)
#define PAYLOAD_MAX (FIXED_BYTES + SIGNED_LINK_RECIPIENT_MAX)
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(sodium_base64_ENCODED_LEN(PAYLOAD_MAX + TAG_BYTES, VARIANT) <=
                   SIGNED_LINK_TOKEN_SIZE,
               "the longest token fits");

/* --- key file --- */

bool signed_link_keys_read(const char *path, struct signed_link_keys *keys, struct error *error)
{
    memset(keys, 0, sizeof *keys);
    return key_file_read(path, SIGNED_LINK_KEY_BYTES, keys->key[0], &keys->count, error);
}

bool signed_link_keys_make(const char *path, struct error *error)
{
    if (access(path, F_OK) == 0)
        return true;
    if (!key_file_make(path, SIGNED_LINK_KEY_BYTES, KEY_MODE, NULL, error) &&
        access(path, F_OK) != 0)
        return false;
    *error = (struct error){0};
    return true;
}

/* --- tokens --- */

static void put_number(unsigned char *bytes, uint64_t number)
{
    for (int i = 7; i >= 0; i--, number >>= 8)
        bytes[i] = (unsigned char)number;
}

static uint64_t get_number(const unsigned char *bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static void make_tag(const unsigned char *key, const unsigned char *payload, size_t length,
                     unsigned char tag[TAG_BYTES])
{
    crypto_generichash(tag, TAG_BYTES, payload, length, key, SIGNED_LINK_KEY_BYTES);
}

void signed_link_sign(const struct signed_link_keys *keys, const struct signed_link *link,
                      char token[SIGNED_LINK_TOKEN_SIZE])
{
    unsigned char bytes[PAYLOAD_MAX + TAG_BYTES];
    size_t recipient = strnlen(link->recipient, SIGNED_LINK_RECIPIENT_MAX);
    size_t length = FIXED_BYTES + recipient;
    bytes[0] = VERSION;
    bytes[1] = (unsigned char)link->purpose;
    bytes[2] = (unsigned char)link->actions;
    put_number(bytes + 3, (uint64_t)link->expires_s);
    put_number(bytes + 11, (uint64_t)link->held_id);
    memcpy(bytes + 19, link->document_id, sizeof link->document_id);
    memcpy(bytes + FIXED_BYTES, link->recipient, recipient);
    make_tag(keys->key[0], bytes, length, bytes + length);
    sodium_bin2base64(token, SIGNED_LINK_TOKEN_SIZE, bytes, length + TAG_BYTES, VARIANT);
}

static void read_payload(const unsigned char *bytes, size_t length, struct signed_link *link)
{
    *link = (struct signed_link){.purpose = (enum signed_link_purpose)bytes[1],
                                 .actions = bytes[2],
                                 .expires_s = (int64_t)get_number(bytes + 3),
                                 .held_id = (int64_t)get_number(bytes + 11)};
    memcpy(link->document_id, bytes + 19, sizeof link->document_id);
    memcpy(link->recipient, bytes + FIXED_BYTES, length - FIXED_BYTES);
}

/* All keys are tried, whichever fits. */
static bool is_ours(const struct signed_link_keys *keys, const unsigned char *bytes, size_t length)
{
    unsigned char tag[TAG_BYTES];
    bool ours = false;
    for (size_t i = 0; i < keys->count; i++) {
        make_tag(keys->key[i], bytes, length, tag);
        ours |= sodium_memcmp(tag, bytes + length, TAG_BYTES) == 0;
    }
    return ours;
}

enum signed_link_status signed_link_verify(const struct signed_link_keys *keys, const char *token,
                                           int64_t now_s, struct signed_link *link)
{
    unsigned char bytes[PAYLOAD_MAX + TAG_BYTES];
    size_t length = 0;
    *link = (struct signed_link){0};
    if (sodium_base642bin(bytes, sizeof bytes, token, strlen(token), NULL, &length, NULL,
                          VARIANT) != 0 ||
        length < FIXED_BYTES + TAG_BYTES || bytes[0] != VERSION ||
        !is_ours(keys, bytes, length - TAG_BYTES))
        return SIGNED_LINK_FORGED;
    read_payload(bytes, length - TAG_BYTES, link);
    return now_s < link->expires_s ? SIGNED_LINK_VALID : SIGNED_LINK_EXPIRED;
}

unsigned signed_link_claims(const char *token)
{
    unsigned char bytes[3]; /* version, purpose, actions: the first four letters */
    size_t length = 0;
    if (sodium_base642bin(bytes, sizeof bytes, token, strnlen(token, 4), NULL, &length, NULL,
                          VARIANT) != 0 ||
        length != sizeof bytes || bytes[0] != VERSION)
        return 0;
    return bytes[1];
}
