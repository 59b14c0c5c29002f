## A gates file of the user's own: found by TWZ_GATES, goes before the installed one, noticed when it changes.
$ mkdir gates; printf 'library libz.so.1\nheader <zlib.h>\ngate zlibVersion "Which zlib"\n' >gates/zlib.gates; export TWZ_GATES=$PWD/gates; twz-inspect zlib; twz-inspect --register zlib; twz -o json -c 'sys::gates zlib' | jq -r '.[].name'
zlib
  zlibVersion() -> string  # Which zlib
zlibVersion
$ twz -c 'zlib::adler32 1 "hello"'
103547413
$ export TWZ_GATES=$PWD/gates; twz -o json -c 'sys::gates zlib' | jq -r '.[].name'; printf 'gate adler32 "Adler-32"\n\tin buf[len]\n' >>gates/zlib.gates; twz -c 'zlib::adler32 1 "hello"'; rm gates/zlib.gates; twz -c 'zlib::crc32 0 "hello"'
zlibVersion
103547413
907060870
## By the library's own path, too; a library without a gates file has no gates.
$ twz-inspect --c $(realpath /usr/lib/*/libz.so.1) crc32 | grep -A 1 CRC
/* CRC-32 of bytes, continued from the one before; the first is 0. */
uLong crc32(uLong crc, const Bytef *buf, uInt len);
$ cp $(realpath /usr/lib/*/libz.so.1) libz.so.1; twz-inspect libz.so.1
twz-inspect: libz.so.1: no gates
  hint: mark functions with TWZ_GATE of <twz/gate.h>; twz-inspect --all shows every exported function, --gates drafts a gates file for them
[1]
## Pointers that are always NULL, texts of unsigned char, a parameter that may be NULL, a secret, an alias.
$ mkdir own; cat >lib.c <<'C'
> #include <string.h>
> #include "lib.h"
> int look(const char *a, void (*f)(int), const unsigned char *text, const char *may, const char *word)
> { return !a && !f ? (int)strlen((const char *)text) + (may != 0) * 100 + (word[0] == 's') * 1000 : -1; }
> const unsigned char *name(int i) { return i ? (const unsigned char *)"one" : (const unsigned char *)""; }
> int put(int n, unsigned *count, short *out) { for (unsigned i = 0; i < *count; i++) out[i] = (short)(n + i); *count = 2; return n ? 0 : 7; }
> C
$ cat >lib.h <<'C'
> int look(const char *a, void (*f)(int), const unsigned char *text, const char *may, const char *word);
> const unsigned char *name(int i);
> int put(int n, unsigned *count, short *out);
> C
$ cc -shared -fPIC -o libmore.so lib.c; cat >own/more.gates <<G
> library $PWD/libmore.so
> header  $PWD/lib.h
> gate look "Looks"
> 	null a
> 	null f
> 	string text
> 	optional may
> 	secret word
> 	alias see
> gate name
> 	returns string
> gate put
> 	out out[*count]
> 	fails Codes
> codes Codes
> 	value GOOD 0
> 	value BAD  8 "It is bad"
> G
$ export TWZ_GATES=$PWD/own; twz-inspect more; twz -c 'more::see "abc" none "s"; more::look "abcd" "x" "t"; more::name 1; more::put 5 4; more::put 0 4'
more
  look(text: string, may: Option<string>, word: string) -> i32  # Looks
    also see
  name(i: i32) -> string
  put(n: i32, inout count: u32, out out: [i16]) -> Result<(), Codes>
1003
104
one
{count: 2, out: [5, 6]}
Fault: more::put: the service gave the number 7 as a Codes
[5]
## What does not fit the functions: the gate is there, and says why it cannot be called.
$ mkdir bad; cat >bad/wrong.gates <<'G'
> library libz.so.1
> header <zlib.h>
> service wrong "Gates that do not fit"
> gate crc32 "No such length"
> 	in buf[lem]
> gate adler32 "Writes to const"
> 	out buf[len]
> gate nosuch "Not there"
> gate zlibVersion "Codes of a text"
> 	returns Codes
> gate compress "Behind a number"
> 	out dest[*sourceLen]
> gate compress2 "In and out"
> 	inout dest[*destLen]
> 	in source[sourceLen]
> gate uncompress "A number is no object"
> 	object sourceLen
> gate deflateInit_ "Two things at once"
> 	null strm
> 	object strm
> gate inflateEnd "No function"
> 	callback strm
> gate inflateReset "Nothing that is called back"
> 	of strm params a b
> gate crc32_combine "Too few names"
> 	params a b
> codes Codes
> 	value GOOD 0
> G
$ TWZ_GATES=$PWD/bad twz-inspect wrong
wrong  # Gates that do not fit
  crc32(crc: uLong, buf: *const Bytef, len: uInt) -> uLong  not callable: the extent of 'buf' is 'lem', which is neither a parameter nor a number  # No such length
  adler32(adler: uLong, out buf: [Bytef], len: uInt) -> uLong  not callable: parameter 'buf': an out-parameter that points to const  # Writes to const
  nosuch(?)  not callable: it is not an exported function of the file  # Not there
  zlibVersion() -> string  not callable: its record says that it returns Codes, but it returns no int  # Codes of a text
  compress(out dest: *Bytef, destLen: *uLongf, source: *const Bytef, sourceLen: uLong) -> i32  not callable: the extent of 'dest' is behind 'sourceLen', which is no parameter that points to an integer  # Behind a number
  compress2(inout dest: *Bytef, inout destLen: uLongf, source: *const Bytef, sourceLen: uLong, level: i32) -> i32  not callable: the extent of 'dest' is behind 'destLen', but it is not only written to  # In and out
  uncompress(dest: *Bytef, destLen: *uLongf, source: *const Bytef, sourceLen: uLong) -> i32  not callable: its record treats parameter 'sourceLen' as a pointer  # A number is no object
  deflateInit_(strm: z_streamp, level: i32, version: string, stream_size: i32) -> i32  not callable: its record says two things about parameter 'strm'  # Two things at once
  inflateEnd(strm: z_streamp) -> i32  not callable: its record treats parameter 'strm' as a callback  # No function
  inflateReset(strm: z_streamp) -> i32  not callable: its record says what 'strm' is called back with, but not that it is a callback  # Nothing that is called back
  crc32_combine(a: uLong, b: uLong, _: off_t) -> uLong  not callable: its record names fewer parameters than it has  # Too few names
[1]
## What is no gates file: where, and what.
$ for text in 'servise x' 'gate crc32\n\tin buf' 'gate crc32\nin buf[len]' '\tin buf[len]' 'gate 9' 'library a/b' 'library libz.so.1' 'header <a b.h>' 'header "x\\";"' 'codes C\n\tvalue A x' 'gate x "no end' 'gate crc32 a' 'gate a\n\tlevel most' 'gate a\n\tcallback 1' 'gate a\n\tof f secret x' 'gate a\n\tof f in x' 'gate a\n\tof 1 in x[y]' 'gate a\n\tof f'; do printf "library libz.so.1\n$text\n" >bad/wrong.gates; TWZ_GATES=$PWD/bad twz-inspect wrong 2>&1 | sed "s|.*gates:||"; done
2:1: 'servise' begins no statement
  hint: did you mean service?
3:5: 'buf' does not say how long it is
  hint: as in: in buf[len], in sig[8], out dest[*destLen]
3:1: 'in' stands indented below a line 'gate'
2:2: 'in' stands indented below a line 'gate'
2:6: '9' is no name of a function
  hint: names are letters, digits and _
2:9: 'a/b' is a second library
  hint: one gates file is about one library
2:9: 'libz.so.1' is a second library
  hint: one gates file is about one library
2:1: 'header' has too few or too many words behind it
  hint: as in: header <FILE>
2:8: 'x";' is no header
  hint: as in: header <zlib.h>
3:10: 'x' is no number
  hint: as in: value Z_OK 0
2:8: a text without its closing quote
  hint: a text ends in its own line
2:12: 'a' is too much here
  hint: texts stand in quotes
3:8: 'most' is no level
  hint: levels are none, callee, caller and full
3:11: '1' is no name of a parameter
  hint: names are letters, digits and _
3:7: 'secret' is nothing that is said of a callback
  hint: as in: of visit in name[n]
3:10: 'x' does not say how long it is
  hint: as in: in buf[len], in sig[8], out dest[*destLen]
3:5: '1' is no name of a parameter
  hint: names are letters, digits and _
3:2: 'of' has too few or too many words behind it
  hint: as in: of CALLBACK in PARAMETER[LENGTH]
## Neither debug information nor headers, or no compiler: said so.
$ printf 'library libz.so.1\nheader <zlub.h>\ngate crc32\n\tin buf[len]\n' >bad/wrong.gates; TWZ_GATES=$PWD/bad twz-inspect wrong 2>&1 | sed "s|/usr/.*\.so[^:]*|LIBRARY|"
twz-inspect: LIBRARY: no debug information, and zlub.h: No such file or directory
  hint: install the library's -dev package and a C compiler, or its debug information; …
$ printf 'library libz.so.1\nheader <zlib.h>\ngate crc32\n\tin buf[len]\n' >bad/wrong.gates; CC=/nonexistent TWZ_GATES=$PWD/bad twz-inspect wrong 2>&1 | sed "s|/usr/.*\.so[^:]*|LIBRARY|"; TWZ_GATES=$PWD/bad twz-inspect wrong 2>&1 | sed "s|/usr/.*\.so[^:]*|LIBRARY|"
twz-inspect: LIBRARY: no debug information, and cannot run the C compiler '/nonexistent': No such file or directory
  hint: install the library's -dev package and a C compiler, or its debug information; …
wrong
  crc32(crc: uLong, buf: [Bytef]) -> uLong
## What a function opens may be what it returns; NULL is its error.
$ mkdir boxes; cat >box.h <<'C'
> typedef struct box box;
> struct shape { int sides; double area; };
> box *box_new(const char *label, int start);
> int box_add(box *b, int value);
> long box_sum(box *b, const int *values, unsigned long count);
> int box_read(const box *b, char *text, unsigned long size);
> void box_each(box *b, void (*visit)(int value, void *data), void *data);
> struct shape box_shape(int sides);
> int box_open(box **b);
> void box_free(box *b);
> void *box_raw(box *b, void *what);
> int box_log(const char *format, ...);
> C
$ cat >box.c <<'C'
> #include <stdio.h>
> #include <stdlib.h>
> #include "box.h"
> struct box { char label[32]; int last; long sum; };
> box *box_new(const char *label, int start) { box *b = start < 0 ? NULL : calloc(1, sizeof(*b)); if (b) snprintf(b->label, 32, "%s", label), b->sum = start; return b; }
> int box_add(box *b, int value) { b->sum += value; return b->last = value; }
> long box_sum(box *b, const int *values, unsigned long count) { for (unsigned long i = 0; i < count; i++) box_add(b, values[i]); return b->sum; }
> int box_read(const box *b, char *text, unsigned long size) { return snprintf(text, size, "%s: %ld", b->label, b->sum); }
> void box_each(box *b, void (*visit)(int value, void *data), void *data) { visit(b->last, data); }
> struct shape box_shape(int sides) { return (struct shape){ sides, sides * 0.5 }; }
> int box_open(box **b) { *b = box_new("opened", 1); return 0; }
> void box_free(box *b) { free(b); }
> void *box_raw(box *b, void *what) { return what ? what : b; }
> int box_log(const char *format, ...) { return *format; }
> C
$ cc -shared -fPIC -o libbox.so box.c; twz-inspect --gates libbox.so --headers box.h | tee boxes/box.gates | sed "s|$PWD|HERE|"
# A draft of a gates file: see twz-gates(5). Saved as ~/.local/share/twz/gates/box.gates
# it makes the functions below gates: box::FUNCTION.
# What is a comment was guessed: read the library's manual, correct it, take the # away.
library HERE/libbox.so
header  HERE/box.h

# int box_add(box *b, int value)
gate box_add
	object b

# void box_each(box *b, void (*visit)(int, void *), void *data)
# gate box_each
#	callback visit data
#	object b

# void box_free(box *b)
# gate box_free
#	closes b

# int box_log(const char *format, ...)
# no gate: variable arguments cannot cross a gate

# box *box_new(const char *label, int start)
gate box_new
	returns object

# int box_open(box **b)
# gate box_open
#	opens b

# void *box_raw(box *b, void *what)
# gate box_raw
#	?? what: in what[N], out what[N], string what, object what, null what …

# int box_read(const box *b, char *text, unsigned long size)
# gate box_read
#	object b
#	out text[size]

# struct shape box_shape(int sides)
gate box_shape

# long box_sum(box *b, const int *values, unsigned long count)
# gate box_sum
#	object b
#	in values[count]

# 3 of these functions are gates, 6 wait for a person, 1 can be none.
$ export TWZ_GATES=$PWD/boxes; twz-inspect box
box
  box_add(b: box, value: i32) -> i32
  box_new(label: string, start: i32) -> box
  box_shape(sides: i32) -> shape
$ export TWZ_GATES=$PWD/boxes; sed -i '/box_raw$/,/^$/!{s/^# gate/gate/; s/^#\t/\t/}' boxes/box.gates; twz-inspect box
box
  box_add(b: box, value: i32) -> i32
  box_each(b: box, visit: fn(i32))
  box_free(b: box)
  box_new(label: string, start: i32) -> box
  box_open(out b: box) -> i32
  box_read(b: box, out text: string, size: u64) -> i32
  box_shape(sides: i32) -> shape
  box_sum(b: box, values: [i32]) -> i64
$ export TWZ_GATES=$PWD/boxes; twz-inspect --gates libbox.so --headers box.h | tail -2
# 0 of these functions are gates, 1 wait for a person, 1 can be none.
# 8 more are gates already, by a gates file that is in use or by their own records.
$ export TWZ_GATES=$PWD/boxes; twz -c 'b ?= box::box_new "mine" 4; box::box_sum b [1, 2, 3]; (box::box_read b 40).text; box::box_shape 4; o ?= box::box_open; box::box_add (o.b) 9; box::box_free b; box::box_add b 1'
10
mine: 10
shape{sides: 4, area: 2.0}
9
Type Error: box::box_add: argument 'b' is no box of this compartment's
[3]
$ export TWZ_GATES=$PWD/boxes; twz -c 'box::box_new "x" (-1)'; twz -c 'sys::load fast::'$PWD'/libbox.so --isolation=none; b ?= fast::box_new "direct" 1; fast::box_add b 6'
Error: box::box_new: it gave NULL and no object
fast
6
## A text that is not there is an error of the gate's: nothing went wrong but what was asked for.
$ printf 'const char *motto(int n) { return n ? "on" : 0; }\n' >motto.c; cc -shared -fPIC -g -o libmotto.so motto.c; twz-inspect --gates libmotto.so >boxes/motto.gates
$ export TWZ_GATES=$PWD/boxes; twz -c 'motto::motto 1; try { motto::motto 0 } catch e { print "none" }; motto::motto 0'
on
none
Error: motto::motto: it gave NULL and no text
[1]
## Names of a library's own are no lines of a gates file: neither a soname nor a parameter.
$ cc -shared -fPIC -g -o libodd.so -Wl,-soname,"$(printf 'a\ngate evil')" -x c - <<'C'
> int odd(int n) { return n; }
> C
$ twz-inspect --gates libodd.so | sed "s|$PWD|HERE|" | tail -n +4
library HERE/libodd.so

# int odd(int n)
gate odd

# 1 of these functions are gates, 0 wait for a person, 0 can be none.
## Objects of types without a tag are told apart by their typedefs.
$ cat >two.h <<'C'
> typedef struct { int a; } left; typedef struct { int b; } right;
> left *left_new(void); right *right_new(void); int right_of(right *r);
> C
$ printf '#include <stdlib.h>\n#include "two.h"\nleft *left_new(void) { return calloc(1, sizeof(left)); }\nright *right_new(void) { return calloc(1, sizeof(right)); }\nint right_of(right *r) { return r->b + 1; }\n' >two.c; cc -shared -fPIC -g -o libtwo.so two.c; twz-inspect --gates libtwo.so | sed 's/^# gate/gate/; s/^#\t/\t/' >boxes/two.gates; tail -n +6 boxes/two.gates
# left *left_new(void)
gate left_new
	returns object

# right *right_new(void)
gate right_new
	returns object

# int right_of(right *r)
gate right_of
	object r

# 0 of these functions are gates, 3 wait for a person, 0 can be none.
$ export TWZ_GATES=$PWD/boxes; twz -c 'r ?= two::right_new; two::right_of r; l ?= two::left_new; two::right_of l'
1
Type Error: two::right_of: argument 'r' is no right of this compartment's
[3]
## A gate of which the file says what cannot be is not called, whatever it is given; that is said first, with the reason that twz-inspect gives.
$ mkdir odd; cat >odd/contrary.gates <<'end'
> library libz.so.1
> service contrary
> header <zlib.h>
> gate crc32
> 	in nobuf[len]
> gate zlibVersion
> 	fails Nothing
> gate adler32
> 	in buf[len]
> 	returns string
> gate compressBound
> end
$ export TWZ_GATES=$PWD/odd; for c in 'crc32' 'crc32 1 2 3 4' 'zlibVersion' 'zlibVersion 1' 'adler32' 'adler32 0 x' 'compressBound' 'compressBound 5'; do twz -c "contrary::$c" 2>&1; done; twz-inspect contrary | grep -c 'not callable'
Type Error: contrary::crc32 cannot be called: its record names a parameter 'nobuf' that it does not have
Type Error: contrary::crc32 cannot be called: its record names a parameter 'nobuf' that it does not have
Type Error: contrary::zlibVersion cannot be called: its record has a wrong result: 'Nothing'
Type Error: contrary::zlibVersion cannot be called: its record has a wrong result: 'Nothing'
Type Error: contrary::adler32 cannot be called: its record says that it returns a string
Type Error: contrary::adler32 cannot be called: its record says that it returns a string
Type Error: missing argument 'sourceLen': compressBound(sourceLen: uLong) -> uLong
18
3
$ export TWZ_GATES=$PWD/odd; echo 'contrary::adler32' >adler.twz; twz --check adler.twz; twz --registry $PWD/odd.db call contrary::zlibVersion 1
adler.twz:1:1: Type Error: contrary::adler32 cannot be called: its record says that it returns a string
Type Error: contrary::zlibVersion cannot be called: its record has a wrong result: 'Nothing'
[3]
## Errors that errno tells of, and those of an enum of the library's own: results that are typed, at each level.
$ cat >how.c <<'C'
> #include <errno.h>
> #include <stdint.h>
> #include <stdlib.h>
> #include <sys/stat.h>
> #include <twz/gate.h>
> enum mood { FINE, TIRED, ANGRY = 7 };
> typedef enum { GOOD, BAD = 3 } luck;
> int64_t measure(const char *path) { struct stat st; return stat(path, &st) ? -1 : (int64_t)1 << 33; }
> int fail(int number, int *half) { errno = number; *half = number / 2; return number ? -1 : 5; }
> enum mood ask(int how) { return how; }
> luck roll(int how) { return how; }
> short small(void) { return 1; }
> int hidden(void) { return 1; }
> uint64_t low(ObjID id) { return id.twz_low; }
> C
$ cc -shared -fPIC -g -I$TWZ_ROOT/include -o libhow.so how.c; mkdir how.d; cat >how.d/how.gates <<end
> library $PWD/libhow.so
> service how "Says what went wrong"
> gate measure
> 	fails errno
> 	readonly
> gate fail
> 	out half[1]
> 	fails errno
> gate ask
> 	fails mood
> gate roll
> 	fails luck
> gate small
> 	fails errno
> gate hidden
> 	visibility private
> end
$ export TWZ_GATES=$PWD/how.d; twz-inspect how
how  # Says what went wrong
  measure(path: string) -> Result<i64, Errno>
  fail(number: i32, out half: i32) -> Result<i32, Errno>
  ask(how: i32) -> Result<(), mood>
  roll(how: i32) -> Result<(), luck>
  small() -> i16  not callable: its record says that errno tells of its errors, but it returns no int
  hidden() -> i32
[1]
$ export TWZ_GATES=$PWD/how.d; for level in full none; do for call in 'measure "/nowhere"' 'measure "/"' 'fail 17' 'fail 0' 'fail (-1)' 'fail 9999' 'ask 0' 'ask 7' 'ask 5' 'roll 3' 'small' 'hidden'; do echo "-- $call"; twz -c "_ = sys::load how --isolation=$level; how::$call" 2>&1; done; done
-- measure "/nowhere"
Error: No such file or directory
-- measure "/"
8589934592
-- fail 17
Error: File exists
-- fail 0
{result: 5, half: 0}
-- fail (-1)
Fault: how::fail: the service gave the number 0 as an Errno
-- fail 9999
Fault: how::fail: the service gave the number 9999 as an Errno
-- ask 0
-- ask 7
Error: ANGRY
-- ask 5
Fault: how::ask: the service gave the number 5 as a mood
-- roll 3
Error: BAD
-- small
Type Error: how::small cannot be called: its record says that errno tells of its errors, but it returns no int
-- hidden
Security Error: Failed to call hidden in how: the gate is private to its own compartment
-- measure "/nowhere"
Error: No such file or directory
-- measure "/"
8589934592
-- fail 17
Error: File exists
-- fail 0
{result: 5, half: 0}
-- fail (-1)
Fault: how::fail: the service gave the number 0 as an Errno
-- fail 9999
Fault: how::fail: the service gave the number 9999 as an Errno
-- ask 0
-- ask 7
Error: ANGRY
-- ask 5
Fault: how::ask: the service gave the number 5 as a mood
-- roll 3
Error: BAD
-- small
Type Error: how::small cannot be called: its record says that errno tells of its errors, but it returns no int
-- hidden
Security Error: Failed to call hidden in how: the gate is private to its own compartment
[4]
$ export TWZ_GATES=$PWD/how.d; twz -o json -c 'how::fail 0; try how::fail 2 else "none"; match how::measure "/nowhere" { Ok(n) => print n, Err(ENOENT) => print "not there", Err(e) => print $e }'; twz -c 'help how::fail' | sed -n '/^Result/,/^$/p; /^Errors/,/^$/p'; echo 'match how::measure "/" { Ok(n) => print n, Err(ENOENTE) => print 1 }' >e.twz; twz --check e.twz
{"result":5,"half":0}
"none"
"not there"
Result
  Result<i32, Errno>

Errors
  those of the C library, by their names: ENOENT, EACCES, …

e.twz:1:48: Type Error: Expected 'Errno' got 'String'
[3]
## A compiled caller gets the negative number of the error, from a compartment and from its own process.
$ export TWZ_GATES=$PWD/how.d; twz-inspect --stubs how >/dev/null 2>&1; cat >main.c <<'C'
> #include <stdio.h>
> #include "how_stub.h"
> int main(void) { int half = 0, r = how_fail(2, &half); printf("%d %d\n", r, half); r = how_fail(0, &half); printf("%d %d %d\n", r, (int)how_measure("/nowhere"), (int)how_ask(7)); return !!twz_failed(); }
> C
$ export TWZ_GATES=$PWD/how.d; cc -I. -I$TWZ_ROOT/include -o main main.c how_stub.c -L$TWZ_BUILD/lib -ltwz -Wl,-rpath,$TWZ_BUILD/lib; ./main; TWZ_ISOLATION=none ./main
-2 1
5 -2 7
-2 1
5 -2 7
## The same said in a service's own record.
$ cat >own.c <<'C'
> #include <errno.h>
> #include <twz/gate.h>
> TWZ_SERVICE("own", "1.0", "Fails by errno");
> enum colour { RED, GREEN };
> TWZ_GATE(long, root, (long n), TWZ_DOC("Of a square"), TWZ_FAILS(errno), TWZ_READONLY)
> {
> 	for (long r = 0; r * r <= n; r++)
> 		if (r * r == n)
> 			return r;
> 	errno = EDOM;
> 	return -1;
> }
> TWZ_GATE(enum colour, is_red, (enum colour c), TWZ_DOC("Fails if not"), TWZ_FAILS(colour))
> {
> 	return c;
> }
> C
$ mkdir own.d; cc -shared -fPIC -g -I$TWZ_ROOT/include -o own.d/libown.so own.c; export TWZ_PATH=$PWD/own.d; twz-inspect own.d/libown.so; twz -c '[9, 16] | map own::root; own::is_red RED; try own::is_red GREEN else "green"; own::root 8'
own 1.0  # Fails by errno
  root(n: i64) -> Result<i64, Errno>  # Of a square
  is_red(c: colour) -> Result<(), colour>  # Fails if not
[3, 4]
green
Error: Numerical argument out of domain
[1]
## Lines of a gates file that say no more than nonsense.
$ for line in 'visibility hidden' 'visibility' 'kind id' 'kind id "x"' 'fails'; do printf 'library %s\nservice how\ngate low\n\t%s\n' $PWD/libhow.so "$line" >how.d/how.gates; TWZ_GATES=$PWD/how.d twz-inspect how 2>&1 | sed 's|^.*how.gates|how.gates|'; done; printf 'library %s\nservice how\ngate low\n\tkind id Book\n' $PWD/libhow.so >how.d/how.gates; TWZ_GATES=$PWD/how.d twz -c 'naming::put shelf 0x5 --kind Shelf; naming::put book 0x6 --kind Book; how::low book; how::low shelf'
how.gates:4:13: 'hidden' is no visibility
  hint: there are public, private and public_incl_self
how.gates:4:2: 'visibility' has too few or too many words behind it
  hint: as in: visibility VISIBILITY
how.gates:4:2: 'kind' has too few or too many words behind it
  hint: as in: kind PARAMETER KIND
how.gates:4:10: 'x' is no name of a kind of object
  hint: names are letters, digits and _
how.gates:4:2: 'fails' has too few or too many words behind it
  hint: as in: fails CODES, fails ENUM, fails errno or fails nonzero text FUNCTION
6
Type Error: Object 'shelf' does not implement Book.
[3]
## Who calls a library that is installed and no service yet hears what makes it one.
$ twz -v -c 'crypt::crypt "x" "y"' 2>&1 | sed 's/libcrypt\.so\.[0-9.]*/LIBRARY/g'
Name Error: no service 'crypt'
  crypt::crypt "x" "y"
  ^^^^^ LIBRARY is installed; 'twz-inspect --gates LIBRARY --headers FILE' drafts the gates file that makes it a service
## Headers may need folders and names for the compiler: the draft keeps them, and no other option.
$ mkdir apart 'apart/a b' needs; printf 'int bare_sum(int a, int b) { return a + b; }\nint bare_twice(int a) { return 2 * a; }\nvoid bare_fill(char *p) { *p = 0; }\n' >bare.c; cc -shared -fPIC -o libbare.so bare.c; printf '#ifndef BARE\n#error "BARE is not defined"\n#endif\n#include <size.h>\nnumber bare_sum(number a, number b);\nint bare_twice(int a);\nvoid bare_fill(char *p);\n' >apart/bare.h; echo 'typedef int number;' >'apart/a b/size.h'
$ twz-inspect --gates libbare.so --headers bare.h
twz-inspect: --headers: bare.h: No such file or directory
  hint: is the library's -dev package installed? Folders for the C compiler come last, after '--': -- -IFOLDER, as 'pkg-config --cflags NAME' knows them
[1]
$ twz-inspect --gates libbare.so --headers bare.h -- -Iapart
twz-inspect: --headers: bare.h does not compile: apart/bare.h:2: #error "BARE is not defined"
  hint: arguments for the C compiler come last, after '--': -- -Iinclude -DNAME
[1]
$ twz-inspect --gates libbare.so --headers bare.h -- -O1 -I apart -g '-Iapart/a b' -DBARE -std=gnu17 | tee needs/bare.gates | sed -n "s|$PWD|HERE|g; /^library/,/^\$/p"
library HERE/libbare.so
header  <bare.h>
compile -IHERE/apart "-IHERE/apart/a b" -DBARE

$ mkdir elsewhere; cd elsewhere; export TWZ_GATES=$OLDPWD/needs; twz -c 'bare::bare_sum 40 2'
42
$ export TWZ_GATES=$PWD/needs; twz -v -c 'bare::bare_fill 1' 2>&1 | sed "s|$PWD|HERE|"
Name Error: no gate 'bare_fill' in bare
  bare::bare_fill 1
        ^^^^^^^^^ help bare lists its gates; HERE/needs/bare.gates can make more of the library's functions gates
$ sed -i 's/-DBARE/-fplugin=x.so/' needs/bare.gates; TWZ_GATES=$PWD/needs twz -v -c 'bare::bare_sum 40 2' 2>&1 | sed "s|$PWD|HERE|g; s|gates:6:[0-9]*|gates:6|"
Link Error: HERE/libbare.so: HERE/needs/bare.gates:6: '-fplugin=x.so' is nothing that headers are compiled with
  bare::bare_sum 40 2
  ^^^^ as in: compile -I/usr/include/libxml2 -DNAME=1
$ sed -i 's/-fplugin=x.so//' needs/bare.gates; TWZ_GATES=$PWD/needs twz -v -c 'bare::bare_sum 40 2' 2>&1 | sed "s|$PWD|HERE|g"
Link Error: HERE/libbare.so: no debug information, and bare.h does not compile: HERE/apart/bare.h:2: #error "BARE is not defined"
  bare::bare_sum 40 2
  ^^^^ install the library's -dev package and a C compiler, or its debug information; what the headers need is said in HERE/needs/bare.gates: compile -IFOLDER -DNAME
$ sed -i 's/^gate/# gate/' needs/bare.gates; TWZ_GATES=$PWD/needs twz -v -c 'bare::bare_sum 40 2' 2>&1 | sed "s|$PWD|HERE|g"
Link Error: HERE/libbare.so: no gates
  bare::bare_sum 40 2
  ^^^^ HERE/needs/bare.gates makes none of its functions a gate: take the # away from those that are right
## Bytes without a length are no single byte: the draft asks.
$ printf 'typedef unsigned char id_t16[16];\nvoid ids_new(id_t16 out);\nint ids_is_null(const unsigned char *uu);\nint ids_sum(const unsigned char *from, int n);\nint ids_next(int *n);\n' >ids.h; printf '#include "ids.h"\nvoid ids_new(unsigned char *o) { for (int i = 0; i < 16; i++) o[i] = (unsigned char)i; }\nint ids_is_null(const unsigned char *u) { return !*u; }\nint ids_sum(const unsigned char *f, int n) { return n ? *f : 0; }\nint ids_next(int *n) { return (*n)++; }\n' >ids.c; cc -shared -fPIC -o libids.so ids.c; mkdir asked; twz-inspect --gates libids.so --headers ids.h | tee asked/ids.gates | sed -n '/gate /,$p'
# gate ids_is_null
#	?? uu: in uu[N], out uu[N], string uu, object uu, null uu …

# void ids_new(unsigned char *out)
# gate ids_new
#	?? out: in out[N], out out[N], string out, object out, null out …

# int ids_next(int *n)
# gate ids_next
#	out n[1]

# int ids_sum(const unsigned char *from, int n)
# gate ids_sum
#	in from[n]

# 0 of these functions are gates, 4 wait for a person, 0 can be none.
$ sed -i 's/^#.*?? out: /	/; s/^# gate ids_new/gate ids_new/' asked/ids.gates; TWZ_GATES=$PWD/asked twz-inspect ids 2>&1 | sed 's/.*gates:[0-9]*/HERE/'
HERE:2: 'in' has too few or too many words behind it
  hint: as in: in PARAMETER[LENGTH]
$ sed -i 's/^	in out.*/	out out[16]/' asked/ids.gates; TWZ_GATES=$PWD/asked twz -c 'ids::ids_new'; printf 'library libz.so.1\ngate crc32\n\t?? x: in x[N]\n' >bad/wrong.gates; TWZ_GATES=$PWD/bad twz-inspect wrong 2>&1 | sed 's/.*gates:/HERE:/'
[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
HERE:3:2: '??' is a question of the draft
  hint: keep what is right of its line, without the ??: out digest[32]
## A size_t behind a pointer to anything counts it, whatever it is called, or not.
$ printf '#include <stddef.h>\nsize_t pack(void *dst, size_t dstCapacity, const void *src, size_t srcSize);\nlong take(const void *, size_t);\nlong guess(void *, long);\n' >pack.h; printf '#include "pack.h"\nsize_t pack(void *a, size_t b, const void *c, size_t d) { return a && c ? b + d : 0; }\nlong take(const void *a, size_t n) { return a ? (long)n : 0; }\nlong guess(void *a, long n) { return a ? n : 0; }\n' >pack.c; cc -shared -fPIC -o libpack.so pack.c; twz-inspect --gates libpack.so --headers pack.h | sed -n '/gate /,$p'
# gate guess
#	?? arg1: in arg1[N], out arg1[N], string arg1, object arg1, null arg1 …

# size_t pack(void *dst, size_t dstCapacity, const void *src, size_t srcSize)
# gate pack
#	out dst[dstCapacity]
#	in src[srcSize]

# long take(const void *, size_t)
# gate take
#	params arg1 arg2
#	in arg1[arg2]

# 0 of these functions are gates, 3 wait for a person, 0 can be none.
## The name that a library is linked by finds it, and the service that it is.
$ twz-inspect crypt 2>&1 | sed 's/libcrypt\.so\.[0-9.]*/LIBRARY/g'; twz-inspect libpng 2>&1 | sed 's/libpng[0-9]*\.so\.[0-9.]*/LIBRARY/g'
twz-inspect: crypt: no such service or file
  hint: there is a library LIBRARY: twz-inspect --all LIBRARY
twz-inspect: libpng: no such service or file
  hint: there is a library LIBRARY: twz-inspect --all LIBRARY
$ twz -v -c 'png16::png_x' 2>&1 | sed 's/libpng[0-9]*\.so\.[0-9.]*/LIBRARY/g; s|by .*/share|by PREFIX/share|'
Name Error: no service 'png16'
  png16::png_x
  ^^^^^ LIBRARY is the service png, by PREFIX/share/twz/gates/png.gates
## Help shows how to come by the object that a gate takes.
$ twz -c 'help sqlite3::exec' | tail -3
Example
  db ?= sqlite3::sqlite3_open "text"
  sqlite3::sqlite3_exec $db "text" {|values, names| 1}
## A gates file that makes no service says why, instead of not being there.
$ mkdir idle; : >idle/empty.gates; tr -d '\nl' </dev/urandom | head -c 3000 >idle/noise.gates; echo 'library libnowhere.so.7' >idle/away.gates; printf 'library libz.so.1\ngate zlibVersion\n' | tee idle/first.gates >idle/second.gates; for s in empty noise away second; do TWZ_GATES=$PWD/idle twz -v -c "$s::x" 2>&1; TWZ_GATES=$PWD/idle twz-inspect $s 2>&1; done | sed -n "s|$PWD|HERE|g; /HERE/p"
  ^^^^^ HERE/idle/empty.gates names no library, as in: library libz.so.1
  hint: HERE/idle/empty.gates names no library, as in: library libz.so.1
  ^^^^^ HERE/idle/noise.gates names no library, as in: library libz.so.1
  hint: HERE/idle/noise.gates names no library, as in: library libz.so.1
  ^^^^ HERE/idle/away.gates is for libnowhere.so.7, which is not installed
  hint: HERE/idle/away.gates is for libnowhere.so.7, which is not installed
  ^^^^^^ libz.so.1 is already the service first, by HERE/idle/first.gates
  hint: libz.so.1 is already the service first, by HERE/idle/first.gates
## A draft finds the count of a buffer by its name before the one beside it; texts behind a pointer it does not offer.
$ cat >pack.h <<'C'
> union pack_stream { long all[4]; };
> union pack_stream *pack_open(void);
> int pack_next(union pack_stream *stream, const char *src, char *dst, int srcSize, int dstCapacity);
> int pack_hash(unsigned char *out, const void *in, const void *key, unsigned long outlen, unsigned long inlen, unsigned long keylen);
> int pack_text(const char *input, char **output, int flags);
> C
$ printf '#include "pack.h"\n#include <stddef.h>\nunion pack_stream *pack_open(void) { return NULL; }\nint pack_next(union pack_stream *s, const char *a, char *b, int c, int d) { return 0; }\nint pack_hash(unsigned char *a, const void *b, const void *c, unsigned long d, unsigned long e, unsigned long f) { return 0; }\nint pack_text(const char *a, char **b, int c) { return 0; }\n' >pack.c; cc -shared -fPIC -o libpack.so pack.c; twz-inspect --gates libpack.so --headers pack.h | sed -n '/gate pack_\|\t/p'
# gate pack_hash
#	out out[outlen]
#	in in[inlen]
#	in key[keylen]
# gate pack_next
#	object stream
#	in src[srcSize]
#	out dst[dstCapacity]
# gate pack_open
#	returns object
# gate pack_text
#	?? output: null output, if NULL will do; texts behind a pointer cannot cross
## What a library needs beyond what every compartment has: asked for, shown, granted. Until then it does without.
$ mkdir -p needs.d data; echo seen >data/file; printf '#include <stdio.h>\nint reads(const char *path) { FILE *f = fopen(path, "r"); int c = f ? getc(f) : -1; if (f) fclose(f); return c; }\n' >asks.c; echo 'int reads(const char *path);' >asks.h; cc -shared -fPIC -o libasks.so asks.c; printf "library $PWD/libasks.so\nheader $PWD/asks.h\nasks files $PWD/data read\ngate reads\n" >needs.d/asks.gates; TWZ_GATES=$PWD/needs.d twz-inspect asks | sed "s|$PWD|HERE|"
asks
  asks for files HERE/data (read)
  reads(path: string) -> i32
$ export TWZ_GATES=$PWD/needs.d; twz -c "asks::reads $PWD/data/file" 2>/dev/null; twz -c "$(twz -o json -c 'sys::asks asks' | jq -r '.[0].grant')" >granted; twz -c "asks::reads $PWD/data/file"
-1
115
$ sed -i 's/^asks/needs/; s/data/other/' needs.d/asks.gates; TWZ_GATES=$PWD/needs.d twz -c 'asks::reads x' 2>&1 | sed "s|$PWD|HERE|"
…not granted…
Security Error: service asks needs files HERE/other (read), which was not granted
$ for text in 'asks files data read' 'asks files /data' 'asks net moon' 'asks time 5' 'asks memory 2G'; do printf "library $PWD/libasks.so\nheader $PWD/asks.h\n$text\ngate reads\n" >needs.d/asks.gates; TWZ_GATES=$PWD/needs.d twz-inspect asks 2>&1 | sed "s|.*gates:||"; done
3:6: 'files' is not asked for so
  hint: as in: asks files /etc/magic read
3:6: 'files' is not asked for so
  hint: as in: asks files /etc/magic read
3:6: 'net' is not asked for so
  hint: as in: asks files /etc/magic read
3:6: 'time' is not asked for so
  hint: as in: asks files /etc/magic read
asks
  asks for 2048 MiB of memory
  reads(path: string) -> i32
