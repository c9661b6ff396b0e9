;; Builds on send.wat and emit-text.wat: reads the response in pieces of at
;; most four bytes, and emits each.

(import "workflow:connector/http@0.1.0" "[method]response.read"
  (func $read (param i32 i32 i32)))

(func $run (type $call)
  (local $response i32)
  (call $send-request)
  (if (i32.load8_u (global.get $answer)) (then (return (global.get $answer))))
  (local.set $response (i32.load offset=8 (global.get $answer)))
  (loop $more
    (call $read (local.get $response) (i32.const 4) (global.get $answer))
    (if (i32.load8_u (global.get $answer)) (then (return (global.get $answer))))
    (if (i32.load8_u offset=8 (global.get $answer))
      (then
        (call $emit-text (i32.const 0) (i32.add (global.get $answer) (i32.const 12)))
        (br $more))))
  (global.get $outcome))
