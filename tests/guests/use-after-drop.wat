;; Builds on open.wat: requests the size of a file whose handle it dropped.

(import "workflow:connector/files@0.1.0" "[resource-drop]file" (func $drop (param i32)))

(import "workflow:connector/files@0.1.0" "[method]file.size" (func $size (param i32) (result i64)))

(func $run (type $call)
  (call $open-entry)
  (call $drop (i32.load offset=8 (global.get $answer)))
  (drop (call $size (i32.load offset=8 (global.get $answer))))
  (global.get $outcome))
