/* hold_protocol: what weir-release says to weir-hold on the socketpair that is its descriptor 3.
 * One request at a time, one line, answered before the next:
 *   look ID      does it lie in hold?                        ok
 *   release ID   out of hold and into delivery               ok
 *   requeue ID   the same as a new message (held for long)   ok [ID in the queue from now on]
 *   delete ID                                                ok
 *   show ID      the message                                 ok LENGTH, then so many bytes
 * or instead of "ok":
 *   missing            there is no such file in the hold queue
 *   refused REASON     it is there but not ours, or the line is no request
 *   failed REASON      Postfix's command failed; nothing was changed
 * ID is a Postfix queue id, QUEUE_ID_MIN to QUEUE_ID_MAX ASCII letters and digits. */
#ifndef WEIR_HOLD_PROTOCOL_H
#define WEIR_HOLD_PROTOCOL_H

#define HOLD_FD 3
#define HOLD_LINE_MAX 128 /* a request or the first line of an answer, with its newline */
#define HOLD_SHOW_MAX (10u << 20)
#define QUEUE_ID_MIN 6
#define QUEUE_ID_MAX 20

#endif
