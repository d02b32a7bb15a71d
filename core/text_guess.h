/* text_guess: which charset bytes are in that nobody declared, by what they would read as in each.
 */
#ifndef WEIR_TEXT_GUESS_H
#define WEIR_TEXT_GUESS_H

#include "store/span.h"

/* The name iconv has for the charset that `bytes`, which are no UTF-8, are most likely in:
 * "CP1252", "CP1251", "KOI8-U" (KOI8-R too), "ISO-8859-5", "GB18030", "BIG5-HKSCS", "CP949" (EUC-KR
 * too), "CP932" (Shift-JIS) or "EUC-JP". Each is asked how many bits the bytes would cost a writer
 * of its language, from how frequent the letters and characters are there and which stand side by
 * side; the fewest win. A few characters that mean something in two charsets are what the more
 * common of them says: windows-1252, then GB18030. Looks at no more than the first 16 KiB from the
 * first byte beyond ASCII on, and no more than 2,000 such bytes. Thread-safe. */
const char *text_guess_charset(struct span bytes);

#endif
