;; Builds on open.wat: opens the file 5,000 times, and drops each handle.

(import "workflow:connector/files@0.1.0" "[resource-drop]file" (func $drop (param i32)))

(func $run (type $call)
  (local $left i32)
  (local.set $left (i32.const 5000))
  (loop $more
    (call $open-entry)
    (call $drop (i32.load offset=8 (global.get $answer)))
    (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (global.get $outcome))
