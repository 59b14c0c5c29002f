## Two sessions at once: neither sees the other's compartments, both keep what they change.
$ (printf 'counter::inc\npasswd::add_user ann\n' | twz & printf 'counter::inc\npasswd::add_user ben\n' | twz & wait) | sed 's/id: 100[23]/id: N/' | sort
1
1
User{id: N, name: "ann"}
User{id: N, name: "ben"}
$ twz -c 'passwd::lookup_user ann; passwd::lookup_user ben' | sed 's/id: 100[23]/id: N/'
User{id: N, name: "ann"}
User{id: N, name: "ben"}
## A service that calls gates: of another service, and of itself, to a limit.
$ twz -c 'chain::count; chain::count; counter::get'
1
2
2
$ twz -c 'chain::called_from' | grep -c '^0$'
0
[1]
$ twz -c 'chain::depth 10'
10
$ twz -c 'chain::try_depth 3 | calc::length'
0
$ twz -c 'chain::try_depth 1000'
…Error: …
## Who calls is said by the monitor.
$ twz -c 'counter::who_called' | sed 's/thread: [0-9]*/thread: N/'
Caller{thread: N, compartment: 0, context: "owner"}
$ twz --as guest -c 'counter::who_called' | sed 's/thread: [0-9]*/thread: N/'
Caller{thread: N, compartment: 0, context: "guest"}
## Constructors, globals and thread-locals are the compartment's own (Twizzler's test_gl_count and test_tl_count).
$ twz -c 'counter::inc; counter::get_own'
1
1
