## features.md, section 4: each row's command, run.
## R1: gates from .twz_gates, without running the library: its constructor would say so.
$ cat >libfoo.c <<'END'
> #include <twz/gate.h>
> #include <stdio.h>
> TWZ_SERVICE("foo", "1.0", "For R1");
> __attribute__((constructor)) static void begin(void) { puts("it runs"); }
> int helper(int n) { return n; }
> TWZ_GATE(int, marked, (int n), TWZ_DOC("Is a gate")) { return helper(n); }
> END
$ cc -g -shared -fPIC -I$TWZ_ROOT/include -o libfoo.so libfoo.c; twz-inspect libfoo.so; readelf -SW libfoo.so | grep -c twz_gates
foo 1.0  # For R1
  marked(n: i32) -> i32  # Is a gate
1
## R2: the same signatures from DWARF 4 and 5, of gcc and clang.
$ src=$TWZ_ROOT/share/services/passwd.c; for v in 4 5; do gcc -gdwarf-$v -O1 -shared -fPIC -I$TWZ_ROOT/include -o libpasswd-gcc$v.so $src -lcrypt; twz-inspect libpasswd-gcc$v.so | tail -n +2 >gcc$v; done; twz-inspect libpasswd-gcc5.so | grep update_password
  update_password(user: User, password: string) -> Result<(), UpdatePasswordError>  # …
$ if command -v clang >/dev/null; then for v in 4 5; do clang -gdwarf-$v -O1 -shared -fPIC -I$TWZ_ROOT/include -o libpasswd-clang$v.so $TWZ_ROOT/share/services/passwd.c -lcrypt; twz-inspect libpasswd-clang$v.so | tail -n +2 >clang$v; done; else cp gcc4 clang4; cp gcc5 clang5; fi; cmp gcc4 gcc5 && cmp gcc5 clang4 && cmp clang4 clang5 && echo identical
identical
## R3: every kind of type.
$ cat >libtypes.c <<'END'
> #include <stdbool.h>
> #include <stdint.h>
> typedef uint32_t id_t32; typedef id_t32 user_id;
> enum color { RED, GREEN = 5 };
> struct point { double x; int y[2]; };
> struct hidden;
> bool b(bool v) { return v; }
> char c(char v) { return v; }
> long double ld(long double v) { return v; }
> float f(float v, double w) { return v + (float)w; }
> enum color e(enum color v) { return v; }
> struct point s(struct point v) { return v; }
> user_id t(user_id v) { return v; }
> int8_t i8(int8_t a, uint16_t d, int64_t g) { return (int8_t)(a + d + g); }
> struct hidden *h(struct hidden *v) { return v; }
> const char *text(const char *v) { return v; }
> END
$ cc -g -shared -fPIC -o libtypes.so libtypes.c; twz-inspect --all libtypes.so | sed 's/  not callable.*//'
types
  b(v: bool) -> bool
  c(v: char) -> char
  e(v: color) -> color
  f(v: f32, w: f64) -> f32
  h(v: *hidden) -> *hidden
  i8(a: i8, d: u16, g: i64) -> i8
  ld(v: long double) -> long double
  s(v: point) -> point
  t(v: user_id) -> user_id
  text(v: string) -> string
$ twz-inspect --all --types libtypes.so | sed '1,/^$/d; s/ *\/\*/ \/\*/'
enum color {
	RED = 0,
	GREEN = 5,
}; /* size 4 */
typedef __int8_t int8_t; /* size 1 */
typedef __uint16_t uint16_t; /* size 2 */
typedef __int64_t int64_t; /* size 8 */
struct point {
	double x; /*    0    8 */
	int y[2]; /*    8    8 */
}; /* size 16, align 8 */
typedef id_t32 user_id; /* size 4 */
struct hidden; /* declared only */
typedef signed char __int8_t; /* size 1 */
typedef unsigned short __uint16_t; /* size 2 */
typedef long __int64_t; /* size 8 */
typedef uint32_t id_t32; /* size 4 */
typedef __uint32_t uint32_t; /* size 4 */
typedef unsigned int __uint32_t; /* size 4 */
## R4, R5: types in a separate file, by debug link and by build-id; compressed; split. Without any: said, status 1.
$ gcc -g -shared -fPIC -Wl,--build-id=0xabcdef0123 -I$TWZ_ROOT/include -o libfull.so libfoo.c; twz-inspect libfull.so >want; objcopy --only-keep-debug libfull.so libfull.debug; strip -g -o libfull-bare.so libfull.so; HOME=/nowhere twz-inspect libfull-bare.so
twz-inspect: libfull-bare.so: no debug information, so the types of its functions are not known
  hint: …
[1]
$ objcopy --add-gnu-debuglink=libfull.debug libfull-bare.so; twz-inspect libfull-bare.so | cmp - want && echo by debug link
by debug link
$ mkdir -p debug/.build-id/ab; strip -g -o libfull-id.so libfull.so; mv libfull.debug debug/.build-id/ab/cdef0123.debug; twz-inspect --debug-dir debug libfull-id.so | cmp - want && echo by build-id
by build-id
$ gcc -g -gz -shared -fPIC -I$TWZ_ROOT/include -o libfull.so libfoo.c; twz-inspect libfull.so | cmp - want && echo compressed
compressed
$ gcc -g -gsplit-dwarf -shared -fPIC -I$TWZ_ROOT/include -o libfull.so libfoo.c; twz-inspect libfull.so | cmp - want && echo split
split
$ rm *.dwo; twz-inspect libfull.so; twz-inspect doctor libfull.so | grep -c 'split file .*: no such file'
foo 1.0  # For R1  partial: some of it could not be read
  marked(?)  not callable: the debug information does not describe it  # Is a gate
twz-inspect: libfull.so: some of it could not be read
  hint: 'twz-inspect doctor FILE' says what
1
## R6: one sqlite file that other programs can read.
$ twz -c 'calc::add 1 2'; sqlite3 $TWZ_REGISTRY 'select name from gates' | head -2; sqlite3 $TWZ_REGISTRY 'PRAGMA integrity_check; PRAGMA user_version; PRAGMA application_id'
3
add
add_i8
ok
6
1953987121
$ for t in service file gate param type member capability context; do sqlite3 $TWZ_REGISTRY "select '$t', count(*) > 0 from $t" 2>&1; done | tr '\n' ' '; echo
service|1 file|1 gate|1 param|1 type|1 member|1 capability|0 context|0 
$ sqlite3 $TWZ_REGISTRY "select m.name, m.value from member m join type t on t.id = m.owner where t.kind = 'enum' and t.name = 'color'"; sqlite3 $TWZ_REGISTRY "select name, type from param where gate = 'add'"
RED|0
GREEN|5
BLUE|6
a|i32
b|i32
## R7: a changed signature is noticed, the old row is gone.
$ mkdir services; sed 's/"foo"/"grows"/' libfoo.c >grows.c; cc -g -shared -fPIC -I$TWZ_ROOT/include -o services/libgrows.so grows.c; export TWZ_PATH=$PWD/services; twz -c 'grows::marked 7' 2>/dev/null; sed -i 's/marked, (int n)/marked, (int n, int m)/' grows.c; cc -g -shared -fPIC -I$TWZ_ROOT/include -o services/new.so grows.c; mv services/new.so services/libgrows.so; twz -c 'grows::marked 7 8' 2>/dev/null; twz -c 'grows::marked 7' 2>&1 | tail -1; sqlite3 $TWZ_REGISTRY "select signature from gates where service = 'grows' or service = 'foo'"
7
7
Type Error: missing argument 'm': marked(n: i32, m: i32) -> i32
marked(n: i32, m: i32) -> i32
## R8: eight at once.
$ for i in 1 2 3 4 5 6 7 8; do TWZ_REGISTRY=$PWD/many.db twz-inspect --register $TWZ_BUILD/lib/twz/lib*.so & done; wait; sqlite3 many.db 'select count(*) - count(distinct path) from file; PRAGMA integrity_check'
0
ok
$ export TWZ_REGISTRY=$PWD/fresh.db; for i in 1 2 3 4; do twz -c 'passwd::lookup_user bob | .name' & printf 'calc::add 1 2\ncalc::add_f32 1 2\n' | twz & twz-inspect --register $TWZ_BUILD/lib/twz/libcalc.so & done 2>&1 | sort | uniq -c | sed 's/^ *//'; wait; sqlite3 fresh.db "select count(*), count(distinct name) from gates where service = 'calc' and name like 'add%'"
4 3
4 3.0
4 bob
11|11
## R9: questions, and their answers as JSON.
$ twz -c 'sql gates where returns = User'
gate                 returns  signature                                               doc
passwd::lookup_user  User     lookup_user(name: string) -> Result<User, LookupError>  Finds a user by name
passwd::add_user     User     add_user(name: string) -> Result<User, LookupError>     Adds a user, whom no password fits yet
$ twz -j -c 'sql gates where returns = User' | jq -r '.[].gate'
passwd::lookup_user
passwd::add_user
## R10: a damaged file costs a message. (tests/hostile and tests/fuzz have a million of them.)
$ for n in 100 1000 5000 9000; do head -c $n libfoo.so >broken.so; timeout 300 twz-inspect --all broken.so >/dev/null 2>why || echo "status $?, $(grep -c '^twz-inspect: broken.so: ' why)"; done
status 1, 1
status 1, 1
status 1, 1
status 1, 1
## R11: a stub knows the signature that it was made for; another library in its place is refused.
$ twz-inspect --stubs services/libgrows.so; cat >client.c <<'END'
> #include <stdio.h>
> #include "grows_stub.h"
> int main(void)
> {
> 	int r = grows_marked(1, 2);
> 	if (twz_failed()) {
> 		twz_perror("client");
> 		return twz_failed()->status;
> 	}
> 	printf("%d\n", r);
> 	return 0;
> }
> END
$ cc -o client client.c grows_stub.c -I$TWZ_ROOT/include -I. -L$TWZ_BUILD/lib -ltwz -Wl,-rpath,$TWZ_BUILD/lib; TWZ_PATH=$PWD/services ./client 2>/dev/null
1
$ sed -i 's/int n, int m/int n, long m/' grows.c; cc -g -shared -fPIC -I$TWZ_ROOT/include -o services/new.so grows.c; mv services/new.so services/libgrows.so; TWZ_PATH=$PWD/services ./client
client: Link Error: signature of grows::marked changed: the stub has …
…
[6]
