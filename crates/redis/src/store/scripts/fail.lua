-- ARGV 9 token · 10 the pause before the next attempt · 11 whether it counts as a failure · 12 what was said
local record = read(RECORD, KEY)
if record.lease and record.lease.token == ARGV[9] then
  record.lease = nil
  if ARGV[11] == '1' then
    local failures = math.min((record.trouble and record.trouble.failures or 0) + 1, 4294967295)
    record.trouble = { failures = failures, retry_at = now + tonumber(ARGV[10]), reason = ARGV[12] }
  end
  save(RECORD, KEY, record)
end
finish()
return { now }
