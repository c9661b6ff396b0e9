;; On top of emit.wat: tells the caller that it runs, and never ends.

(func $run (type $call)
  (call $tell)
  (loop $forever (br $forever))
  unreachable)
