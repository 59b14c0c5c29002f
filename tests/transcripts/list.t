## Functions by name and by pattern.
$ twz-inspect $TWZ_BUILD/lib/twz/libcalc.so 'add_[iu]8' concat
calc 1.0  # Arithmetic, and an example of every type that can cross
  add_i8(a: i8, b: i8) -> i8  # Adds two numbers of this width
  add_u8(a: u8, b: u8) -> u8  # Adds two numbers of this width
  concat(a: string, b: string) -> string  # One text after another
$ twz-inspect $TWZ_BUILD/lib/twz/libcalc.so midpoint
struct point midpoint(struct point a, struct point b);
  callable    yes
  does        The point in the middle, by value
  declared    share/services/calc.c:138
  language    C
  type from   the function at its address
  symbol      midpoint at …

Parameters
  a        struct point  16 bytes
  b        struct point  16 bytes
  returns  struct point  16 bytes

Types
struct point {
	double x;                           /*    0    8 */
	double y;                           /*    8    8 */
};                                          /* size 16, align 8 */

Call
  twz -c 'calc::midpoint {x: 1.5, y: 1.5} {x: 1.5, y: 1.5}'
$ twz-inspect $TWZ_BUILD/lib/twz/libcalc.so fill
void fill(uint8_t *bytes, size_t count, uint8_t value);
  callable    yes
  does        As many bytes of one value as asked for
  declared    share/services/calc.c:213
  language    C
  type from   the function at its address
  symbol      fill at …

Parameters
  bytes    uint8_t *  8 bytes  out
  count    size_t = unsigned long  8 bytes
  value    uint8_t = unsigned char  1 byte
  returns  void

Types
typedef unsigned long size_t;               /* size 8 */
typedef __uint8_t uint8_t;                  /* size 1 */
typedef unsigned char __uint8_t;            /* size 1 */

Call
  twz -c 'calc::fill 1 1'
$ twz-inspect $TWZ_BUILD/lib/twz/libpasswd.so update_passwd | head -n 3
struct update_result update_password(const struct User *user, const char *password);
  callable    yes
  does        Sets a user's password
## What nobody is called.
$ twz-inspect $TWZ_BUILD/lib/twz/libcalc.so cocat
twz-inspect: no function is called 'cocat'
  hint: did you mean 'concat'?
[1]
$ twz-inspect $TWZ_BUILD/lib/twz/libcalc.so add 'nothing*' | wc -l
twz-inspect: no function is called 'nothing*'
2
$ twz-inspect $TWZ_BUILD/lib/twz/libcalc.so add 'nothing*' >/dev/null
twz-inspect: no function is called 'nothing*'
[1]
## A library without gates: a name is looked for among all functions.
$ printf '#include <stddef.h>\nstruct pair { char a; long b; unsigned c : 3; struct { int x; } in; };\nint old_way(struct pair *p, const char *const *names) { return p->c + !names; }\n__asm__(".globl by_hand\\n.type by_hand, @function\\nby_hand:\\n\\tret\\n.size by_hand, . - by_hand\\n");\n' >pair.c; gcc -shared -fPIC -g -o libpair.so pair.c; twz-inspect libpair.so old_way
int old_way(struct pair *p, const char *const *names);
  callable    no: parameter 'p': a pointer that may be written through: make it const, or say TWZ_OUT or TWZ_INOUT with its length
  declared    pair.c:3
  language    C
  type from   the function at its address
  symbol      old_way at …

Parameters
  p        struct pair *  8 bytes
  names    const char *const *  8 bytes
  returns  int  4 bytes

Types
struct pair {
	char a;                             /*    0    1 */
	/* hole of 7 bytes */
	long b;                             /*    8    8 */
	unsigned int c : 3;                 /*   16:0    */
	/* hole of 29 bits */
	struct {
		int x;                      /*   20    4 */
	} in;                               /*   20    4 */
};                                          /* size 24, align 8 */
$ twz-inspect libpair.so by_hand
by_hand
  callable    no: the debug information does not describe it
  type from   nothing: its type is not known
  symbol      by_hand at …
$ twz-inspect libpair.so 'old_*' | cut -c 1-60
pair
  old_way(p: *pair, names: *const string) -> i32  not callab
## In a line of many the reason goes without advice, which is for authors of gates; NAME has it all.
$ printf 'void put(int *n) { *n = 1; }\nint bare(int *, char *);\nint bare(int *n, char *s) { return *n + *s; }\n' >short.c; gcc -shared -fPIC -g -o libshort.so short.c; twz-inspect --all libshort.so
short
  bare(n: *i32, s: string) -> i32  not callable: 'n': a pointer that may be written through
  put(n: *i32)  not callable: 'n': a pointer that may be written through
$ twz-inspect libshort.so put | grep callable
  callable    no: parameter 'n': a pointer that may be written through: make it const, or say TWZ_OUT or TWZ_INOUT with its length
$ printf '#include <twz/gate.h>\nTWZ_SERVICE("mine", "1", "");\nTWZ_GATE(void, put, (int *n), TWZ_DOC("Puts")) { *n = 1; }\n' >mine.c; gcc -I$TWZ_ROOT/include -shared -fPIC -g -o libmine.so mine.c; twz-inspect libmine.so
mine 1
  put(n: *i32)  not callable: parameter 'n': a pointer that may be written through: make it const, or say TWZ_OUT or TWZ_INOUT with its length  # Puts
[1]
## Without debug information nobody knows whether a function is there.
$ strip -o libbare.so libshort.so; HOME=/nowhere twz-inspect libbare.so put
twz-inspect: libbare.so: no debug information, so the types of its functions are not known
  hint: build it with -g, or install its debug package: 'twz-inspect doctor FILE' says which; --headers FILE takes the types from its headers
[1]
$ HOME=/nowhere twz-inspect libbare.so libpair.so nobody 2>&1 | tail -n 1
twz-inspect: no function is called 'nobody' in what could be read
## A gate as twz calls it; what comes in another order.
$ TWZ_PATH=$TWZ_BUILD/lib/twz twz-inspect 'calc::add_?8'
calc 1.0  # Arithmetic, and an example of every type that can cross
  add_i8(a: i8, b: i8) -> i8  # Adds two numbers of this width
  add_u8(a: u8, b: u8) -> u8  # Adds two numbers of this width
$ twz-inspect 'add*' libpair.so
twz-inspect: add*: no such service or file
  hint: the library comes first, then names of functions
[1]
## Addresses as nm writes them.
$ a=$(nm -D libpair.so | sed -n 's/ T old_way//p'); for a in $a 0x$a; do twz-inspect --where libpair.so $a | sed 's|\t.*/|\t|'; done
old_way	pair.c	3
old_way	pair.c	3
$ twz-inspect --where libpair.so old_way
twz-inspect: --where: 'old_way' is no address: 0x1234, or as nm writes it
Try 'twz-inspect --help'.
[2]
$ twz-inspect libpair.so 'struct pair'
twz-inspect: no function is called 'struct pair'
  hint: --types also takes names of types
[1]
## C++ names as the source has them.
$ printf 'namespace geo { int area(int a, int b) { return a * b; } }\n' >geo.cc; g++ -shared -fPIC -g -o libgeo.so geo.cc; twz-inspect --all libgeo.so; twz-inspect libgeo.so geo::area | head -n 2
geo
  geo::area(a: i32, b: i32) -> i32  [_ZN3geo4areaEii]
int geo::area(int a, int b);
  callable    yes
## Types with their holes.
$ twz-inspect --types libpair.so 'struct pair'
struct pair {
	char a;                             /*    0    1 */
	/* hole of 7 bytes */
	long b;                             /*    8    8 */
	unsigned int c : 3;                 /*   16:0    */
	/* hole of 29 bits */
	struct {
		int x;                      /*   20    4 */
	} in;                               /*   20    4 */
};                                          /* size 24, align 8 */
$ twz-inspect --types $TWZ_BUILD/lib/twz/libcounter.so get
counter 1.0  # Counts calls
  get() -> u64  # How many calls were counted

typedef __uint64_t uint64_t;                /* size 8 */
typedef unsigned long __uint64_t;           /* size 8 */
$ printf 'typedef int (*a_rather_long_name_of_a_type)(int, int);\nint run(a_rather_long_name_of_a_type f) { return f(1, 2); }\n' >wide.c; gcc -shared -fPIC -g -o libwide.so wide.c; twz-inspect --types libwide.so a_rather_long_name_of_a_type
typedef int (*a_rather_long_name_of_a_type)(int, int); /* size 8 */
$ twz-inspect --types libpair.so 'struct nothing'
twz-inspect: no function or type is called 'struct nothing'
[1]
## What only gcc can spell, and only in C, is said to all four compilers.
$ printf '_Complex _Float128 twist(_Complex _Float128 z) { return z; }\n' >quad.c; gcc -shared -fPIC -g -o libquad.so quad.c; twz-inspect --all --header libquad.so >quad.h; grep twist quad.h; for cc in 'gcc -std=c11' 'clang -std=c11' 'g++ -xc++' 'clang++ -xc++'; do $cc -Wall -Wextra -Werror -fsyntax-only quad.h; done
TWZ_COMPLEX_FLOAT128 twist(TWZ_COMPLEX_FLOAT128 z);
## C, a header, a graph.
$ twz-inspect --c libpair.so 'old_*' | sed -n '/^struct/,/^int/p'
struct pair;
struct pair {
	char a;
	long b;
	unsigned int c : 3;
	struct {
		int x;
	} in;
};


int old_way(struct pair *p, const char *const *names);
$ twz-inspect --all --header libpair.so >pair.h; for cc in 'gcc -std=c11' 'clang -std=c11' 'g++ -xc++' 'clang++ -xc++'; do $cc -Wall -Wextra -Werror -fsyntax-only pair.h; done; grep -c '^TWZ_ASSERT' pair.h; grep by_hand pair.h
5
/* by_hand: the debug information does not describe it */
$ twz-inspect --dot --all libpair.so
digraph "pair" {
	rankdir=LR;
	node [shape=ellipse];
	f0 [label="by_hand", color=gray];
	f1 [label="old_way", color=gray];
	t1 [shape=box, label="struct pair"];
	t1 -> f1;
}
## JSON agrees with its schema.
$ twz-inspect --json --all libpair.so libgeo.so $TWZ_BUILD/lib/twz/lib*.so >all.json; wc -l <all.json; jq -rn --slurpfile schema $TWZ_ROOT/share/doc/twz-gates.schema.json --slurpfile doc all.json -f $TWZ_ROOT/tests/support/schema.jq
10
$ jq -c 'del(.gates[0].how) | .types[0].size = "8"' all.json | head -n 1 >bad.json; jq -rn --slurpfile schema $TWZ_ROOT/share/doc/twz-gates.schema.json --slurpfile doc bad.json -f $TWZ_ROOT/tests/support/schema.jq
$.gates[0]: lacks how
$.types[0].size: is no integer
$ twz-inspect --json libpair.so old_way | jq -c '.gates[] | [.name, .c, .params[1].quals, .how, .verdict, (.file | sub(".*/"; "")), .line]'
["old_way","int old_way(struct pair *p, const char *const *names)",[],"low_pc","refused","pair.c",3]
## Names that a terminal would obey, and that are none in C; a file called like that.
$ printf 'struct aaaaaaa { int b; };\nint takes(const struct aaaaaaa *p) { return p->b; }\n' >rude.c; gcc -shared -fPIC -g -o rude.so rude.c; LC_ALL=C sed -i 's/aaaaaaa/\x1b[31mz*/g' rude.so; twz-inspect --all rude.so; twz-inspect --all --header rude.so >rude.h; gcc -Wall -Wextra -Werror -fsyntax-only rude.h; grep -c 'struct _31mz' rude.h
rude
  takes(p: ?[31mz*) -> i32
6
$ printf 'int bbbbbbb(int a) { return a; }\n' >rude.cc; g++ -shared -fPIC -g -o rude2.so rude.cc; LC_ALL=C sed -i 's/bbbbbbb/\x1b[31mzz/g' rude2.so; twz-inspect --all rude2.so
rude2
  ?[31mzz(a: i32) -> i32  [_Z7?[31mzzi]
$ cp rude.c "$(printf 'a\033[31mb.so')"; twz-inspect a?*b.so
twz-inspect: a?[31mb.so: not an ELF file
…
[1]
## Many files: in their order, and what is wrong with one is said in its place.
$ mkdir folder; cp libpair.so folder/liba.so; echo no >folder/libb.so; cp libgeo.so folder/libc.so; twz-inspect --all folder 2>&1 | cut -c 1-50
a
  by_hand(?)  not callable: the debug information 
  old_way(p: *pair, names: *const string) -> i32  
twz-inspect: folder/libb.so: not an ELF file
  hint: name the shared object itself, for example
c
  geo::area(a: i32, b: i32) -> i32  [_ZN3geo4areaE
$ twz-inspect folder geo::area >/dev/null
twz-inspect: folder/libb.so: not an ELF file
  hint: name the shared object itself, for example libfoo.so
[1]
$ mkdir empty; twz-inspect empty
twz-inspect: empty: no shared object in this folder
[1]
## A folder by a link to it; texts for the linker are no libraries; a hint is given once.
$ mkdir many; cp libbare.so many/liba.so; cp libbare.so many/libb.so; cp libgeo.so many/libc.so; echo 'INPUT(libc.so)' >many/libd.so; ln -s many link; HOME=/nowhere twz-inspect --all link
a
  bare(?)  not callable: its type is not known
  put(?)  not callable: its type is not known
twz-inspect: link/liba.so: no debug information, so the types of its functions are not known
  hint: …
b
  bare(?)  not callable: its type is not known
  put(?)  not callable: its type is not known
twz-inspect: link/libb.so: no debug information, so the types of its functions are not known
c
  geo::area(a: i32, b: i32) -> i32  [_ZN3geo4areaEii]
[1]
$ twz-inspect doctor empty
twz-inspect: empty: no shared object in this folder
[1]
## A full disk is complained about once.
$ twz-inspect libmine.so >/dev/full
twz-inspect: stdout: cannot write: No space left on device
[1]
$ twz-inspect --register libgeo.so area
twz-inspect: --register stores a whole library: name no functions
[2]
## Again when a file changes, until somebody ends it.
$ cat >await <<'END'
> # await PID TEXT FILE: until the text is there, or who would write it has ended; not for ever
> i=0; until grep -qs "$2" "$3"; do kill -0 $1 2>/dev/null && [ $((i += 1)) -lt 20000 ] || exit 1; done
> END
$ echo 'int fresh(int n) { return n; }' >fresh.c; gcc -shared -fPIC -g -o new.so fresh.c; cp libpair.so watched.so; twz-inspect --watch --all watched.so >out & sh await $! old_way out; mv new.so watched.so; sh await $! 'fresh(' out; kill $!; sed 's/at ..:..:../at TIME/' out | cut -c 1-40
watched
  by_hand(?)  not callable: the debug in
  old_way(p: *pair, names: *const string

-- watched.so has changed at TIME
watched
  fresh(n: i32) -> i32
## In a folder, also what is new there, and in folders that are new.
$ mkdir -p grows; cp libgeo.so grows/libgeo.so; twz-inspect --watch --all grows >out & sh await $! 'geo::area' out; cp libpair.so grows/libpair.so; sh await $! 'libpair.so is new' out; mkdir grows/below; cp libgeo.so grows/below/libdeep.so; sh await $! 'libdeep.so is new' out; sh await $! '^deep' out; kill $!; grep -e ' is new' out | sed 's/at ..:..:../at TIME/'
-- grows/libpair.so is new at TIME
-- grows/below/libdeep.so is new at TIME
## A reader that stops early ends it.
$ twz-inspect $(yes $TWZ_BUILD/lib/twz/libcalc.so | head -n 40) | head -n 1
calc 1.0  # Arithmetic, and an example of every type that can cross
## Names of files cannot steer the terminal.
$ cp libgeo.so "$(printf 'lib\033[31mred\nx.so')"; TWZ_REGISTRY=$PWD/odd.db twz-inspect --register --all lib*red*.so; TWZ_REGISTRY=$PWD/odd.db twz-inspect --registry ls | grep -o 'lib.*red.*'; TWZ_REGISTRY=$PWD/odd.db twz-inspect --registry rm "$PWD"/lib*red*.so | grep -o 'lib.*red.*'
lib\x1b[31mred\x0ax.so
lib\x1b[31mred\x0ax.so (fresh)
