#include "admin/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admin/digest_message.h"
#include "admin/period.h"
#include "core/recipient.h"
#include "core/text.h"
#include "store/memory.h"
#include "store/monotonic.h"
#include "store/records_people.h"

#define OPEN (1u << HELD_PENDING | 1u << HELD_HELD)
#define EXPIRES_SOON_S (2 * 86400) /* the digest before the last one says what goes */
#define DIGEST_MOST 200            /* messages in one; the rest is told in the next */

extern char **environ;

/* --- who is told of what --- */

struct collection {
    struct session *session;
    const char *only; /* --recipient, in normal form; NULL: all */
    int64_t since_s, now_s;
    struct digest *digests;
    size_t count;
    struct error error;
};

static struct digest *digest_of(struct collection *all, const char *recipient)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->digests[i].recipient, recipient) == 0)
            return &all->digests[i];
    all->digests = memory_resize(all->digests, (all->count + 1) * sizeof *all->digests);
    struct digest *digest = &all->digests[all->count++];
    *digest = (struct digest){0};
    snprintf(digest->recipient, sizeof digest->recipient, "%s", recipient);
    return digest;
}

/* What expires soon comes last. */
static void add_item(struct digest *digest, struct held *held, bool expiring)
{
    size_t at = digest->count;
    digest->items = memory_resize(digest->items, (digest->count + 1) * sizeof *digest->items);
    for (; !expiring && at > 0 && digest->items[at - 1].expiring; at--)
        digest->items[at] = digest->items[at - 1];
    digest->items[at] = (struct digest_item){held, expiring};
    digest->count++;
}

static bool collect_for(struct collection *all, const struct held *held, const char *recipient)
{
    struct records *records = all->session->records[FRONT_MAIL];
    bool told, warned;
    bool soon = held->time_s + all->session->config->held.keep_s <= all->now_s + EXPIRES_SOON_S;
    if (!records_told(records, held->id, recipient, &told, &warned, &all->error))
        return false;
    if (told ? warned || !soon : held->time_s < all->since_s)
        return true;
    struct digest *digest = digest_of(all, recipient);
    if (digest->count >= DIGEST_MOST) {
        digest->more++;
        return true;
    }
    struct held *copy = records_held_get(records, held->id, &all->error);
    if (copy)
        add_item(digest, copy, told);
    return copy != NULL;
}

/* Each of its recipients once. */
static bool collect(void *context, const struct held *held)
{
    struct collection *all = context;
    char recipient[RECIPIENT_MAX + 1];
    bool good = true;
    for (const char *at = held->recipients; *at && good;) {
        size_t length = recipient_length(at);
        bool known = recipient_normal(at, length, recipient);
        bool wanted = known && (!all->only || strcmp(all->only, recipient) == 0) &&
                      config_recipient(all->session->config, recipient).digest;
        at += length + (at[length] == ',');
        if (wanted && !recipient_is_among(at, recipient))
            good = collect_for(all, held, recipient);
    }
    return good;
}

static void free_collection(struct collection *all)
{
    for (size_t i = 0; i < all->count; i++) {
        for (size_t j = 0; j < all->digests[i].count; j++)
            held_free(all->digests[i].items[j].held);
        free(all->digests[i].items);
    }
    free(all->digests);
}

/* --- sending --- */

static int left_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - monotonic_ms();
    return left > 0 ? (int)left : 0;
}

static bool write_all(int fd, const char *bytes, size_t length, int64_t deadline_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (length) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (written < 0 && !left_ms(deadline_ms))
            return false;
        if (written < 0)
            poll(&ready, 1, left_ms(deadline_ms));
        bytes += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* Its status, as waitpid() gives it; one that does not end in time is killed: it must not keep the
 * others from their digests. */
static int status_of(pid_t child, int64_t deadline_ms)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0 && left_ms(deadline_ms))
        nanosleep(&pause, NULL);
    if (ended == 0) {
        kill(child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    return status;
}

/* Starts sendmail(1) with a pipe as its input, whose other end is `*input`. */
static bool start_sendmail(const char *program, const char *recipient, pid_t *child, int *input,
                           struct error *error)
{
    char *arguments[] = {(char *)(uintptr_t)program,
                         (char *)(uintptr_t) "-i",
                         (char *)(uintptr_t) "-f",
                         (char *)(uintptr_t) "",
                         (char *)(uintptr_t) "--",
                         (char *)(uintptr_t)recipient,
                         NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(error, ERROR_SYSTEM, "pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    int code = posix_spawn(child, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    *input = ends[1];
    if (code == 0)
        return true;
    close(ends[1]);
    return error_set(error, ERROR_SYSTEM, "%s: %s", program, strerror(code));
}

/* From the null sender: nobody is told when it does not arrive, and no digest is held for one. */
static bool send_message(const struct config *config, const char *recipient, struct span message,
                         struct error *error)
{
    const char *program = config->digest.sendmail;
    pid_t child;
    int input = -1, status = 0;
    if (!start_sendmail(program, recipient, &child, &input, error))
        return false;
    int64_t deadline_ms = monotonic_ms() + config->digest.timeout_ms;
    bool good = write_all(input, message.data, message.length, deadline_ms);
    close(input);
    status = status_of(child, deadline_ms);
    if (good && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (!left_ms(deadline_ms))
        return error_set(error, ERROR_NETWORK,
                         "%s did not take the digest for %s within %g s; it is sent next time",
                         program, recipient, config->digest.timeout_ms / 1000.0);
    return error_set(error, ERROR_NETWORK,
                     "%s did not take the digest for %s (status %d); it is "
                     "sent next time",
                     program, recipient, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

struct sent {
    struct records *records;
    const struct digest *digest;
    const struct digest_writer *writer;
};

/* In a transaction. What is told so late that it expires soon needs no second warning. */
static bool note_sent(void *context, struct error *error)
{
    const struct sent *sent = context;
    for (size_t i = 0; i < sent->digest->count; i++) {
        const struct held *held = sent->digest->items[i].held;
        bool soon = held->time_s + sent->writer->config->held.keep_s <=
                    sent->writer->now_s + EXPIRES_SOON_S;
        if (!records_set_told(sent->records, held->id, sent->digest->recipient, soon, error))
            return false;
    }
    return true;
}

static int send_digest(struct session *session, const struct digest_writer *writer,
                       const struct digest *digest)
{
    struct error error = {0};
    struct span_buffer message = {0};
    struct sent sent = {session->records[FRONT_MAIL], digest, writer};
    digest_message(writer, digest, &message);
    bool good =
        send_message(session->config, digest->recipient, span_buffer_span(&message), &error) &&
        records_transaction(sent.records, note_sent, &sent, &error);
    span_buffer_free(&message);
    if (!good)
        return session_complain(&error);
    printf("%s: told of %zu", digest->recipient, digest->count);
    if (digest->more)
        printf("; of %zu more next time", digest->more);
    putchar('\n');
    return EX_OK;
}

static void show_digest(const struct digest_writer *writer, const struct digest *digest)
{
    struct span_buffer text = {0};
    digest_text(writer, digest, &text);
    printf("To: %s\n\n%s\n", digest->recipient, text.data);
    span_buffer_free(&text);
}

/* --- the command --- */

struct wish {
    const char *recipient, *since;
    bool dry_run;
};

/* One at a time: the next waits, and tells of what the one before did not. -1 on failure. */
static int lock(const char *key_file, struct error *error)
{
    int fd = open(key_file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        error_set(error, ERROR_SYSTEM, "%s: %s", key_file, strerror(errno));
    if (fd >= 0 && error->class != ERROR_NONE) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int make_digests_in_turn(struct session *session, const struct wish *wish,
                                struct collection *all)
{
    struct error error = {0};
    struct signed_link_keys keys;
    const struct config *config = session->config;
    char url[400];
    if (!signed_link_keys_read(config->digest.key_file, &keys, &error))
        return session_complain(&error);
    snprintf(url, sizeof url, "%s%s", *config->console.public_url ? "" : "http://",
             *config->console.public_url ? config->console.public_url : config->console.listen);
    if (!records_held_list(session->records[FRONT_MAIL], OPEN, collect, all, &error))
        return session_complain(&error);
    if (all->error.class != ERROR_NONE)
        return session_complain(&all->error);
    struct digest_writer writer = {config, &keys, url, all->now_s};
    int worst = EX_OK;
    for (size_t i = 0; i < all->count; i++) {
        int status = EX_OK;
        digest_limit(&writer, &all->digests[i]);
        if (wish->dry_run)
            show_digest(&writer, &all->digests[i]);
        else
            status = send_digest(session, &writer, &all->digests[i]);
        worst = status > worst ? status : worst;
    }
    sodium_memzero(&keys, sizeof keys);
    return worst;
}

static int make_digests(struct session *session, const struct wish *wish, struct collection *all)
{
    struct error error = {0};
    const char *key_file = session->config->digest.key_file;
    int fd = signed_link_keys_make(key_file, &error) ? lock(key_file, &error) : -1;
    if (fd < 0)
        return session_complain(&error);
    int status = make_digests_in_turn(session, wish, all);
    close(fd);
    return status;
}

static int run(struct session *session, int count, char **arguments)
{
    struct wish wish = {0};
    struct collection all = {.session = session, .now_s = time(NULL)};
    char only[RECIPIENT_MAX + 1];
    const struct option_row rows[] = {{"recipient", &wish.recipient, NULL},
                                      {"since", &wish.since, NULL},
                                      {"dry-run", NULL, &wish.dry_run},
                                      {NULL, NULL, NULL}};
    int status = session_options(session, rows, &count, arguments);
    if (status != EX_OK)
        return status;
    if (count)
        return session_usage("digest takes no words");
    if (wish.recipient && !recipient_normal(wish.recipient, strlen(wish.recipient), only))
        return session_usage("digest: \"%s\" is no address", wish.recipient);
    if (!period_since(wish.since, all.now_s, &all.since_s))
        return EX_USAGE;
    if (sodium_init() < 0)
        return EX_SOFTWARE;
    all.only = wish.recipient ? only : NULL;
    text_init();
    signal(SIGPIPE, SIG_IGN);
    status = session_open_records(session, FRONT_MAIL);
    if (status == EX_OK && session->records[FRONT_MAIL])
        status = make_digests(session, &wish, &all);
    free_collection(&all);
    return status;
}

const struct command command_digest = {
    "digest",
    run,
    "digest [--dry-run] [--recipient ADDRESS] [--since TIME]",
    "tell people what was held for them since their last digest",
    "Sends a message to each recipient of held mail that they were not told of yet, and of what\n"
    "they were told of and is deleted within two days. Its links open pages of weir-console on\n"
    "which they have it delivered, and allow or block its sender. Who had nothing gets nothing.\n"
    "weir-digest.timer runs it once a day. What could not be sent is told the next time, and the\n"
    "exit code is 75.\n\n"
    "--dry-run            print the digests; send none, and forget that they were made\n"
    "--recipient ADDRESS  only theirs\n"
    "--since TIME         leave out what was held before: 24h, 7d, 2026-11-24\n",
};
