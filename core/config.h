/* config: the configuration file, read by libconfuse. Each setting's meaning, unit and default
 * stands in conf/weir.conf and weir.conf(5). An unknown or mistyped key, or a value that cannot be,
 * is an error with file and line; a missing file gives the defaults only where the caller allows.
 * Immutable once read; reference-counted, so that a reload swaps one pointer. */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

#include "core/asn.h"
#include "core/checks.h"
#include "core/domain_list.h"
#include "core/log.h"
#include "core/network.h"
#include "core/verdict.h"
#include "store/error.h"
#include "store/reputation_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THRESHOLD_NEVER 2.0

enum mode { MODE_OBSERVE, MODE_ENFORCE };
enum when_stopping { WHEN_STOPPING_ACCEPT, WHEN_STOPPING_TEMPFAIL };

/* What upstream is told unless a subscription says otherwise. */
#define SUBSCRIPTION_USER_AGENT "weir (feed gateway)"

/* What a subscription does with items that are judged spam. */
enum feed_mode {
    FEED_HOLD, /* cuts them out and keeps them for review */
    FEED_TAG,  /* passes them, their titles marked, with a category of their own */
    FEED_PASS  /* only judges and records */
};

/* Whether items end with links for readers to say what they are. */
enum feed_footer { FOOTER_AS_THE_OTHERS, FOOTER_ON, FOOTER_OFF };

const char *feed_mode_name(enum feed_mode mode); /* "hold" */
bool feed_mode_find(const char *name, enum feed_mode *mode);

/* Among which feeds a story is shown once. */
enum deduplicate {
    DEDUPLICATE_OFF,
    DEDUPLICATE_CATEGORY, /* those of one category; those without any are left alone */
    DEDUPLICATE_ALL
};

/* feed "name" { … }: what readers find at /f/name. */
struct subscription_config {
    char *name;     /* letters, digits, '.', '_', '-'; at most 64 */
    char *place;    /* "weir.conf:12", where the section ends; NULL: it was added while weir runs */
    char *title;    /* of what was added while weir runs; else NULL */
    char *category; /* of OPML: "News/Science"; NULL or empty: none */
    char *readers;  /* who may read it, "ann,bob"; empty: everybody */
    bool secret;    /* of the feeds-file: its URL is for the feed server alone */
    char *url;      /* http or https, without user and password, which are below */
    enum feed_mode mode;
    enum feed_footer footer;
    char *user_agent;
    char **headers; /* "Name: value" */
    size_t header_count;
    char *user, *password; /* HTTP basic authentication; NULL: none. Never logged or shown */
    char *proxy;           /* URL, may hold a user and password; NULL: none. Never logged */
};

/* What is known of the world when a document's identities are drawn. */
struct config_identities {
    char **trusted_authserv_ids; /* whose Authentication-Results are believed (RFC 8601) */
    size_t trusted_authserv_id_count;
    struct domain_list *mail_providers, *url_shorteners; /* NULL: none are known */
    struct asn_database *asn;                            /* NULL: none */
};

/* Which events teach by themselves: automatic.h. */
struct config_learning {
    char **traps; /* addresses that nobody writes to */
    size_t trap_count;
    bool correspondents;            /* those whom our users write to */
    bool own_verdicts;              /* beyond doubt */
    unsigned own_verdicts_per_hour; /* of each label */
};

/* What people are written to in. */
enum language { LANGUAGE_ENGLISH, LANGUAGE_CHINESE, LANGUAGES };

/* recipient "bob@example.org" { … }, or of a whole domain. */
struct recipient_config {
    char *name; /* lower case */
    enum language language;
    bool digest;
};

struct config {
    char *gateway;    /* name of this gateway; default: the host's name */
    char *counts_url; /* counts = "sqlite:///var/lib/weir-counts/counts.db" */
    unsigned counts_timeout_ms;
    char *counts_prefix;        /* "weir:" */
    char *records_mail;         /* path; "/var/lib/weir/mail.db" */
    char *records_feeds;        /* path; "/var/lib/weir-feed/feeds.db" */
    int64_t records_keep_s;     /* history, and what was decided about, is kept for so long */
    int64_t records_size_bytes; /* of each of the two files */
    unsigned records_evidence;  /* so many verdicts keep what replay needs */
    struct {
        int64_t keep_s; /* what nobody decided about is deleted at that age */
        int64_t undo_s; /* what was asked to be deleted can be had back for so long */
    } held;
    struct {
        char *mail, *feeds; /* paths; default: records_mail and records_feeds, ending in .journal */
        size_t size_limit_bytes;
        unsigned resend_window_s;
    } journal;
    struct thresholds thresholds; /* "never" is THRESHOLD_NEVER */
    unsigned gather_deadline_ms;
    unsigned cold_lessons; /* a script is cold until this many lessons of both labels */
    struct check_weights checks;
    struct reputation_table reputations;
    struct network *internal_networks;
    size_t internal_network_count;
    struct config_identities identities;
    struct config_learning learning;
    enum log_level log_level;

    struct {
        char *socket; /* "inet:127.0.0.1:8891" or "unix:/path"; libmilter's words work too */
        enum mode mode;
        size_t size_limit_bytes;
        char *key_file; /* signs X-Weir-Id: /etc/weir/weir-id.key */
        enum when_stopping when_stopping;
    } milter;

    struct {
        enum mode mode;   /* observe: no subscription holds or tags, whatever its own mode */
        char *listen;     /* "127.0.0.1:8092", "[::1]:8092" */
        char *public_url; /* where readers find us, no '/' at the end; default: from `listen` */
        char *websub_url; /* where WebSub hubs find us, the same; empty: none is asked */
        char *cache;      /* directory of the last good copies; "/var/cache/weir-feed" */
        uint64_t cache_size_bytes;
        size_t size_limit_bytes;     /* of an upstream answer, decoded; at most FEED_SIZE_LIMIT */
        unsigned fetch_timeout_ms;   /* of a whole fetch, redirects included */
        unsigned redirects;          /* followed at most */
        unsigned fetches;            /* at once */
        unsigned host_fetches;       /* to one host, at once */
        unsigned host_spacing_ms;    /* between the beginnings of two fetches to one host */
        unsigned connections;        /* of readers, at once */
        unsigned request_timeout_ms; /* of a reader's request, and of its reading the answer */
        /* Between polls: when the feed does not say; at least; at most. */
        unsigned poll_s, poll_min_s, poll_max_s;
        unsigned put_back_s; /* released items that upstream no longer lists: so long in front */
        enum deduplicate deduplicate;
        struct network *upstream_networks; /* private addresses that may be fetched from */
        size_t upstream_network_count;
        char *feeds_file;    /* with more subscriptions; empty: none */
        bool footer;         /* of subscriptions that do not say otherwise */
        char *link_key_file; /* signs the links of items; "/var/lib/weir-feed/link.key" */
    } feedfilter;
    struct subscription_config *subscriptions; /* in the order of the file */
    size_t subscription_count;
    size_t *subscriptions_by_name; /* their places, for config_subscription() */

    struct {
        unsigned requeue_after_s; /* held longer than this: postsuper -r instead of -H */
        unsigned poll_ms;         /* how often requests are looked for */
        char *preview;            /* unix socket at which it shows held messages */
        unsigned gone_after_s;    /* between the two looks that make a record `gone` */
    } release;

    struct {
        char *sendmail; /* program that takes a message: "/usr/sbin/sendmail" */
        char *from;     /* address; "postmaster" */
        enum language language;
        char *key_file;      /* signs links; "/var/lib/weir/link.key" */
        unsigned timeout_ms; /* of sendmail, for one digest */
    } digest;
    struct recipient_config *recipients; /* in the order of the file */
    size_t recipient_count;

    struct {
        char *milter, *release, *console; /* where they serve /metrics; empty: nowhere */
    } metrics;

    struct {
        char *listen;     /* "127.0.0.1:8093" */
        char *users;      /* the file of those who may log in */
        char *public_url; /* where browsers find it, no '/' at the end; empty: where it listens */
        char *pages;      /* directory of its web pages */
    } console;

    char **warnings; /* "weir.conf:12: …": what works but is hardly meant */
    size_t warning_count;
};

/* $WEIR_CONFIG, else the path compiled in. */
const char *config_default_path(void);

/* Reads `path`. NULL with ERROR_INPUT ("weir.conf:12: thresholds.hold: 1.7 is not a probability
 * (0 to 1)") or ERROR_SYSTEM (cannot be read). Thread-safe. */
struct config *config_read(const char *path, struct error *error);

/* The same with the subscriptions of feedfilter.feeds-file, which only the feed server may read. */
struct config *config_read_with_feeds(const char *path, struct error *error);

/* What an empty file gives. */
struct config *config_defaults(void);

/* `config`, which is retained, with copies of the `count` subscriptions of `more` behind its own. A
 * name that it has itself keeps its meaning: that one of `more` is left out. */
struct config *config_with_subscriptions(struct config *config,
                                         const struct subscription_config *more, size_t count);

/* NULL: there is none of that name. */
const struct subscription_config *config_subscription(const struct config *config,
                                                      const char *name);

/* Whether items of that subscription are to end with links. */
bool config_has_footer(const struct config *config, const struct subscription_config *own);
bool config_has_any_footer(const struct config *config);

/* NULL is fine; thread-safe. */
struct config *config_retain(struct config *config);
void config_release(struct config *config);

/* Whether the Authentication-Results of `id` are believed. */
bool config_trusts_authserv_id(const struct config *config, struct span id);

/* Logs each of its warnings: for programs that run on. */
void config_log_warnings(const struct config *config);

/* What is configured for a recipient (in normal form, core/recipient.h): for the address itself,
 * else for its domain, else what digest { } says. */
struct recipient_config config_recipient(const struct config *config, const char *recipient);

/* True when `address` ("192.0.2.1", "2001:db8::1", "IPv6:…") lies in networks.internal. */
bool config_is_internal(const struct config *config, const char *address);

#endif
