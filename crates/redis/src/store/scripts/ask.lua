-- ARGV 9 how long the marker stands · 10 above what an entry counts as fresh
local record = read(RECORD, KEY)
local answer = 'asked'
if fresh(record, ARGV[10]) then
  answer = 'fresh'
elseif asked(record) or alive(record) then
  answer = 'busy'
else
  record.asked = now + tonumber(ARGV[9])
  save(RECORD, KEY, record)
end
finish()
return { now, answer }
