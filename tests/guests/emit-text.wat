;; Emits the text whose address and length are stored at $text, as choice $choice.

(import "workflow:connector/events@0.1.0" "emit"
  (func $emit (param i32 i32 i32 i64 i32 i64 i32 i32 i32 i32)))

(func $emit-text (param $choice i32) (param $text i32)
  (call $emit
    (i32.const 0)
    (local.get $choice)
    (i32.load (local.get $text))
    (i64.load32_u offset=4 (local.get $text))
    (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
    (i32.const 0)))
