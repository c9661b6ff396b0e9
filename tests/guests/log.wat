;; Writes the message at $message ten thousand times.

(import "workflow:connector/log@0.1.0" "write" (func $write (param i32 i32 i32)))

(func $run (type $call)
  (local $left i32)
  (local.set $left (i32.const 10000))
  (loop $more
    (call $write
      (i32.const 2)
      (i32.load (global.get $message))
      (i32.load offset=4 (global.get $message)))
    (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (global.get $outcome))
