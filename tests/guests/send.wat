;; Sends the request at $request, and returns the host's failure as its own: the
;; results of `send` and `run` have the failure at the same offset.

(import "workflow:connector/http@0.1.0" "send"
  (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))

(func $send-request
  (call $send
    (i32.load8_u (global.get $request))           ;; method
    (i32.load offset=4 (global.get $request))     ;; path
    (i32.load offset=8 (global.get $request))
    (i32.load offset=12 (global.get $request))    ;; query
    (i32.load offset=16 (global.get $request))
    (i32.load offset=20 (global.get $request))    ;; headers
    (i32.load offset=24 (global.get $request))
    (i32.load8_u offset=28 (global.get $request)) ;; body
    (i32.load offset=32 (global.get $request))
    (i32.load offset=36 (global.get $request))
    (i32.load offset=40 (global.get $request))
    (i32.load offset=44 (global.get $request))
    (global.get $answer)))

(func $run (type $call)
  (call $send-request)
  (select
    (global.get $answer)
    (global.get $outcome)
    (i32.load8_u (global.get $answer))))
