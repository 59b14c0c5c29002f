## Gates that call functions of their caller's: what they take, by both engines, both compilers, both versions of DWARF.
$ twz-inspect $TWZ_BUILD/lib/twz/libwords.so
words 1.0  # Calls back its caller
  each(text: string, see: fn(word: string, index: i32) -> i32) -> i32  # Shows each word of a text until the answer is not 0; how many it showed
  sort(inout items: [i32], order: fn(a: i32, b: i32) -> i32)  # Sorts numbers by what a function says of two of them: negative, 0 or positive
  area(f: fn(x: f64) -> f64, from: f64, to: f64, steps: i32) -> f64  # The area under a function, by the middle of so many steps
$ for cc in gcc clang; do for v in 4 5; do $cc -shared -fPIC -g -gdwarf-$v -O1 -I$TWZ_ROOT/include -o libwords.so $TWZ_ROOT/share/services/words.c && for e in own libdwarf; do twz-inspect --engine=$e libwords.so | cksum; done; done; done | sort -u | wc -l
1
$ twz-inspect --json $TWZ_BUILD/lib/twz/libwords.so | jq -c '.gates[0].params[] | [.name, .extent]'
["text",null]
["see",{"callback":{"data":2}}]
["data",{"data":true}]
$ twz-inspect --c $TWZ_BUILD/lib/twz/libwords.so | grep ' each(\|area('
int each(const char *text, int (*see)(const char *word, int index, void *data), void *data);
double area(double (*f)(double x), double from, double to, int steps);
## What the record says, and what it does not fit.
$ cat >libbad.c <<'C'
> #include <twz/gate.h>
> TWZ_SERVICE("bad", "1", "Bad records");
> typedef int step(int n, void *data);
> TWZ_GATE(int, unmarked, (step *f, void *data), TWZ_DOC("No mark")) { return f(1, data); }
> TWZ_GATE(int, no_data, (int (*f)(int), void *data), TWZ_DOC("Nobody takes it"), TWZ_CALLBACK(f, data)) { (void)data; return f(1); }
> TWZ_GATE(int, left_out, (step *f), TWZ_DOC("None is given"), TWZ_CALLBACK(f)) { return f(1, 0); }
> TWZ_GATE(int, which, (int (*f)(void *, void *), void *data), TWZ_DOC("Two"), TWZ_CALLBACK(f, data)) { return f(data, data); }
> TWZ_GATE(int, named, (int (*f)(void *, void *), void *data), TWZ_DOC("Two"), TWZ_CALLBACK(f, data), TWZ_CALLBACK_PARAMS(f, data, n), TWZ_CALLBACK_IN(f, n, 4)) { return f(data, data); }
> TWZ_GATE(int, shared, (step *f, step *g, void *data), TWZ_DOC("One for two"), TWZ_CALLBACK(f, data), TWZ_CALLBACK(g, data)) { return f(1, data) + g(1, data); }
> TWZ_GATE(int, text, (int (*f)(char *)), TWZ_DOC("Written through"), TWZ_CALLBACK(f)) { return f(0); }
> TWZ_GATE(int, values, (int (*f)(const int *)), TWZ_DOC("How many"), TWZ_CALLBACK(f)) { return f(0); }
> TWZ_GATE(int, pointer, (int *(*f)(int)), TWZ_DOC("A pointer"), TWZ_CALLBACK(f)) { return *f(0); }
> TWZ_GATE(int, twice, (int (*f)(step *)), TWZ_DOC("A callback's callback"), TWZ_CALLBACK(f)) { return f(0); }
> TWZ_GATE(int, number, (int *f), TWZ_DOC("No function"), TWZ_CALLBACK(f)) { return *f; }
> TWZ_GATE(int, names, (step *f, void *data), TWZ_DOC("Too few"), TWZ_CALLBACK(f, data), TWZ_CALLBACK_PARAMS(f, n)) { return f(1, data); }
> TWZ_GATE(int, length, (int (*f)(const int *, int)), TWZ_DOC("No such length"), TWZ_CALLBACK(f), TWZ_CALLBACK_PARAMS(f, v, n), TWZ_CALLBACK_IN(f, v, m)) { return f(0, 0); }
> TWZ_GATE(int, other, (step *f, void *data), TWZ_DOC("Not said"), TWZ_CALLBACK_PARAMS(f, n, data)) { return f(1, data); }
> C
$ cc -shared -fPIC -g -I$TWZ_ROOT/include -o libbad.so libbad.c && twz-inspect --json libbad.so 2>/dev/null | jq -r '.gates[] | "\(.signature): \(.verdict) \(.why)"'
unmarked(f: step, data: *void) -> i32: refused parameter 'f': a function pointer cannot cross a gate: say TWZ_CALLBACK if it is only called until the gate returns
no_data(f: fn(i32) -> i32, data: *void) -> i32: refused parameter 'f': called back: it has no 'void *' for its user data
left_out(f: fn(i32, *void) -> i32) -> i32: refused parameter 'f': called back: parameter 2: nobody knows how much lies behind a 'void *': name the gate's user data in TWZ_CALLBACK, or say TWZ_CALLBACK_IN with its length
which(f: fn(*void, *void) -> i32, data: *void) -> i32: refused parameter 'f': called back: which 'void *' is its user data is not known: name it 'data'
named(f: fn(n: [u8; 4]) -> i32) -> i32: callable 
shared(f: fn(i32) -> i32, g: fn(i32, *void) -> i32) -> i32: refused the user data of 'g' is 'data', which is no 'void *' of its own
text(f: fn(string) -> i32) -> i32: refused parameter 'f': called back: parameter 1: a 'char *' may be written through: make it const char *, or say TWZ_OUT or TWZ_INOUT with its size
values(f: fn(*const i32) -> i32) -> i32: refused parameter 'f': called back: parameter 1: nobody knows how many elements lie behind it: say TWZ_IN with its length
pointer(f: fn(i32) -> *i32) -> i32: refused parameter 'f': called back: the result: a pointer cannot be returned through a gate
twice(f: fn(step) -> i32) -> i32: refused parameter 'f': called back: parameter 1: a callback cannot take callbacks
number(f: *i32) -> i32: refused its record treats parameter 'f' as a callback
names(f: fn(i32, *void) -> i32, data: *void) -> i32: refused its record names fewer parameters than it has
length(f: fn(*const i32, i32) -> i32) -> i32: refused the extent of 'v' is 'm', which is neither a parameter nor a number
other(f: step, data: *void) -> i32: refused its record says what 'f' is called back with, but not that it is a callback
$ for e in own libdwarf; do twz-inspect --json --engine=$e libbad.so 2>/dev/null | sed 's/"engine":"[a-z]*"//' | cksum; done | sort -u | wc -l
1
## Versions: a callback that takes something else is another one.
$ cp $TWZ_BUILD/lib/twz/libwords.so libold.so; sed 's/int index, void/long index, void/' $TWZ_ROOT/share/services/words.c >new.c; cc -shared -fPIC -g -I$TWZ_ROOT/include -o libnew.so new.c; twz-inspect diff libold.so libnew.so
libold.so -> libnew.so: incompatible: 1 changed

changed, incompatible
! each
    parameter 2 'see': int (*)(const char *word, int index, void *data) became int (*)(const char *word, long index, void *data)
[8]
$ sed 's/TWZ_CALLBACK(f), *$/TWZ_READONLY,/; s/TWZ_CALLBACK_PARAMS(f, x), TWZ_READONLY/TWZ_ALIAS(surface)/' $TWZ_ROOT/share/services/words.c >new.c; cc -shared -fPIC -g -I$TWZ_ROOT/include -o libnew.so new.c; twz-inspect diff libold.so libnew.so
libold.so -> libnew.so: incompatible: 1 changed

changed, incompatible
! area
    alias surface added (compatible)
    cannot be called now: parameter 'f': a function pointer cannot cross a gate: say TWZ_CALLBACK if it is only called until the gate returns
    parameter 1 'f' points to one object, not to a callback any more
[8]
## At the prompt: any function of the language, which is given what C gives, typed, and gives what C takes.
$ twz -c 'words::each "to be or not" {|word, index| print $index $word; 0}'
0 to
1 be
2 or
3 not
4
$ twz -c 'words::each "to be or not" {|word, index| if $word == "or" { 1 } else { 0 }}'
3
$ twz -c 'words::sort [3, 1, 2] {|a, b| $b - $a}; fn up(a: int, b: int) { $a - $b }; words::sort [3, 1, 2] up'
[3, 2, 1]
[1, 2, 3]
$ twz -c 'words::area {|x| $x * $x} 0 3 3000 > 8.999'
true
$ twz -c 'by = 10; words::each "a b" {|w, i| print (type $w) (type $i) ($i + $by); 0}'
string i32 10
string i32 11
2
$ twz -c 'help words::each'
words::each(text: string, see: fn(word: string, index: i32) -> i32) -> i32
  Shows each word of a text until the answer is not 0; how many it showed

Parameters
  text  string                             
  see   fn(word: string, index: i32) -> i32  a function, called until the gate returns

Result
  i32

Facts
  isolation at least: none

Example
  words::each "text" {|word, index| 1}
## A registry that has read them before, and level none: the same.
$ twz -c 'words::each "a b" {|w, i| print $w; 0}'; twz --isolation none -c 'words::each "a b" {|w, i| print $w; 0}'
a
b
2
a
b
2
## Gates in callbacks, also the same one.
$ twz -c 'words::each "a b" {|v, i| words::each "x y" {|w, j| print $v $w; 0}; 0}'
a x
a y
b x
b y
2
## What is parked meanwhile goes on.
$ twz -c 'words::each "a b" {|v, i| p = sys::park words; print $v; 0}; words::sort [2, 1] {|a, b| q = sys::park words; $a - $b}'
a
b
2
[1, 2]
## What is unloaded meanwhile has ended; its next call has another compartment.
$ twz -c 'try { words::each "a b" {|v, i| sys::unload words; 0}; print never } catch e { print "it ended" }; words::each "a b" {|v, i| 0}'
it ended
2
## What goes wrong is the call's failure, and the service goes on.
$ twz -c 'words::each "a b" {|w| 0}'
Type Error: the function takes 1 argument, and is called back with 2: fn(word: string, index: i32) -> i32
[3]
$ twz -c 'words::each "a b" 5'
Type Error: Expected 'fn(word: string, index: i32) -> i32' got 'String'
[3]
$ twz -c 'words::each "a b" {|w, i| $w}'
Type Error: the result of callback 'see': Expected 'i32' got 'String'
[3]
$ twz -c 'words::each "a b" {|w, i| print $w; calc::divide 1 0}'
a
Type Error: the result of callback 'see': Expected 'i32' got 'Result<i32>'
[3]
$ twz -c 'fn see(w: int, i) { 0 }; words::each "a b" see'
Type Error: Expected 'i64' got 'String'
[3]
$ twz -c 'try { words::each "a b" {|w, i| $w} } catch e { print $e.message }; words::each "a" {|w, i| 0}'
the result of callback 'see': Expected 'i32' got 'String'
1
$ twz -c 'words::each "a b" {|w, i| exit 7}; print after'
[7]
$ twz --timeout 200ms -c 'words::each "a b" {|w, i| while true { }; 0}'
Timeout: words::each: no answer within 200ms; outcome unknown
[124]
$ TWZ_PATH=$TWZ_BUILD/tests/services/callback twz -c 'back::no_text {|text| 0}'
Fault: back::no_text: no_text called back with NULL for parameter 1; outcome unknown
[5]
## What C has them fill in, functions of the language give as gates do: a record, or the value when there is one; at each level.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/callback:$TWZ_BUILD/lib/twz; for level in full none; do for call in 'drain {|n| if (counter::inc) < 3 { {result: 2, bytes: [200, 100]} } else { {result: 0, bytes: []} }}' 'drain {|n| if (counter::inc) < 2 { {result: 3, bytes: "abc"} } else { {result: 0, bytes: []} }}' 'drain {|n| {result: 0 - $n, bytes: 1 .. 64}}' 'area {|| {x: 6, y: 7}}' 'word {|n, mark| {result: true, text: "hello", mark: $mark + $n}} 5' 'word {|n, mark| {result: false, text: ""}} 5'; do twz -c "_ = sys::load back --isolation=$level; back::$call"; done; done
600
294
0
42
hello 5 20 more
 0 5 end
600
294
0
42
hello 5 20 more
 0 5 end
$ export TWZ_PATH=$TWZ_BUILD/tests/services/callback; for call in 'drain {|n| 0}' 'drain {|n| {result: 1}}' 'drain {|n| {bytes: []}}' 'drain {|n| {result: 1, bytes: 7}}' 'drain {|n| {result: 1, bytes: [300]}}' 'drain {|n| {result: 1, bytes: 1 .. 65}}' 'area {|| 7}' 'word {|n, mark| {result: false, text: "more than what fits"}} 5' 'word {|n, mark| {result: true, text: "", mark: "x"}} 5'; do twz -c "back::$call"; done
Type Error: the result of callback 'next': it gives no 'bytes': it has to give {result: …, bytes: …}
Type Error: the result of callback 'next': it gives no 'bytes': it has to give {result: …, bytes: …}
Type Error: the result of callback 'next': it gives no 'result': it has to give {result: …, bytes: …}
Type Error: the result of callback 'next': bytes: Expected '[u8]' got 'int'
Type Error: the result of callback 'next': bytes: element 0: 300 is out of range for u8: 0 .. 255
Type Error: the result of callback 'next': bytes: u8: more than there is room for
Type Error: the result of callback 'corner': at: Expected 'spot' got 'int'
Type Error: the result of callback 'next': text: char: more than there is room for
Type Error: the result of callback 'next': mark: Expected 'i32' got 'String'
[3]
## All that may cross.
$ TWZ_PATH=$TWZ_BUILD/tests/services/callback twz -c 'back::map {x: 1.5, y: 2} {|p| {x: $p.x * 2, y: 7}}; back::label {|n| "no${n}"} 3; back::show {|item, names| print $item $names}; back::maybe; back::maybe {|n| $n + 1}; back::two {|n| $n + 1} {|n| $n * 10}'
point{x: 3.0, y: 7}
no1;no2;no3;
item{name: "lead", weight: 7} ["one", none, "three"]
3
-1
21
20
## A job's callback runs on its thread.
$ twz -c 'job = spawn words::each "p q" {|w, i| print $w; 0}; wait $job'
p
q
2
## Compiled: a pointer to a function of exactly that type, and its data.
$ twz-inspect --stubs words && cat >client.c <<'C'
> #include <stdio.h>
> #include <stdlib.h>
> #include <string.h>
> #include "words_stub.h"
> struct longest { size_t n; char word[32]; };
> static int see(const char *word, int index, void *data)
> {
> 	struct longest *l = data;
> 	(void)index;
> 	if (strlen(word) > l->n) {
> 		l->n = strlen(word);
> 		strcpy(l->word, word);
> 	}
> 	return l->n > 5;
> }
> static int order(const int *a, const int *b) { return (*b > *a) - (*b < *a); }
> static double square(double x) { return x * x; }
> static int fails(const char *word, int index, void *data)
> {
> 	words_each(word, NULL, data);
> 	printf("%d %s\n", index, twz_failed() ? twz_failed()->text : "not refused");
> 	return 0;
> }
> int main(void)
> {
> 	struct longest l = { 0 };
> 	int values[] = { 3, 1, 2 };
> 	int n = words_each("of all the things that words are", see, &l);
> 	printf("%d %s\n", n, l.word);
> 	words_sort(values, 3, order);
> 	printf("%d %d %d\n", values[0], values[1], values[2]);
> 	printf("%.3f\n", words_area(square, 0, 3, 3000));
> 	if (getenv("TWZ_ISOLATION"))
> 		return 0;
> 	n = words_each("a b", fails, NULL);
> 	printf("%d %s\n", n, twz_failed() ? twz_failed()->text : "well");
> 	return 0;
> }
> C
$ clang -Wall -Wextra -Werror -fsyntax-only -I$TWZ_ROOT/include client.c words_stub.c; cc -Wall -Wextra -Werror -g -I$TWZ_ROOT/include client.c words_stub.c -o client -L$TWZ_BUILD/lib -ltwz -Wl,-rpath,$TWZ_BUILD/lib $TWZ_LINK && ./client
4 things
3 2 1
9.000
0 words::each: parameter 'see' is NULL
1 words::each: parameter 'see' is NULL
2 well
$ TWZ_ISOLATION=none ./client
4 things
3 2 1
9.000
