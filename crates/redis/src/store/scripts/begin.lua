-- ARGV 9 role: f foreground, t task, o take-over · 10 how long the lease holds · 11 how long a task's marker stands
--      12 above what an entry counts as fresh · 13 whether back-off is heeded · 14 the token
local ROLE = ARGV[9]
local record = read(RECORD, KEY)
local writes = false

local function grant()
  local lease = {
    token = ARGV[14], epoch = clock.epoch, number = tick(), begun = now, ends = now + tonumber(ARGV[10]),
    dirty = 0, task = ROLE == 't',
  }
  record.lease = lease
  writes = true
  local failures = record.trouble and record.trouble.failures or 0
  return { now, 'granted', lease.epoch, text(lease.number), text(lease.begun), text(lease.ends), failures }
end

local function begin()
  if ROLE == 'o' then return grant() end
  if fresh(record, ARGV[12]) then return { now, 'fresh' } end
  local ends = alive(record)
  if ends then return { now, 'busy', text(ends) } end
  local trouble = record.trouble
  if trouble and now < trouble.retry_at and ARGV[13] == '1' then
    return { now, 'cooling', trouble.failures, text(trouble.retry_at), trouble.reason }
  end
  return grant()
end

local answer = begin()
-- A task that is done leaves no marker; one that goes on, or goes back, keeps others from asking.
if ROLE == 't' then
  if answer[2] == 'fresh' then
    record.asked = nil
  else
    record.asked = now + tonumber(ARGV[11])
  end
  writes = true
end
if writes then save(RECORD, KEY, record) end
finish()
return answer
