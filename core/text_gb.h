/* text_gb: Chinese text in GB 2312 or GBK, by a table that iconv fills: iconv itself takes several
 * times as long for each character, and some for each text, however short. */
#ifndef WEIR_TEXT_GB_H
#define WEIR_TEXT_GB_H

#include "core/arena.h"
#include "store/span.h"

#include <stdbool.h>

/* `bytes` as UTF-8 in `*text`, in the arena, exactly as iconv reads "GB18030"; false when something
 * else is in them than ASCII and characters of two bytes: NUL, characters of four bytes, or what is
 * none. Thread-safe. */
bool text_gb_read(struct arena *arena, struct span bytes, struct span *text);

#endif
