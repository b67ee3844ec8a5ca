-- KEYS[2] and on: records
-- ARGV 7, 8 nothing · 9 strength: 1 soft, 2 hard · 10 how many records · then their keys, and after them the names of marks
local STRENGTH, COUNT = tonumber(ARGV[9]), tonumber(ARGV[10])
local number = tick()

-- All is judged before anything is written: what fails has then done nothing.
local outdated = {}

-- The record says itself that it is outdated; one that is not there needs nothing.
local function outdate(name, key)
  local record = read(name, key)
  local changed = false
  if record.entry and record.flag < STRENGTH then
    record.flag, changed = STRENGTH, true
  end
  if record.lease and record.lease.dirty < STRENGTH then
    record.lease.dirty, changed = STRENGTH, true
  end
  if changed then outdated[#outdated + 1] = { name = name, key = key, record = record } end
  publish('K' .. STRENGTH .. key)
end

local function mark(name)
  local soft, hard = mark_of(redis.call('HGET', STATE, name))
  raise_mark(name, soft, hard, STRENGTH, number)
end

-- Drops the oldest mark of a sample, and raises the floor to it: what it outdated stays so.
local function drop_oldest()
  local sample = redis.call('HRANDFIELD', STATE, 64 + FIXED, 'WITHVALUES')
  local oldest, oldest_soft, oldest_hard
  for n = 1, #sample, 2 do
    local soft, hard = string.match(sample[n + 1], '^(%d+) (%d+)$')
    if soft and string.find(sample[n], '^[nt]:') then
      soft, hard = tonumber(soft), tonumber(hard)
      if not oldest or math.max(soft, hard) < math.max(oldest_soft, oldest_hard) then
        oldest, oldest_soft, oldest_hard = sample[n], soft, hard
      end
    end
  end
  if not oldest then return end
  redis.call('HDEL', STATE, oldest)
  if oldest_soft > 0 then raise_floor(1, oldest_soft) end
  if oldest_hard > 0 then raise_floor(2, oldest_hard) end
end

for n = 1, COUNT do outdate(KEYS[n + 1], ARGV[10 + n]) end
local marked = 0
for n = 11 + COUNT, #ARGV do
  mark(ARGV[n])
  marked = marked + 1
end
for _, each in ipairs(outdated) do save(each.name, each.key, each.record) end
write_marks()
for _ = 1, math.min(marked, redis.call('HLEN', STATE) - FIXED - MARKS_MOST) do drop_oldest() end
finish()
return { now, clock.epoch, number }
