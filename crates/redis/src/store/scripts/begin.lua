-- Begins loads, each by itself.
--
-- Told for each record: 1 the whole key · 2 its namespace · 3 role: f foreground, t task, o take-over · 4 how long the lease
--      holds · 5 how long a task's marker stands · 6 above what an entry counts as fresh · 7 whether back-off is heeded
--      8 the token
local function grant(record, told)
  local lease = {
    token = told[8], epoch = clock.epoch, number = tick(), begun = now, ends = now + tonumber(told[4]),
    dirty = 0, task = told[3] == 't',
  }
  record.lease = lease
  local failures = record.trouble and record.trouble.failures or 0
  return { 'granted', lease.epoch, lease.number, lease.begun, lease.ends, failures }
end

local function begin(record, told)
  if told[3] == 'o' then return grant(record, told) end
  if fresh(record, told[2], told[6]) then return { 'fresh' } end
  local ends = alive(record)
  if ends then return { 'busy', ends } end
  local trouble = record.trouble
  if trouble and now < trouble.retry_at and told[7] == '1' then
    return { 'cooling', trouble.failures, trouble.retry_at, trouble.reason }
  end
  return grant(record, told)
end

return each(8, function(name, told)
  local key, role = told[1], told[3]
  local record = read(name, key)
  local answer = begin(record, told)
  -- A task that is done leaves no marker; one that goes on, or goes back, keeps others from asking.
  if role == 't' then
    if answer[1] == 'fresh' then
      record.asked = nil
    else
      record.asked = now + tonumber(told[5])
    end
  end
  if role == 't' or answer[1] == 'granted' then save(name, key, record) end
  return answer
end)
