-- wrk's figures of a whole run on one line: requests, failures, then seconds: duration, shortest latency, P50, P95.
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local seconds = { summary.duration, latency.min, latency:percentile(50), latency:percentile(95) }
  io.write(string.format("figures %d %d", summary.requests, failed))
  for _, microseconds in ipairs(seconds) do
    io.write(string.format(" %.6f", microseconds / 1e6))
  end
  io.write("\n")
end
