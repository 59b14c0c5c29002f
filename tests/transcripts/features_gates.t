## features.md section 1, row by row: tests/features.md has the rows that are elsewhere, and where.
## G1: as many records as gates, in a section of their own.
$ f=$TWZ_BUILD/lib/twz/libcounter.so; readelf -SW $f | grep -c ' .twz_gates '; readelf -p .twz_gates $f | grep -c ' gate='; twz -o json -c 'sys::gates counter' | jq length
1
5
5
## G2, G10, G11: only what is marked is a gate; structs by value; texts byte for byte.
$ cat >libsgtest.c <<'END'
> #include <string.h>
> #include <twz/gate.h>
> TWZ_SERVICE("sgtest", "1.0", "For these rows");
> struct Foo { int x; };
> __attribute__((visibility("default"))) int helper(int n) { return n; }
> TWZ_GATE(int, foo, (struct Foo f), TWZ_DOC("Adds 3")) { return 3 + f.x; }
> TWZ_GATE(int, dynamic_test, (int n), TWZ_DOC("Adds 42")) { return 42 + n; }
> TWZ_GATE(const char *, echo, (const char *text), TWZ_DOC("Gives it back")) { return text; }
> END
$ mkdir s; cc -g -shared -fPIC -I$TWZ_ROOT/include -o s/libsgtest.so libsgtest.c; nm -D s/libsgtest.so | grep -c ' T helper'; TWZ_PATH=$PWD/s twz -c 'sgtest::helper 1'
1
Name Error: no gate 'helper' in sgtest
[3]
$ TWZ_PATH=$PWD/s twz -c 'sgtest::foo {x: 4}; sgtest::echo "a b\tc"' | od -An -c
   7  \n   a       b  \t   c  \n
## G5: every code, in its category, with Twizzler's numbers; only 0 is success.
$ twz -o json -c 'sys::errors' | jq -c 'group_by(.category) | length, (.[] | select(.[0].category == "NAMING") | map([.code, .name]) | .[])'; twz -o json -c 'sys::errors' | jq '.[].value' | grep -c '"0*"'
7
[1,"NOT_FOUND"]
[2,"ALREADY_EXISTS"]
[3,"WRONG_NAME_KIND"]
[4,"ALREADY_BOUND"]
[5,"INVALID_NAME"]
[6,"LINK_LOOP"]
[7,"NOT_EMPTY"]
0
[1]
## G6: the monitor's word for who calls.
$ twz -c 'who ?= counter::who_called; who.compartment; who.context'
0
owner
$ twz -c 'chain::called_from; (sys::compartments | where it.service == "chain")[0].id'
4294967297
0000000100000001
## G9: what cannot cross is named.
$ printf '#include <twz/gate.h>\nunion u { int a; float b; };\nTWZ_GATE(int, bad, (union u value), TWZ_DOC("Takes a union")) { return value.a; }\nTWZ_GATE(int, worse, (int *raw), TWZ_DOC("Takes a pointer")) { return *raw; }\n' >libbad.c; cc -g -shared -fPIC -I$TWZ_ROOT/include -o libbad.so libbad.c; twz-inspect libbad.so
bad
  bad(value: u) -> i32  not callable: parameter 'value': a union cannot cross a gate  # Takes a union
  worse(raw: *i32) -> i32  not callable: parameter 'raw': a pointer that may be written through: make it const, or say TWZ_OUT or TWZ_INOUT with its length  # Takes a pointer
[1]
## G13: gates that call gates, to a limit.
$ twz -c 'chain::depth 5; chain::try_depth 100'
5
Link Error: chain::try_depth: gates may call gates 16 deep, not deeper
## G15: what leaves a gate in any other way ends its compartment only.
$ twz -c 'fault::abort_now'; twz -c 'try fault::leave 3 else 0; try fault::long_jump else 0; calc::add 1 2'
Fault: fault::abort_now: SIGABRT in abort_now (fault.c:42); outcome unknown
0
0
3
## G18: in a compartment of its own, before anything calls it; or in this process, as any library.
$ SCTX_PRELOAD=libcounter.so twz -c 'sys::compartments | map it.service'
["counter"]
$ ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$TWZ_BUILD/lib/twz/libcounter.so twz -c 'sys::compartments | map it.service'
[]
## G19: public_incl_self, public and private.
$ cat >libkin.c <<'END'
> #include <twz/gate.h>
> #include <twz/call.h>
> TWZ_SERVICE("kin", "1.0", "Who may call whom");
> int kin_inner(void); int kin_outer(void); int kin_both(void);
> #ifdef FIRST
> int kin_inner(void) { return 0; } int kin_outer(void) { return 0; } int kin_both(void) { return 0; }
> #endif
> TWZ_GATE(int, inner, (void), TWZ_DOC("For itself"), TWZ_VISIBILITY(private)) { return 1; }
> TWZ_GATE(int, outer, (void), TWZ_DOC("For others"), TWZ_VISIBILITY(public)) { return 2; }
> TWZ_GATE(int, both, (void), TWZ_DOC("For all"), TWZ_VISIBILITY(public_incl_self)) { return 3; }
> static const char *why(void) { return twz_failed() ? twz_failed()->text : "it was called"; }
> TWZ_GATE(const char *, to_inner, (void), TWZ_DOC("Calls it")) { kin_inner(); return why(); }
> TWZ_GATE(const char *, to_outer, (void), TWZ_DOC("Calls it")) { kin_outer(); return why(); }
> TWZ_GATE(const char *, to_both, (void), TWZ_DOC("Calls it")) { kin_both(); return why(); }
> END
$ c="cc -g -shared -fPIC -I$TWZ_ROOT/include -I."; mkdir k; $c -DFIRST -o k/libkin.so libkin.c && twz-inspect --stubs -o . k/libkin.so && $c -o k/new libkin.c kin_stub.c && mv k/new k/libkin.so
$ export TWZ_PATH=$PWD/k; twz -c 'kin::inner'; twz -c 'kin::outer; kin::both; kin::to_inner; kin::to_outer; kin::to_both'; twz-inspect --json k/libkin.so | jq -c '[.gates[] | .visibility] | unique'; twz -c 'help kin::inner' | grep private; twz-inspect k/libkin.so inner | grep answers
Security Error: Failed to call inner in kin: the gate is private to its own compartment
2
3
it was called
Failed to call outer in kin: the gate answers no calls of its own compartment
it was called
["private","public","public_incl_self"]
  private: answers calls of its own compartment only
  answers     its own compartment only (private)
