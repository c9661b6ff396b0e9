;; Aborts when it can get no more memory, like a Rust guest.

(func $run (type $call)
  (loop $more
    (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
  unreachable)
