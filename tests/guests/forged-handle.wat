;; Requests the size of a file that it never opened.

(import "workflow:connector/files@0.1.0" "[method]file.size" (func $size (param i32) (result i64)))

(func $run (type $call)
  (drop (call $size (i32.const 1)))
  (global.get $outcome))
