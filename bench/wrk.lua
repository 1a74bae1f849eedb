-- The requests of a file, one a line (path, tab, token), in order and round again; each thread begins at a place of its own.
-- At the end one line of JSON says how it went.

local requests, at = {}, 0

local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

function init()
   for line in io.lines(os.getenv("LCR_BENCH_REQUESTS")) do
      local path, token = line:match("^(.-)\t(.*)$")
      table.insert(requests, wrk.format("GET", path, {
         ["Host"] = wrk.headers["Host"], ["Authorization"] = "Bearer " .. token, ["Accept"] = "application/fhir+json",
      }))
   end
   at = math.floor(#requests * (number or 0) / 7)
end

function request()
   at = at % #requests + 1
   return requests[at]
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format(
      'JSON {"requests":%d,"seconds":%.6f,"bytes":%d,"failed":%d,"mean":%.1f,"p50":%d,"p90":%d,"p99":%d,"max":%d}\n',
      summary.requests, summary.duration / 1e6, summary.bytes, e.connect + e.read + e.write + e.status + e.timeout,
      latency.mean, latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
