#include "milter/session.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "milter/conclude.h"
#include "milter/message.h"
#include "milter/settings.h"

/* Callbacks get no context of the program's, only their session. */
static struct gateway *gateway;

struct session {
    char *client_address; /* empty: unknown */
    char *client_name;
    char *helo;
    struct message message;
    struct settings *settings; /* NULL: no message under way */
};

static char *copy(const char *text)
{
    char *duplicate = strdup(text ? text : "");
    if (!duplicate) {
        fprintf(stderr, "weir-milter: out of memory\n");
        abort();
    }
    return duplicate;
}

static void replace(char **kept, const char *text)
{
    char *before = *kept;
    *kept = copy(text);
    free(before);
}

/* The session of this connection; a client that skips a step gets one too. */
static struct session *session_of(SMFICTX *ctx)
{
    struct session *session = smfi_getpriv(ctx);
    if (session)
        return session;
    session = calloc(1, sizeof *session);
    if (!session) {
        fprintf(stderr, "weir-milter: out of memory\n");
        abort();
    }
    session->client_address = copy("");
    session->client_name = copy("");
    session->helo = copy("");
    message_init(&session->message);
    smfi_setpriv(ctx, session);
    return session;
}

static void end_message(struct session *session)
{
    if (!session->settings)
        return;
    settings_release(session->settings);
    session->settings = NULL;
    message_reset(&session->message, 0);
    atomic_fetch_sub(&gateway->messages, 1);
}

static const char *macro(SMFICTX *ctx, const char *name)
{
    char copied[32];
    snprintf(copied, sizeof copied, "%s", name); /* libmilter takes no const */
    const char *value = smfi_getsymval(ctx, copied);
    return value ? value : "";
}

/* --- callbacks, in the order of a session --- */

static bool wants_macros(SMFICTX *ctx)
{
    char at_connect[] = "{daemon_name} {client_addr} {client_name}", at_sender[] = "{auth_type}",
         at_end[] = "i";
    return smfi_setsymlist(ctx, SMFIM_CONNECT, at_connect) == MI_SUCCESS &&
           smfi_setsymlist(ctx, SMFIM_ENVFROM, at_sender) == MI_SUCCESS &&
           smfi_setsymlist(ctx, SMFIM_EOM, at_end) == MI_SUCCESS;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
                             unsigned long unused2, unsigned long unused3,
                             unsigned long *wanted_actions, unsigned long *wanted_steps,
                             unsigned long *wanted2, unsigned long *wanted3)
{
    (void)unused2;
    (void)unused3;
    const unsigned long needed = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE;
    if ((actions & needed) != needed) {
        log_message(LOG_LEVEL_ERROR,
                    "the mail server does not let a milter add and change headers "
                    "and hold mail (it offers actions 0x%lx)",
                    actions);
        return SMFIS_REJECT;
    }
    if ((actions & SMFIF_SETSYMLIST) && !wants_macros(ctx))
        log_message(LOG_LEVEL_WARNING, "the mail server cannot be asked for the client's address");
    *wanted_actions = needed | (actions & SMFIF_SETSYMLIST);
    *wanted_steps = steps & (SMFIP_HDR_LEADSPC | SMFIP_NOUNKNOWN | SMFIP_NODATA);
    *wanted2 = *wanted3 = 0;
    return SMFIS_CONTINUE;
}

static void address_of(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
    text[0] = '\0';
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
                  INET6_ADDRSTRLEN);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
                  INET6_ADDRSTRLEN);
}

static sfsistat on_connect(SMFICTX *ctx, char *host_name, _SOCK_ADDR *address)
{
    struct session *session = session_of(ctx);
    char from_socket[INET6_ADDRSTRLEN];
    address_of(address, from_socket);
    const char *client = macro(ctx, "{client_addr}");
    if (!*client)
        client = from_socket;
    if (strncasecmp(client, "IPv6:", 5) == 0)
        client += 5;
    if (strcasecmp(client, "unknown") == 0)
        client = "";
    replace(&session->client_address, client);
    const char *name = macro(ctx, "{client_name}");
    if (!*name)
        name = host_name ? host_name : "";
    /* "unknown", or the address in brackets: it has no name. */
    replace(&session->client_name, *name == '[' || strcasecmp(name, "unknown") == 0 ? "" : name);
    end_message(session);
    return SMFIS_CONTINUE;
}

static sfsistat on_helo(SMFICTX *ctx, char *name)
{
    replace(&session_of(ctx)->helo, name);
    return SMFIS_CONTINUE;
}

static bool is_internal(SMFICTX *ctx, const struct session *session)
{
    return *macro(ctx, "{auth_type}") != '\0' ||
           strcmp(macro(ctx, "{daemon_name}"), "ORIGINATING") == 0 ||
           config_is_internal(session->settings->config, session->client_address);
}

static sfsistat on_sender(SMFICTX *ctx, char **arguments)
{
    struct session *session = session_of(ctx);
    end_message(session); /* an MTA that goes on without an end or an abort */
    struct settings *settings = settings_take();
    if (!settings)
        return SMFIS_ACCEPT;
    /* Counted before `stopping` is looked at: whoever sets it and then finds no message under way
     * knows that none will be. */
    atomic_fetch_add(&gateway->messages, 1);
    session->settings = settings;
    message_reset(&session->message, settings->config->milter.size_limit_bytes);
    if (atomic_load(&gateway->stopping)) {
        bool accept = settings->config->milter.when_stopping == WHEN_STOPPING_ACCEPT;
        end_message(session);
        return accept ? SMFIS_ACCEPT : SMFIS_TEMPFAIL;
    }
    session->message.config = settings->config;
    struct envelope *envelope = &session->message.envelope;
    message_set_sender(&session->message, arguments[0]);
    envelope->client_address = span_of(session->client_address);
    envelope->client_name = span_of(session->client_name);
    envelope->helo = span_of(session->helo);
    envelope->internal = is_internal(ctx, session);
    return SMFIS_CONTINUE;
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
    struct session *session = session_of(ctx);
    if (session->settings)
        message_add_recipient(&session->message, arguments[0]);
    return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    struct session *session = session_of(ctx);
    if (session->settings)
        message_add_header(&session->message, name, value);
    return SMFIS_CONTINUE;
}

static sfsistat on_end_of_headers(SMFICTX *ctx)
{
    struct session *session = session_of(ctx);
    if (session->settings)
        message_end_headers(&session->message);
    return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t length)
{
    struct session *session = session_of(ctx);
    if (session->settings)
        message_add_body(&session->message, data, length);
    return SMFIS_CONTINUE;
}

static sfsistat on_end_of_message(SMFICTX *ctx)
{
    struct session *session = session_of(ctx);
    if (!session->settings)
        return SMFIS_ACCEPT;
    sfsistat result = conclude(gateway, ctx, session->settings, &session->message);
    end_message(session);
    return result;
}

static sfsistat on_abort(SMFICTX *ctx)
{
    end_message(session_of(ctx));
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
    struct session *session = smfi_getpriv(ctx);
    if (!session)
        return SMFIS_CONTINUE;
    smfi_setpriv(ctx, NULL);
    end_message(session);
    message_clear(&session->message);
    free(session->client_address);
    free(session->client_name);
    free(session->helo);
    free(session);
    return SMFIS_CONTINUE;
}

struct smfiDesc session_callbacks(struct gateway *shared)
{
    static char name[] = "weir";
    gateway = shared;
    return (struct smfiDesc){
        .xxfi_name = name,
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
        .xxfi_connect = on_connect,
        .xxfi_helo = on_helo,
        .xxfi_envfrom = on_sender,
        .xxfi_envrcpt = on_recipient,
        .xxfi_header = on_header,
        .xxfi_eoh = on_end_of_headers,
        .xxfi_body = on_body,
        .xxfi_eom = on_end_of_message,
        .xxfi_abort = on_abort,
        .xxfi_close = on_close,
        .xxfi_negotiate = on_negotiate,
    };
}
