-- Asks for tasks, each by itself.
--
-- Told for each record: 1 the whole key · 2 its namespace · 3 how long the marker stands · 4 above what an entry counts as fresh
return each(4, function(name, told)
  local key = told[1]
  local record = read(name, key)
  if fresh(record, told[2], told[4]) then return { 'fresh' } end
  if asked(record) or alive(record) then return { 'busy' } end
  record.asked = now + tonumber(told[3])
  save(name, key, record)
  return { 'asked' }
end)
