/* learn_remote: weirctl learn on another machine, over its weir-console. */
#ifndef WEIR_LEARN_REMOTE_H
#define WEIR_LEARN_REMOTE_H

#include "admin/session.h"

/* Teaches messages, one a file ("-": standard input), as `source` (NULL: whoever calls). Neither
 * the configuration nor a store of this machine is touched. The exit code. */
int learn_remote(const struct session *session, const char *label, const char *source, int count,
                 char **paths);

#endif
