-- ARGV 9 token · 10 for how long from now
local record = read(RECORD, KEY)
local held = record.lease and record.lease.token == ARGV[9]
if held then
  record.lease.ends = now + tonumber(ARGV[10])
  save(RECORD, KEY, record)
end
finish()
return { now, held and 1 or 0 }
