-- ARGV 9 token · 10, 11 epoch and number of the lease · 12 value · 13 facts: ttl, stale window, error window, how long the
--      load took, whether absent, weight · 14 tags · 15 validators
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

local function read_again(changed)
  lease.epoch, lease.number, lease.begun, lease.dirty = clock.epoch, tick(), now, 0
  changed.l = lease_text(lease)
  save(RECORD, KEY, record, changed)
  return invalidated()
end

-- The entry carries the generation of its begin, and the time of it by this clock.
local function install(flag)
  local meta = lease.epoch .. ' ' .. text(lease.number) .. ' ' .. text(lease.begun) .. ' ' .. ARGV[13] .. '\n' .. ARGV[14]
  record.entry, record.flag = entry_of(meta), flag
  return { v = ARGV[12], m = meta, d = ARGV[15], f = flag > 0 and tostring(flag) or '' }
end

local function commit()
  if lease.epoch ~= ARGV[10] or text(lease.number) ~= ARGV[11] then return invalidated() end
  local overtaken = math.max(lease.dirty, judge(lease.epoch, lease.number, tags_of(ARGV[14])))
  if overtaken == 2 then return read_again({}) end
  if overtaken == 1 then return read_again(install(lease.dirty)) end
  local changed = install(0)
  if lease.task and now < record.entry.fresh_until then record.asked, changed.q = nil, '' end
  record.lease, changed.l = nil, ''
  record.trouble, changed.b = nil, ''
  save(RECORD, KEY, record, changed)
  publish('S' .. KEY)
  return { now, 'stored' }
end

local answer = commit()
finish()
return answer
