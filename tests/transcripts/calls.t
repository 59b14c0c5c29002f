## One call: its value and nothing else.
$ twz -c 'calc::add 1 2' | od -c
0000000   3  \n
0000002
$ twz -c 'calc::add(1, 2)'
3
$ twz call calc::add 1 2
3
$ echo 'calc::add 1 2' | twz
3
$ printf 'print (calc::concat (args[0]) (args[1]))\n' >join.twz; twz join.twz 20 'a;b $x'
20a;b $x
## Mistakes: one line, status 3, and no gate was called.
$ twz -c 'calc::add 1 two'
Type Error: Expected 'i32' got 'String'
[3]
$ twz -c 'calc::add 1'
Type Error: …
[3]
$ twz -c 'calc::add 1 2 3'
Type Error: …
[3]
$ twz -c 'calc::add 1 2147483648'
Type Error: …2147483648…
[3]
$ twz -c 'calc::add_u8 255 -1'
Type Error: …
[3]
$ twz -c 'calc::next_color GREN'
Type Error: Expected 'color' got 'String'
[3]
$ twz -c 'calc::ad 1 2'
Name Error: no gate 'ad' in calc
[3]
$ twz -c 'clac::add 1 2'
Name Error: no service 'clac'
[3]
$ twz -c 'calc::add 1 ('
Syntax Error: …
[2]
## With -v, or at a terminal: where it is, and what was probably meant.
$ twz -v -c 'calc::add 1 two'
Type Error: Expected 'i32' got 'String'
  calc::add 1 two
              ^^^…
[3]
$ twz -v -c 'calc::next_color GREN'
Type Error: Expected 'color' got 'String'
  calc::next_color GREN
                   ^^^^ did you mean GREEN?  (RED=0, GREEN=5, BLUE=6)
[3]
$ twz -v -c 'calc::ad 1 2'
Name Error: no gate 'ad' in calc
  calc::ad 1 2
        ^^ did you mean add?
[3]
$ twz -v -c 'passwd::lookp_user bob'
Name Error: no gate 'lookp_user' in passwd
  passwd::lookp_user bob
          ^^^^^^^^^^ did you mean lookup_user?
[3]
$ twz -v -c 'passwd::update_password bbo changeme'
Error: No such user
  passwd::update_password bbo ******
                          ^^^ text → passwd::User by passwd::user_from_string
[1]
## That the gate was not called is seen in the counter.
$ twz
twz> counter::inc
1
twz> counter::inc 1
Type Error: …
…
twz> counter::ink
Name Error: no gate 'ink' in counter
…
twz> counter::inc --by 2
Type Error: …
…
twz> counter::get
1
## A script ends at the first statement that fails, and its message says where that stands.
$ printf 'print (calc::add 1 2)\ncalc::divide 1 0\nprint "not reached"\n' >script.twz; twz script.twz
3
script.twz:2:1: Error: Division by zero
[1]
$ printf 'counter::inc\ncalc::divide 1 0\ncounter::inc\n' | twz
1
Error: Division by zero
[1]
