;; On top of emit.wat: signals that it runs, and never ends.

(func $run (type $call)
  (call $tell)
  (loop $forever (br $forever))
  unreachable)
