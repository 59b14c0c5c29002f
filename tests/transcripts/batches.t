## Calls of a gate that only looks, for one element of a list after the other, share crossings: one in three at the most of 500.
$ cat >both.sh <<'END'
> twz -c "_ = batch::twice 1; a = sys::stats; xs = 1 .. 500; $1; b = sys::stats; [b.calls - a.calls, 3 * (b.crossings - a.crossings) < 500]"
> END
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; for what in 'ys = xs | map batch::twice; [ys[0], ys[499]]' 'ys = xs | map batch::crash_at (it + 1) 0; [ys[0], ys[499]]' 'xs | each batch::twice' '(xs | where batch::is_even it)[1]' '(xs | sort batch::crash_at (0 - it) 1)[0]'; do sh both.sh "$what"; done
[2, 1000]
[500, true]
[2, 501]
[500, true]
[500, true]
4
[500, true]
500
[500, true]
## Not of one that may change something, not where each call is shown, and not of texts, which may fill what a call can carry.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; sh both.sh 'ys = xs | map batch::count; [ys[0], ys[499]]'; sh both.sh '(xs | map batch::name it "x")[12]'; twz -x -c 'a = sys::stats; ys = (1 .. 50) | map batch::twice; b = sys::stats; b.calls - a.calls == b.crossings - a.crossings' 2>/dev/null
[1, 500]
[500, false]
           13x
[500, false]
true
## What goes wrong is what goes wrong without: shown calls are made one by one.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; for what in 'batch::half_until it 400' 'batch::half_until (it - 1) (300)' 'batch::crash_at it 333' 'calc::add_i8 it 0' 'batch::twice (it / (it - 260))' 'batch::nothing it' 'batch::twice it it'; do for x in '' -x; do twz $x -c "(1 .. 500) | map $what; print no" >out 2>err; echo "$? $(tail -n 1 err)" >said$x; cmp out /dev/null; done; cmp said said-x && cat said; done
1 Error: That one is odd
1 Error: That one is odd
5 Fault: batch::crash_at: SIGSEGV at 0x8 in crash_at (batch__batch.c:26); outcome unknown
3 Type Error: 128 is out of range for i8: -128 .. 127
3 Type Error: division by zero
3 Name Error: no gate 'nothing' in batch
3 Type Error: too many arguments: twice(i: i32) -> i32
## The calls before a failing one have given their values, and it names the element that it is about.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; for call in 'batch::crash_at 250 250' '(1 .. 500) | map batch::crash_at it 250'; do twz -c "try { $call } catch e { print e }" >out; sed 's/col: [0-9]*/col/g' out; done | uniq -c | sed 's/^ *//; s/ .*//'
2
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; twz -v -c 'xs = [1, 2, 3, 4, 5, 6, 7, 8, 300, 10]; xs | map calc::add_i8 it 1'
Type Error: 300 is out of range for i8: -128 .. 127
  xs = [1, 2, 3, 4, 5, 6, 7, 8, 300, 10]; xs | map calc::add_i8 it 1
                                                                ^^
[3]
## A deadline is for one call, and what is left of a block's for all.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; twz -c '_ = batch::twice 1; timeout 1s { (1 .. 500) | map batch::wait_at it 12 }' 2>&1 | tail -n 1; twz --timeout 1s -c '(1 .. 500) | map batch::wait_at it 12' 2>&1 | tail -n 1
Timeout: batch::wait_at: no answer within 1000ms; outcome unknown
Timeout: batch::wait_at: no answer within 1s; outcome unknown
## After a crash of one in the middle the next is called in a compartment of its own.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; twz -c 'ys = (1 .. 500) | map (try batch::crash_at it 250 else -1); ys[249]; ys[250]; zs = try ((1 .. 500) | map batch::crash_at it 250) else []; zs; (1 .. 500) | map batch::twice it | where it == 500'
-1
251
[]
[500]
## One whose calls a handler answers is called one by one: the handler may do more than look.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch; twz -c 'sys::interpose batch half_until grate::half_until; try { _ = (1 .. 500) | map batch::half_until it 100 } catch e { print e }; grate::count; for l in [1, 2] { try { _ = (1 .. 500) | map batch::half_until it 60 } catch e { print (e.kind) } }; grate::count'
{kind: "Error", message: "That one is odd", gate: ""}
100
Error
Error
220
## So do those of a for loop whose body is one call, its value assigned, printed or dropped.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; for what in 'y = 0; for i in xs { y = batch::twice i }; y' 'for i in 1 .. 500 { batch::twice (i + 1) }' 'for i in xs { let z = batch::crash_at $i 0 }' 'for i in 1 .. 500 { _ = batch::is_even i }'; do sh both.sh "$what"; done; sh both.sh 'for i in xs { print (batch::twice i) }' | sed -n '1p; 499,$p'
1000
[500, true]
[500, true]
[500, true]
[500, true]
2
998
1000
[500, true]
## Not where a turn needs what one before it has assigned, where there is more in it, and where a terminal shows what was first.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; for what in 'y = 1; for i in xs { y = batch::twice (y / y + i) }; y' 'y = 0; for i in xs { y = batch::count i }; y' 'y = 0; for i in xs { y = batch::twice i; z = i }; y'; do sh both.sh "$what" | tail -n 1; done; terminal sh both.sh 'for i in xs { print (batch::twice i) }' </dev/null | sed -n '1p; 499,$p'
[500, false]
[500, false]
[500, false]
2
998
1000
[500, false]
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; terminal twz -c 'for w in ["one", "two", "three", "four", "five", "six"] { print (talker::say w) }' </dev/null | tail -n 4
talker: five, five
4
talker: six, six
3
## What goes wrong, where, and what was shown before it: as when calls are made one by one.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; for what in 'print (batch::crash_at i 333)' 'print (calc::add_i8 i 0)' 'print (batch::twice (i / (i - 260)))' 'batch::nothing i' 'y = batch::twice i i' 'y ?= batch::half_until i 400' 'batch::half_until i 400'; do for x in '' -x; do printf 'for i in 1 .. 500 { %s }\nprint no\n' "$what" >for.twz; twz $x for.twz >out$x 2>err; echo "$? $(wc -l <out$x) $(tail -n 1 err)" >said$x; done; cmp out out-x && cmp said said-x && cat said; done
5 332 for.twz:1:28: Fault: batch::crash_at: SIGSEGV at 0x8 in crash_at (batch__batch.c:26); outcome unknown
3 127 for.twz:1:41: Type Error: 128 is out of range for i8: -128 .. 127
3 259 for.twz:1:42: Type Error: division by zero
3 0 for.twz:1:28: Name Error: no gate 'nothing' in batch
3 0 for.twz:1:40: Type Error: too many arguments: twice(i: i32) -> i32
1 0 for.twz:1:26: Error: That one is odd
1 0 for.twz:1:19: Error: That one is odd
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; twz -v -c 'for i in [1, 2, 3, 4, 5, 6, 7, 8, 300, 10] { calc::add_i8 i 1 }'; twz -c 'n = 0; for i in 1 .. 500 { n = try batch::crash_at i 250 else -1 }; n; for i in 1 .. 500 { n = batch::half_until i 500 }; try { for i in 1 .. 500 { n = batch::crash_at i 250 } } catch e { print (e.kind) n }'
Type Error: 300 is out of range for i8: -128 .. 127
  for i in [1, 2, 3, 4, 5, 6, 7, 8, 300, 10] { calc::add_i8 i 1 }
                                                            ^
500
Fault 249
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; twz --timeout 1s -c 'for i in 1 .. 500 { batch::wait_at i 12 }' 2>&1 | tail -n 1; twz -c 'fn f(xs) { for x in $xs { for y in [x, x + 1, x + 2, x + 3] { z = batch::twice y; if z == 8 { return $z } } }; 0 }; f [1, 2]; fn g(xs) { for x in $xs { y = batch::twice x }; $xs }; count (g (1 .. 300))'
Timeout: batch::wait_at: no answer within 1s; outcome unknown
8
300
