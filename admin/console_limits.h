/* console_limits: what the console's API takes, for those who ask it and those who answer. */
#ifndef WEIR_CONSOLE_LIMITS_H
#define WEIR_CONSOLE_LIMITS_H

#include <stddef.h>

/* Of a message that is taught, or an import, so much is taken; a longer one is refused. */
#define CONSOLE_MESSAGE_MAX ((size_t)4 << 20)

#endif
