## A compartment under a name of its own, beside the service's own (features M1, I3).
$ twz -c 'sys::load demo::libcounter.so; sys::compartments | select service state level mechanism'
demo
service  state  level  mechanism
demo     ready  full   process
$ twz -c 'sys::load demo::libcounter.so; demo::inc; demo::inc; counter::inc; demo::get'
demo
1
2
1
2
$ twz -c 'name = sys::load counter --instance=other; print (name); other::inc'
other
1
$ twz -c 'sys::load demo::libcounter.so; sys::load demo::libcounter.so'
demo
Link Error: there is a service or an instance 'demo' already
[6]
$ twz -c 'sys::load demo::libcounter.so; sys::load demo::libcounter.so --dup; demo_2::inc'
demo
demo_2
1
$ twz -c 'sys::load counter::libcalc.so'
Link Error: there is a service or an instance 'counter' already
[6]
$ twz -c 'demo::inc; sys::load demo::libcounter.so'
Name Error: no service 'demo'
[3]
## What cannot be loaded says why, and leaves nothing (M2).
$ twz call sys::load /etc/passwd
Link Error: /etc/passwd: not an ELF file
[6]
$ f=$TWZ_BUILD/lib/twz/libcounter.so; cp $f liba32.so; printf '\001' | dd of=liba32.so bs=1 seek=4 conv=notrunc status=none; twz call sys::load ./liba32.so
Link Error: …/liba32.so: 32-bit ELF file; this twz calls 64-bit code
[6]
$ f=$TWZ_BUILD/lib/twz/libcounter.so; cp $f libarm.so; printf '\267' | dd of=libarm.so bs=1 seek=18 conv=notrunc status=none; twz call sys::load ./libarm.so
Link Error: …/libarm.so: made for another machine: AArch64; this one is x86-64
[6]
$ head -c 3000 $TWZ_BUILD/lib/twz/libcounter.so >libshort.so; twz call sys::load ./libshort.so
Link Error: …/libshort.so: truncated: the section header table lies beyond the file's end
[6]
$ twz call sys::load $TWZ_BUILD/tests/services/life/libunresolved.so
Link Error: service unresolved cannot be loaded: …/tests/services/life/libunresolved.so: undefined symbol: nobody_has_this
[6]
$ sed 's/libc[.]so[.]6/libq.so.6/' $TWZ_BUILD/lib/twz/libcounter.so >libneedy.so; twz call sys::load ./libneedy.so
Link Error: service needy cannot be loaded: libq.so.6: cannot open shared object file: No such file or directory
[6]
$ twz call sys::load ./nothing.so
Link Error: there is no ./nothing.so
[6]
## Levels: the record sets the least, the loader may raise it, nobody may change it (I1, I2, I3).
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'sys::load guarded --isolation=none'
Security Error: guarded cannot be loaded with level none: its gate secret asks for callee at least
[4]
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'sys::load guarded --isolation=callee; guarded::secret; sys::info guarded | select asked minimum active mechanism'
guarded
2
{asked: "callee", minimum: "callee", active: "callee", mechanism: "process"}
$ twz -c 'sys::load counter --isolation=none; counter::inc; counter::inc; sys::info counter | select asked minimum active mechanism'
counter
1
2
{asked: "none", minimum: "none", active: "none", mechanism: "direct"}
$ for l in none callee caller full; do twz -c "sys::load counter --isolation=$l; (sys::info counter).properties | where it.property == \"confined\" or it.property == \"own memory\" | map it.active"; done
counter
["no", "no"]
counter
["yes", "no"]
counter
["yes", "yes"]
counter
["yes", "yes"]
$ twz -c 'counter::inc; sys::isolation counter callee'
1
Security Error: the isolation of counter cannot be changed: it was loaded with level full
[4]
$ twz -c 'sys::load a::libcounter.so --isolation=full; sys::load b::libcounter.so --isolation=callee; sys::compartments | select service level'
a
b
service  level
a        full
b        callee
$ twz -c 'sys::load counter --isolation=full --mechanism=direct'
Security Error: counter: mechanism direct cannot give level full
[4]
## Level none: data of its own for each instance, the caller is still known, and no process.
$ twz -c 'sys::load a::libcounter.so --isolation=none; sys::load b::libcounter.so --isolation=none; a::inc; a::inc; b::inc; who ?= b::who_called; who.context'
a
b
1
2
1
owner
$ twz -c '_ = sys::load a::libcounter.so --isolation=none; _ = sys::load b::libcounter.so --isolation=none; _ = sys::load c::libcounter.so --isolation=none; b::inc; b::inc; c::inc; a::inc'
1
2
1
1
## Its own constructors, destructors, environment, memory (G17, I10).
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'montest::was_ctor_run; sys::unload montest; montest::was_ctor_run'
montest: destructed
true
destructed
true
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'for i in 1 .. 40 { _ = montest::was_ctor_run; _ = sys::unload montest }' 2>&1 | sort | uniq -c | sed 's/^ *//'
40 montest: destructed
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'sys::load montest --env="COLOR=red SIZE=3"; montest::environment COLOR; montest::environment SIZE; montest::environment HOME'
montest
red
3

$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'sys::load montest --memory=40; (montest::eat 1000) < 40'
montest
true
## Waiting, signals, ends (M5, M10).
$ twz -c 'counter::inc; sys::signal counter TERM; sys::wait counter EXITED; counter::inc'
1
{state: "EXITED", status: 0, signal: "TERM", why: "killed by SIGTERM"}
1
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'try montest::leave 7 else 0; sys::wait montest EXITED | .status'
montest: destructed
0
7
$ twz -c 'counter::inc; timeout 50ms { sys::wait counter EXITED }'
1
Timeout: sys::wait: no answer within 50ms; outcome unknown
[124]
$ twz -c 'counter::inc; sys::signal counter NOSUCH'
1
Type Error: no signal 'NOSUCH'
[3]
$ twz -c 'counter::inc; sys::signal counter TERM --group'
1
Link Error: signals to a group of compartments are not supported
[6]
$ twz -c 'sys::wait counter READY'
Name Error: no compartment 'counter'
[3]
$ twz -c 'sys::load counter --restart=never; sys::signal counter KILL; sys::wait counter EXITED | .why; counter::inc'
counter
killed by SIGKILL
Link Error: counter has ended and is not to be restarted: killed by SIGKILL
[6]
## What its record says of that holds, unless who loads it says otherwise.
$ TWZ_PATH=$TWZ_BUILD/tests/services/life; export TWZ_PATH; twz-inspect --json $TWZ_PATH/libfragile.so | jq -c .runs; twz -c 'help fragile' | sed -n 2p; twz -c 'fragile::tell 1; try fragile::die else "died"; (sys::info fragile).properties | where it.property == "restart"; fragile::tell 1'
["restart_never"]
  it is not started again after a fault
1
died
property  asked  active  mechanism
restart          never   after a fault, as its record says
Link Error: fragile has ended and is not to be restarted: SIGABRT
[6]
$ TWZ_PATH=$TWZ_BUILD/tests/services/life; export TWZ_PATH; twz -c 'sys::load fragile --restart=on_call; fragile::tell 1; try fragile::die else "died"; (sys::info fragile).properties | where it.property == "restart"; fragile::tell 1'
fragile
1
died
property  asked    active   mechanism
restart   on_call  on_call  after a fault
1
## Clones of one zygote have one layout of addresses; by exec, each has its own.
$ cat >places.twz <<'end'
> fn main(option) {
>   _ = sys::load one::libcounter.so $option
>   _ = sys::load two::libcounter.so $option
>   _ = one::inc
>   print (one::inc) (two::inc) ((sys::symbol one malloc).address == (sys::symbol two malloc).address)
> }
> end
$ sed 's/ $option//; s/option//' places.twz >same.twz; sed 's/$option/--fresh/; s/option//' places.twz >fresh.twz; sed 's/$option/--preload/; s/option//' places.twz >preload.twz; twz same.twz; twz fresh.twz; twz preload.twz
2 1 true
2 1 false
2 1 true
## Preloaded, its constructors ran once for all of its compartments; what it is given, or keeps in files, it has not.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'sys::load montest --preload; montest::was_ctor_run; try montest::crash_quietly else "crashed"; montest::was_ctor_run; (sys::info montest).properties | where it.property == "preloaded" | map it.active'
montest
true
crashed
true
["yes"]
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'sys::load unresolved --preload'
Link Error: service unresolved cannot be loaded: …/tests/services/life/libunresolved.so: undefined symbol: nobody_has_this
[6]
$ twz -c 'sys::load counter --preload --isolation=callee'; twz -c 'sys::load counter --preload --fresh'; twz -c 'sys::load counter --preload --env=A=1'; twz --require=full -c 'sys::load counter --preload'
Link Error: counter cannot be preloaded: its level does not confine it
Link Error: counter cannot be preloaded: it is to have a process from exec
Link Error: counter cannot be preloaded: it is given something of its own
Link Error: counter cannot be preloaded: full confinement is required, and who preloads may make processes
[6]
## What is not called can be made small, by word or by time; it knows what it knew, and the next call is made as ever.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'heap::fill 64; heap::deep 100; heap::drop; p = sys::park heap; p.how; p.before > 64000000; p.after < 8000000; (sys::info heap).state; heap::known; (sys::info heap).state; heap::fill 1'
64
1
64
kept
true
true
parked
64
ready
65
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'sys::load heap --park=1; heap::fill 64; heap::drop; while (sys::info heap).state != "parked" {}; (sys::compartments | select service state links restarts); heap::known; (sys::info heap).state; while (sys::info heap).state != "parked" {}; "again"'
heap
64
64
service  state   links  restarts
heap     parked      1         0
64
ready
again
## Who says that it keeps nothing is ended, and comes back by a call; its destructors run.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz-inspect $TWZ_PATH/libforgetful.so | sed -n 2,3p; twz -c 'forgetful::calls_so_far; forgetful::calls_so_far; (sys::park forgetful).how; (sys::info forgetful).pid; forgetful::calls_so_far; (sys::compartments | select service state faults restarts)' 2>err; cat err
  it is not started again after a fault
  it keeps nothing between calls: parked, its process may be ended
1
2
ended
0
1
service    state  faults  restarts
forgetful  ready       0         0
forgetful: destructed
$ twz -c 'sys::park counter'
Name Error: no compartment 'counter'
[3]
$ twz -c 'sys::load counter --isolation=none; sys::park counter'
counter
Link Error: counter has no process of its own: its mechanism is direct
[6]
## Unloading waits for those who need it (M6).
$ twz -c 'sys::load demo::libcounter.so; sys::unload demo; demo::inc'
demo
destructed
Name Error: no service 'demo'
[3]
$ twz -c 'chain::count; sys::deps chain; sys::deps counter; sys::unload counter; sys::unload chain; sys::wait counter EXITED | .status; sys::compartments | map it.service'
1
compartment  relation  links
counter      calls         1
compartment  relation   links
chain        called_by      1
put_off
destructed
0
[]
## Looked at from close by (M4, M14).
$ twz -c 'counter::inc; sys::libs counter | map it.file' | grep -o 'libcounter.so\|libc.so.6'
libc.so.6
libcounter.so
$ twz -c 'counter::inc; (sys::symbol counter inc).offset' | sed 's/^0*//' >said; nm -D $TWZ_BUILD/lib/twz/libcounter.so | sed -n 's/^0*\([0-9a-f]*\) T inc$/\1/p' >offset; head -n 1 said; tail -n 1 said | cmp - offset && test -s offset && echo the same
1
the same
$ twz -c 'counter::inc; sys::symbol counter no_such_thing'
1
Name Error: no symbol 'no_such_thing' in counter
[3]
$ twz -c 'counter::inc; sys::threads counter | map it.name' | sort -u
1
["libcounter.so", "libcounter.so"]
## A debugger may attach when that was asked for, and only then (M16).
$ twz -c 'sys::load counter --debug; (sys::info counter).flags'
counter
["STARTED"]
## A service's own handlers hide no crash (I14).
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'montest::crash_quietly'
Fault: montest::crash_quietly: SIGSEGV at 0x8 in crash_quietly (life__montest.c:…
[5]
