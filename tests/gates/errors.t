## Errors that are numbers, and the texts that the library has for them: by the number, an object, into a buffer.
$ cat >fail.c <<'C'
> #include <stdio.h>
> #include <stdlib.h>
> #include <string.h>
> enum state { FINE, TIRED, LOST = 7 };
> typedef struct log { char last[64]; } log;
> int below(int n) { return n; }
> unsigned long size(unsigned long n, char *to, unsigned long room) { memset(to, 'x', room); return n; }
> int not_zero(int n, int *twice) { *twice = 2 * n; return n; }
> int is_zero(int n) { return n; }
> unsigned code(unsigned n) { return n; }
> enum state ask(int n) { return n; }
> const char *state_text(enum state s) { return s == LOST ? "Nobody knows where it is" : s == TIRED ? "It sleeps" : 0; }
> const char *text(int n) { static char t[900]; if (n == -5) return 0; if (n == -6) return "a\033[31mb\n\n"; if (n == -7) return "\xff\xc3"; if (n == -8) { memset(t, 'y', 899); return t; } if (n == -9) abort(); snprintf(t, 99, "number %d is wrong", n); return t; }
> const char *size_text(unsigned long n) { return n == -70ul ? "Too small" : "?"; }
> const char *code_text(unsigned n) { return n == 4000000000u ? "Four milliards" : "?"; }
> int into(int n, const log *l, char *to, unsigned long room) { return snprintf(to, room, "%d, after %s", n, l ? l->last : "nothing"); }
> log *log_new(void) { return calloc(1, sizeof(log)); }
> int log_add(log *l, const char *line) { snprintf(l->last, 64, "'%s'", line); return *line == '!' ? -3 : 4; }
> int log_put(log *l, const char *line) { return log_add(l, line); }
> const char *log_last(log *l) { return l->last; }
> short small(int n) { return (short)n; }
> int two(int a, int b) { return a + b; }
> const char *of_pointer(int n, const int *p) { return p ? "p" : "q"; }
> C
$ cc -shared -fPIC -g -o libfail.so fail.c; mkdir gates; cat >gates/fail.gates <<end
> library $PWD/libfail.so
> gate below
> 	fails negative text text
> gate size
> 	out to[room]
> 	fails negative text size_text
> gate not_zero
> 	out twice[1]
> 	fails nonzero text text
> gate is_zero
> 	fails zero
> gate code
> 	fails nonzero text code_text
> gate ask
> 	fails state text state_text
> gate state_text
> gate text
> gate size_text
> gate code_text
> gate into
> 	object l
> 	out to[room]
> gate log_new
> 	returns object
> gate log_add
> 	object l
> 	fails negative text last
> gate log_put
> 	object l
> 	fails negative text into
> gate log_last
> 	object l
> 	alias last
> end
$ export TWZ_GATES=$PWD/gates; twz-inspect fail
fail
  below(n: i32) -> Result<i32, i32>
  size(n: u64, out to: string, room: u64) -> Result<u64, i64>
  not_zero(n: i32, out twice: i32) -> Result<(), i32>
  is_zero(n: i32) -> Result<i32, i32>
  code(n: u32) -> Result<(), u32>
  ask(n: i32) -> Result<(), state>
  state_text(s: state) -> string
  text(n: i32) -> string
  size_text(n: u64) -> string
  code_text(n: u32) -> string
  into(n: i32, l: log, out to: string, room: u64) -> i32
  log_new() -> log
  log_add(l: log, line: string) -> Result<i32, i32>
  log_put(l: log, line: string) -> Result<i32, i32>
  log_last(l: log) -> string
    also last
$ export TWZ_GATES=$PWD/gates; for level in full none; do for call in 'below 7' 'below -3' 'size 3 4' 'size 0xffffffffffffffba 2' 'not_zero 0' 'not_zero 9' 'is_zero 6' 'is_zero 0' 'code 0' 'code 4000000000' 'ask FINE' 'ask 0' 'ask 7' 'ask 5' 'ask 1'; do echo "-- $call"; twz -c "_ = sys::load fail --isolation=$level; fail::$call" 2>&1; done; done
-- below 7
7
-- below -3
Error: number -3 is wrong (-3)
-- size 3 4
{result: 3, to: "xxxx"}
-- size 0xffffffffffffffba 2
Error: Too small (-70)
-- not_zero 0
0
-- not_zero 9
Error: number 9 is wrong (9)
-- is_zero 6
6
-- is_zero 0
Error: failed with 0
-- code 0
-- code 4000000000
Error: Four milliards (4000000000)
-- ask FINE
Type Error: Expected 'i32' got 'String'
-- ask 0
-- ask 7
Error: Nobody knows where it is (LOST)
-- ask 5
Fault: fail::ask: the service gave the number 5 as a state
-- ask 1
Error: It sleeps (TIRED)
-- below 7
7
-- below -3
Error: number -3 is wrong (-3)
-- size 3 4
{result: 3, to: "xxxx"}
-- size 0xffffffffffffffba 2
Error: Too small (-70)
-- not_zero 0
0
-- not_zero 9
Error: number 9 is wrong (9)
-- is_zero 6
6
-- is_zero 0
Error: failed with 0
-- code 0
-- code 4000000000
Error: Four milliards (4000000000)
-- ask FINE
Type Error: Expected 'i32' got 'String'
-- ask 0
-- ask 7
Error: Nobody knows where it is (LOST)
-- ask 5
Fault: fail::ask: the service gave the number 5 as a state
-- ask 1
Error: It sleeps (TIRED)
[1]
## The text is asked for where the error was made, with the object that it is about.
$ export TWZ_GATES=$PWD/gates; twz -c 'l ?= fail::log_new; fail::log_add l "one"; try { fail::log_add l "!two" } catch e { print $e }; k ?= fail::log_new; x = fail::log_put l "!three"; _ = fail::log_put k "four"; print $x; x == fail::log_put l "!x"; match x { Ok(n) => print n, Err(-3) => print "three", Err(n) => print n }; for n in [1, -2, 3] { try { print (fail::below n) } catch e { print (e.message) } }; fail::log_put l "!five"'
4
{kind: "Error", message: "'!two' (-3)", gate: ""}
Err(-3: -3, after '!three')
true
three
1
Err(-2: number -2 is wrong)
3
Error: -3, after '!five' (-3)
[1]
$ export TWZ_GATES=$PWD/gates; twz -o json -c 'try fail::below -4 else 0; x = fail::below -4; [x]'; twz -c 'help fail::below; help fail::ask' | sed -n '/^Result/,/^Facts/p'
0
[{"error":-4,"text":"number -4 is wrong"}]
Result
  Result<i32, i32>

Errors
  each with its text, by text

Facts
Result
  Result<(), state>

Errors
  each with its text, by state_text
  TIRED
  LOST

Facts
## What a library says for an error may be nothing, not for a terminal, without end, or its death.
$ export TWZ_GATES=$PWD/gates; for n in 5 6 7 8 9; do twz -c "fail::below -$n" 2>&1 | cut -c 1-60; done; twz -c 'fail::below -8' 2>&1 | wc -c; twz -c 'try fail::below -9 else 0; fail::below 1; fail::below -1'
Error: failed with -5
Error: a?[31mb (-6)
Error: ?? (-7)
Error: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
Error: failed with -9
487
0
1
Error: number -1 is wrong (-1)
[1]
## A compiled caller gets what the function returned, and the text by twz_failed(); by one gate after the other, too.
$ export TWZ_GATES=$PWD/gates; twz-inspect --stubs fail >/dev/null 2>&1; cat >main.c <<'C'
> #include <stdio.h>
> #include "fail_stub.h"
> static void say(const char *what, long r) { const struct twz_failure *f = twz_failed(); printf("%s %ld %d %s: %s\n", what, r, f ? f->status : 0, f ? f->kind : "-", f ? f->text : "-"); }
> int main(void)
> {
> 	int twice = 0;
> 	struct twz_arg one = TWZ_A_INT(-9999);
> 	struct twz_compartment *held = twz_hold("fail");
> 	struct twz_gate_ref *g = twz_gate_lookup(held, "below");
> 	struct twz_task *t;
> 	say("below", fail_below(-3)); say("below", fail_below(3)); say("ask", fail_ask(7)); say("not_zero", fail_not_zero(2, &twice)); printf("%d\n", twice);
> 	for (int i = 0; i < 2; i++) { int r = 1; if (i) { t = twz_gate_start(g, &one, 1); twz_task_finish(t, &r, sizeof(r)); say("task", r); twz_task_free(t); continue; } else twz_gate_call(g, &one, 1, &r, sizeof(r)); say("by value", r); }
> 	uint64_t w[] = { (uint64_t)-2 }; int r = 5; struct twz_call c = { &fail_below_stub, w, &r, 1 }; size_t bad = twz_invoke_many(&c, 1); printf("%zu %d %d\n", bad, r, (int)c.code);
> 	fail_state_text(2); say("state_text", 0);
> 	twz_unload(held);
> 	return 0;
> }
> C
$ export TWZ_GATES=$PWD/gates; cc -I. -I$TWZ_ROOT/include -o main main.c fail_stub.c -L$TWZ_BUILD/lib -ltwz -Wl,-rpath,$TWZ_BUILD/lib && ./main && TWZ_ISOLATION=none ./main | sort | head -3
below -3 1 Error: number -3 is wrong (-3)
below 3 0 -: -
ask 7 1 Error: Nobody knows where it is (LOST)
not_zero 2 1 Error: number 2 is wrong (2)
4
by value -9999 1 Error: number -9999 is wrong (-9999)
task -9999 1 Error: number -9999 is wrong (-9999)
0 -2 0
state_text 0 0 -: -
0 -2 0
4
ask 7 1 Error: Nobody knows where it is (LOST)
## The same said in a service's own record.
$ cat >own.c <<'C'
> #include <twz/gate.h>
> TWZ_SERVICE("own", "1.0", "Fails by numbers");
> TWZ_GATE(const char *, name_of, (int n), TWZ_DOC("Of an error")) { return n == -2 ? "No such thing" : "?"; }
> TWZ_GATE(int, take, (int n), TWZ_DOC("Takes"), TWZ_FAILS(negative, name_of)) { return n; }
> TWZ_GATE(int, give, (int n), TWZ_DOC("Gives"), TWZ_FAILS(nonzero)) { return n; }
> C
$ mkdir own.d; cc -shared -fPIC -g -I$TWZ_ROOT/include -o own.d/libown.so own.c; export TWZ_PATH=$PWD/own.d; twz -c 'own::take 4; try { own::give 3 } catch e { print (e.message) }; own::take -2'
4
failed with 3
Error: No such thing (-2)
[1]
## A handler of a gate that fails by errno fails with what lies below, or sets errno itself; a number alone is no error.
$ cat >low.c <<'C'
> #include <errno.h>
> #include <twz/call.h>
> #include <twz/gate.h>
> #ifdef ABOVE
> TWZ_SERVICE("above", "1.0", "Answers");
> TWZ_GATE(long, root, (long n), TWZ_DOC("Of a square"), TWZ_FAILS(errno))
> {
> 	long r = -1;
> 	if (n == 5)
> 		errno = EPERM;
> 	else if (n != 6)
> 		twz_forward((uint64_t[]){ (uint64_t)n }, 1, &r, sizeof(r));
> 	return r;
> }
> #else
> TWZ_SERVICE("low", "1.0", "Roots");
> TWZ_GATE(long, root, (long n), TWZ_DOC("Of a square"), TWZ_FAILS(errno))
> {
> 	for (long r = 0; r * r <= n; r++)
> 		if (r * r == n)
> 			return r;
> 	errno = EDOM;
> 	return -1;
> }
> #endif
> C
$ mkdir grate.d; for s in low above; do cc -shared -fPIC -g -D$(echo $s | tr a-z A-Z) -I$TWZ_ROOT/include -o grate.d/lib$s.so low.c; done; export TWZ_PATH=$PWD/grate.d; for n in 9 8 5 6; do twz -c "sys::interpose low root above::root; low::root $n"; done
3
Error: Numerical argument out of domain
Error: Operation not permitted
Fault: low::root: the service gave the number 0 as an Errno
[5]
## Who gives the texts has to be a gate that can, and who fails has to return an integer.
$ mkdir bad.d; cat >bad.d/bad.gates <<end
> library $PWD/libfail.so
> gate below
> 	fails negative text nosuch
> gate is_zero
> 	fails zero text of_pointer
> gate of_pointer
> 	in p[1]
> gate code
> 	fails nonzero text log_last
> gate log_last
> 	object l
> gate ask
> 	fails state text two
> gate two
> gate not_zero
> 	out twice[1]
> 	fails nonzero text size
> gate size
> gate small
> 	fails negative
> gate log_new
> 	fails zero
> gate text
> 	fails nonzero text text
> end
$ TWZ_GATES=$PWD/bad.d twz-inspect bad
bad
  below(n: i32) -> Result<i32, i32>  not callable: the text of its errors: nosuch is no gate of this service
  size(n: u64, to: string, room: u64) -> u64  not callable: parameter 'to': a 'char *' may be written through: make it const char *, or say TWZ_OUT or TWZ_INOUT with its size
  not_zero(n: i32, out twice: i32) -> Result<(), i32>  not callable: the text of its errors: size cannot be called itself
  is_zero(n: i32) -> Result<i32, i32>  not callable: the text of its errors: of_pointer takes what the gate that failed does not have
  code(n: u32) -> Result<(), u32>  not callable: the text of its errors: log_last takes what the gate that failed does not have
  ask(n: i32) -> Result<(), state>  not callable: the text of its errors: two gives no text
  text(n: i32) -> string  not callable: its record says that it returns the number of an error, but it returns no int
  log_new() -> *log  not callable: its record says that it returns the number of an error, but it returns no int
  log_last(l: log) -> string
  small(n: i32) -> i16  not callable: its record says that it returns the number of an error, but it returns no int
  two(a: i32, b: i32) -> i32
  of_pointer(n: i32, p: i32) -> string
[1]
$ for line in 'fails negative by text' 'fails negative text' 'fails negative text 9' 'fails errno text text' 'fails negative "text" text' 'fails "negative"' 'fails nothing text text'; do printf 'library %s\ngate below\n\t%s\ngate text\n' $PWD/libfail.so "$line" >bad.d/bad.gates; TWZ_GATES=$PWD/bad.d twz-inspect bad 2>&1 | sed 's|^.*bad.gates|bad.gates|'; done
bad.gates:3:17: 'by' is too much here
  hint: as in: fails nonzero text gai_strerror
bad.gates:3:17: 'text' is too much here
  hint: as in: fails nonzero text gai_strerror
bad.gates:3:22: '9' is no name of a gate
  hint: names are letters, digits and _
bad.gates:3:19: 'text' is too much here
  hint: errors of errno have their texts
bad.gates:3:17: 'text' is too much here
  hint: as in: fails nonzero text gai_strerror
bad.gates:3:8: 'negative' is no name of codes or of an enum
  hint: names are letters, digits and _
bad
  below(n: i32) -> i32  not callable: its record has a wrong result: 'nothing'
  text(n: i32) -> string
## What a buffer of a fixed size is given has to be of that size; a text for char may be shorter, as in a struct.
$ cat >fix.c <<'C'
> #include <stdio.h>
> int sum(const unsigned char *id) { int s = 0; for (int i = 0; i < 4; i++) s += id[i]; return s; }
> int sum_words(short *w) { for (int i = 0; i < 3; i++) w[i]++; return w[0] + w[1] + w[2]; }
> int label(const char *text) { return text[3] ? -1 : text[0]; }
> C
$ cc -shared -fPIC -g -o libfix.so fix.c; printf 'library %s\ngate sum\n\tin id[4]\ngate sum_words\n\tinout w[3]\ngate label\n\tin text[4]\n' $PWD/libfix.so >gates/fix.gates
$ export TWZ_GATES=$PWD/gates; for call in 'sum [1, 2, 3, 4]' 'sum "abcd"' 'sum 7' 'sum "abc"' 'sum [1, 2, 3]' 'sum [1, 2, 3, 4, 5]' 'sum []' 'sum_words [1, 2, 3]' 'sum_words [1, 2]' 'label "ab"' 'label ""' 'label "abcd"' 'label [97, 98]' 'label "abcde"'; do echo "-- $call"; twz -c "fix::$call" 2>&1; done
-- sum [1, 2, 3, 4]
10
-- sum "abcd"
394
-- sum 7
Type Error: argument 'id': it takes 4 bytes, and got 1
-- sum "abc"
Type Error: argument 'id': it takes 4 bytes, and got 3
-- sum [1, 2, 3]
Type Error: argument 'id': it takes 4 bytes, and got 3
-- sum [1, 2, 3, 4, 5]
Type Error: too many elements: 5, at most 4
-- sum []
Type Error: argument 'id': it takes 4 bytes, and got 0
-- sum_words [1, 2, 3]
{result: 9, w: [2, 3, 4]}
-- sum_words [1, 2]
Type Error: argument 'w': it takes 3 elements, and got 2
-- label "ab"
97
-- label ""
0
-- label "abcd"
-1
-- label [97, 98]
Type Error: Expected 'char' got 'String'
-- label "abcde"
Type Error: the text is too long: 5 bytes, at most 4
[3]
