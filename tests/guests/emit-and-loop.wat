;; Builds on emit.wat: signals that it is running, and never returns.

(func $run (type $call)
  (call $emit-empty)
  (loop $forever (br $forever))
  unreachable)
