/* redis_server: a private Redis for one test, on a unix socket in a directory of its own, without
 * persistence. Dies with the test program. */
#ifndef WEIR_TEST_REDIS_SERVER_H
#define WEIR_TEST_REDIS_SERVER_H

struct redis_server;

/* Starts a server and waits until it answers. `extra` (NULL: none) are further arguments of
 * redis-server, ended by NULL. Prints why and exits the test program when it cannot. */
struct redis_server *redis_server_start(const char *const *extra);

/* Stops it, if it runs, and removes its directory. */
void redis_server_free(struct redis_server *server);

/* "redis+unix:///…/redis.sock" and the socket's path alone. Lent. */
const char *redis_server_url(const struct redis_server *server);
const char *redis_server_path(const struct redis_server *server);

/* SIGKILL, and a new empty server on the same socket. */
void redis_server_kill(struct redis_server *server);
void redis_server_restart(struct redis_server *server);

/* SIGSTOP and SIGCONT: connections stay, nothing is answered. */
void redis_server_pause(struct redis_server *server);
void redis_server_resume(struct redis_server *server);

/* Runs redis-cli with the words of `command`, and returns what it printed, to be freed. */
char *redis_server_cli(const struct redis_server *server, const char *command);

/* A TCP port of the loopback interface that was free a moment ago. */
int redis_server_free_port(void);

#endif
