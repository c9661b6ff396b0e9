;; Opens the file at $entry, and returns the host's failure as its own.

(import "workflow:connector/files@0.1.0" "open"
  (func $open (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))

(func $open-entry
  (call $open
    (i32.load (global.get $entry))
    (i32.load offset=4 (global.get $entry))
    (i32.load offset=8 (global.get $entry))
    (i32.load offset=12 (global.get $entry))
    (i32.load offset=16 (global.get $entry))
    (i32.load offset=20 (global.get $entry))
    (i32.load offset=24 (global.get $entry))
    (i32.load offset=28 (global.get $entry))
    (global.get $answer)))

(func $run (type $call)
  (call $open-entry)
  (select
    (global.get $answer)
    (global.get $outcome)
    (i32.load8_u (global.get $answer))))
