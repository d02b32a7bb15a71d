/* hold_protocol: what weir-release says to weir-hold on the socketpair that is its descriptor 3.
 * One request at a time, one line, answered before the next:
 *   look ID                does it lie in hold?                        ok
 *   release ID DOCUMENT    out of hold and into delivery               ok
 *   requeue ID DOCUMENT    the same as a new message (held for long)   ok [ID from now on]
 *   delete ID DOCUMENT                                                 ok
 *   show ID DOCUMENT   the message, its first MiB, to be read         ok, and a descriptor of it
 * or instead of "ok":
 *   missing            there is no such file in the hold queue
 *   refused REASON     it is there but not that document of ours, or the line is no request
 *   failed REASON      it cannot be known now, or Postfix's command failed; nothing was changed
 * ID is a Postfix queue id, QUEUE_ID_MIN to QUEUE_ID_MAX ASCII letters and digits. DOCUMENT is the
 * record's document id, 32 lower-case hex digits: whoever can make records, by talking to the
 * milter, cannot make one that reaches another message. libc only. */
#ifndef WEIR_HOLD_PROTOCOL_H
#define WEIR_HOLD_PROTOCOL_H

#define HOLD_FD 3
#define HOLD_LINE_MAX 128 /* a request or an answer, with its newline */
#define QUEUE_ID_MIN 6
#define QUEUE_ID_MAX 20

/* Of a message that is shown. */
#define HOLD_SHOW_MAX (1024u * 1024)

#endif
