;; The well-behaved connector that every hostile one is derived from. It
;; answers each call with a value that is in its memory from the start.
;;
;; Each paragraph is an item of one module. The paragraphs of another guest
;; replace the items with the same name, or add new ones.

(type $call (func (param i32 i32 i32 i32 i32 i32) (result i32)))

(memory $memory 2)

(export "memory" (memory $memory))

;; The second page; the values are in the first.
(global $free (mut i32) (i32.const 65536))

;; Memory for data from the host. Nothing is ever freed, because an instance
;; serves one call.
(func $realloc (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  (local.set $at
    (i32.and
      (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
  (global.set $free (i32.add (local.get $at) (local.get $size)))
  (local.get $at))

(export "cabi_realloc" (func $realloc))

(func $describe (result i32)
  (global.get $component))

(export "workflow:connector/describe@0.1.0#describe" (func $describe))

(func $test (param i32 i32) (result i32)
  (global.get $reached))

(export "workflow:connector/connection@0.1.0#test" (func $test))

(func $run (type $call)
  (global.get $outcome))

(export "workflow:connector/actions@0.1.0#run" (func $run))

(func $options (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (global.get $choices))

(export "workflow:connector/actions@0.1.0#options" (func $options))

(func $output-schema (type $call)
  (global.get $schema))

(export "workflow:connector/actions@0.1.0#output-schema" (func $output-schema))
