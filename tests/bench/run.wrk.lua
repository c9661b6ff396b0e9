-- The request that wrk sends to a service: a run of Ask with the stored
-- connection "bench".
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = [[{"connection":"bench","input":{"model":"gpt-5.4","messages":[{"role":"user","content":"What is 2 + 2?"}]}}]]
