-- Before the first use of a partition on a connection: is the server the one that kept this clock? With a heartbeat, too.
--
-- ARGV 7 whether a heartbeat is to be published
if not renewed and clock.run ~= line('server', 'run_id') then
  clock.run = line('server', 'run_id')
  renew()
end
finish()
if ARGV[7] == '1' then
  redis.call('PUBLISH', CHANNEL, '1 ' .. PARTITION .. ' ' .. clock.epoch .. ' ' .. text(clock.message) .. ' H')
end
return { now, clock.epoch }
