-- ARGV 1 most tasks
return { now, redis.call('XREVRANGE', QUARANTINE, '+', '-', 'COUNT', ARGV[1]) }
