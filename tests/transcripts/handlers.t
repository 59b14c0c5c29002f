## A gate of another compartment answers: alone, or by passing the call on (features T1).
$ twz -c 'sys::interpose counter get guard::ten; counter::get'
10
$ twz -c 'sys::interpose counter inc guard::inc; counter::inc; counter::inc; counter::get' 2>/dev/null
1
2
2
$ twz -c 'sys::interpose counter inc guard::inc; counter::inc; counter::inc' 2>&1 >/dev/null
guard: inc by owner: 1
guard: inc by owner: 2
## Registering again replaces; taking away is an operation of its own (T2).
$ twz -c 'sys::interpose counter get guard::ten; sys::interpose counter get guard::twice; counter::inc; counter::get; sys::uninterpose counter get; counter::get; sys::uninterpose counter get'
1
2
1
Name Error: counter::get has no handler of its own
[3]
## Grates stack: whose handler a handler has, that one is asked first (T6).
$ twz -c 'sys::load g2::libguard.so; sys::interpose counter get guard::twice; sys::interpose guard twice g2::one_more; counter::inc; counter::get; sys::handlers'
g2
1
3
compartment  gate   handler       in_use  all    required  state  answered
counter      get    guard::twice  true    false  false     ready         1
guard        twice  g2::one_more  true    false  false     ready         0
$ twz -c 'sys::load g2::libguard.so; sys::interpose counter get guard::one_more; sys::interpose guard one_more g2::twice; counter::inc; counter::get'
g2
1
4
$ twz -c 'sys::load g2::libguard.so; sys::interpose guard twice g2::twice; sys::interpose g2 twice guard::twice'
g2
Link Error: guard::twice cannot answer for g2::twice, which answers for it
[6]
## All gates at once; one of its own wins, and comes to light again (T10).
$ twz -c 'sys::interpose counter "*" guard; sys::interpose counter inc guard::ten; counter::inc; sys::handlers | select gate handler in_use all; sys::uninterpose counter inc; counter::inc; (sys::info counter).handlers' 2>/dev/null
10
gate   handler       in_use  all
inc    guard::ten    true    false
inc    guard::inc    false   true
reset  guard::reset  true    true
1
["inc: guard::inc", "reset: guard::reset"]
$ twz -c 'sys::interpose counter "*" guard::ten'
Type Error: 'guard::ten' is one gate: all can only have one handler each
[3]
## Calls that services make are answered too, and refused: here of a compartment, not of people.
$ twz -c 'chain::count; sys::interpose counter "*" guard; chain::count; counter::reset; chain::count; counter::get' 2>/dev/null
1
2
1
1
$ twz -c 'sys::interpose counter "*" guard; chain::count' 2>&1 >/dev/null
guard: inc by service:chain: 1
## Who calls is who made the call, and not the handler.
$ twz -c 'a ?= counter::who_called; sys::load c2::libcounter.so; sys::interpose counter who_called c2::who_called; b ?= counter::who_called; print (a.compartment) (b.compartment) (b.context)'
c2
0 0 owner
## The same type, whatever the names; a system call has no handlers.
$ twz -v -c 'sys::interpose counter who_called guard::ten'
Type Error: guard::ten cannot answer for counter::who_called: it is ten() -> u64, the gate is who_called() -> Result<Caller, CallerError>
  sys::interpose counter who_called guard::ten
  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a handler takes and gives what the gate does, buffers and secrets included
[3]
$ twz -c 'sys::interpose counter geteuid guard::ten'
Link Error: geteuid is no gate of counter but a system call, and these cannot have handlers
[6]
$ twz -c 'sys::interpose counter gte guard::ten'
Name Error: no gate 'gte' in counter
[3]
$ twz -c 'sys::interpose sys load guard::ten'
Name Error: services cannot call the gates of sys
[3]
## Who may: the owner, and who holds the capability for sys or for the compartment (T3); it is recorded.
$ twz -c 'sys::attach stranger; sys::interpose counter get guard::ten'
stranger
Security Error: Failed to call interpose in sys: Permission denied
[4]
$ twz -c 'sys::audit 2 | where it.what == "sys::interpose" | select context what args verdict status'
context   what            args                                               verdict  status
stranger  sys::interpose  compartment=counter, gate=get, handler=guard::ten  denied        4
$ twz -c '_ = sys::grant operator counter interpose; sys::attach operator; sys::interpose counter get guard::ten; counter::get; sys::interpose calc add guard::ten'
operator
10
Security Error: Failed to call interpose in sys: Permission denied
[4]
## Level none: it can be answered for, and cannot answer itself.
$ twz -c 'sys::load c0::libcounter.so --isolation=none; sys::interpose c0 get guard::ten; c0::get; sys::interpose c0 get guard::twice; c0::get'
c0
10
Link Error: c0::get: its handler guard passed the call on, which failed; outcome unknown
[6]
$ twz -c 'sys::load c0::libcounter.so --isolation=none; sys::interpose counter get c0::get'
c0
Link Error: c0 is loaded by mechanism direct: a handler needs a process of its own
[6]
## A handler that has ended is passed over, unless it is required (T7); with a compartment goes its table (T8).
$ twz -c 'sys::load g::libguard.so --restart=never; sys::interpose counter get g::ten; counter::get; sys::signal g KILL; _ = sys::wait g EXITED; counter::get; sys::handlers | count'
g
10
0
0
$ twz -c 'sys::load g::libguard.so --restart=never; sys::interpose counter get g::ten --required; sys::signal g KILL; _ = sys::wait g EXITED; sys::handlers | select handler required state; counter::get'
g
handler  required  state
g::ten   true      ended
Link Error: counter::get was not called, because it has a handler: g has ended and is not to be restarted: …
[6]
$ twz -c 'sys::load demo::libcounter.so; sys::interpose demo "*" guard; _ = sys::unload demo; sys::handlers | count'
demo
0
## The table by SQL, and the handlers of one compartment for another.
$ twz -c 'sys::load demo::libcounter.so; sys::interpose counter get guard::ten; sys::copy_handlers counter demo; demo::get; sql "select compartment, gate, handler, in_use, required, answered from handlers"; sys::copy_handlers guard demo'
demo
1
10
compartment  gate  handler     in_use  required  answered
demo         get   guard::ten       1         0         1
counter      get   guard::ten       1         0         0
Name Error: guard has no handlers
[3]
