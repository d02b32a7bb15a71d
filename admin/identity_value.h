/* identity_value: the values of identities as people type them, made the same as those that
 * documents have: a row for each type. */
#ifndef WEIR_IDENTITY_VALUE_H
#define WEIR_IDENTITY_VALUE_H

#include "core/arena.h"
#include "core/config.h"
#include "store/error.h"
#include "store/identity.h"

/* `text` as gather_*.c writes values of that type, in `arena`: of "https://www.shop.example.org/x"
 * the domain "example.org" or the host "www.shop.example.org", of "::ffff:192.0.2.1" the address
 * "192.0.2.1", of "AS64496" the number. A mark of authentication stays behind it. `maps` (NULL:
 * none) says where senders and links are known by more than their domain. False and ERROR_INPUT,
 * with what to type instead where that can be told, for what no document has. */
bool identity_value_read(enum identity_type type, struct span text,
                         const struct config_identities *maps, struct arena *arena,
                         struct span *value, struct error *error);

#endif
