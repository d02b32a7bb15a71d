#include "admin/held_list.h"

#include <inttypes.h>
#include <stdio.h>

#include "admin/held_remote.h"

#define PAGE 200

/* Where to begin in a front: `*before_id`, 0 at its newest entry; false: all of it is before. */
static bool begin_in(const struct held_asked *asked, enum front front, int64_t *before_id)
{
    enum front after_front;
    *before_id = 0;
    if (!asked->after || !records_text_is_held_id(asked->after, &after_front, before_id))
        return true;
    if (front > after_front)
        *before_id = 0;
    return front >= after_front;
}

/* --- here --- */

struct walk {
    held_visit_row *visit;
    void *context;
    enum front front;
    size_t left;     /* SIZE_MAX: no limit */
    int64_t last_id; /* that was visited */
    size_t on_page;
    bool stopped;
};

static bool visit_held(void *context, const struct held *held)
{
    struct walk *walk = context;
    struct held_row row = {walk->front, held, NULL};
    walk->last_id = held->id;
    walk->on_page++;
    walk->left -= walk->left != SIZE_MAX;
    walk->stopped = !walk->visit(walk->context, &row) || !walk->left;
    return !walk->stopped;
}

/* Each page begins anew, so that entries may change while they are visited. */
static int walk_front(struct session *session, struct held_filter filter, struct walk *walk)
{
    struct error error = {0};
    do {
        filter.most = walk->left < PAGE ? walk->left : PAGE;
        walk->on_page = 0;
        if (!records_held_page(session->records[walk->front], &filter, visit_held, walk, &error))
            return session_complain(&error);
        filter.before_id = walk->last_id;
    } while (walk->on_page && !walk->stopped);
    return EX_OK;
}

static int walk_here(struct session *session, const struct held_asked *asked, struct walk *walk)
{
    int worst = session_configure(session);
    for (int front = 0; front < FRONTS && worst != EX_CONFIG && !walk->stopped; front++) {
        struct held_filter filter = asked->wish.filter;
        if (!asked->wish.fronts[front] || !begin_in(asked, (enum front)front, &filter.before_id))
            continue;
        int status = session_open_records(session, (enum front)front);
        walk->front = (enum front)front;
        if (status == EX_OK && session->records[front])
            status = walk_front(session, filter, walk);
        worst = status > worst ? status : worst;
    }
    return worst;
}

/* --- anywhere --- */

int held_list_walk(struct session *session, const struct held_asked *asked, held_visit_row *visit,
                   void *context)
{
    struct walk walk = {visit, context, FRONT_MAIL, asked->limit ? asked->limit : SIZE_MAX,
                        0,     0,       false};
    struct error error = {0};
    if (!session->gateway)
        return walk_here(session, asked, &walk);
    struct remote *remote = remote_open(session->gateway, &error);
    int status = remote ? EX_OK : session_complain(&error);
    for (int front = 0; remote && front < FRONTS && status == EX_OK && walk.left; front++) {
        int64_t before_id;
        if (!asked->wish.fronts[front] || !begin_in(asked, (enum front)front, &before_id))
            continue;
        if (!held_remote_page(remote, session->json, (enum front)front, asked, before_id,
                              &walk.left, visit, context, &error))
            status = session_complain(&error);
    }
    remote_close(remote);
    return status;
}

void held_list_print_row(const struct session *session, const struct held_row *row)
{
    if (!session->json)
        records_text_held_line(row->front, row->held);
    else if (row->json)
        remote_print_json(row->json);
    else
        records_text_held_json(row->front, row->held, false);
}

struct printing {
    struct session *session;
    size_t count;
};

static bool print_row(void *context, const struct held_row *row)
{
    struct printing *printing = context;
    printing->count++;
    held_list_print_row(printing->session, row);
    return !ferror(stdout);
}

/* What is older would take seconds to go through. */
static void tell_of_short(const struct held_asked *asked, int status)
{
    if (status == EX_OK && records_held_is_short(&asked->wish.filter))
        fprintf(stderr,
                "weirctl: a text of less than 3 characters is looked for in the newest %d entries "
                "only\n",
                RECORDS_SHORT_NEWEST);
}

int held_list_print(struct session *session, const struct held_asked *asked)
{
    struct printing printing = {session, 0};
    int status = held_list_walk(session, asked, print_row, &printing);
    if (!printing.count && !session->json && status == EX_OK)
        puts("nothing is held");
    tell_of_short(asked, status);
    return status;
}

/* --- how many --- */

static int count_here(struct session *session, const struct held_asked *asked, int64_t *sum)
{
    int worst = session_configure(session);
    for (int front = 0; front < FRONTS && worst != EX_CONFIG; front++) {
        struct error error = {0};
        int64_t count = 0;
        if (!asked->wish.fronts[front])
            continue;
        int status = session_open_records(session, (enum front)front);
        if (status == EX_OK && session->records[front] &&
            !records_held_count(session->records[front], &asked->wish.filter, &count, &error))
            status = session_complain(&error);
        *sum += count;
        worst = status > worst ? status : worst;
    }
    return worst;
}

int held_list_count(struct session *session, const struct held_asked *asked)
{
    struct error error = {0};
    int64_t sum = 0;
    int status = EX_OK;
    if (!session->gateway)
        status = count_here(session, asked, &sum);
    else if (!held_remote_count(session, asked, &sum, &error))
        status = session_complain(&error);
    tell_of_short(asked, status);
    if (status == EX_OK)
        printf(session->json ? "{\"count\":%" PRId64 "}\n" : "%" PRId64 "\n", sum);
    return status;
}
