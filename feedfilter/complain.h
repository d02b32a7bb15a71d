/* complain: one clear line on stderr, and in the log where that is another place: a reader that
 * runs us as a filter often throws stderr away. */
#ifndef WEIR_COMPLAIN_H
#define WEIR_COMPLAIN_H

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
