## features.md section 2, row by row: tests/features.md has the rows that are elsewhere, and where.
## M1: with arguments and descriptors, there for its constructors, and again after a crash.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; printf 'first\nsecond\n' >in; twz -c 'sys::load montest --args="one two" --fds="text<in log>>out"; montest::argument 1; montest::argument 2; montest::read_given text; montest::write_given log "kept "; try montest::crash_quietly else 0; montest::argument 0; montest::write_given log this'; cat out; echo
montest
two
there is none
first
0
0
one
0
kept this
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz -c 'sys::load montest --fds="in<nothing"'; twz -v -c 'sys::load montest --fds=nothing' 2>&1 | grep -v '^ '; twz -c 'sys::load montest --isolation=none --args=one'
Link Error: cannot open nothing: No such file or directory
Type Error: 'nothing' gives no descriptor
Link Error: montest: with mechanism direct it can be given no arguments and no descriptors
[6]
## M6: no zombie is left.
$ twz -c 'counter::inc; pid = (sys::info counter).pid; sys::unload counter; run sh -c "test -e /proc/$0 || echo gone" $pid'
1
destructed
gone
## M9: the same numbers before and after, but for those that only grow.
$ twz -c 'calc::add 1 2; before = sys::stats; demo = sys::load demo::libcounter.so; sys::unload demo; after = sys::stats; after.compartments - before.compartments; after.links - before.links; after.faults - before.faults; after.started - before.started'
3
destructed
0
0
0
1
## M10, M11: who has no right neither loads nor signals nor unloads.
$ for what in 'sys::load counter' 'sys::signal counter TERM' 'sys::unload counter' 'sys::isolation counter none' 'sys::attach owner' 'sys::resolver naming::get' 'sys::grant guest counter'; do twz --as guest -c "counter::inc; $what"; echo $?; done 2>&1 | grep -v '^1$'
Security Error: Failed to call load in sys: Permission denied
4
Security Error: Failed to call signal in sys: Permission denied
4
Security Error: Failed to call unload in sys: Permission denied
4
Security Error: Failed to call isolation in sys: Permission denied
4
Security Error: Failed to call attach in sys: Permission denied
4
Security Error: Failed to call resolver in sys: Permission denied
4
Security Error: Failed to call grant in sys: Permission denied
4
## M8: what a service links is in its own compartment; what it calls by a stub is the one that all see, or, of a library that only it has, one of its own.
$ cat >libdep.c <<'END'
> #include <twz/gate.h>
> TWZ_SERVICE("dep", "1.0", "Is depended on");
> static int calls;
> TWZ_GATE(int, count, (void), TWZ_DOC("Counts")) { return ++calls; }
> END
$ cat >libparent.c <<'END'
> #include <twz/gate.h>
> TWZ_SERVICE("parent", "1.0", "Depends");
> int NAME(void);
> TWZ_GATE(int, ask, (void), TWZ_DOC("Counts there")) { return NAME(); }
> END
$ mkdir own all; c="cc -g -shared -fPIC -I$TWZ_ROOT/include -I."; $c -o own/libdep.so libdep.c; twz-inspect --stubs -o . own/libdep.so; $c -DNAME=dep_count -o own/libparent.so libparent.c dep_stub.c
$ for path in none all; do cp own/libdep.so all; TWZ_PATH=$PWD/$path twz -c 'sys::load own/libparent.so; parent::ask; parent::ask; sys::compartments | map it.service; sys::deps parent | map it.compartment'; done; twz -c 'passwd::lookup_user bob; sys::compartments | map it.service; sys::libs passwd | map it.file' >all.txt; sed -n 2p all.txt; grep -o libcrypt.so all.txt
parent
1
2
["parent", "parent::dep"]
["parent::dep"]
parent
1
2
["parent", "dep"]
["dep"]
["passwd"]
libcrypt.so
