## Objects that C lets callers have the memory of: the function gets memory in the compartment, callers a number.
$ cat >pot.h <<'C'
> typedef struct pot { struct pot *self; int n; char label[1 << 20]; } pot;
> typedef struct { long sum; } jar;
> typedef union { long l; char bytes[8]; } mug;
> struct hidden;
> typedef struct { _Alignas(64) char c; } aligned;
> typedef struct { char c[17 << 20]; } huge;
> int pot_init(pot *p, int n, const char *label);
> long pot_make(pot *p, int how);
> int pot_pair(pot *a, pot *b);
> int pot_get(const pot *p);
> const char *pot_label(pot *p);
> void pot_free(pot *p);
> void jar_init(jar *j);
> long jar_add(jar *j, const pot *p);
> void jar_free(jar *j);
> mug *mug_new(void);
> void mug_init(mug *m);
> long mug_get(const mug *m);
> void mug_free(mug *m);
> void const_init(const pot *p); void void_init(void *p); void int_init(int *p); void hidden_init(struct hidden *h); void aligned_init(aligned *a); void huge_init(huge *h); void number_init(long n);
> C
$ cat >pot.c <<'C'
> #include <errno.h>
> #include <stdlib.h>
> #include <string.h>
> #include "pot.h"
> int pot_init(pot *p, int n, const char *label) { for (long i = 0; i < (long)sizeof(*p); i++) if (((char *)p)[i]) abort(); memset(p->label, 'x', sizeof(p->label)); p->self = p; p->n = n; strcpy(p->label, label); return n < 0 ? n : 0; }
> long pot_make(pot *p, int how) { p->self = p; errno = how; return how ? -1 : 5; }
> int pot_pair(pot *a, pot *b) { a->self = a; b->self = b; a->n = 1; b->n = 2; return a != b; }
> int pot_get(const pot *p) { if (p->self != p) abort(); return p->n; }
> const char *pot_label(pot *p) { return p->label; }
> void pot_free(pot *p) { p->self = 0; }
> void jar_init(jar *j) { j->sum = 100; }
> long jar_add(jar *j, const pot *p) { return j->sum += p->n; }
> void jar_free(jar *j) { j->sum = 0; }
> mug *mug_new(void) { mug *m = malloc(sizeof(*m)); m->l = 11; return m; }
> void mug_init(mug *m) { m->l = 22; }
> long mug_get(const mug *m) { return m->l; }
> void mug_free(mug *m) { if (m->l == 11) free(m); }
> void const_init(const pot *p) { (void)p; } void void_init(void *p) { (void)p; } void int_init(int *p) { (void)p; } void hidden_init(struct hidden *h) { (void)h; } void aligned_init(aligned *a) { (void)a; } void huge_init(huge *h) { (void)h; } void number_init(long n) { (void)n; }
> C
$ cc -shared -fPIC -g -o libpot.so pot.c; mkdir gates; cat >gates/pot.gates <<end
> library $PWD/libpot.so
> gate pot_init
> 	makes p
> 	fails negative
> gate pot_make
> 	makes p
> 	fails errno
> gate pot_pair
> 	makes a
> 	makes b
> 	fails zero
> gate pot_get
> 	object p
> gate pot_label
> 	object p
> gate pot_free
> 	closes p
> gate jar_init
> 	makes j
> gate jar_add
> 	object j
> 	object p
> gate jar_free
> 	closes j
> gate mug_new
> 	returns object
> gate mug_init
> 	makes m
> gate mug_get
> 	object m
> gate mug_free
> 	closes m
> end
$ export TWZ_GATES=$PWD/gates; twz-inspect pot
pot
  pot_init(out p: pot, n: i32, label: string) -> Result<i32, i32>
  pot_make(out p: pot, how: i32) -> Result<i64, Errno>
  pot_pair(out a: pot, out b: pot) -> Result<i32, i32>
  pot_get(p: pot) -> i32
  pot_label(p: pot) -> string
  pot_free(p: pot)
  jar_init(out j: jar)
  jar_add(j: jar, p: pot) -> i64
  jar_free(j: jar)
  mug_new() -> mug
  mug_init(out m: mug)
  mug_get(m: mug) -> i64
  mug_free(m: mug)
$ export TWZ_GATES=$PWD/gates; for level in full none; do twz -c "_ = sys::load pot --isolation=$level"'; p = (pot::pot_init 7 "seven")?.p; q = (pot::pot_init 8 "eight")?.p; pot::pot_get p; pot::pot_label q; j = pot::jar_init; pot::jar_add j p; pot::jar_add j q; two ?= pot::pot_pair; pot::jar_add j (two.b); pot::pot_free p; pot::pot_free (two.a); pot::pot_get q; m = pot::mug_new; n = pot::mug_init; pot::mug_get m; pot::mug_get n; pot::mug_free m; pot::mug_free n; (pot::pot_make 0)?.result; pot::pot_make 2' 2>&1; done
7
eight
107
115
117
8
11
22
5
Error: No such file or directory
7
eight
107
115
117
8
11
22
5
Error: No such file or directory
[1]
## Numbers that are of another type, closed, made up: refused, by the name of the parameter and of its type.
$ export TWZ_GATES=$PWD/gates; twz -v -c 'j = pot::jar_init; pot::pot_get j'; for call in 'pot_free j' 'pot_get 1' 'jar_add (pot::mug_init) j' 'jar_add j (pot::mug_init)' 'jar_free (j + 1)' 'jar_free "j"'; do twz -c "j = pot::jar_init; pot::$call"; done; twz -c 'j = pot::jar_init; pot::jar_free j; pot::jar_free j'
Type Error: pot::pot_get: argument 'p' is no pot of this compartment's
  j = pot::jar_init; pot::pot_get j
                     ^^^^^^^^^^^^^^ use the number that the gate gave which made it, until it is closed or the compartment ends
Type Error: pot::pot_free: argument 'p' is no pot of this compartment's
Type Error: pot::pot_get: argument 'p' is no pot of this compartment's
Type Error: pot::jar_add: argument 'j' is no jar of this compartment's
Type Error: pot::jar_add: argument 'p' is no pot of this compartment's
Type Error: pot::jar_free: argument 'j' is no jar of this compartment's
Type Error: Expected 'jar' got 'String'
Type Error: pot::jar_free: argument 'j' is no jar of this compartment's
[3]
## A failure leaves nothing: neither a number nor the memory. Those that are forgotten end with their compartment.
$ export TWZ_GATES=$PWD/gates; for level in full none; do twz -c "_ = sys::load pot --isolation=$level"'; for i in 1 .. 400 { try { pot::pot_init -3 "no" } catch e { if i == 400 { print (e.message) } }; p = (pot::pot_init 1 "yes")?.p; pot::pot_free p; _ = try pot::pot_make 5 else 0 }; if "'$level'" == "full" { print ((sys::compartments)[0].memory < 50000000) }; for i in 1 .. 20 { _ = pot::pot_init 1 "kept" }; sys::unload pot'; done
failed with -3
true
destructed
failed with -3
destructed
$ export TWZ_GATES=$PWD/gates; twz -c '_ = sys::load pot --memory=64; n = 0; while n < 100 { _ = (pot::pot_init n "much")?; n = n + 1; if n == 30 { print n } }' 2>&1 | sed 's/[0-9]* bytes/N bytes/'; twz -c 'pot::jar_init > 0'
30
Link Error: pot::pot_init: the service has no memory for the call
true
## A compiled caller has a pointer that it cannot look behind; level none gives it the object's own.
$ export TWZ_GATES=$PWD/gates; twz-inspect --stubs pot >/dev/null 2>&1; cat >main.c <<'C'
> #include <stdio.h>
> #include "pot_stub.h"
> int main(void)
> {
> 	struct pot *p = NULL, *q = NULL;
> 	int made = pot_pot_init(&p, 9, "nine"), no = pot_pot_init(&q, -1, "no");
> 	printf("%d %d %d %d %s\n", made, no, p != NULL, q == NULL, pot_pot_label(p));
> 	printf("%d\n", pot_pot_get(p));
> 	pot_pot_free(p);
> 	return 0;
> }
> C
$ export TWZ_GATES=$PWD/gates; cc -I. -I$TWZ_ROOT/include -o main main.c pot_stub.c -L$TWZ_BUILD/lib -ltwz -Wl,-rpath,$TWZ_BUILD/lib && ./main && TWZ_ISOLATION=none ./main
0 -1 1 1 nine
9
0 -1 1 1 nine
9
## Only structs whose size is known, of which the function fills one.
$ mkdir bad.d; printf 'library %s\n' $PWD/libpot.so >bad.d/bad.gates; for g in const void int hidden aligned huge number; do printf 'gate %s_init\n\tmakes %s\n' $g $(echo $g | sed 's/const\|void\|int/p/; s/^\([hna]\)[a-z]*$/\1/') >>bad.d/bad.gates; done; printf 'gate jar_init\n\tmakes j\n\tobject j\ngate jar_free\n\tmakes nothing\n' >>bad.d/bad.gates; TWZ_GATES=$PWD/bad.d twz-inspect bad
bad
  jar_init(j: *jar)  not callable: its record says two things about parameter 'j'
  jar_free(j: *jar)  not callable: its record names a parameter 'nothing' that it does not have
  const_init(out p: pot)  not callable: its record treats parameter 'p' as a pointer to a struct that the function fills
  void_init(out p: *void)  not callable: its record treats parameter 'p' as a pointer to a struct that the function fills
  int_init(out p: *i32)  not callable: its record treats parameter 'p' as a pointer to a struct that the function fills
  hidden_init(out h: *hidden)  not callable: its record treats parameter 'h' as a pointer to a struct that the function fills
  aligned_init(out a: *aligned)  not callable: what parameter 'a' points to cannot be made in a compartment: 64 bytes, aligned to 64
  huge_init(out h: *huge)  not callable: what parameter 'h' points to cannot be made in a compartment: 17825792 bytes, aligned to 1
  number_init(n: i64)  not callable: its record treats parameter 'n' as a pointer
[1]
## Those of a library that is installed everywhere: regular expressions of libc.
$ cat >gates/regex.gates <<'G'
> library libc.so.6
> service regex "Regular expressions"
> header  <regex.h>
> gate regcomp
> 	params preg pattern flags
> 	makes preg
> 	fails nonzero text regerror
> gate regexec
> 	params preg text n matches flags
> 	object preg
> 	out matches[n]
> 	fails nonzero text regerror
> gate regerror
> 	params code preg text size
> 	null preg
> 	out text[size]
> gate regfree
> 	params preg
> 	closes preg
> G
$ export TWZ_GATES=$PWD/gates; twz -c 'r ?= regex::regcomp "a(b+)c" 1; regex::regexec r "xxabbbc" 2 0; match regex::regexec r "nothing" 1 0 { Err(1) => print "no match" , Err(n) => print n, Ok(m) => print m }; regex::regfree r; regex::regexec r "abc" 1 0'; twz -c 'regex::regcomp "a(" 1'
rm_so  rm_eo
    2      7
    3      6
no match
Type Error: regex::regexec: argument 'preg' is no regex_t of this compartment's
Error: Unmatched ( or \( (8)
[1]
## What an object points to after a call stays until it is closed: texts, buffers, structs; of one that is returned, too.
$ cat >bag.c <<'C'
> #include <stdio.h>
> #include <stdlib.h>
> #include <string.h>
> struct point { int x, y; };
> typedef struct bag { const char *label; const int *values; unsigned long n; const struct point *at; char out[99]; } bag;
> typedef struct note { const char *text; } note;
> int bag_init(bag *b, const char *label) { b->label = label; return *label ? 0 : -1; }
> void bag_fill(bag *b, const int *values, unsigned long n) { b->values = values; b->n = n; }
> void bag_place(bag *b, const struct point *at) { b->at = at; }
> const char *bag_show(bag *b) { long s = 0; for (unsigned long i = 0; i < b->n; i++) s += b->values[i]; snprintf(b->out, 99, "%s: %ld at %d", b->label, s, b->at ? b->at->x : -1); return b->out; }
> void bag_free(bag *b) { b->label = 0; }
> note *note_new(const char *text) { note *n = *text ? malloc(sizeof(*n)) : 0; if (n) n->text = text; return n; }
> const char *note_text(note *n) { return n->text; }
> void note_free(note *n) { free(n); }
> C
$ cc -shared -fPIC -g -o libbag.so bag.c; cat >gates/bag.gates <<end
> library $PWD/libbag.so
> gate bag_init
> 	makes b
> 	keeps label b
> 	fails negative
> gate bag_fill
> 	object b
> 	in values[n]
> 	keeps values b
> gate bag_place
> 	object b
> 	keeps at b
> gate bag_show
> 	object b
> gate bag_free
> 	closes b
> gate note_new
> 	keeps text result
> 	returns object
> gate note_text
> 	object n
> gate note_free
> 	closes n
> end
$ export TWZ_GATES=$PWD/gates; twz-inspect bag; for level in full none; do twz -c "_ = sys::load bag --isolation=$level"'; b = (bag::bag_init "first")?.b; c = (bag::bag_init "second")?.b; bag::bag_fill b [1, 2, 3]; bag::bag_fill c [10, 20]; bag::bag_place c {x: 5, y: 6}; bag::bag_show b; bag::bag_show c; bag::bag_fill b [7]; bag::bag_show b; bag::bag_free c; n = bag::note_new "kept"; _ = bag::note_new "other"; bag::bag_show b; bag::note_text n; bag::note_free n; _ = try bag::bag_init "" else 0; bag::bag_free b; bag::note_new ""' 2>&1; done
bag
  bag_init(out b: bag, label: string) -> Result<i32, i32>
  bag_fill(b: bag, values: [i32])
  bag_place(b: bag, at: point)
  bag_show(b: bag) -> string
  bag_free(b: bag)
  note_new(text: string) -> note
  note_text(n: note) -> string
  note_free(n: note)
first: 6 at -1
second: 30 at 5
first: 7 at -1
first: 7 at -1
kept
Error: bag::note_new: it gave NULL and no object
first: 6 at -1
second: 30 at 5
first: 7 at -1
first: 7 at -1
kept
Error: bag::note_new: it gave NULL and no object
[1]
$ export TWZ_GATES=$PWD/gates; twz -c '_ = sys::load bag --memory=24; b = (bag::bag_init "full")?.b; l = 1 .. 100000; for i in 1 .. 70 { try { bag::bag_fill b l } catch e { print (e.message); break } }; for i in 1 .. 40 { c = (bag::bag_init "again")?.b; bag::bag_free c }; bag::bag_show b' 2>&1 | tail -2
bag::bag_fill: the service has no memory for the call
full: 5000050000 at -1
$ for line in 'keeps b b' 'keeps values n' 'keeps values result' 'keeps n b' 'keeps values none' 'keeps values'; do printf 'library %s\ngate bag_fill\n\tobject b\n\tin values[n]\n\t%s\n' $PWD/libbag.so "$line" >bad.d/bad.gates; TWZ_GATES=$PWD/bad.d twz-inspect bad 2>&1 | sed 's|^.*bad.gates|bad.gates|' | grep -v '^bad$'; done; TWZ_GATES=$PWD/gates twz-inspect --json bag | grep -o '"kept_by":"[a-z]*"' | sort | uniq -c | sed 's/^ *//'
  bag_fill(b: bag, values: [i32])  not callable: parameter 'b': only what goes in, and points to nothing itself, can be kept
  bag_fill(b: bag, values: [i32])  not callable: parameter 'values': what keeps it is no object of the gate's
  bag_fill(b: bag, values: [i32])  not callable: parameter 'values': what keeps it is no object of the gate's
  bag_fill(b: bag, values: [i32])  not callable: parameter 'n': only what goes in, and points to nothing itself, can be kept
  bag_fill(b: bag, values: [i32])  not callable: parameter 'values': what keeps it is no object of the gate's
bad.gates:5:2: 'keeps' has too few or too many words behind it
  hint: as in: keeps PARAMETER OBJECT
6 "kept_by":"b"
2 "kept_by":"result"
## A draft knows such structs by what cannot cross, and asks where no name says who begins with one; texts of errors, too.
$ cat >jug.c <<'C'
> typedef struct { void *next; int n; } jug;
> typedef struct { char *p; } cup;
> struct point { int x, y; };
> typedef enum { JUG_OK, JUG_LEAKS } jug_code;
> int jug_init(jug *j) { return j->n; }
> jug_code jug_pour(jug *j, int n) { j->n += n; return JUG_OK; }
> int jug_level(const jug *j) { return j->n; }
> void jug_free(jug *j) { j->n = 0; }
> int jug_open(jug *j) { return j->n++; }
> int cup_fill(cup *c, const jug *j) { return c->p && j->n; }
> int point_move(struct point *p) { return p->x++; }
> const char *jug_strerror(jug_code c) { return c ? "it leaks" : "fine"; }
> const char *cup_errstr(long n) { return n ? "?" : ""; }
> const char *jug_colour(int n) { return n ? "red" : "blue"; }
> C
$ cc -shared -fPIC -g -o libjug.so jug.c; twz-inspect --gates libjug.so | sed "s|$PWD|HERE|" | tail -n +4
library HERE/libjug.so

# Functions below may fail with errors of which the library has the texts:
#	fails negative text cup_errstr, or: fails nonzero text cup_errstr
#	fails jug_code text jug_strerror

# const char *cup_errstr(long n)
gate cup_errstr

# int cup_fill(cup *c, const jug *j)
# gate cup_fill
#	?? c: makes c, object c, closes c

# const char *jug_colour(int n)
gate jug_colour

# void jug_free(jug *j)
# gate jug_free
#	closes j

# int jug_init(jug *j)
# gate jug_init
#	makes j

# int jug_level(const jug *j)
# gate jug_level
#	object j

# int jug_open(jug *j)
# gate jug_open
#	object j

# jug_code jug_pour(jug *j, int n)
# gate jug_pour
#	object j

# const char *jug_strerror(jug_code c)
gate jug_strerror

# int point_move(struct point *p)
# gate point_move
#	out p[1]

# 3 of these functions are gates, 7 wait for a person, 0 can be none.
$ export TWZ_GATES=$PWD/gates; twz-inspect --gates libjug.so | sed 's/^# gate \(jug_[^c]\)/gate \1/; /^gate jug/,/^$/{s/^#\t/\t/}' >gates/jug.gates; sed -i 's/^gate jug_pour/&\n\tfails jug_code text jug_strerror/' gates/jug.gates; twz-inspect jug; twz -c 'j = (jug::jug_init).j; jug::jug_pour j 4; jug::jug_level j; jug::jug_free j; jug::jug_level j'
jug
  jug_init(out j: jug) -> i32
  jug_pour(j: jug, n: i32) -> Result<(), jug_code>
  jug_level(j: jug) -> i32
  jug_free(j: jug)
  jug_open(j: jug) -> i32
  jug_strerror(c: jug_code) -> string
  cup_errstr(n: i64) -> string
  jug_colour(n: i32) -> string
4
Type Error: jug::jug_level: argument 'j' is no jug of this compartment's
[3]
