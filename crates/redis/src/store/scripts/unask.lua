local record = read(RECORD, KEY)
if record.asked then
  record.asked = nil
  save(RECORD, KEY, record)
end
finish()
return { now }
