;; A thousand headers whose values share the same mebibyte. The list takes 16 KiB
;; of the guest's memory; a copy of it would take 1 GiB of the host's.

(import "workflow:connector/http@0.1.0" "send"
  (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))

(memory $memory 64)

(func $run (type $call)
  (local $header i32)
  (local.set $header (i32.const 0x200000))
  (loop $more
    (i32.store offset=4 (local.get $header) (i32.const 1))
    (i32.store offset=8 (local.get $header) (i32.const 0x100000))
    (i32.store offset=12 (local.get $header) (i32.const 0x100000))
    (local.set $header (i32.add (local.get $header) (i32.const 16)))
    (br_if $more (i32.lt_u (local.get $header) (i32.const 0x203e80))))
  (call $send
    (i32.const 0)
    (i32.const 0) (i32.const 0)
    (i32.const 0) (i32.const 0)
    (i32.const 0x200000) (i32.const 1000)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
    (global.get $answer))
  (global.get $outcome))
