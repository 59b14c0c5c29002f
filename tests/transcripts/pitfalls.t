## What other typed shells learned the hard way: one block for each row of language.md 1.1, by its name.
## -- The parse depends on which names exist
$ twz -c 'ls -l'
Name Error: no function 'ls'
[3]
$ twz -c 'ls = 8; l = 1; ls -l'
Type Error: 'ls' is a variable, no function
[3]
$ twz -c 'ls = 8; l = 1; ls - l'
7
## -- bareword: string, command or variable?
$ twz -v -c 'x = bob'
Name Error: 'bob' is not defined
  x = bob
      ^^^ write "bob" for the text
[3]
$ twz -c 'bob = "of the variable"; x = bob; print x; calc::upper bob; calc::upper rob'
of the variable
OF THE VARIABLE
ROB
$ twz -c '"/bin/cat" x'
Syntax Error: unexpected name
[2]
## -- A variable introduced later changes an old line
$ twz -c 'calc::upper user; user = "bob"; calc::upper user; calc::upper $user; calc::upper "user"'
USER
BOB
BOB
USER
$ twz -c 'fn shout() { calc::upper user }; user = "bob"; shout'
USER
$ twz -v -c 'fn show() { print (count user) }; user = "bob"; show'
4
$ printf 'user = "bob"\ncalc::upper user\ncalc::upper $user\n' >shadow.twz; twz -v --check shadow.twz
shadow.twz:2:13: Warning: W1: 'user' is a variable, and would be a text here too
  calc::upper user
              ^^^^ write $user for the variable, 'user' for the text
shadow.twz: 0 errors, 1 warnings; 0 texts are checked at run time, by their converters; gates as of registry 33ae0b6c71b102e4
$ printf 'fn shout() { calc::upper user }\nuser = "bob"\nshout\nprint user\n' >later.twz; twz -v --check later.twz
later.twz:1:26: Warning: W1: 'user' is a text here: the variable is assigned only below
  fn shout() { calc::upper user }
                           ^^^^ assign it above, or write 'user' for the text
later.twz: 0 errors, 1 warnings; 0 texts are checked at run time, by their converters; gates as of registry 19d705b638d88172
## -- -5 is a flag
$ twz -c 'calc::add -5 -0x10; print -5; calc::upper -l; calc::add --a=-1 --b -2'
-21
-5
-L
-3
$ twz -c 'calc::upper --l'
Type Error: no parameter 'l': upper(text: string) -> string
[3]
## -- 007, 1e3, inf, 1kb, dates get typed by their look
$ twz -c 'for t in [calc::upper 007, calc::upper 1e3, calc::upper inf, calc::upper 1kb, calc::upper 2024-01-01] { print t }'
007
1E3
INF
1KB
2024-01-01
$ twz -c 'calc::add 007 0; calc::add_f64 1e3 0; calc::add_f64 inf 0'
7
1000.0
inf
$ twz -c 'calc::add 1kb 0'
Type Error: Expected 'i32' got 'String'
[3]
## -- Silent narrowing
$ for e in 'add_u8 256 0' 'add_u8 -1 0' 'add_i8 -129 0' 'add_i16 32768 0' 'add_u64 18446744073709551616 0' 'add 1.5 0' 'add_f32 1e39 0' 'next_color 4' 'next_color green'; do twz -c "calc::$e"; done
Type Error: 256 is out of range for u8: 0 .. 255
Type Error: -1 is out of range for u8: 0 .. 255
Type Error: -129 is out of range for i8: -128 .. 127
Type Error: 32768 is out of range for i16: -32768 .. 32767
Type Error: 18446744073709551616 is out of range for u64: 0 .. 18446744073709551615
Type Error: Expected 'i32' got 'String'
Type Error: the number is out of range for f32
Type Error: Expected 'color' got 'String'
Type Error: Expected 'color' got 'String'
[3]
$ twz -c 'let big: u64 = 300; calc::add_u8 big 0'
Type Error: Expected 'u8' got 'u64'
[3]
$ twz -c 'let n: u8 = 300'
Type Error: 300 is out of range for u8: 0 .. 255
[3]
$ twz -c 's = calc::sample; s.tag = "longer than char[8]"; calc::echo_sample s'
Type Error: the text is too long: 19 bytes, at most 7
[3]
$ twz -c '9223372036854775807 * 9223372036854775807'
Type Error: the result does not fit 64 bits
[3]
## -- Quoting zoo
$ twz -c 'calc::upper a"b"'
Syntax Error: a text directly after a value
[2]
$ touch a.c b.c; twz -c 'run printf "[%s]" *.c; x = "two words; print no"; run printf "[%s]" $x --name="a b"; print ""'
[*.c][two words; print no][--name=a b]
$ twz -c "print 'it''s \${x} \n' \"it's \${1 + 1}\\t|\""
it's ${x} \n it's 2	|
$ twz -c 'run printf a"b"'; twz -c 'x = "v w"; run printf "[%s]" --a=$x --b="d ${1 + 1}" --c=(calc::add 1 2) --d= --e=f; print ""'
Syntax Error: a text directly after a value
[--a=v w][--b=d 2][--c=3][--d=][--e=f]
$ twz -c 'calc::upper a > out.txt'
Syntax Error: there is no redirection
[2]
## -- Truthiness
$ twz -c 'if "" { print yes }'; twz -c 'if 0 { print yes }'; twz -c 'while none { print yes }'; twz -c 'not 1'; twz -c 'true and 1'
Type Error: Expected 'bool' got 'String'
Type Error: Expected 'bool' got 'int'
Type Error: Expected 'bool' got 'none'
Type Error: Expected 'bool' got 'int'
Type Error: Expected 'bool' got 'int'
[3]
$ twz -v -c 'if passwd::lookup_user bob { print yes }'
Type Error: Expected 'bool' got 'Result<User>'
  if passwd::lookup_user bob { print yes }
     ^^^^^^^^^^^^^^^^^^^^^^^ to ask whether it succeeded write: if ok (…)
[3]
$ twz -c 'if ok (passwd::lookup_user bob) { print yes }'
yes
## -- null
$ twz -c 'none + 1'
Type Error: '+' does not work on 'none' and 'int'
[3]
$ twz -c 'x = calc::find [1, 2] 3; print x; print (x ?? 7); print (calc::find [1, 2] 2) ?? 7; x?; print no'
none
7
1
Error: none: there is no value
[1]
$ twz -c 'calc::upper none; calc::greet none; calc::greet "none"'
NONE
Hello, whoever you are
Hello, none
## -- Error handling
$ printf 'passwd::lookup_user bobby\nprint no\n' >stop.twz; twz stop.twz
stop.twz:1:1: Error: No such user
[1]
$ twz -c 'u = try passwd::lookup_user bobby else "nobody"; print u; try { passwd::lookup_user bobby; print no } catch e { print e.message }; match passwd::lookup_user bobby { Ok(u) => print u, Err(NoSuchUser) => print none, Err(e) => print e }'
nobody
No such user
none
$ twz -c 'r = passwd::lookup_user bobby; print on; r?; print no'
on
Error: No such user
[1]
## -- Chained comparison, precedence surprises
$ twz -v -c '1 < 2 < 3'
Syntax Error: comparisons do not chain
  1 < 2 < 3
        ^ write: a < b and b < c
[2]
$ twz -c 'print (2 + 3 * 4) (-2 + 3) (not true or true) (1 + 1 == 2 and 7 % 4 == 3) (none ?? 2 * 3)'
14 1 true true 6
## -- [f x]: list of two or a call?
$ twz -c '[calc::upper x]; [calc::upper x, "x"]; calc::add 1 2 + 1; fn f(x) { x * 10 }; f 2 + 1'
["X"]
["X", "x"]
4
21
## -- record or block?
$ twz -c 'if true { print block }; r = {id: 1}; r.id; e = {}; e; f = {|x| x + r.id}; f 2; if (calc::dot {x: 1, y: 2} {x: 3, y: 4}) > 10.0 { print record }'
block
1
{}
3
record
$ twz -c 'if {id: 1} { print x }'
Syntax Error: expected a value before '{'
[2]
## -- implicit unrolling in pipes
$ twz -c '[1, 2, 3] | count; [[1, 2], [3]] | count; [1, 2] | calc::sum; [1, 2] | map calc::add 1 it; [[1], [2, 3]] | each {|x| print x}'
3
2
3
[2, 3]
[1]
[2, 3]
## -- assignment vs declaration typo
$ printf 'user = 1\nfn set() { user = 2 }\nset\nprint user\nusr = 3\n' >typo.twz; twz typo.twz; twz -v --check typo.twz
1
typo.twz:2:12: Warning: W2: 'user' is assigned, never read
  fn set() { user = 2 }
             ^^^^ did you mean usr?
typo.twz:5:1: Warning: W2: 'usr' is assigned, never read
  usr = 3
  ^^^ did you mean user?
typo.twz: 0 errors, 2 warnings; 0 texts are checked at run time, by their converters; gates as of registry 0000000000000000
$ twz -c 'n = 0; for i in 1 .. 3 { n = n + i; inner = i }; print n; print inner'
6
inner
## -- bash habits
$ for t in 'x=5' 'calc::add 1 2 > out' 'calc::add 1 2 >out' 'print a < b.txt' 'a::b && c::d' 'a::b || c::d' 'a::b &' 'print $(a::b)' 'print $1' 'if [ 1 ]; then' 'export x' 'echo "$x'; do twz -v -c "$t"; done
Syntax Error: 'x=5' is one word
  x=5
  ^^^ put blanks around '=': NAME = VALUE
Syntax Error: there is no redirection
  calc::add 1 2 > out
                ^ redirect outside of twz; to compare, write (GATE …) > NAME
Syntax Error: there is no redirection
  calc::add 1 2 >out
                ^^^^ redirect outside of twz; to compare, put blanks around '>'
Syntax Error: there is no redirection
  print a < b.txt
          ^ redirect outside of twz; to compare, write (GATE …) > NAME
Syntax Error: '&&' is no operator
  a::b && c::d
       ^^ write the calls as two statements (a; b): the second runs only if the first succeeds
Syntax Error: '||' is no operator
  a::b || c::d
        ^ write: try A else B; between conditions: or
Syntax Error: a word cannot start with '&'
  a::b &
       ^ for a background job write: job = spawn GATE …
Syntax Error: '$(' begins nothing
  print $(a::b)
        ^ what a call gives: (GATE …); what a program gives: (run PROGRAM)?
Syntax Error: '$' must be followed by the name of a variable
  print $1
        ^^ arguments of a script are args[0], args[1] …; inside "…" write ${name}
Syntax Error: expected '{', got ';'
  if [ 1 ]; then
          ^ a block stands in braces: { … }
Name Error: no function 'export'
  export x
  ^^^^^^ to keep a value write: NAME = VALUE
Syntax Error: the text ends before the closing "
  echo "$x
          ^ finish it, or remove what was opened
[2]
## -- Outer shell quoting
$ twz -c "user ?= passwd::lookup_user bob; print user.name (count user.name)"
bob 3
$ NAME='bob; print injected'; twz call passwd::lookup_user "$NAME"; twz -c 'passwd::lookup_user (args[0])' -- "$NAME"
Error: No such user
Error: No such user
[1]
