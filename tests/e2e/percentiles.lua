-- Connections that begin at different times, as those of the harness do: at once they would ask in bursts for ever.
-- And wrk's figures on one line: requests, failures, then seconds: duration, shortest latency, P50, P95.
local connections, begun = 0, 0

function init(args)
  connections = tonumber(args[1])
end

function delay()
  begun = begun + 1
  return begun <= connections and math.floor(100 * begun / connections) or 0
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local seconds = { summary.duration, latency.min, latency:percentile(50), latency:percentile(95) }
  io.write(string.format("figures %d %d", summary.requests, failed))
  for _, microseconds in ipairs(seconds) do
    io.write(string.format(" %.6f", microseconds / 1e6))
  end
  io.write("\n")
end
