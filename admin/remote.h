/* remote: the API of a weir-console, for weirctl --gateway URL. */
#ifndef WEIR_REMOTE_H
#define WEIR_REMOTE_H

#include "store/error.h"

#include <jansson.h>
#include <stdio.h>

struct remote;

/* Logs in at `url` ("https://ann@weir.example.org", no path needed) with the password in
 * $WEIR_PASSWORD, or one that is asked for on the terminal; or, with a token in $WEIR_TOKEN, uses
 * that, and needs no name. NULL: ERROR_NETWORK when it cannot be reached, ERROR_INPUT for anything
 * else; http is for this machine only, as a password goes over it. */
struct remote *remote_open(const char *url, struct error *error);
void remote_close(struct remote *remote); /* logs out; NULL is fine */

/* GET of "held/m12" (`post` false) or POST with an empty object; what is answered, the caller's.
 * NULL with the server's own words in `error`. */
json_t *remote_call(struct remote *remote, bool post, const char *path, struct error *error);

/* The same for POST with an object. */
json_t *remote_send(struct remote *remote, const char *path, const json_t *object,
                    struct error *error);

/* The same for POST with a message as its body. */
json_t *remote_send_message(struct remote *remote, const char *path, const void *message,
                            size_t length, struct error *error);

/* "name" as a parameter of a path that has `*first` or others already: "?name=" or "&name=" and the
 * value, escaped, on `out`; nothing for NULL. */
void remote_put_parameter(FILE *out, bool *first, const char *name, const char *value);

/* Prints it on stdout as one line of JSON. */
void remote_print_json(const json_t *value);

/* "" when it is not there, or no string; lent. */
const char *remote_text(const json_t *object, const char *key);

#endif
