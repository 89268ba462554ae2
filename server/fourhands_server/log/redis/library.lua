#!lua name=fourhands_log_1

-- Numbers arrive as decimal text and may be wider than a double: they are compared as text.
local function less(a, b)
  return #a < #b or (#a == #b and a < b)
end

-- Microseconds pass 2^50, where tostring would round.
local function whole(number)
  return string.format('%.0f', number)
end

local INTENT = 9

-- The entry that (producer, pseq) made before, as an answer; nil where it made none of this stream and kind.
local function earlier(made, streams, intent)
  local place = redis.call('HGET', made, intent.field)
  if not place then return nil end
  local stream, seq = place:match('^(.*)\n(%d+)$')
  if stream ~= intent.stream then return nil end
  local found = redis.call('XRANGE', streams[stream], seq .. '-0', seq .. '-0')[1]
  if not found then return nil end
  local fields = {}
  for i = 1, #found[2], 2 do fields[found[2][i]] = found[2][i + 1] end
  if fields.k ~= intent.kind then return nil end
  return {0, seq, fields.t, fields.a, fields.b}
end

-- Turns the intents of one call into entries, none of which is written yet. Answers {answers, state} or {nil, error}.
local function stage(before, group, made, producers, streams)
  local state = {
    n = before.n, at = before.at, fence = before.fence,
    seqs = setmetatable({}, {__index = before.seqs}),
    pseqs = setmetatable({}, {__index = before.pseqs}),
    here = setmetatable({}, {__index = before.here}),
    fresh = {},
  }
  local answers = {}
  for _, intent in ipairs(group) do
    if less(intent.fence, state.fence) then
      return nil, {'fenced', intent.fence, state.fence}
    end
    local highest = state.pseqs[intent.producer]
    if highest == nil then
      highest = redis.call('HGET', producers, intent.producer) or '0'
      state.pseqs[intent.producer] = highest
    end
    if less(highest, intent.pseq) then
      local seq = state.seqs[intent.stream] + 1
      local at = math.max(intent.now, state.at)
      state.seqs[intent.stream], state.at, state.n, state.fence = seq, at, state.n + 1, intent.fence
      state.pseqs[intent.producer] = intent.pseq
      local entry = {intent = intent, seq = whole(seq), at = whole(at)}
      state.here[intent.field] = entry
      table.insert(state.fresh, entry)
      table.insert(answers, {1, entry.seq, entry.at})
    else
      local same = state.here[intent.field]
      local answer
      if same then
        if same.intent.stream == intent.stream and same.intent.kind == intent.kind then
          answer = {0, same.seq, same.at, same.intent.actor, same.intent.body}
        end
      else
        answer = earlier(made, streams, intent)
      end
      if not answer then
        return nil, {'reused', intent.producer, intent.pseq, highest}
      end
      table.insert(answers, answer)
    end
  end
  return answers, state
end

-- KEYS: store, rooms, meta, producers, made, then the room's streams that are written to.
-- ARGV: room, incarnation, node, the number of entries that the caller knows of in the room and has seen in the whole
-- store, the names of those streams (as many as there are keys left), then for each intent: call, time (µs), stream, producer, pseq, actor, kind, body, fence.
local function append(keys, args)
  local store, rooms, meta, producers, made = keys[1], keys[2], keys[3], keys[4], keys[5]
  local room, incarnation, node, known = args[1], args[2], args[3], tonumber(args[4])
  if redis.call('HGET', store, 'incarnation') ~= incarnation then return {'incarnation'} end
  -- Another room's entries may be lost as well as this one's.
  local total = redis.call('HGET', store, 'entries') or '0'
  if less(total, args[5]) then return {'lost', total} end
  local ends = redis.call('HMGET', meta, 'n', 'at', 'fence')
  local state = {
    n = tonumber(ends[1] or 0), at = tonumber(ends[2] or 0), fence = ends[3] or '0',
    seqs = {}, pseqs = {}, here = {},
  }
  if state.n < known then return {'lost', whole(state.n)} end
  if state.n > known then return {'behind', whole(state.n)} end

  local streams, position = {}, 6
  for i = 6, #keys do
    local name = args[position]
    streams[name] = keys[i]
    state.seqs[name] = tonumber(redis.call('HGET', meta, 'seq:' .. name) or 0)
    position = position + 1
  end

  local groups = {}
  for i = position, #args, INTENT do
    local intent = {
      now = tonumber(args[i + 1]), stream = args[i + 2], producer = args[i + 3], pseq = args[i + 4],
      actor = args[i + 5], kind = args[i + 6], body = args[i + 7], fence = args[i + 8],
      field = args[i + 3] .. '\n' .. args[i + 4],
    }
    local call = tonumber(args[i])
    groups[call] = groups[call] or {}
    table.insert(groups[call], intent)
  end

  local answers, fresh = {}, {}
  for call, group in ipairs(groups) do
    local answer, after = stage(state, group, made, producers, streams)
    if answer then
      for _, entry in ipairs(after.fresh) do table.insert(fresh, entry) end
      state.n, state.at, state.fence = after.n, after.at, after.fence
      for _, name in ipairs({'seqs', 'pseqs', 'here'}) do
        for key, value in pairs(after[name]) do state[name][key] = value end
      end
      answers[call] = {'made', answer}
    else
      answers[call] = after
    end
  end

  -- Nothing was written so far; from here on nothing can fail.
  local last = {}
  for _, entry in ipairs(fresh) do
    local intent = entry.intent
    redis.call('XADD', streams[intent.stream], entry.seq .. '-0', 't', entry.at, 'a', intent.actor, 'k', intent.kind,
      'b', intent.body, 'q', intent.field, 'w', node)
    redis.call('HSET', made, intent.field, intent.stream .. '\n' .. entry.seq)
    last['pseq\n' .. intent.producer] = {producers, intent.producer, intent.pseq}
    last['seq\n' .. intent.stream] = {meta, 'seq:' .. intent.stream, entry.seq}
    last['at\n' .. intent.stream] = {meta, 'at:' .. intent.stream, entry.at}
    if intent.stream == 'room' and entry.seq == '1' then
      redis.call('ZADD', rooms, 'NX', redis.call('ZCARD', rooms), room)
    end
  end
  for _, put in pairs(last) do redis.call('HSET', put[1], put[2], put[3]) end
  if #fresh > 0 then
    redis.call('HSET', meta, 'n', whole(state.n), 'at', whole(state.at), 'fence', state.fence)
    total = redis.call('HINCRBY', store, 'entries', #fresh)
  end
  return {'ok', whole(state.n), tostring(total), answers}
end

-- KEYS: store. ARGV: the incarnation that lost its tail ('' for a store that is new), the next one, the time (µs),
-- then further incarnations of before.
-- Only the first who notices begins another.
local function renew(keys, args)
  local store = keys[1]
  local present = redis.call('HGET', store, 'incarnation') or ''
  if present == args[1] then
    local before = {}
    for name in string.gmatch(redis.call('HGET', store, 'before') or '', '%S+') do before[name] = true end
    if present ~= '' then before[present] = true end
    for i = 4, #args do before[args[i]] = true end
    local names = {}
    for name in pairs(before) do table.insert(names, name) end
    table.sort(names)
    redis.call('HSET', store, 'incarnation', args[2], 'since', args[3], 'before', table.concat(names, ' '))
  end
  return redis.call('HGET', store, 'incarnation')
end

redis.register_function('fourhands_append_1', append)
redis.register_function('fourhands_renew_1', renew)
