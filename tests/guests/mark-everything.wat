;; Leaves a mark wherever it can, and fails if it finds one.

(table $marks 1 8 funcref)

(elem declare func $mark)

(func $mark)

(global $mark-of-runs (mut i64) (i64.const 0))

(func $run (type $call)
  (local $page i32)
  (if (i64.ne (global.get $mark-of-runs) (i64.const 0)) (then unreachable))
  (global.set $mark-of-runs (i64.const -1))
  (if (i32.eqz (ref.is_null (table.get $marks (i32.const 0)))) (then unreachable))
  (table.set $marks (i32.const 0) (ref.func $mark))
  (if (i32.ne (table.size $marks) (i32.const 1)) (then unreachable))
  (drop (table.grow $marks (ref.func $mark) (i32.const 7)))
  ;; The memory above the values and below the data from the host.
  (if (i64.ne (i64.load (i32.const 65520)) (i64.const 0)) (then unreachable))
  (i64.store (i32.const 65520) (i64.const -1))
  (if (i32.ne (memory.size) (i32.const 2)) (then unreachable))
  (local.set $page (i32.mul (memory.grow (i32.const 30)) (i32.const 65536)))
  (loop $each
    (if (i64.ne (i64.load (local.get $page)) (i64.const 0)) (then unreachable))
    (if (i64.ne (i64.load offset=65528 (local.get $page)) (i64.const 0)) (then unreachable))
    (i64.store (local.get $page) (i64.const -1))
    (i64.store offset=65528 (local.get $page) (i64.const -1))
    (local.set $page (i32.add (local.get $page) (i32.const 65536)))
    (br_if $each (i32.lt_u (local.get $page) (i32.mul (memory.size) (i32.const 65536)))))
  (global.get $outcome))
