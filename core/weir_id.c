#include "core/weir_id.h"

#include <stdint.h>
#include <string.h>

#include "core/hex.h"
#include "core/key_file.h"

#define HEX_LENGTH 32
#define KEY_MODE 0600 /* weir-release is of the group that weir-milter runs as */

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

bool weir_id_keys_read(const char *path, struct weir_id_keys *keys, struct error *error)
{
    memset(keys, 0, sizeof *keys);
    return key_file_read(path, WEIR_ID_KEY_BYTES, keys->key[0], &keys->count, error);
}

bool weir_id_keys_make(const char *path, const char *user, struct error *error)
{
    return key_file_make(path, WEIR_ID_KEY_BYTES, KEY_MODE, user, error);
}

/* --- the header's text --- */

void weir_id_sign(const struct weir_id_keys *keys, const unsigned char document_id[16],
                  char text[WEIR_ID_TEXT])
{
    unsigned char tag[16];
    siphash_16(keys->key[0], document_id, tag);
    hex_of_bytes(document_id, 16, text);
    text[HEX_LENGTH] = '.';
    hex_of_bytes(tag, sizeof tag, text + HEX_LENGTH + 1);
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
           bytes_of_hex(text, 16, document_id) && bytes_of_hex(text + HEX_LENGTH + 1, 16, tag);
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
