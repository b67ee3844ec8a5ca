-- What every script begins with: the time, and the partition's clock with its floor and message number.
--
-- KEYS[1] the partition's state
-- ARGV    1 partition · 2 number of partitions · 3 what is lost reads as: 1 soft, 2 hard · 4 channel · 5 an epoch, if one
--         has to be drawn, and ! where the slot is only being moved here · 6 most marks
-- What is decided is written at the end, by finish(), and published after that.

local STATE = KEYS[1]
local PARTITION, PARTITIONS, LOST, CHANNEL, MARKS_MOST = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[6])
local EPOCH, MOVING = string.match(ARGV[5], '^(%x+)(!?)$')
local FORMAT = '1'
local FIXED = 9

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Numbers are microseconds and ticks, below 2^53, so they are exact. %d is much the faster, where it has room for them.
local WHOLE = string.format('%d', 9007199254740991) == '9007199254740991' and '%d' or '%.0f'
local function text(number) return string.format(WHOLE, number) end

local clock = {}
local renewed = false
local ticked = false
local notices = {}
local told = 0
local raised = {}

local function publish(notice)
  told = told + 1
  clock.message = clock.message + 1
  notices[told] = '1 ' .. PARTITION .. ' ' .. clock.epoch .. ' ' .. text(clock.message) .. ' ' .. notice
end

local function tick()
  clock.last = math.max(clock.last + 1, now)
  ticked = true
  return clock.last
end

local function raise_floor(strength, to)
  if strength == 2 then clock.hard = math.max(clock.hard, to) else clock.soft = math.max(clock.soft, to) end
  publish('F' .. strength .. text(to))
end

-- A new epoch: all that there was is outdated, because marks, ticks and leases may have been lost with the old clock.
local function renew()
  renewed = true
  clock.epoch = EPOCH
  clock.message = 0
  raise_floor(LOST, tick())
end

-- The soft and the hard tick of a mark as it was found. What no clock of ours can have written may stand where one was: it
-- counts as the newest there can be, and as hard as what is lost.
local function mark_of(found)
  local soft, hard = string.match(found or '0 0', '^(%d+) (%d+)$')
  soft, hard = tonumber(soft), tonumber(hard)
  if soft and math.max(soft, hard) <= clock.last then return soft, hard, false end
  if LOST == 2 then return 0, clock.last, true end
  return clock.last, 0, true
end

-- A mark has two numbers, each only raised.
local function raise_mark(name, soft, hard, strength, to)
  if strength == 2 then hard = math.max(hard, to) else soft = math.max(soft, to) end
  raised[#raised + 1], raised[#raised + 2] = name, text(soft) .. ' ' .. text(hard)
  publish('M' .. strength .. text(to) .. ' ' .. name)
end

local function write_marks()
  if #raised > 0 then redis.call('HSET', STATE, unpack(raised)) end
  raised = {}
end

local function line(info, name) return string.match(redis.call('INFO', info), name .. ':(%w+)') end

local found = redis.call('HMGET', STATE, 'v', 'p', 'e', 'l', 's', 'h', 'm', 'r', 'i')
if found[3] and (found[1] ~= FORMAT or found[2] ~= PARTITIONS) then
  return redis.error_reply('FRESHEN the store has format ' .. tostring(found[1]) .. ' and ' .. tostring(found[2])
    .. ' partitions, this process expects format ' .. FORMAT .. ' and ' .. PARTITIONS)
end
if not found[3] and MOVING == '!' then
  return redis.error_reply('TRYAGAIN the clock of this slot may still be where it is moved from')
end
local damaged = not string.match(found[3] or '', '^%x+$')
local function whole(field)
  local digits = string.match(found[field] or '0', '^%d+$')
  damaged = damaged or not digits
  return tonumber(digits or 0)
end
clock.epoch, clock.last, clock.message = found[3], whole(4), whole(7)
clock.soft, clock.hard = whole(5), whole(6)
clock.run = found[9]
clock.replication = line('replication', 'master_replid')
-- A clock that is damaged is as good as lost.
if damaged or found[8] ~= clock.replication then
  clock.run = line('server', 'run_id')
  renew()
end

local function finish()
  if renewed then
    redis.call('HSET', STATE, 'v', FORMAT, 'p', PARTITIONS, 'e', clock.epoch, 'l', text(clock.last),
      's', text(clock.soft), 'h', text(clock.hard), 'm', text(clock.message), 'r', clock.replication, 'i', clock.run)
  elseif ticked or told > 0 then
    redis.call('HSET', STATE, 'l', text(clock.last), 's', text(clock.soft), 'h', text(clock.hard),
      'm', text(clock.message))
  end
  write_marks()
  for n = 1, told do redis.call('PUBLISH', CHANNEL, notices[n]) end
end
