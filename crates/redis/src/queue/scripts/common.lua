-- What every script begins with: the names, the time, and how a task enters a line.
--
-- KEYS 1 to 4 ready and held tasks, the highest priority first · 5 tasks that are not due · 6 when they are · 7 the bell
--      8 the state · 9 the quarantine

local GROUP = 'workers'
local LATER, DUE, BELL, STATE, QUARANTINE = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Microseconds are below 2^53, so they are exact.
local function text(number) return string.format('%.0f', number) end

-- Wakes all who wait, where nothing enters a line that would.
local function ring() redis.call('XADD', BELL, 'MAXLEN', 1, '*', 'rung', 1) end

-- How many tasks of a line are held, and the last one that was ever taken.
local function taken(line)
  if redis.call('EXISTS', line) == 0 then return 0, '0-0' end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', line)) do
    local about = {}
    for i = 1, #group, 2 do about[group[i]] = group[i + 1] end
    if about.name == GROUP then return about.pending, about['last-delivered-id'] end
  end
  return 0, '0-0'
end

local function set(fields, name, value)
  for i = 1, #fields, 2 do
    if fields[i] == name then
      fields[i + 1] = value
      return
    end
  end
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end

local function get(fields, name)
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
  -- Said, because tonumber() refuses no value at all.
  return nil
end

-- Puts a task in its priority's line, or aside until it is due.
local function add(priority, fields, delay)
  if delay <= 0 then
    redis.call('XADD', KEYS[priority], '*', unpack(fields))
    return
  end
  local first = redis.call('ZRANGE', DUE, 0, 0, 'WITHSCORES')[2]
  local due = now + delay
  -- Those who wait, wait for the first. Whatever may raise does so before a task has entered.
  if not first or due < tonumber(first) then ring() end
  redis.call('ZADD', DUE, text(due), priority .. ' ' .. redis.call('XADD', LATER, '*', unpack(fields)))
end
