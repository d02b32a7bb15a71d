/* reader_token: what stands in the addresses of a feed reader that has its own ones, "/r/TOKEN/…".
 * Whoever has it reads what that reader may; only its hash is stored. It is as random as a key, so
 * that nothing slower than BLAKE2b (RFC 7693) is needed to hide it. libsodium; sodium_init() must
 * have been called. */
#ifndef WEIR_READER_TOKEN_H
#define WEIR_READER_TOKEN_H

#include "store/records_feeds.h"

#include <stdbool.h>

#define READER_TOKEN_LENGTH 32 /* base64url (RFC 4648, 5) of 24 bytes */
#define READER_TOKEN_SIZE (READER_TOKEN_LENGTH + 1)

void reader_token_make(char token[READER_TOKEN_SIZE]);

/* `token`: READER_TOKEN_LENGTH characters. */
void reader_token_hash(const char *token, unsigned char hash[RECORDS_TOKEN_HASH_BYTES]);

#endif
