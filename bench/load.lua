-- Sends the requests of a file in turn, each from all its bytes; prints what came of it as one line of JSON.
local requests, next = {}, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local all = file:read("*a")
  file:close()
  for one in string.gmatch(all, "([^%z]+)") do requests[#requests + 1] = one end
end

function request()
  next = next % #requests + 1
  return requests[next]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('{"requests":%d,"microseconds":%d,"errors":%d}', summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
