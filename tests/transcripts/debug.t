## Step-in (features.md P19): the call is made under gdb, which stops at the gate's first line.
$ printf 'frame\ninfo args\n' >show.gdb; printf 'set var a = 50\ncontinue\n' >change.gdb
$ cat >debugged <<'EOF'; chmod +x debugged
> #!/bin/sh
> TWZ_GDB="-batch -x $1" exec twz -c "$2" 2>gdb.err
> EOF
$ ./debugged show.gdb 'debug calc::add 40 2' | grep -e '^#0' -e '^[ab] =' -e '^42'
#0  add (a=40, b=2) at share/services/calc.c:18
a = 40
b = 2
42
## What gdb changes counts; calls that the arguments need are not stopped in.
$ ./debugged change.gdb 'x = debug calc::add (calc::add 1 2) 4; print "x is" x' | grep -e 'hit Temp' -e '^x is' | sed 's/.*hit.*, add/add/'
add (a=3, b=4) at share/services/calc.c:18
x is 54
## The compartment is another one than that which runs, and is gone with the call.
$ ./debugged show.gdb '_ = counter::inc; n = debug counter::inc; print "n is" n; print "next is" (counter::inc); for c in sys::compartments { print c.service }' | grep -e ' is ' -e '^counter'
n is 1
next is 2
counter
$ PATH=/nonexistent "$(command -v twz)" -c 'debug calc::add 40 2'
Name Error: debug needs gdb, which is not there
[3]
$ twz -c 'debug sys::status' 2>&1 >/dev/null
Type Error: gates of sys have no compartment that gdb could attach to
[3]
$ twz -c 'debug (1 + 2)'
Type Error: debug takes the call of a gate: debug SERVICE::GATE ARG …
[3]
$ twz -c 'debug calc::add 40'
…
[3]
$ twz --check -c 'debug calc::add 40 x'
…
[3]
