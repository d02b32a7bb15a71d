#include "core/verdict_log.h"

#include <string.h>
#include <time.h>

#include "core/evidence_record.h"
#include "core/explain.h"
#include "core/metrics.h"

const char *verdict_log_action(struct arena *arena, enum action action, enum mode mode)
{
    const char *observed = mode == MODE_OBSERVE ? " (observed)" : "";
    return arena_printf(arena, "%s%s", action_name(action), observed).data;
}

void verdict_log_history(struct records *records, const struct document *document,
                         const struct verdict *verdict, enum mode mode,
                         const struct verdict_about *about)
{
    struct history_entry entry = {
        .time_s = time(NULL),
        .channel = channel_name(document->channel),
        .action = verdict_log_action(document->arena, verdict->action, mode),
        .log_odds = verdict->log_odds,
        .sender = about->sender,
        .recipients = about->recipients,
        .subject = about->subject,
        .reference = about->reference,
        .evidence = explain_verdict_json(document->arena, verdict).data,
    };
    if (verdict->record) {
        struct span record = evidence_record_encode(verdict->record, document->arena);
        entry.record = record.data;
        entry.record_length = record.length;
    }
    memcpy(entry.document_id, document->id, sizeof entry.document_id);
    records_history_add(records, &entry);
    metrics_add(METRIC_DOCUMENTS, metrics_documents_cell(entry.channel, entry.action), 1);
}
