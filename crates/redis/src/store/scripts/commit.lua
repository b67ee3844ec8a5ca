-- ARGV 9 token · 10, 11 epoch and number of the lease · 12 value · 13 facts: ttl, stale window, error window, how long the
--      load took, whether absent, weight · 14 tags · 15 = and the validators, if there are any
local record = read(RECORD, KEY)
local lease = record.lease
if not lease or lease.token ~= ARGV[9] then
  finish()
  return { now, 'lost' }
end

-- The lease goes on with its holder under another generation.
local function invalidated()
  return { now, 'invalidated', lease.epoch, text(lease.number), text(lease.begun), text(lease.ends) }
end

local function read_again(installed)
  lease.epoch, lease.number, lease.begun, lease.dirty = clock.epoch, tick(), now, 0
  save(RECORD, KEY, record, installed)
  return invalidated()
end

-- The entry carries the generation of its begin, and the time of it by this clock.
local function install(flag)
  local facts = lease.epoch .. ' ' .. text(lease.number) .. ' ' .. text(lease.begun) .. ' ' .. ARGV[13]
  local meta = facts .. ' ' .. #ARGV[14] .. '\n' .. ARGV[14] .. ARGV[15]
  record.entry, record.flag = entry_of(meta), flag
  return { value = ARGV[12], meta = meta }
end

local function commit()
  if lease.epoch ~= ARGV[10] or text(lease.number) ~= ARGV[11] then return invalidated() end
  local overtaken = math.max(lease.dirty, judge(lease.epoch, lease.number, tags_of(ARGV[14])))
  if overtaken == 2 then return read_again() end
  if overtaken == 1 then return read_again(install(lease.dirty)) end
  local installed = install(0)
  if lease.task and now < record.entry.fresh_until then record.asked = nil end
  record.lease, record.trouble = nil, nil
  save(RECORD, KEY, record, installed)
  publish('S' .. KEY)
  return { now, 'stored' }
end

local answer = commit()
finish()
return answer
