;; Validates the instance at $instance against the schema at $json-schema.

(import "workflow:connector/json-schema@0.1.0" "validate"
  (func $validate (param i32 i32 i32 i32 i32)))

(func $run (type $call)
  (call $validate
    (i32.load (global.get $json-schema))
    (i32.load offset=4 (global.get $json-schema))
    (i32.load (global.get $instance))
    (i32.load offset=4 (global.get $instance))
    (global.get $answer))
  (global.get $outcome))
