;; Counts its runs, in a global and in its memory, and fails if there was an
;; earlier one.

(global $runs (mut i32) (i32.const 0))

(func $run (type $call)
  (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
  (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
  (if (i32.ne (global.get $runs) (i32.const 1)) (then unreachable))
  (if (i32.ne (i32.load (i32.const 0)) (i32.const 1)) (then unreachable))
  (global.get $outcome))
