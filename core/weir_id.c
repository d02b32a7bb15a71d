#include "core/weir_id.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX_LENGTH 32
#define KEY_MODE 0600 /* weir-release is of the group that weir-milter runs as */

static const char hex_digits[] = "0123456789abcdef";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool bytes_of_hex(const char *hex, unsigned char bytes[16])
{
    for (size_t i = 0; i < 16; i++) {
        int high = hex_value(hex[2 * i]);
        int low = high < 0 ? -1 : hex_value(hex[2 * i + 1]);
        if (low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static void hex_of_bytes(const unsigned char bytes[16], char *hex)
{
    for (size_t i = 0; i < 16; i++) {
        hex[2 * i] = hex_digits[bytes[i] >> 4];
        hex[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
}

/* --- SipHash-2-4 with 128 bits of output; names as in the paper --- */

struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t little_endian(const unsigned char *bytes)
{
    uint64_t x = 0;
    for (int i = 7; i >= 0; i--)
        x = x << 8 | bytes[i];
    return x;
}

static void store_little_endian(uint64_t x, unsigned char *bytes)
{
    for (int i = 0; i < 8; i++, x >>= 8)
        bytes[i] = (unsigned char)x;
}

static void sip_rounds(struct sip *s, int rounds)
{
    while (rounds-- > 0) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 = rotate(s->v2, 32);
    }
}

static void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_rounds(s, 2);
    s->v0 ^= word;
}

/* Of exactly 16 bytes: two words, then the padding word that holds nothing but the length. */
static void siphash_16(const unsigned char key[16], const unsigned char data[16],
                       unsigned char tag[16])
{
    uint64_t k0 = little_endian(key), k1 = little_endian(key + 8);
    struct sip s = {
        .v0 = k0 ^ 0x736f6d6570736575u,
        .v1 = k1 ^ 0x646f72616e646f6du ^ 0xee,
        .v2 = k0 ^ 0x6c7967656e657261u,
        .v3 = k1 ^ 0x7465646279746573u,
    };
    sip_word(&s, little_endian(data));
    sip_word(&s, little_endian(data + 8));
    sip_word(&s, (uint64_t)16 << 56);
    s.v2 ^= 0xee;
    sip_rounds(&s, 4);
    store_little_endian(s.v0 ^ s.v1 ^ s.v2 ^ s.v3, tag);
    s.v1 ^= 0xdd;
    sip_rounds(&s, 4);
    store_little_endian(s.v0 ^ s.v1 ^ s.v2 ^ s.v3, tag + 8);
}

/* --- key file --- */

static bool key_line(char *line, struct weir_id_keys *keys, const char **why)
{
    line[strcspn(line, "#\r\n")] = '\0';
    line += strspn(line, " \t");
    size_t length = strcspn(line, " \t");
    if (length == 0)
        return true;
    *why = "is not 32 hex digits";
    if (length != HEX_LENGTH || line[length + strspn(line + length, " \t")] != '\0')
        return false;
    *why = "is one key too many: two are valid while one is being rotated";
    if (keys->count == WEIR_ID_KEYS_MAX)
        return false;
    *why = "is not 32 hex digits";
    return bytes_of_hex(line, keys->key[keys->count]) && ++keys->count;
}

bool weir_id_keys_read(const char *path, struct weir_id_keys *keys, struct error *error)
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
    explicit_bzero(line, sizeof line);
    if (!good)
        return error_set(error, ERROR_INPUT, "%s:%d: the line %s", path, number, why);
    if (unread)
        return error_set(error, ERROR_SYSTEM, "%s: cannot be read", path);
    if (keys->count == 0)
        return error_set(error, ERROR_INPUT, "%s: holds no key", path);
    return true;
}

static bool write_key(int fd, const char *user, const char *path, struct error *error)
{
    unsigned char key[WEIR_ID_KEY_BYTES];
    char line[HEX_LENGTH + 1];
    struct passwd *entry = user && geteuid() == 0 ? getpwnam(user) : NULL;
    if (entry && fchown(fd, entry->pw_uid, entry->pw_gid) != 0)
        return error_set(error, ERROR_SYSTEM, "%s: chown to %s: %s", path, user, strerror(errno));
    if (getrandom(key, sizeof key, 0) != sizeof key)
        return error_set(error, ERROR_SYSTEM, "no random bytes: %s", strerror(errno));
    hex_of_bytes(key, line);
    line[HEX_LENGTH] = '\n';
    bool written = write(fd, line, sizeof line) == (ssize_t)sizeof line && fsync(fd) == 0;
    explicit_bzero(key, sizeof key);
    explicit_bzero(line, sizeof line);
    return written || error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
}

bool weir_id_keys_make(const char *path, const char *user, struct error *error)
{
    char draft[4096];
    if (snprintf(draft, sizeof draft, "%s.%ld", path, (long)getpid()) >= (int)sizeof draft)
        return error_set(error, ERROR_INPUT, "the path of the key file is too long");
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, KEY_MODE);
    if (fd < 0)
        return error_set(error, ERROR_SYSTEM, "%s: %s", draft, strerror(errno));
    /* The link is made last and only when there is nothing at `path`: a key appears whole, and
     * never takes the place of one in use. */
    bool made = fchmod(fd, KEY_MODE) == 0 ||
                error_set(error, ERROR_SYSTEM, "%s: chmod: %s", draft, strerror(errno));
    made = made && write_key(fd, user, draft, error);
    if (made && link(draft, path) != 0)
        made = error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    close(fd);
    unlink(draft);
    return made;
}

/* --- the header's text --- */

void weir_id_sign(const struct weir_id_keys *keys, const unsigned char document_id[16],
                  char text[WEIR_ID_TEXT])
{
    unsigned char tag[16];
    siphash_16(keys->key[0], document_id, tag);
    hex_of_bytes(document_id, text);
    text[HEX_LENGTH] = '.';
    hex_of_bytes(tag, text + HEX_LENGTH + 1);
    text[WEIR_ID_TEXT - 1] = '\0';
}

static bool parse(const char *text, size_t length, unsigned char document_id[16],
                  unsigned char tag[16])
{
    while (length && (*text == ' ' || *text == '\t'))
        text++, length--;
    while (length && strchr(" \t\r\n", text[length - 1]) && text[length - 1])
        length--;
    return length == WEIR_ID_TEXT - 1 && text[HEX_LENGTH] == '.' &&
           bytes_of_hex(text, document_id) && bytes_of_hex(text + HEX_LENGTH + 1, tag);
}

bool weir_id_verify(const struct weir_id_keys *keys, const char *text, size_t length)
{
    unsigned char document_id[16], tag[16], right[16];
    if (!parse(text, length, document_id, tag))
        return false;
    for (size_t i = 0; i < keys->count; i++) {
        unsigned difference = 0;
        siphash_16(keys->key[i], document_id, right);
        /* Looks at every byte, so that time tells nothing about how much of a guess is right. */
        for (size_t j = 0; j < sizeof right; j++)
            difference |= right[j] ^ tag[j];
        if (difference == 0)
            return true;
    }
    return false;
}

bool weir_id_document(const char *text, size_t length, unsigned char document_id[16])
{
    unsigned char tag[16];
    return parse(text, length, document_id, tag);
}
