-- The records of keys, and how they are judged.
--
-- KEYS[2] and on: records
-- ARGV    7 the whole key · 8 its namespace; or both for each record from 7 on, with what a step is told besides
-- Fields: k key · v value · m what it is judged by · r what is rare: flag, lease, marker, back-off

local RECORD, KEY = KEYS[2], ARGV[7]
-- How long a lease that has expired, and a failure, are remembered: an hour.
local MEMORY = 3600000000

local function tags_of(joined)
  local tags, at = {}, 1
  while at <= #joined do
    local colon = string.find(joined, ':', at, true)
    local length = tonumber(string.sub(joined, at, colon - 1))
    tags[#tags + 1] = string.sub(joined, colon + 1, colon + length)
    at = colon + length + 1
  end
  return tags
end

local function entry_of(meta)
  if not meta then return nil end
  local epoch, number, loaded, ttl, stale, error, tags, rest =
    string.match(meta, '^(%x+) (%d+) (%d+) (%d+) (%d+) (%d+) %d+ %d %d+ (%d+)\n(.*)$')
  local fresh_until = tonumber(loaded) + tonumber(ttl)
  return {
    epoch = epoch, number = tonumber(number), tags = tags_of(string.sub(rest, 1, tonumber(tags))),
    fresh_until = fresh_until, ends_at = fresh_until + tonumber(stale) + tonumber(error),
  }
end

local function lease_of(text)
  if text == '' then return nil end
  local token, epoch, number, begun, ends, dirty, task =
    string.match(text, '^(%S+) (%x+) (%d+) (%d+) (%d+) (%d) (%d)$')
  assert(task)
  return {
    token = token, epoch = epoch, number = tonumber(number), begun = tonumber(begun), ends = tonumber(ends),
    dirty = tonumber(dirty), task = task == '1',
  }
end

local function trouble_of(text)
  if text == '' then return nil end
  local failures, retry_at, reason = string.match(text, '^(%d+) (%d+) (.*)$')
  assert(reason)
  return { failures = tonumber(failures), retry_at = tonumber(retry_at), reason = reason }
end

local function parse(meta, rare)
  local flag, lease, asked, trouble = string.match(rare or '0;;;', '^(%d);([^;]*);(%d*);(.*)$')
  assert(flag)
  local record = {
    there = true, entry = entry_of(meta), flag = tonumber(flag), lease = lease_of(lease), asked = tonumber(asked),
    trouble = trouble_of(trouble),
  }
  if record.entry and now >= record.entry.ends_at then
    record.entry, record.flag, record.ended = nil, 0, true
  end
  return record
end

-- What is not a record of this key, or is damaged, is as good as absent: whoever writes next replaces it.
local function read(name, key)
  local fields = redis.pcall('HMGET', name, 'k', 'm', 'r')
  if not fields.err and fields[1] == key then
    local well, record = pcall(parse, fields[2], fields[3])
    if well then return record end
  end
  return { there = false, flag = 0 }
end

-- The marks that were looked up: steps on several records may need the same ones.
local marks = {}

-- The floor and the marks of these scopes, joined. A damaged one is mended.
local function join(names)
  local missing = {}
  for n = 1, #names do
    if not marks[names[n]] then missing[#missing + 1] = names[n] end
  end
  local found = #missing > 0 and redis.call('HMGET', STATE, unpack(missing)) or {}
  for n = 1, #missing do
    local soft, hard, damaged = mark_of(found[n])
    if damaged then raise_mark(missing[n], soft, hard, LOST, clock.last) end
    marks[missing[n]] = { soft = soft, hard = hard }
  end
  local soft, hard = clock.soft, clock.hard
  for n = 1, #names do
    soft, hard = math.max(soft, marks[names[n]].soft), math.max(hard, marks[names[n]].hard)
  end
  return soft, hard
end

-- How a value of this generation and with these tags stands: 0 current, 1 outdated softly, 2 hard. Of another epoch it is not
-- current; numbers of two epochs say nothing about the order, so any hard mark may be the later one.
local function judge(namespace, epoch, number, tags)
  local names = { 'n:' .. namespace }
  for n = 1, #tags do names[n + 1] = 't:' .. tags[n] end
  local soft, hard = join(names)
  if epoch ~= clock.epoch then return hard > 0 and 2 or LOST end
  if hard >= number then return 2 end
  if soft >= number then return 1 end
  return 0
end

-- `at_least` is an epoch and a number, or nothing.
local function fresh(record, namespace, at_least)
  local entry = record.entry
  if not entry or now >= entry.fresh_until or record.flag > 0 then return false end
  if at_least ~= '' then
    local epoch, number = string.match(at_least, '^(%x+) (%d+)$')
    if epoch ~= entry.epoch or tonumber(number) >= entry.number then return false end
  end
  return judge(namespace, entry.epoch, entry.number, entry.tags) == 0
end

local function alive(record)
  return record.lease and now < record.lease.ends and record.lease.ends or nil
end

local function asked(record)
  return record.asked and now < record.asked and record.asked or nil
end

-- What is rare as text; nothing, where nothing of it is there.
local function rare_text(record)
  local lease, trouble = record.lease, record.trouble
  if record.flag == 0 and not lease and not asked(record) and not trouble then return nil end
  return table.concat({
    text(record.flag),
    lease and table.concat({ lease.token, lease.epoch, text(lease.number), text(lease.begun), text(lease.ends),
      text(lease.dirty), lease.task and '1' or '0' }, ' ') or '',
    asked(record) and text(record.asked) or '',
    trouble and text(trouble.failures) .. ' ' .. text(trouble.retry_at) .. ' ' .. trouble.reason or '',
  }, ';')
end

-- Until when anything in the record counts; 0, if nothing does.
local function ends_at(record)
  local lease, trouble = record.lease, record.trouble
  return math.max(record.entry and record.entry.ends_at or 0, asked(record) or 0,
    lease and lease.ends + MEMORY or 0, trouble and trouble.retry_at + MEMORY or 0)
end

-- Writes the record, with a value and what judges it if one is `installed`, and lets it live for as long as it counts.
local function save(name, key, record, installed)
  local ends = ends_at(record)
  if ends == 0 or not record.there then redis.call('DEL', name) end
  if ends == 0 then return end
  local set, gone = {}, {}
  if not record.there then set = { 'k', key } end
  if installed then
    set[#set + 1], set[#set + 2], set[#set + 3], set[#set + 4] = 'v', installed.value, 'm', installed.meta
  elseif record.ended then
    gone = { 'v', 'm' }
  end
  local rare = rare_text(record)
  if rare then set[#set + 1], set[#set + 2] = 'r', rare else gone[#gone + 1] = 'r' end
  if #set > 0 then redis.call('HSET', name, unpack(set)) end
  if #gone > 0 then redis.call('HDEL', name, unpack(gone)) end
  -- A window without end is 100 years.
  redis.call('PEXPIREAT', name, text(math.floor(math.min(ends, now + 3155760000000000) / 1000) + 1))
end

-- Takes a step on each record, with so many arguments of its own; what one of them raises is its own answer.
local function each(arguments, step)
  local answers = { now }
  for n = 2, #KEYS do
    local last = 6 + (n - 1) * arguments
    local well, answer = pcall(step, KEYS[n], { unpack(ARGV, last - arguments + 1, last) })
    if not well and type(answer) ~= 'table' then answer = { err = tostring(answer) } end
    answers[n] = answer
  end
  finish()
  return answers
end
