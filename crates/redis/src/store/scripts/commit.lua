-- Ends loads with their values, each by itself.
--
-- Told for each record: 1 the whole key · 2 its namespace · 3 token · 4, 5 epoch and number of the lease · 6 value · 7 facts:
--      ttl, stale window, error window, how long the load took, whether absent, weight · 8 tags · 9 = and the validators, if
--      there are any

-- The lease goes on with its holder under another generation.
local function invalidated(lease)
  return { 'invalidated', lease.epoch, lease.number, lease.begun, lease.ends }
end

-- The entry carries the generation of its begin, and the time of it by this clock.
local function install(record, told, flag)
  local lease = record.lease
  local facts = lease.epoch .. ' ' .. text(lease.number) .. ' ' .. text(lease.begun) .. ' ' .. told[7]
  local meta = facts .. ' ' .. #told[8] .. '\n' .. told[8] .. told[9]
  record.entry, record.flag = entry_of(meta), flag
  return { value = told[6], meta = meta }
end

local function read_again(name, key, record, installed)
  local lease = record.lease
  lease.epoch, lease.number, lease.begun, lease.dirty = clock.epoch, tick(), now, 0
  save(name, key, record, installed)
  return invalidated(lease)
end

return each(9, function(name, told)
  local key = told[1]
  local record = read(name, key)
  local lease = record.lease
  if not lease or lease.token ~= told[3] then return { 'lost' } end
  if lease.epoch ~= told[4] or text(lease.number) ~= told[5] then return invalidated(lease) end
  local overtaken = math.max(lease.dirty, judge(told[2], lease.epoch, lease.number, tags_of(told[8])))
  if overtaken == 2 then return read_again(name, key, record) end
  if overtaken == 1 then return read_again(name, key, record, install(record, told, lease.dirty)) end
  local installed = install(record, told, 0)
  if lease.task and now < record.entry.fresh_until then record.asked = nil end
  record.lease, record.trouble = nil, nil
  save(name, key, record, installed)
  publish('S' .. key)
  return { 'stored' }
end)
