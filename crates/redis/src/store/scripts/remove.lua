-- What is absent may still live in somebody's near tier, so it is published too.
redis.call('DEL', RECORD)
local number = tick()
publish('R' .. KEY)
finish()
return { now, clock.epoch, number }
