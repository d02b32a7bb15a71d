#include "core/signed_link.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION 1
#define KEY_MODE 0640 /* root may have made it, in a directory whose group needs it */
#define TAG_BYTES 32
#define FIXED_BYTES (3 + 8 + 8 + 16)
#define PAYLOAD_MAX (FIXED_BYTES + SIGNED_LINK_RECIPIENT_MAX)
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define HEX_LENGTH ((size_t)2 * SIGNED_LINK_KEY_BYTES)

_Static_assert(sodium_base64_ENCODED_LEN(PAYLOAD_MAX + TAG_BYTES, VARIANT) <=
                   SIGNED_LINK_TOKEN_SIZE,
               "the longest token fits");

/* --- key file --- */

static bool key_line(char *line, struct signed_link_keys *keys, const char **why)
{
    size_t read = 0;
    line[strcspn(line, "#\r\n")] = '\0';
    line += strspn(line, " \t");
    size_t length = strcspn(line, " \t");
    if (length == 0)
        return true;
    *why = "is one key too many: two are valid while one is being rotated";
    if (keys->count == SIGNED_LINK_KEYS_MAX)
        return false;
    *why = "is not 64 hex digits";
    return length == HEX_LENGTH && !line[length + strspn(line + length, " \t")] &&
           sodium_hex2bin(keys->key[keys->count], SIGNED_LINK_KEY_BYTES, line, length, NULL, &read,
                          NULL) == 0 &&
           read == SIGNED_LINK_KEY_BYTES && ++keys->count;
}

bool signed_link_keys_read(const char *path, struct signed_link_keys *keys, struct error *error)
{
    memset(keys, 0, sizeof *keys);
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    char line[256];
    const char *why = NULL;
    bool good = true;
    int number = 0;
    while (good && fgets(line, sizeof line, file)) {
        number++;
        good = key_line(line, keys, &why);
    }
    bool unread = ferror(file);
    fclose(file);
    sodium_memzero(line, sizeof line);
    if (!good)
        return error_set(error, ERROR_INPUT, "%s:%d: the line %s", path, number, why);
    if (unread)
        return error_set(error, ERROR_SYSTEM, "%s: cannot be read", path);
    return keys->count || error_set(error, ERROR_INPUT, "%s: holds no key", path);
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return true;
}

static bool write_key(int fd)
{
    unsigned char key[SIGNED_LINK_KEY_BYTES];
    char line[HEX_LENGTH + 1];
    randombytes_buf(key, sizeof key);
    sodium_bin2hex(line, sizeof line, key, sizeof key);
    line[HEX_LENGTH] = '\n';
    bool written = write_all(fd, line, sizeof line) && fsync(fd) == 0;
    sodium_memzero(key, sizeof key);
    sodium_memzero(line, sizeof line);
    return written;
}

bool signed_link_keys_make(const char *path, struct error *error)
{
    char draft[4096];
    if (access(path, F_OK) == 0)
        return true;
    if (snprintf(draft, sizeof draft, "%s.XXXXXX", path) >= (int)sizeof draft)
        return error_set(error, ERROR_INPUT, "the path of the key file is too long");
    int fd = mkostemp(draft, O_CLOEXEC);
    if (fd < 0)
        return error_set(error, ERROR_SYSTEM, "%s: %s", draft, strerror(errno));
    /* A key appears whole, and never takes the place of one in use. */
    bool made =
        fchmod(fd, KEY_MODE) == 0 && write_key(fd) && (link(draft, path) == 0 || errno == EEXIST);
    if (!made)
        error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    close(fd);
    unlink(draft);
    return made;
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
