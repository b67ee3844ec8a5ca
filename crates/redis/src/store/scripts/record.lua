-- The record of one key, and how it is judged.
--
-- KEYS[2] the record
-- ARGV    7 the whole key · 8 its namespace
-- Fields: k key · v value · m what it is judged by · d validators · f flag · l lease · q marker · b back-off

local RECORD, KEY, NAMESPACE = KEYS[2], ARGV[7], ARGV[8]
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
  local epoch, number, loaded, ttl, stale, error, rest =
    string.match(meta, '^(%x+) (%d+) (%d+) (%d+) (%d+) (%d+) %d+ %d %d+\n(.*)$')
  local fresh_until = tonumber(loaded) + tonumber(ttl)
  return {
    epoch = epoch, number = tonumber(number), tags = tags_of(rest),
    fresh_until = fresh_until, ends_at = fresh_until + tonumber(stale) + tonumber(error),
  }
end

local function lease_of(text)
  if not text then return nil end
  local token, epoch, number, begun, ends, dirty, task =
    string.match(text, '^(%x+) (%x+) (%d+) (%d+) (%d+) (%d) (%d)$')
  assert(task)
  return {
    token = token, epoch = epoch, number = tonumber(number), begun = tonumber(begun), ends = tonumber(ends),
    dirty = tonumber(dirty), task = task == '1',
  }
end

local function trouble_of(text)
  if not text then return nil end
  local failures, retry_at, reason = string.match(text, '^(%d+) (%d+) (.*)$')
  assert(reason)
  return { failures = tonumber(failures), retry_at = tonumber(retry_at), reason = reason }
end

local function parse(fields)
  local record = {
    there = true, entry = entry_of(fields[2]), flag = tonumber(fields[3] or 0),
    lease = lease_of(fields[4]), asked = tonumber(fields[5] or nil), trouble = trouble_of(fields[6]),
  }
  if record.entry and now >= record.entry.ends_at then
    record.entry, record.flag, record.ended = nil, 0, true
  end
  return record
end

-- What is not a record of this key, or is damaged, is as good as absent: whoever writes next replaces it.
local function read(name, key)
  local fields = redis.pcall('HMGET', name, 'k', 'm', 'f', 'l', 'q', 'b')
  if not fields.err and fields[1] == key then
    local well, record = pcall(parse, fields)
    if well then return record end
  end
  return { there = false, flag = 0 }
end

-- The floor and the marks of these scopes, joined.
local function join(names)
  local soft, hard = clock.soft, clock.hard
  local marks = redis.call('HMGET', STATE, unpack(names))
  for n = 1, #names do
    if marks[n] then
      local of_soft, of_hard = string.match(marks[n], '^(%d+) (%d+)$')
      soft, hard = math.max(soft, tonumber(of_soft)), math.max(hard, tonumber(of_hard))
    end
  end
  return soft, hard
end

-- How a value of this generation and with these tags stands: 0 current, 1 outdated softly, 2 hard.
local function judge(epoch, number, tags)
  if epoch ~= clock.epoch then return LOST end
  local names = { 'n:' .. NAMESPACE }
  for n = 1, #tags do names[n + 1] = 't:' .. tags[n] end
  local soft, hard = join(names)
  if hard >= number then return 2 end
  if soft >= number then return 1 end
  return 0
end

-- `at_least` is an epoch and a number, or nothing.
local function fresh(record, at_least)
  local entry = record.entry
  if not entry or now >= entry.fresh_until or record.flag > 0 then return false end
  if at_least ~= '' then
    local epoch, number = string.match(at_least, '^(%x+) (%d+)$')
    if epoch ~= entry.epoch or tonumber(number) >= entry.number then return false end
  end
  return judge(entry.epoch, entry.number, entry.tags) == 0
end

local function alive(record)
  return record.lease and now < record.lease.ends and record.lease.ends or nil
end

local function asked(record)
  return record.asked and now < record.asked and record.asked or nil
end

-- Writes what has changed, and lets the record live for as long as anything in it counts.
local function save(name, key, record, changed)
  if not record.there then
    redis.call('DEL', name)
    changed.k = key
  end
  local gone = {}
  if record.ended then
    for _, field in ipairs({ 'v', 'm', 'd', 'f' }) do
      if not changed[field] then gone[#gone + 1] = field end
    end
  end
  local lease, trouble = record.lease, record.trouble
  local ends = math.max(record.entry and record.entry.ends_at or 0, asked(record) or 0,
    lease and lease.ends + MEMORY or 0, trouble and trouble.retry_at + MEMORY or 0)
  if ends == 0 then
    redis.call('DEL', name)
    return
  end
  local set = {}
  for field, value in pairs(changed) do
    if value == '' then
      gone[#gone + 1] = field
    else
      set[#set + 1], set[#set + 2] = field, value
    end
  end
  if #set > 0 then redis.call('HSET', name, unpack(set)) end
  if #gone > 0 then redis.call('HDEL', name, unpack(gone)) end
  -- A window without end is 100 years.
  redis.call('PEXPIREAT', name, text(math.floor(math.min(ends, now + 3155760000000000) / 1000) + 1))
end

local function lease_text(lease)
  return table.concat({ lease.token, lease.epoch, text(lease.number), text(lease.begun), text(lease.ends),
    tostring(lease.dirty), lease.task and '1' or '0' }, ' ')
end
