## Two versions of a library: down to the field, causes first, each type once, and a status for scripts.
$ cat >user.c <<'END'
> #include "user.h"
> #ifdef NEW
> struct handle { long first; int fd; };
> #else
> struct handle { int fd; };
> #endif
> int login(struct user *u) { return u->id; }
> int logout(struct user *u) { return u->id; }
> int paint(enum color c) { return (int)c; }
> struct handle *open_user(void) { static struct handle h; return &h; }
> int close_user(struct handle *h) { return h->fd; }
> #ifdef NEW
> long count(long n) { return n; }
> int add(void) { return 1; }
> #else
> int count(int n) { return n; }
> int drop(const char *name) { return *name; }
> #endif
> END
> cat >user.h <<'END'
> #ifdef NEW
> enum color { RED, GREEN, PINK, BLUE };
> struct user { int id; int flags; long age; };
> #else
> enum color { RED, GREEN, BLUE };
> struct user { int id; char age; };
> #endif
> struct handle;
> struct handle *open_user(void);
> END
> cc -g -shared -fPIC -w -o old.so user.c && cc -DNEW -g -shared -fPIC -w -o new.so user.c
$ twz-inspect diff old.so new.so
old.so -> new.so: incompatible: 1 removed, 4 changed, 1 added

removed
- int drop(const char *name)

changed, incompatible
! struct handle
    field 'first' (long) added at offset 0
    field 'fd' moved from offset 0 to 8
    grew from 4 to 16 bytes: only behind a pointer that the library makes (compatible)
    its alignment changed from 4 to 8 (compatible)
    reached by close_user and open_user
! struct user
    field 'age': char became long
    field 'flags' (int) added at offset 4
    field 'age' moved from offset 4 to 8
    grew from 8 to 16 bytes with its field 'age': callers allocate it
    its alignment changed from 4 to 8
    reached by login and logout
! enum color
    BLUE changed from 2 to 3
    PINK (2) added (compatible)
    reached by paint
! count
    parameter 1 'n': int became long
    result: int became long

added
+ int add(void)
[8]
$ twz-inspect diff old.so old.so
old.so -> old.so: the same for callers
## What the headers do not define is private.
$ twz-inspect diff old.so new.so --headers user.h | grep -c handle
0
[1]
## The compiler, its optimization and the order of functions are nobody's business.
$ for cc in gcc clang; do for o in 0 2; do $cc -g -O$o -shared -fPIC -w -o other.so user.c && twz-inspect diff old.so other.so; done; done
old.so -> other.so: the same for callers
old.so -> other.so: the same for callers
old.so -> other.so: the same for callers
old.so -> other.so: the same for callers
## Gates, where a library has any.
$ twz-inspect diff $TWZ_BUILD/lib/twz/libcounter.so $TWZ_BUILD/lib/twz/libcounter.so | grep -c 'the same'
1
$ sed 's/TWZ_GATE(struct quotient, divide, (int32_t a/TWZ_GATE(struct quotient, divide, (int64_t a/' $TWZ_ROOT/share/services/calc.c >calc.c; cc -w -g -shared -fPIC -I$TWZ_ROOT/include -o libcalc.so calc.c && twz-inspect diff $TWZ_BUILD/lib/twz/libcalc.so libcalc.so | tail -n +2

changed, incompatible
! divide
    parameter 1 'a': int32_t became int64_t
## Machine-readable.
$ twz-inspect --json diff old.so new.so | jq -c '.schema, .verdict, .status, (.changes[] | [.event, .of, .name, .verdict]), (.changes[] | select(.name == "struct user") | .details[2], .functions)'
"twz.diff/1"
"incompatible"
8
["removed","function","drop","incompatible"]
["changed","type","struct handle","incompatible"]
["changed","type","struct user","incompatible"]
["changed","type","enum color","incompatible"]
["changed","function","count","incompatible"]
["added","function","add","compatible"]
{"kind":"field-moved","verdict":"incompatible","what":"age","old":"4","new":"8","text":"field 'age' moved from offset 4 to 8"}
["login","logout"]
$ mkdir a b; cp old.so a/libgone.so; cp old.so a/libuser.so; cp new.so b/libuser.so; cp new.so b/libfresh.so; twz-inspect --json diff a b >all.json; wc -l <all.json; jq -rn --slurpfile schema $TWZ_ROOT/share/doc/twz-diff.schema.json --slurpfile doc all.json -f $TWZ_ROOT/tests/support/schema.jq
3
## Two folders: libraries of the same name, whatever their versions.
$ mkdir 1 2; cp old.so 1/libuser.so.1.0; cp old.so 2/libuser.so.1.1; cp old.so 1/libgone.so; twz-inspect diff 1 2
1/libgone.so -> nothing: incompatible: the library was removed
1/libuser.so.1.0 -> 2/libuser.so.1.1: the same for callers
[8]
$ rm 1/libgone.so; cp old.so 2/libfresh.so; twz-inspect diff 1 2
1/libuser.so.1.0 -> 2/libuser.so.1.1: the same for callers
nothing -> 2/libfresh.so: compatible: the library was added
[4]
## What cannot be told is no "all is well".
$ printf '.globl f\n.type f,@function\nf: ret\n.size f,.-f\n.section .note.GNU-stack,"",@progbits\n' >f.s; cc -g -shared -fPIC -w -o asm1.so user.c f.s; cc -g -O2 -shared -fPIC -w -o asm2.so user.c f.s; twz-inspect diff asm1.so asm2.so
asm1.so -> asm2.so: the same for callers, as far as it could be told

not compared: the type of f is not known
twz-inspect: asm2.so: 1 function of unknown type, not compared
[1]
$ twz-inspect diff asm1.so asm1.so
asm1.so -> asm1.so: the same for callers
$ twz-inspect diff asm1.so new.so >/dev/null
[8]
$ twz-inspect diff old.so missing.so
twz-inspect: missing.so: …
[1]
$ twz-inspect diff old.so
twz-inspect: usage: twz-inspect diff OLD NEW
…
[2]
$ twz-inspect diff old.so 1
twz-inspect: diff: either two files or two folders
…
[2]
$ twz-inspect diff old.so new.so old.so
twz-inspect: diff: only two at a time; what is 'old.so'?
…
[2]
