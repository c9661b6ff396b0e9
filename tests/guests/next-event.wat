;; Builds on send.wat and emit-text.wat: emits every event of the response, its
;; name as choice 0 and its data as choice 1. The files at $embedded are stored,
;; unless $has-embedded is 0.

(import "workflow:connector/http@0.1.0" "[method]response.next-event"
  (func $next-event (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))

(global $has-embedded i32 (i32.const 1))

(func $run (type $call)
  (local $response i32)
  (call $send-request)
  (if (i32.load8_u (global.get $answer)) (then (return (global.get $answer))))
  (local.set $response (i32.load offset=8 (global.get $answer)))
  (loop $more
    (call $next-event
      (local.get $response)
      (global.get $has-embedded)
      (i32.load (global.get $embedded))            ;; path
      (i32.load offset=4 (global.get $embedded))
      (i32.load offset=8 (global.get $embedded))   ;; name
      (i32.load offset=12 (global.get $embedded))
      (i32.load offset=16 (global.get $embedded))  ;; media type
      (i32.load offset=20 (global.get $embedded))
      (i32.load8_u offset=24 (global.get $embedded))
      (global.get $answer))
    (if (i32.load8_u (global.get $answer)) (then (return (global.get $answer))))
    (if (i32.load8_u offset=8 (global.get $answer))
      (then
        (call $emit-text (i32.const 0) (i32.add (global.get $answer) (i32.const 12)))
        (call $emit-text (i32.const 1) (i32.add (global.get $answer) (i32.const 20)))
        (br $more))))
  (global.get $outcome))
