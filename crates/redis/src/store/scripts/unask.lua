local record = read(RECORD, KEY)
if record.asked then
  record.asked = nil
  save(RECORD, KEY, record, { q = '' })
end
finish()
return { now }
