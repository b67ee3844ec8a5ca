-- ARGV from 7 on: the fields of scopes. For people who look: nothing is written but a clock that was lost.
local answer = { now, clock.epoch, clock.last, now, clock.soft, clock.hard }
for n = 7, #ARGV do
  local soft, hard = mark_of(redis.call('HGET', STATE, ARGV[n]))
  answer[n] = text(soft) .. ' ' .. text(hard)
end
finish()
return answer
