;; Stores the content at $new-file $files times, with its media type as the
;; name, and returns the host's failure as its own.

(import "workflow:connector/files@0.1.0" "create"
  (func $create (param i32 i32 i32 i32 i32 i32 i32)))

(global $files i32 (i32.const 1))

(func $run (type $call)
  (local $left i32)
  (local.set $left (global.get $files))
  (loop $more
    (call $create
      (i32.load (global.get $new-file))           ;; name
      (i32.load offset=4 (global.get $new-file))
      (i32.load (global.get $new-file))           ;; mime-type
      (i32.load offset=4 (global.get $new-file))
      (i32.load offset=8 (global.get $new-file))  ;; bytes
      (i32.load offset=12 (global.get $new-file))
      (global.get $answer))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br_if $more
      (i32.and
        (i32.eqz (i32.load8_u (global.get $answer)))
        (i32.ne (local.get $left) (i32.const 0)))))
  (select
    (global.get $answer)
    (global.get $outcome)
    (i32.load8_u (global.get $answer))))
