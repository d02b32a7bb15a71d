#include "core/reader_token.h"

#include <sodium.h>

void reader_token_make(char token[READER_TOKEN_SIZE])
{
    unsigned char bytes[READER_TOKEN_LENGTH / 4 * 3];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(token, READER_TOKEN_SIZE, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

void reader_token_hash(const char *token, unsigned char hash[RECORDS_TOKEN_HASH_BYTES])
{
    crypto_generichash(hash, RECORDS_TOKEN_HASH_BYTES, (const unsigned char *)token,
                       READER_TOKEN_LENGTH, NULL, 0);
}
