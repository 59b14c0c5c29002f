## Each way to go wrong, then a call in the same session: one typed line each, then the sum.
$ twz
twz> fault::null
Fault: fault::null: SIGSEGV at 0x0 in null (fault.c:23); outcome unknown
…
twz> calc::add 1 2
3
twz> fault::wild_jump
Fault: fault::wild_jump: SIGSEGV at 0xdead000…
…
twz> calc::add 1 2
3
twz> fault::divide_by_zero 1
Fault: fault::divide_by_zero: SIGFPE …
…
twz> calc::add 1 2
3
twz> fault::abort_now
Fault: fault::abort_now: SIGABRT in abort_now (fault.c:42); outcome unknown
…
twz> calc::add 1 2
3
twz> fault::overflow
Fault: fault::overflow: stack overflow…
…
twz> calc::add 1 2
3
twz> fault::leave 3
Fault: fault::leave: exited with status 3; outcome unknown
…
twz> calc::add 1 2
3
twz> fault::end_thread
Fault: fault::end_thread: …
…
twz> calc::add 1 2
3
twz> fault::long_jump
Fault: fault::long_jump: …
…
twz> calc::add 1 2
3
twz> fault::no_result
Fault: fault::no_result: …
…
twz> calc::add 1 2
3
twz> fault::bad_state
Fault: fault::bad_state: …
…
twz> calc::add 1 2
3
twz> fault::bad_error
Fault: fault::bad_error: …
…
twz> calc::add 1 2
3
twz> fault::bad_enum
Fault: fault::bad_enum: …
…
twz> calc::add 1 2
3
twz> fault::bad_bool
Fault: fault::bad_bool: …
…
twz> calc::add 1 2
3
twz> fault::bad_text
Fault: fault::bad_text: SIGSEGV at 0xdead000…
…
twz> calc::add 1 2
3
twz> fault::eat_memory
Error: No more memory
…
twz> calc::add 1 2
3
twz> fault::fork_bomb
Error: No more processes
…
twz> calc::add 1 2
3
twz> fault::thread_bomb
Error: No more threads
…
twz> calc::add 1 2
3
twz> fault::fill_disk
Error: No more disk space
…
twz> calc::add 1 2
3
$ twz
twz> timeout 200ms { fault::spin }
Timeout: fault::spin: no answer within 200ms; outcome unknown
…
twz> calc::add 1 2
3
twz> timeout 200ms { fault::sleep_long }
Timeout: fault::sleep_long: no answer within 200ms; outcome unknown
…
twz> calc::add 1 2
3
$ twz -c 'fault::null'
Fault: …; outcome unknown
[5]
$ twz --timeout 200ms -c 'fault::spin'
Timeout: fault::spin: no answer within 200ms; outcome unknown
[124]
$ TWZ_TIMEOUT=200ms twz -c 'fault::sleep_long'
Timeout: fault::sleep_long: no answer within 200ms; outcome unknown
[124]
## Noise: what a service prints is no result, and steers no terminal.
$ twz -c 'fault::garbage' 2>/dev/null
7
$ twz -c 'fault::garbage' 2>&1 >/dev/null | cat -v
fault: \x1b[31m3
fault: not a result
fault: nonsense
$ twz -c 'fault::escapes' | od -An -c | grep -c '033'
0
[1]
$ twz -o json -c 'fault::escapes' | jq -r length >/dev/null
$ twz -o json -c 'fault::no_utf8'
{"b64":"Y2Fm6SD//g=="}
## The state of a compartment lasts as long as the session, and ends with a fault.
$ printf 'counter::inc\ncounter::inc\ncounter::get\n' | twz
1
2
2
$ twz -c 'counter::inc'; twz -c 'counter::inc'
1
1
## How it got there: innermost first, in the hint and in the report.
$ twz -v -c 'fault::abort_now' 2>&1 | grep -o 'called by abort_now (fault.c:42)'
called by abort_now (fault.c:42)
$ twz -o json -c 'try fault::abort_now else 0; sys::crash' | tail -n 1 | jq -c '[.gate, .signal, .frames[-1].function, .frames[-1].line, (.frames | length > 1)]'
["fault::abort_now","ABRT","abort_now",42,true]
$ twz -c 'try fault::leave 3 else 0; (sys::crash).status'
0
3
$ twz -c 'sys::crash'
Error: nothing has crashed
[1]
