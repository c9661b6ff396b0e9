# Sums up what `cargo test` printed: the tests that failed, one a line, and at
# the end how many passed, failed and were skipped. The exit status is 1 if
# anything failed.
#
# A test program that dies reports no result, and does not name the test that
# ended it: the program itself is counted as a failed test.

function fail(what) {
    failed++
    print "failed: " what
}

function end_program() {
    if (program != "")
        fail(program ", which ended before its tests did")
    program = ""
}

/^     Running |^   Doc-tests / {
    end_program()
    program = $0
    sub(/^ +(Running )?/, "", program)
    # Without the folder, and without the hash that cargo adds to each name.
    sub(/\(.*\//, "(", program)
    sub(/-[0-9a-f]+\)$/, ")", program)
}

# The names of the tests that failed come last. Before them, under the same
# heading, comes what those tests printed.
/^failures:$/ { count = 0 }
/^    / { names[++count] = substr($0, 5) }

/^test result: / {
    passed += $4
    failed += $6
    skipped += $8
    if ($6 > 0)
        for (i = 1; i <= count; i++)
            print "failed: " names[i] " in " program
    count = 0
    program = ""
}

/^(cargo test|tally) ended with status / { ended = $0 }

END {
    end_program()
    # A test that does not compile, for instance.
    if (failed == 0 && ended != "")
        fail(ended)
    if (failed == 0 && passed == 0)
        fail("no test ran")
    printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
    exit failed > 0
}
