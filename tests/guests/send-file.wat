;; Builds on open.wat and send.wat: opens the file at $entry, puts its handle
;; into the second piece of the body at $request, and sends that.

(func $run (type $call)
  (call $open-entry)
  (if (i32.load8_u (global.get $answer)) (then (return (global.get $answer))))
  (i32.store offset=16
    (i32.load offset=32 (global.get $request))
    (i32.load offset=8 (global.get $answer)))
  (call $send-request)
  (select
    (global.get $answer)
    (global.get $outcome)
    (i32.load8_u (global.get $answer))))
