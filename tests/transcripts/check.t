## A library and its header.
$ cat >shop.h <<'EOF'
> #include <stddef.h>
> struct stock;
> enum color { RED, GREEN = 5, BLUE };
> typedef struct { char tag; union { long l; double d; }; struct { short a, b; } in; unsigned bits : 3; } box;
> typedef int (*visit)(const box *b, void *data);
> int add(int a, int b);
> const char *name_of(enum color c);
> struct stock *stock_open(const char *path, unsigned flags);
> int walk(const box *boxes, size_t n, visit each, void *data);
> void (*handler(int sig, void (*f)(int)))(int);
> int report(const char *restrict format, ...) __attribute__((format(printf, 1, 2)));
> EOF
$ cat >shop.c <<'EOF'
> #include "shop.h"
> typedef int internal_int;
> struct stock { int fd; };
> #ifndef ASM
> internal_int add(internal_int a, internal_int b) { return a + b; }
> #endif
> const char *name_of(enum color c) { return c == RED ? "red" : "green"; }
> struct stock *stock_open(const char *path, unsigned flags) { (void)path, (void)flags; return 0; }
> int walk(const box *boxes, size_t n, visit each, void *data) { return each(boxes, data) + (int)n; }
> void (*handler(int sig, void (*f)(int)))(int) { (void)sig; return f; }
> int report(const char *restrict format, ...) { return *format; }
> int hidden_one(int x) { return x; }
> EOF
$ cc -g -shared -fPIC -o libshop.so shop.c && twz-inspect check libshop.so --headers shop.h
libshop.so: functions: 7 exported, 6 declared in the headers: 6 agree, 0 differ, 0 not checked; types: 4 with 19 facts, 0 differ
## A wrong type, a wrong enumerator, a wrong layout; what is called what by whom.
$ sed 's/unsigned flags/long flags/; s/GREEN = 5/GREEN = 6/; s/char tag/short tag, more/; s/short a, b/short b, a/' shop.h >wrong.h; twz-inspect check libshop.so --headers wrong.h
stock_open differs
  library  struct stock *stock_open(const char *path, unsigned int flags)
  header   struct stock *stock_open(const char *path, long flags)  (…
enum color differs
  value of GREEN: library 5, header 6
  value of BLUE: library 6, header 7
box differs
  type of tag: library char, header has another type
  offset of in.a: library 16, header 18
  offset of in.b: library 18, header 16
libshop.so: functions: 7 exported, 6 declared in the headers: 5 agree, 1 differ, 0 not checked; types: 4 with 19 facts, 5 differ
[1]
$ sed 's/union { long l; double d; }/union { long l; }/' shop.h >less.h; twz-inspect check libshop.so --headers less.h
box differs
  offset of d: library 8, header does not have it
  type of d: library double, header does not have it
libshop.so: functions: 7 exported, 6 declared in the headers: 6 agree, 0 differ, 0 not checked; types: 4 with 19 facts, 2 differ
[1]
$ twz-inspect --json check libshop.so --headers wrong.h >check.json; twz-inspect --json check libshop.so --headers shop.h >>check.json; wc -l <check.json; jq -rn --slurpfile schema $TWZ_ROOT/share/doc/twz-check.schema.json --slurpfile doc check.json -f $TWZ_ROOT/tests/support/schema.jq; jq -c 'del(.agree) | .functions.differ[0].line = "x"' check.json | head -1 >bad.json; jq -rn --slurpfile schema $TWZ_ROOT/share/doc/twz-check.schema.json --slurpfile doc bad.json -f $TWZ_ROOT/tests/support/schema.jq
2
$: lacks agree
$.functions.differ[0].line: is no integer
$ twz-inspect --json check libshop.so --headers wrong.h | jq -c '[.schema, .agree, .functions.declared, .functions.differ[0].name, .functions.differ[0].line, (.types.differ | length)]'
["twz.check/1",false,6,"stock_open",8,5]
$ for cc in gcc clang; do CC=$cc twz-inspect check libshop.so --headers wrong.h | cksum; done | sort -u | wc -l
1
## Headers may need the compiler's arguments; several headers; names that the compiler finds by itself.
$ mkdir inc; echo 'int add(number a, number b);' >inc/sum.h; twz-inspect check libshop.so --headers sum.h
twz-inspect: --headers: sum.h: No such file or directory
  hint: is the library's -dev package installed? Folders for the C compiler come last, after '--': -- -IFOLDER, as 'pkg-config --cflags NAME' knows them
[1]
$ twz-inspect check libshop.so --headers sum.h -- -Iinc -Dnumber=int
libshop.so: functions: 7 exported, 1 declared in the headers: 1 agree, 0 differ, 0 not checked; types: 0 with 0 facts, 0 differ
$ twz-inspect check libshop.so --headers sum.h -- -Iinc -Dnumber=short
add differs
  library  internal_int add(internal_int a, internal_int b)
  header   int add(short a, short b)  (inc/sum.h:1)
libshop.so: functions: 7 exported, 1 declared in the headers: 0 agree, 1 differ, 0 not checked; types: 0 with 0 facts, 0 differ
[1]
$ twz-inspect check libshop.so --headers shop.h inc/sum.h -- -Dnumber=int | sed 's/.*: functions/functions/'
functions: 7 exported, 6 declared in the headers: 6 agree, 0 differ, 0 not checked; types: 4 with 19 facts, 0 differ
## What cannot be done says why.
$ twz-inspect check libshop.so --headers inc/sum.h
twz-inspect: libshop.so: inc/sum.h does not compile: …
  hint: arguments for the C compiler come last, after '--': -- -Iinclude -DNAME
[1]
$ twz-inspect check libshop.so --headers math.h
twz-inspect: libshop.so: the headers declare none of its 7 functions
  hint: are they the headers of this library?
[1]
$ CC=no-such-compiler twz-inspect check libshop.so --headers shop.h
twz-inspect: --headers: cannot run the C compiler 'no-such-compiler': No such file or directory
  hint: install one, or let CC name it: CC=clang
[1]
$ twz-inspect check libshop.so --headers shop.h -- -fno-such-flag
twz-inspect: --headers: the C compiler 'cc' refuses an empty program: …
  hint: look at the arguments after '--' and at CC
[1]
$ twz-inspect check libshop.so
twz-inspect: check: which headers? --headers FILE
Try 'twz-inspect --help'.
[2]
## Layouts that take care: alignment of typedefs, bit-fields, packed and over-aligned structs, unions, arrays.
$ cat >lay.h <<'EOF'
> typedef struct { int a, b, c; } wide __attribute__((aligned(16)));
> typedef int loose __attribute__((aligned(1)));
> struct holder { char c; wide w; loose l; };
> struct bits { unsigned a : 3; unsigned long long b : 33; int : 0; signed char c : 2; };
> struct tight { char c; int i; unsigned f : 30; } __attribute__((packed));
> struct far { char c; _Alignas(32) char d; };
> union any { struct tight t; double d; char text[11]; };
> struct tail { unsigned n; long double values[]; };
> int use(struct holder *, struct bits *, struct tight *, struct far *, union any *, struct tail *);
> EOF
$ printf '#include "lay.h"\nint use(struct holder *h, struct bits *b, struct tight *t, struct far *f, union any *a, struct tail *e) { return !h + !b + !t + !f + !a + !e; }\n' >lay.c; for cc in gcc clang; do $cc -gdwarf-5 -shared -fPIC -o liblay.so lay.c && CC=$cc twz-inspect check liblay.so --headers lay.h; done
liblay.so: functions: 1 exported, 1 declared in the headers: 1 agree, 0 differ, 0 not checked; types: 8 with 45 facts, 0 differ
liblay.so: functions: 1 exported, 1 declared in the headers: 1 agree, 0 differ, 0 not checked; types: 8 with 45 facts, 0 differ
## A function bound to another symbol is compared with that one.
$ printf 'int get(long) __asm__("get64");\nint get64(int);\n' >bound.h; printf 'int get(int a) { return a; }\nint get64(int a) { return a; }\n' >bound.c; cc -g -shared -fPIC -o libbound.so bound.c; twz-inspect check libbound.so --headers bound.h
libbound.so: functions: 2 exported, 1 declared in the headers: 1 agree, 0 differ, 0 not checked; types: 0 with 0 facts, 0 differ
## Headers give types to a library that has none of its own, …
$ strip -o libbare.so libshop.so; twz-inspect --all libbare.so 2>&1 >names.out | head -1; grep -c 'its type is not known' names.out; nm -D --defined-only libbare.so | grep -c ' [TWi] '
twz-inspect: libbare.so: no debug information…
7
7
$ twz-inspect --all --json --headers shop.h libbare.so | jq -c '.gates[] | select(.name == "add" or .name == "hidden_one") | [.name, .how]'
["add","header"]
["hidden_one","none"]
$ twz-inspect --all --c --headers shop.h libbare.so | grep -E '^(int add|const char|void|int walk)'
int add(int a, int b);
void (*handler(int sig, void (*f)(int)))(int);
const char *name_of(enum color c);
int walk(const box *boxes, size_t n, visit each, void *data);
## … to functions written in assembly, …
$ printf '.text\n.globl add\n.type add,@function\nadd: lea (%%rdi,%%rsi),%%eax\n ret\n.size add,.-add\n.globl plus\n.set plus,add\n.section .note.GNU-stack,"",@progbits\n' >add.S; cc -g -shared -fPIC -DASM -o libmixed.so shop.c add.S; twz-inspect --all --c libmixed.so | grep 'add'
/* add: …
$ twz-inspect --all --c --headers shop.h libmixed.so | grep 'add(\|plus('
int add(int a, int b);
int plus(int a, int b);
## … and a warning where they say something else than the library.
$ sed 's/int add(int a, int b)/int add(long a, int b)/' shop.h >other.h; twz-inspect --all --json --headers other.h libshop.so | jq -c '.gates[0] | [.name, .verdict, .why, .signature]'
["add","needs care","its header says int add(long a, int b)","add(a: internal_int, b: internal_int) -> internal_int"]
## Names from the library reach the compiler only as far as they are names; what it makes of them is its affair.
$ printf 'int a(int x) __asm__("int"); int a(int x) { return x; }\nint b(int x) __asm__("defined"); int b(int x) { return x; }\nstruct XXXXXX { int a; };\nint good(struct XXXXXX *p) { return p->a; }\n' >odd.c; cc -g -shared -fPIC -o libodd.so odd.c; sed 's/XXXXXX/a;#def/' libodd.so >libevil.so; printf 'struct XXXXXX;\nint good(struct XXXXXX *p);\nstatic inline int defined(int x) { return x; }\n' >odd.h; twz-inspect check libodd.so --headers odd.h
libodd.so: functions: 3 exported, 1 declared in the headers: 1 agree, 0 differ, 0 not checked; types: 0 with 0 facts, 0 differ
$ twz-inspect check libevil.so --headers odd.h
good not checked: it has a type that C does not have
libevil.so: functions: 3 exported, 1 declared in the headers: 0 agree, 0 differ, 1 not checked; types: 0 with 0 facts, 0 differ
## The compiler's folder is always removed, also when the program is ended in the middle.
$ ls -A "$TMPDIR"
$ printf '#!/bin/sh\ntouch "$TMPDIR/../started"\nexec sleep 100\n' >slow; chmod +x slow; exec 2>/dev/null; CC=./slow twz-inspect check libshop.so --headers shop.h & i=0; while [ ! -e "$TMPDIR/started" ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done; rm "$TMPDIR/started"; ls "$TMPDIR" | wc -l; kill -KILL $!; wait $!; while [ -n "$(ls -A "$TMPDIR")" ] && [ $i -lt 400 ]; do sleep 0.05; i=$((i + 1)); done; ls -A "$TMPDIR"
1
