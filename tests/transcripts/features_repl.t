## features.md section 5, row by row. Where its command differs from language.md, the form is language.md's.
## Elsewhere: P13 and P18 (through a terminal) in tests/pty, P17 in cli_main.t.
## P1: a text becomes a User by the library's own converter.
$ twz -c 'passwd::update_password bob changeme'; echo $?
0
$ twz
twz> passwd::update_password bob changeme
Ok(())
## P2: ?= binds the success value, and prints nothing.
$ twz
twz> user ?= passwd::lookup_user bob
twz> passwd::update_password user x
Ok(())
## P3: the gate's error, exactly; status 1; the variable keeps its value.
$ twz -c 'passwd::lookup_user bobby'
Error: No such user
[1]
$ twz
twz> user ?= passwd::lookup_user bob
twz> user ?= passwd::lookup_user bobby
Error: No such user
  user ?= passwd::lookup_user bobby
          ^^^^^^^^^^^^^^^^^^^^^^^^^
twz> user.name
bob
## P4: no conversion.
$ TWZ_PATH=$TWZ_BUILD/tests/services/plain twz -c 'passwd::update_password bob changeme'
Type Error: Expected 'User' got 'String'
[3]
## P5: permission.
$ twz --as guest -c 'passwd::update_password bob changeme'
Security Error: Failed to call update_password in passwd: Permission denied
[4]
## P8: arguments by their types: ranges, bases, signs, floats, bool, enumerators, structs, options.
$ for a in 'add_i8 128 0' 'add_i8 -128 0' 'add_i8 0x7f 0' 'add_i8 0b101 0o17' 'add -1 1_000' 'add_u8 -1 0' 'add_f64 1.5e3 -0.25' 'add_f32 nan 0' 'both true false' 'both 1 0' 'next_color RED' 'next_color 5' 'next_color red' 'without [READ, WRITE] READ' 'midpoint {x: 1, y: 2} {y: 4, x: 3}' 'midpoint {x: 1} {y: 4, x: 3}' 'greet none' 'greet ann' 'next_char a' 'sum [1, 2, 3]' 'sum [1, x]' 'length ""'; do echo "$a"; twz -c "calc::$a"; done 2>&1
add_i8 128 0
Type Error: 128 is out of range for i8: -128 .. 127
add_i8 -128 0
-128
add_i8 0x7f 0
127
add_i8 0b101 0o17
20
add -1 1_000
999
add_u8 -1 0
Type Error: -1 is out of range for u8: 0 .. 255
add_f64 1.5e3 -0.25
1499.75
add_f32 nan 0
nan
both true false
false
both 1 0
Type Error: Expected 'bool' got 'String'
next_color RED
GREEN
next_color 5
BLUE
next_color red
Type Error: Expected 'color' got 'String'
without [READ, WRITE] READ
[WRITE]
midpoint {x: 1, y: 2} {y: 4, x: 3}
point{x: 2.0, y: 3.0}
midpoint {x: 1} {y: 4, x: 3}
Type Error: field 'y' of point is missing
greet none
Hello, whoever you are
greet ann
Hello, ann
next_char a
"b"
sum [1, 2, 3]
6
sum [1, x]
Type Error: Expected 'i32' got 'String'
length ""
0
$ twz -c 'calc::greet (some ann); x = some 3; print (x + 1); for xs in [[1, 2], [3]] { match calc::find $xs 2 { none => print no, some(i) => print i } }'
Hello, ann
4
1
no
$ twz -v -c 'calc::greet (some none)'; twz -v -c 'match 1 { Some(i) => print i }'; printf 'x = some "a"\ncalc::add (some 1) x\n' >some.twz; twz --check some.twz
Type Error: some takes a value, and got none
  calc::greet (some none)
               ^^^^^^^^^
Type Error: no pattern 'Some( )'
  match 1 { Some(i) => print i }
            ^^^^^^ Ok(NAME) and Err(NAME) take a result apart, some(NAME) and none an option
some.twz:2:20: Type Error: Expected 'i32' got 'String'
[3]
## P9: the wrong number of arguments: the message shows the signature.
$ twz -c 'calc::add 1'
Type Error: missing argument 'b': add(a: i32, b: i32) -> i32
[3]
$ twz -c 'calc::add 1 2 3'
Type Error: too many arguments: add(a: i32, b: i32) -> i32
[3]
## P10: quoting, escapes and comments arrive as they are meant.
$ twz -c 'calc::concat "a b" "x\ny # no comment" # a comment' | od -An -c
   a       b   x  \n   y       #       n   o       c   o   m   m
   e   n   t  \n
$ twz -c "calc::concat 'a b\\n' 'it''s'" | od -An -c
   a       b   \   n   i   t   '   s  \n
## P11: a misspelt gate or service.
$ twz -v -c 'passwd::update_pasword bob x'
Name Error: no gate 'update_pasword' in passwd
  passwd::update_pasword bob ******
          ^^^^^^^^^^^^^^ did you mean update_password?
[3]
$ twz -v -c 'paswd::update_password bob x'
Name Error: no service 'paswd'
  paswd::update_password bob ******
  ^^^^^ did you mean passwd?
[3]
## Who types what others take gets a next step: a gate without its service, a library, another mark, a program.
$ for t in 'add_f32 1 2' 'lookup_user bob' 'passwd.lookup_user bob' 'passwd:lookup_user bob' 'passwd' 'libpasswd::lookup_user bob' 'quit' 'x := 5' 'grep -r x' 'sort' '1.5 3' 'x = bob' 'nothing here'; do twz -v -c "$t"; done 2>&1 | grep '\^'
  ^^^^^^^ did you mean calc::add_f32?
  ^^^^^^^^^^^ did you mean passwd::lookup_user?
                     ^^^ a gate is called as passwd::lookup_user
                     ^^^ a gate is called as passwd::lookup_user
  ^^^^^^ help passwd lists the gates of this service, which are called as passwd::GATE
  ^^^^^^^^^ did you mean passwd?
  ^^^^ exit, or Ctrl-D, leaves
  ^ to assign write: x = VALUE
  ^^^^ for the program write: run grep -r x
  ^^^^ for the program write: run sort; for the text: "sort"
      ^ statements are separated by a new line or ';'
      ^^^ write "bob" for the text
  ^^^^^^^ gates are called as SERVICE::GATE; help lists the services
$ twz -v -c 'help passwd::lookpu' 2>&1 | tail -1
  ^^^^^^^^^^^^^^^^^^^ help passwd lists its gates
$ for t in 'help lookup_user' 'help nowhere' 'help passwd::lookup' 'passwd::user 1' 'passwd::' 'nowhere::' 'ls' 'ls -l /tmp' 'ls -la /' 'cd /' 'cd ..' 'man' '?' 'help ?' '--help' ':help' '\q' 'clear' 'history' 'select * from gates' 'describe passwd' '/bin/sh' './libx.so.1' '1+1' 'x = 1; x+1' '1..3' 'x/y' '$HOME' '$x' 'calc::add (1, 2)' 'calc::add --help' 'x = {a:: 1}' 'print $(date)'; do twz -v -c "$t"; done 2>&1 | grep '\^'
  ^^^^^^^^^^^^^^^^ did you mean passwd::lookup_user?
  ^^^^^^^^^^^^ help alone lists the services, help language the words; a gate is SERVICE::GATE
  ^^^^^^^^^^^^^^^^^^^ did you mean lookup_user?
  ^^^^^^^^ help passwd lists the gates of this service, which are called as passwd::GATE
  ^^^^^^^^^ help lists the services
  ^^ help lists the services, help SERVICE its gates; for the program write: run ls
  ^^ for the program write: run ls -l /tmp
  ^^ for the program write: run ls -la /
  ^^ a session stays in the folder that twz was started in
  ^^ a session stays in the folder that twz was started in
  ^^^ help shows what there is; for a page of the manual write: run man twz
  ^ help shows what there is; x? without a blank unwraps a result
       ^ help alone shows what there is
  ^^^^^^ help shows what there is
  ^^^^^ help shows what there is
  ^^ exit, or Ctrl-D, leaves
  ^^^^^ Ctrl-L clears the screen
  ^^^^^^^ Ctrl-R searches what was typed, and so does: sql history
  ^^^^^^ for SQL write: sql "select …"; sql tables lists what can be asked for
  ^^^^^^^^ help NAME shows a service, a gate or a word; sql tables lists tables
  ^^^^^^^ for the program write: run /bin/sh; for the text: "/bin/sh"
  ^^^^^^^^^^^ twz-inspect ./libx.so.1 shows what can be called in it; sys::load NAME::FILE makes a service of one
  ^^^ operators stand between blanks: 1 + 1
         ^^^ operators stand between blanks: x + 1
  ^^^^ operators stand between blanks: 1 .. 3
  ^^^ write "x/y" for the text
  ^^^^^ for what the environment holds write: HOME = run printenv HOME
  ^^ assign it above: x = VALUE
              ^ a list is [a, b]; a call with commas has no blank before its parenthesis: GATE(a, b)
            ^^^^^^ help calc::add shows it
       ^^^ put a blank after ':' in a record: {id: 1}
        ^ what a call gives: (GATE …); what a program gives: (run PROGRAM)?
$ twz -v -c 'passwd::user 1'
Name Error: no gate 'user' in passwd
  did you mean add_user?
[3]
$ twz -c 'help calc::' | head -n 1
calc 1.0: Arithmetic, and an example of every type that can cross
## To run an operator is a word like any other, as nothing is calculated with what a program gives.
$ mkdir -p d/e; cd d/e; twz -c 'run ls ..
> x = run sh -c "echo $*" - - / * % ..
> print x
> run ls / | lines | where it == "etc"
> y = 8 /
> 2
> print y'
e
- / * % ..

["etc"]
4
## P12: help from signatures.
$ twz -c 'help passwd::update_password'
passwd::update_password(user: User, password: string) -> Result<(), UpdatePasswordError>
  Sets a user's password
…
  user      User    text is converted by user_from_string…
  password  string  secret…
…
  NoSuchUser: No such user
…
## P14: -c, a file, standard input, and the exit status; the first error that nobody handles ends it.
$ printf 'print one\npasswd::lookup_user bobby\nprint two\n' >s.twz; twz <s.twz; echo $?; twz s.twz; echo $?; twz -c "$(cat s.twz)"
one
Error: No such user
1
one
s.twz:2:1: Error: No such user
1
one
Error: No such user
[1]
## P15: values and errors for machines.
$ twz -j -c 'passwd::lookup_user bob' | jq -c .; twz -j -c 'passwd::lookup_user bobby' 2>&1 | jq -r .kind,.gate; twz -j -c 'calc::nosuch' 2>&1 | jq -r .kind
{"id":1001,"name":"bob"}
gate
passwd::lookup_user
name
## P16: variables and pipes of typed values; types are checked before the call.
$ twz -c 'x = calc::add 1 2; calc::add x x; passwd::lookup_user bob | passwd::update_password y; [3, 1, 2] | calc::sort | map it * 2 | where it > 2'
6
[4, 6]
$ twz -c 'x = calc::upper a; counter::inc; calc::add x 1'; twz -c 'u = passwd::lookup_user bob; passwd::update_password u x'
Type Error: Expected 'i32' got 'String'
Type Error: Expected 'User' got 'Result<User>'
[3]
## P20: what a gate returns cannot steer the terminal.
$ twz -c 'fault::escapes'
\e]0;owned\x07\e[2Jred\e[31m\r
\x9b0m
