-- Ends a task's quarantine.
--
-- ARGV 1 the id · 2 release or discard
local entry = redis.call('XRANGE', QUARANTINE, ARGV[1], ARGV[1])[1]
if not entry then return { now, 0 } end
redis.call('XDEL', QUARANTINE, ARGV[1])
if ARGV[2] == 'release' then
  local fields = {}
  for i = 1, #entry[2], 2 do
    local name = entry[2][i]
    if name ~= 'priority' and name ~= 'reason' and name ~= 'unsettled' then set(fields, name, entry[2][i + 1]) end
  end
  set(fields, 'attempts', '0')
  set(fields, 'pushed', text(now))
  -- What somebody put there by hand has no priority.
  local priority = tonumber(get(entry[2], 'priority'))
  add(KEYS[priority or 0] and priority or 2, fields, 0)
end
return { now, 1 }
