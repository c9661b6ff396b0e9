;; Builds on send.wat, read.wat and emit-text.wat: calls the function at
;; $invocation before it reads the response to its request.

(import "workflow:connector/functions@0.1.0" "call"
  (func $call-functions (param i32 i32 i32)))

(func $run (type $call)
  (local $response i32)
  (call $send-request)
  (if (i32.load8_u (global.get $answer)) (then (return (global.get $answer))))
  (local.set $response (i32.load offset=8 (global.get $answer)))
  (call $call-functions (global.get $invocation) (i32.const 1) (global.get $answer))
  (loop $more
    (call $read (local.get $response) (i32.const 4) (global.get $answer))
    (if (i32.load8_u (global.get $answer)) (then (return (global.get $answer))))
    (br_if $more (i32.load8_u offset=8 (global.get $answer))))
  (global.get $outcome))
