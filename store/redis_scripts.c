#include "store/redis_scripts.h"

#include "store/memory.h"

#include <pthread.h>
#include <string.h>

#define SHA_HEX 40

/* A reputation is 20 bytes: ham and spam in thousandths of a lesson, the time they stand for,
 * documents seen, in thousandths too, and when it was first seen (0: not known); with an override 9
 * more: its kind, log-odds in hundredths, and until when. Those written before documents were
 * counted have neither documents nor first time, 12 bytes; they grow when they are next written
 * whole. It lives for 5 half-lives after that time was set (a lesson is down to 3 % then), or as
 * long as its override; for less when documents are all that was counted. */
#define LUA_OPEN                                                                                   \
    "local function open(value)\n"                                                                 \
    "  if #value == 12 or #value == 21 then\n"                                                     \
    "    local ham, spam, reference = struct.unpack('<I4I4I4', value)\n"                           \
    "    return 12, ham, spam, reference, 0, 0\n"                                                  \
    "  end\n"                                                                                      \
    "  return 20, struct.unpack('<I4I4I4I4I4', value)\n"                                           \
    "end\n"
/* counts_time_of(). */
#define LUA_TIME_OF                                                                                \
    "local function time_of(event, stands_for, now)\n"                                             \
    "  return stands_for > now + 300 and stands_for or event\n"                                    \
    "end\n"
#define LUA_WHOLE                                                                                  \
    "local function whole(count)\n"                                                                \
    "  if count <= 0 then return 0 end\n"                                                          \
    "  if count > 4294967295 then return 4294967295 end\n"                                         \
    "  return math.floor(count + 0.5)\n"                                                           \
    "end\n"
#define LUA_KEEP_OVERRIDDEN                                                                        \
    "local function keep_overridden(key, counts, override, half_life, now)\n"                      \
    "  local kind, centi, expires = struct.unpack('<Bi4I4', override)\n"                           \
    "  if kind == 2 then\n"                                                                        \
    "    redis.call('SET', key, counts .. override)\n"                                             \
    "  else\n"                                                                                     \
    "    redis.call('SET', key, counts .. override, 'EX',\n"                                       \
    "               math.max(5 * half_life, expires - now))\n"                                     \
    "  end\n"                                                                                      \
    "end\n"

/* KEYS: log, version, event id, label record, copying (see counts_redis.h), then one for each
 * identity. ARGV: encoded lesson,
 * label (0 or 1), time of the event, half-lives (4 bytes for each type), types of the identities
 * (a byte each), packed names of their keys, what these begin with; the limit, see below; whether
 * the operator says so (0 or 1); whether the label is taken back (0 or 1). Answers {outcome,
 * version}, the outcome as in enum append_outcome.
 *
 * The label record is label, time and version of the entry, and the packed names (type, length,
 * name of the key behind the prefix), so that all can be taken back. Of a lesson whose share was
 * limited the label is 2 higher, and between version and names stands how many identities there
 * are (2 bytes) and what was added to each (2 bytes, in thousandths of a lesson).
 *
 * The eighth argument, unless empty, limits what the source may add: it is the share that one
 * source may have in a reputation, if it is believed whole (counts_trust_mean()). What it has
 * stands under
 * "s:", length and name of the source, and the name of the reputation: 8 bytes, in thousandths of
 * a lesson, and the time they stand for, as with the reputations.
 *
 * Counts stand for a reference time, which moves on only when an event is a sixteenth of a
 * half-life later: until then an event counts a little more than 1000 instead. Decaying at each
 * event would round the decay away when events come every second. (Cormode, Shkapenyuk,
 * Srivastava, Xu, "Forward decay", 2009.) What an event added is therefore known from its time
 * alone.
 *
 * What a lesson costs Redis is decided here: hence one MGET, SETRANGE where the lifetime may stay
 * as it is (SET with EX costs twice as much), and no number made into text or bytes twice. */
static const char append_text[] = LUA_OPEN LUA_TIME_OF LUA_WHOLE LUA_KEEP_OVERRIDDEN
    "local call, byte, sub = redis.call, string.byte, string.sub\n"
    "local pack, unpack_struct, floor = struct.pack, struct.unpack, math.floor\n"
    "local prefix, share = ARGV[7], tonumber(ARGV[8])\n"
    "local source = sub(KEYS[4], #prefix + 20)\n"
    "local words_key = prefix .. 'd:' .. sub(KEYS[4], #prefix + 3, #prefix + 18)\n"
    "local seen, earlier, copying, words = unpack(call('MGET', KEYS[3], KEYS[4], KEYS[5], "
    "words_key))\n"
    "words = words or ''\n"
    "if copying then\n"
    "  return redis.error_reply('BUSY a copy is being made; try again later')\n"
    "end\n"
    "if seen then return {1, tonumber(seen)} end\n"
    "local now = tonumber(call('TIME')[1])\n"
    "local label, time = tonumber(ARGV[2]), tonumber(ARGV[3])\n"
    "local half_lives, withdrawn = ARGV[4], ARGV[10] == '1'\n"
    "time = math.max(0, math.min(time, now + 300))\n"
    "local earlier_label, earlier_time, earlier_version, earlier_limited\n"
    "if earlier then\n"
    "  earlier_label, earlier_time, earlier_version = unpack_struct('<BI4I8', earlier)\n"
    "  earlier_limited = earlier_label >= 2\n"
    "  if earlier_limited then earlier_label = earlier_label - 2 end\n"
    "end\n"
    "if (earlier_label == label) ~= withdrawn then\n"
    "  call('SET', KEYS[3], string.format('%.0f', earlier_version or 0), 'EX', '2592000')\n"
    "  return {2, earlier_version or 0}\n"
    "end\n"
    "local half_life_of, lifetime_of = {}, {}\n"
    "local function look_up(type)\n"
    "  local half_life = unpack_struct('<I4', half_lives, 4 * type + 1)\n"
    "  half_life_of[type] = half_life\n"
    "  lifetime_of[type] = string.format('%d', 5 * half_life)\n"
    "  return half_life\n"
    "end\n"
    /* `amounts`, where given, say for each identity how much of `milli` it is. */
    "local function change(keys, first, types, label, time, milli, amounts)\n"
    "  if first > #keys then return end\n"
    "  local values, fresh = call('MGET', unpack(keys, first)), ''\n"
    "  if milli > 0 then\n"
    "    fresh = pack('<I4I4I4I4I4', label == 0 and milli or 0, label == 1 and milli or 0, "
    "time, 0, time)\n"
    "  end\n"
    "  for i = 1, #values do\n"
    "    local key, value, type = keys[first + i - 1], values[i], byte(types, i)\n"
    "    local half_life = half_life_of[type] or look_up(type)\n"
    "    local amount = milli\n"
    "    if amounts then\n"
    "      amount = milli / 1000 * amounts[i]\n"
    "      if amount > 0 then\n"
    "        fresh = pack('<I4I4I4I4I4', label == 0 and amount or 0, label == 1 and amount or "
    "0, time, 0, time)\n"
    "      end\n"
    "    end\n"
    "    if value and amount ~= 0 then\n"
    "      local length, ham, spam, reference, seen, first = open(value)\n"
    "      local age, moved = time_of(time, reference, now) - reference, false\n"
    /* It may have been kept for as long as what was only seen is. */
    "      local unlabelled = ham == 0 and spam == 0\n"
    "      if age > half_life / 16 then\n"
    "        local decay = 2 ^ (-age / half_life)\n"
    "        ham, spam, seen = ham * decay, spam * decay, whole(seen * decay)\n"
    "        reference, age, moved = time, 0, true\n"
    "      end\n"
    "      local weight = amount * 2 ^ (age / half_life)\n"
    "      if label == 1 then spam = spam + weight else ham = ham + weight end\n"
    "      ham, spam = whole(ham), whole(spam)\n"
    "      if ham == 0 and spam == 0 and seen == 0 and #value == length then\n"
    "        call('DEL', key)\n"
    "      elseif not moved and not unlabelled then\n"
    "        call('SETRANGE', key, '0', pack('<I4I4I4', ham, spam, reference))\n"
    "      else\n"
    "        local counts = pack('<I4I4I4I4I4', ham, spam, reference, seen, first)\n"
    "        if #value == length then\n"
    "          call('SETEX', key, lifetime_of[type], counts)\n"
    "        else\n"
    "          keep_overridden(key, counts, sub(value, length + 1), half_life, now)\n"
    "        end\n"
    "      end\n"
    "    elseif amount > 0 then\n"
    "      call('SETEX', key, lifetime_of[type], fresh)\n"
    "    end\n"
    "  end\n"
    "end\n"
    /* Keeps what the source has in each reputation: less `taken`, or, without that, more by what it
     * may add, which is answered. It never has more than there is: reputations can be forgotten. */
    "local function account(keys, first, types, time, taken)\n"
    "  local owns, added = {}, {}\n"
    "  local part, least = 0, 0\n"
    "  if not taken then\n"
    "    local trusted = call('GET', prefix .. 't:' .. source)\n"
    "    local agreed, disagreed = 0, 0\n"
    "    if trusted then agreed, disagreed = unpack_struct('<I4I4', trusted) end\n"
    "    local trust = (agreed + 2) / (agreed + disagreed + 4)\n"
    "    part = share * trust / (1 - share * trust)\n"
    "    least = 1000 * math.min(1, 2 * trust)\n"
    "  end\n"
    "  local own_prefix = prefix .. 's:' .. #source .. ':' .. source\n"
    "  for i = first, #keys do\n"
    "    owns[i - first + 1] = own_prefix .. sub(keys[i], #prefix + 1)\n"
    "  end\n"
    "  if #owns == 0 then return added end\n"
    "  local values, totals = call('MGET', unpack(owns)), call('MGET', unpack(keys, first))\n"
    "  for i = 1, #owns do\n"
    "    local type = byte(types, i)\n"
    "    local half_life = half_life_of[type] or look_up(type)\n"
    "    local own, reference, total = 0, time, 0\n"
    "    if values[i] then own, reference = unpack_struct('<I4I4', values[i]) end\n"
    "    if totals[i] then\n"
    "      local ham, spam, since = unpack_struct('<I4I4I4', totals[i])\n"
    "      total = (ham + spam) * 2 ^ ((since - time_of(time, since, now)) / half_life)\n"
    "    end\n"
    "    local age, moved = time_of(time, reference, now) - reference, not values[i]\n"
    "    if age > half_life / 16 then\n"
    "      own, reference, age, moved = own * 2 ^ (-age / half_life), time, 0, true\n"
    "    end\n"
    "    local scale = 2 ^ (age / half_life)\n"
    "    local has = math.min(own / scale, total)\n"
    "    local amount\n"
    "    if taken then\n"
    "      amount = -taken[i]\n"
    "    else\n"
    "      local most = math.max(least, part * (total - has))\n"
    "      amount = floor(math.max(0, math.min(1000, most - has)))\n"
    "    end\n"
    "    added[i] = amount\n"
    "    own = whole((has + amount) * scale)\n"
    "    if own == 0 then\n"
    "      if values[i] then call('DEL', owns[i]) end\n"
    "    elseif moved then\n"
    "      call('SETEX', owns[i], lifetime_of[type], pack('<I4I4', own, reference))\n"
    "    else\n"
    "      call('SETRANGE', owns[i], '0', pack('<I4I4', own, reference))\n"
    "    end\n"
    "  end\n"
    "  return added\n"
    "end\n"
    /* The words of sources that are limited about the document are flags (1: spam, 2: the operator
     * spoke later, 4: and agreed), length and name of the source. One that was tested stays;
     * it is untested again where the operator's word is withdrawn. */
    "local function remember_word()\n"
    "  local at, kept, others = 1, '', 0\n"
    "  while at < #words do\n"
    "    local flags, length = byte(words, at, at + 1)\n"
    "    if sub(words, at + 2, at + 1 + length) ~= source then\n"
    "      kept, others = kept .. sub(words, at, at + 1 + length), others + 1\n"
    "    elseif flags >= 2 then\n"
    "      return\n"
    "    end\n"
    "    at = at + 2 + length\n"
    "  end\n"
    "  if others >= 32 then return end\n"
    "  call('SET', words_key, kept .. string.char(label, #source) .. source, 'EX', '15552000')\n"
    "end\n"
    "local function test_words()\n"
    "  local at, kept = 1, ''\n"
    "  while at < #words do\n"
    "    local flags, length = byte(words, at, at + 1)\n"
    "    local name = sub(words, at + 2, at + 1 + length)\n"
    "    local agrees, tested, before = flags % 2 == label, flags >= 2, flags >= 4\n"
    "    if not withdrawn and (not tested or before ~= agrees) or withdrawn and tested then\n"
    "      local key, agreed, disagreed = prefix .. 't:' .. name, 0, 0\n"
    "      local value = call('GET', key)\n"
    "      if value then agreed, disagreed = unpack_struct('<I4I4', value) end\n"
    "      if tested and before then agreed = math.max(0, agreed - 1) end\n"
    "      if tested and not before then disagreed = math.max(0, disagreed - 1) end\n"
    "      if not withdrawn and agrees then agreed = agreed + 1 end\n"
    "      if not withdrawn and not agrees then disagreed = disagreed + 1 end\n"
    "      if agreed + disagreed > 100 then\n"
    "        agreed, disagreed = floor(agreed / 2), floor(disagreed / 2)\n"
    "      end\n"
    "      call('SET', key, pack('<I4I4', agreed, disagreed), 'EX', '15552000')\n"
    "    end\n"
    "    local test = withdrawn and 0 or agrees and 6 or 2\n"
    "    kept = kept .. string.char(flags % 2 + test, length) .. name\n"
    "    at = at + 2 + length\n"
    "  end\n"
    "  if kept ~= words then call('SET', words_key, kept, 'EX', '15552000') end\n"
    "end\n"
    "local function take_back()\n"
    "  local keys, types, amounts, at = {}, {}, nil, 14\n"
    "  if earlier_limited then\n"
    "    amounts = {}\n"
    "    for i = 1, unpack_struct('<I2', earlier, at) do\n"
    "      amounts[i] = unpack_struct('<I2', earlier, at + 2 * i)\n"
    "    end\n"
    "    at = at + 2 + 2 * #amounts\n"
    "  end\n"
    "  while at < #earlier do\n"
    "    local type, length = byte(earlier, at, at + 1)\n"
    "    types[#types + 1] = string.char(type)\n"
    "    keys[#keys + 1] = prefix .. sub(earlier, at + 2, at + 1 + length)\n"
    "    at = at + 2 + length\n"
    "  end\n"
    "  types = table.concat(types)\n"
    "  if amounts then account(keys, 1, types, earlier_time, amounts) end\n"
    "  change(keys, 1, types, earlier_label, earlier_time, -1000, amounts)\n"
    "end\n"
    "local version = call('GET', KEYS[2])\n"
    "if not version then\n"
    "  local newest = call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]\n"
    "  version = newest and string.match(newest[1], '^%d+') or 0\n"
    "end\n"
    "version = tonumber(version) + 1\n"
    "local text = string.format('%.0f', version)\n"
    /* First, since it is what may fail; nothing has changed then. */
    "call('XADD', KEYS[1], text .. '-0', 'l', ARGV[1])\n"
    "call('SET', KEYS[2], text)\n"
    "call('SET', KEYS[3], text, 'EX', '2592000')\n"
    "if earlier then take_back() end\n"
    "if withdrawn then\n"
    "  call('DEL', KEYS[4])\n"
    "  if not share and ARGV[9] == '1' then test_words() end\n"
    "  return {3, version}\n"
    "end\n"
    "local record = pack('<BI4I8', share and label + 2 or label, time, version)\n"
    "local amounts = share and account(KEYS, 6, ARGV[5], time)\n"
    "if share then remember_word() elseif ARGV[9] == '1' then test_words() end\n"
    "if amounts then\n"
    "  local packed = {pack('<I2', #amounts)}\n"
    "  for i = 1, #amounts do packed[i + 1] = pack('<I2', amounts[i]) end\n"
    "  record = record .. table.concat(packed)\n"
    "end\n"
    "call('SET', KEYS[4], record .. ARGV[6], 'EX', '15552000')\n"
    "change(KEYS, 6, ARGV[5], label, time, 1000, amounts)\n"
    "return {earlier and 3 or 0, version}\n";

/* KEYS: since, copying (see counts_redis.h), then one for each identity. ARGV: half-lives, and how
 * long what was only seen is kept (4 bytes for each type), types of the identities (a byte each),
 * documents that bore them (4 bytes each). They count as of now, in the way of lessons. */
static const char seen_text[] = LUA_OPEN LUA_TIME_OF LUA_WHOLE LUA_KEEP_OVERRIDDEN
    "local call, byte, sub = redis.call, string.byte, string.sub\n"
    "local pack, unpack_struct = struct.pack, struct.unpack\n"
    "local since, copying = unpack(call('MGET', KEYS[1], KEYS[2]))\n"
    "if copying then\n"
    "  return redis.error_reply('BUSY a copy is being made; try again later')\n"
    "end\n"
    "local text = call('TIME')[1]\n"
    "local now = tonumber(text)\n"
    "call('SET', KEYS[1], since or text, 'EX', '1209600')\n"
    "local values = call('MGET', unpack(KEYS, 3))\n"
    "for i = 1, #values do\n"
    "  local key, value, at = KEYS[i + 2], values[i], 4 * byte(ARGV[3], i) + 1\n"
    "  local half_life = unpack_struct('<I4', ARGV[1], at)\n"
    "  local seen_life = unpack_struct('<I4', ARGV[2], at)\n"
    "  local milli = 1000 * unpack_struct('<I4', ARGV[4], 4 * i - 3)\n"
    "  if not value then\n"
    "    call('SETEX', key, seen_life, pack('<I4I4I4I4I4', 0, 0, now, whole(milli), now))\n"
    "  else\n"
    "    local length, ham, spam, reference, seen, first = open(value)\n"
    "    local age, moved = time_of(now, reference, now) - reference, false\n"
    "    if age > half_life / 16 then\n"
    "      local decay = 2 ^ (-age / half_life)\n"
    "      ham, spam, seen = whole(ham * decay), whole(spam * decay), seen * decay\n"
    "      reference, age, moved = now, 0, true\n"
    "    end\n"
    "    seen = whole(seen + milli * 2 ^ (age / half_life))\n"
    "    local counts = pack('<I4I4I4I4I4', ham, spam, reference, seen, first)\n"
    "    if ham == 0 and spam == 0 and #value == length then\n"
    "      call('SETEX', key, seen_life, counts)\n"
    "    elseif not moved then\n"
    "      call('SET', key, counts .. sub(value, length + 1), 'KEEPTTL')\n"
    "    elseif #value == length then\n"
    "      call('SETEX', key, string.format('%d', 5 * half_life), counts)\n"
    "    else\n"
    "      keep_overridden(key, counts, sub(value, length + 1), half_life, now)\n"
    "    end\n"
    "  end\n"
    "end\n"
    "return 1\n";

/* Of a server that hung, whoever asked has given up, and said that nothing was changed. ARGV[1]:
 * the server's own time, in milliseconds, until which it may act. */
#define LUA_IN_TIME                                                                                \
    "local time = redis.call('TIME')\n"                                                            \
    "if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[1]) then\n"                                \
    "  return redis.error_reply('LATE the server hung; nothing was changed')\n"                    \
    "end\n"

/* KEYS: reputation. ARGV: until when. */
static const char forget_text[] = LUA_IN_TIME "return redis.call('DEL', KEYS[1])\n";

/* KEYS: reputations. ARGV: until when; for each of them what it is (empty: nothing) and for how
 * many seconds (0: for ever). */
static const char write_text[] = LUA_IN_TIME "for i, key in ipairs(KEYS) do\n"
                                             "  local value, life = ARGV[2 * i], ARGV[2 * i + 1]\n"
                                             "  if value == '' then\n"
                                             "    redis.call('DEL', key)\n"
                                             "  elseif life == '0' then\n"
                                             "    redis.call('SET', key, value)\n"
                                             "  else\n"
                                             "    redis.call('SET', key, value, 'EX', life)\n"
                                             "  end\n"
                                             "end\n"
                                             "return 1\n";

/* KEYS: settings, copying. ARGV: until when, the version that was read, the text. Answers whether
 * it is saved. */
static const char settings_text[] = LUA_IN_TIME
    "if redis.call('EXISTS', KEYS[2]) == 1 then\n"
    "  return redis.error_reply('BUSY a copy is being made; try again later')\n"
    "end\n"
    "local version = redis.call('HGET', KEYS[1], 'version') or '0'\n"
    "if version ~= ARGV[2] then return 0 end\n"
    "redis.call('HSET', KEYS[1], 'version', string.format('%.0f', tonumber(version) + 1),\n"
    "           'text', ARGV[3])\n"
    "return 1\n";

/* KEYS: reputation. ARGV: until when, override (empty: take it away), half-life. */
static const char override_text[] = LUA_IN_TIME LUA_OPEN LUA_KEEP_OVERRIDDEN
    "local value = redis.call('GET', KEYS[1])\n"
    "local now, half_life = tonumber(time[1]), tonumber(ARGV[3])\n"
    "value = value or struct.pack('<I4I4I4I4I4', 0, 0, now, 0, now)\n"
    "local length, ham, spam, reference, seen, first = open(value)\n"
    "local counts = string.sub(value, 1, length)\n"
    "if ARGV[2] ~= '' then\n"
    "  keep_overridden(KEYS[1], counts, ARGV[2], half_life, now)\n"
    "elseif ham > 0 or spam > 0 or seen > 0 then\n"
    "  redis.call('SET', KEYS[1], counts, 'EX', 5 * half_life)\n"
    "else\n"
    "  redis.call('DEL', KEYS[1])\n"
    "end\n"
    "return 1\n";

/* ARGV: cursor, pattern. A page of SCAN, of which only the keys of reputations with an override are
 * answered: their lengths tell. */
static const char overridden_text[] =
    "local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 1000)\n"
    "local found = {}\n"
    "for _, key in ipairs(page[2]) do\n"
    "  local length = redis.pcall('STRLEN', key)\n"
    "  if length == 21 or length == 29 then found[#found + 1] = key end\n"
    "end\n"
    "return {page[1], found}\n";

/* KEYS: snapshot, log. ARGV: version, feature version, data. Answers 1 when it was stored, 0 when
 * it is not newer, and the negative feature version of what is there when that has newer features.
 * The log keeps the entry of the snapshot itself, so that it never forgets its newest version. */
static const char snapshot_text[] =
    "local stored = redis.call('HMGET', KEYS[1], 'version', 'features')\n"
    "local version, features = tonumber(stored[1] or 0), tonumber(stored[2] or 0)\n"
    "if features > tonumber(ARGV[2]) then return -features end\n"
    "if version >= tonumber(ARGV[1]) then return 0 end\n"
    "redis.call('HSET', KEYS[1], 'version', ARGV[1], 'features', ARGV[2], 'data', ARGV[3])\n"
    "redis.call('XTRIM', KEYS[2], 'MINID', ARGV[1] .. '-0')\n"
    "return 1\n";

/* KEYS: replicas (a hash of gateway to "time version"). ARGV: gateway, version. */
static const char report_text[] = "local now = redis.call('TIME')[1]\n"
                                  "redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])\n"
                                  "redis.call('EXPIRE', KEYS[1], 10)\n"
                                  "return 1\n";

/* KEYS: replicas. Answers the lowest version reported within 10 s, -1 when there is none, and
 * forgets the other reports. */
static const char slowest_text[] =
    "local now = tonumber(redis.call('TIME')[1])\n"
    "local reports, slowest = redis.call('HGETALL', KEYS[1]), -1\n"
    "for i = 1, #reports, 2 do\n"
    "  local time, version = string.match(reports[i + 1], '^(%d+) (%d+)$')\n"
    "  if time and tonumber(time) + 10 >= now then\n"
    "    version = tonumber(version)\n"
    "    if slowest < 0 or version < slowest then slowest = version end\n"
    "  else\n"
    "    redis.call('HDEL', KEYS[1], reports[i])\n"
    "  end\n"
    "end\n"
    "return slowest\n";

static const char *const texts[REDIS_SCRIPTS] = {
    [REDIS_SCRIPT_APPEND] = append_text,         [REDIS_SCRIPT_SEEN] = seen_text,
    [REDIS_SCRIPT_OVERRIDDEN] = overridden_text, [REDIS_SCRIPT_OVERRIDE] = override_text,
    [REDIS_SCRIPT_SNAPSHOT] = snapshot_text,     [REDIS_SCRIPT_REPORT] = report_text,
    [REDIS_SCRIPT_SLOWEST] = slowest_text,       [REDIS_SCRIPT_FORGET] = forget_text,
    [REDIS_SCRIPT_WRITE] = write_text,           [REDIS_SCRIPT_SETTINGS] = settings_text,
};

struct redis_scripts {
    struct redis_pool *pool;
    pthread_mutex_t mutex;
    char sha[REDIS_SCRIPTS][SHA_HEX + 1]; /* empty: never used yet */
};

struct redis_scripts *redis_scripts_new(struct redis_pool *pool)
{
    struct redis_scripts *scripts = memory_new(sizeof *scripts);
    scripts->pool = pool;
    pthread_mutex_init(&scripts->mutex, NULL);
    return scripts;
}

void redis_scripts_free(struct redis_scripts *scripts)
{
    if (!scripts)
        return;
    pthread_mutex_destroy(&scripts->mutex);
    free(scripts);
}

/* Gives the script to the server, which answers its SHA1. */
static bool load(struct redis_scripts *scripts, enum redis_script script, struct error *error)
{
    struct redis_batch batch = {0};
    redis_batch_words(&batch, "SCRIPT", "LOAD", texts[script], NULL);
    redisReply *reply = redis_pool_ask(scripts->pool, &batch, REDIS_REPLY_STRING, error);
    redis_batch_clear(&batch);
    if (!reply)
        return false;
    bool good = reply->len == SHA_HEX;
    if (good) {
        pthread_mutex_lock(&scripts->mutex);
        memcpy(scripts->sha[script], reply->str, SHA_HEX);
        pthread_mutex_unlock(&scripts->mutex);
    } else {
        error_set(error, ERROR_BUG, "redis at %s: SCRIPT LOAD answered no SHA1",
                  redis_pool_address(scripts->pool)->place);
    }
    freeReplyObject(reply);
    return good;
}

bool redis_scripts_begin(struct redis_scripts *scripts, struct redis_batch *batch,
                         enum redis_script script, size_t keys, size_t arguments,
                         struct error *error)
{
    char sha[SHA_HEX + 1];
    for (;;) {
        pthread_mutex_lock(&scripts->mutex);
        memcpy(sha, scripts->sha[script], sizeof sha);
        pthread_mutex_unlock(&scripts->mutex);
        if (sha[0])
            break;
        if (!load(scripts, script, error))
            return false;
    }
    redis_batch_begin(batch, 3 + keys + arguments);
    redis_batch_text(batch, "EVALSHA");
    redis_batch_text(batch, sha);
    redis_batch_number(batch, (int64_t)keys);
    return true;
}

bool redis_scripts_exchange(struct redis_scripts *scripts, enum redis_script script,
                            const struct redis_batch *batch, redisReply **replies, size_t *answered,
                            struct error *error)
{
    if (!redis_pool_exchange(scripts->pool, batch, 0, replies, answered, error))
        return false;
    bool unknown = *answered && replies[0]->type == REDIS_REPLY_ERROR &&
                   strncmp(replies[0]->str, "NOSCRIPT", 8) == 0;
    if (!unknown)
        return true;
    redis_replies_free(replies, *answered);
    *answered = 0;
    return load(scripts, script, error) &&
           redis_pool_exchange(scripts->pool, batch, 0, replies, answered, error);
}

redisReply *redis_scripts_ask(struct redis_scripts *scripts, enum redis_script script,
                              const struct redis_batch *batch, int type, struct error *error)
{
    redisReply *reply = NULL;
    size_t answered;
    if (redis_scripts_exchange(scripts, script, batch, &reply, &answered, error) &&
        redis_pool_expect(scripts->pool, reply, type, error))
        return reply;
    freeReplyObject(reply);
    return NULL;
}
