## A C program calls gates through the stub: a million calls from four threads.
$ $TWZ_BUILD/examples/counter_client >out; status=$?; tail -n 1 out; sed -n 's/^thread [0-9]*: //p' out | sort -u; sed -n 's/^thread \([0-9]*\):.*/\1/p' out | sort -u | wc -l; exit $status
1000000 calls in all
250000 calls
4
## twz run gives a program its services; SCTX_PRELOAD does so for any program that has a stub.
$ twz run $TWZ_BUILD/examples/counter_client 10 | tail -n 1
40 calls in all
$ SCTX_PRELOAD=$TWZ_BUILD/lib/twz/libcounter.so $TWZ_BUILD/examples/counter_client 10 | tail -n 1
40 calls in all
$ SCTX_PRELOAD=counter twz run $TWZ_BUILD/examples/counter_client 10 | tail -n 1
40 calls in all
## A stub whose signature no longer fits is refused, with both signatures.
$ TWZ_PATH=$TWZ_BUILD/tests/services/changed $TWZ_BUILD/examples/counter_client 10
counter_client: Link Error: …
[6]
## The README shows this program as it is.
$ awk '/^```c$/ { inside = 1; text = ""; next } /^```/ { if (text ~ /counter_stub.h/) printf "%s", text; text = ""; inside = 0 } inside { text = text $0 "\n" }' $TWZ_ROOT/README.md | diff - $TWZ_ROOT/share/examples/counter_client.c
## At level none the same program calls the same functions, and is told who it is all the same.
$ TWZ_ISOLATION=none $TWZ_BUILD/examples/counter_client 10 | sed 's/thread [1-4]/thread N/'
thread N: 10 calls
thread N: 10 calls
thread N: 10 calls
thread N: 10 calls
40 calls in all
$ TWZ_ISOLATION=bogus $TWZ_BUILD/examples/counter_client 10
counter_client: Syntax Error: no level of isolation 'bogus'; there are none, callee, caller and full
[2]
## Gates looked up by name, checked when they are called; calls that nobody waits for; events.
$ TWZ_PATH=$TWZ_BUILD/lib/twz $TWZ_BUILD/examples/by_name 2>err | sort; cat err
40 + 2 = 42
divide(a: i32, b: i32) -> Result<i32, MathError>: ok 3
fault has ended
my_calc has ended
my_calc was ended by signal 15
a result of another size: Type Error: divide gives 12 bytes, and 1 were asked for
a number that does not fit: Type Error: divide: parameter 'b' takes an integer within its type's range
no such gate: Name Error: no gate 'no_such_gate' in my_calc
spin: Interrupted: spin was cancelled; outcome unknown
