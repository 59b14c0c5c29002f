## Texts that nobody would write, and files that are none: a message that says what is wrong, and a status.
$ for open in '(' '[' '{a: ' '{|x| ' 'if true { ' 'f(' 'not ' '- ' 'try ' '1 + ' 'x = '; do printf '%s' "x = 0; "; awk -v s="$open" 'BEGIN { for (i = 0; i < 20000; i++) printf "%s", s; print 1 }'; done >deep.txt; while IFS= read -r line; do printf '%s\n' "$line" | twz 2>&1 | cut -c1-60; done <deep.txt
Syntax Error: nested too deeply
Syntax Error: nested too deeply
Syntax Error: nested too deeply
Syntax Error: nested too deeply
Syntax Error: nested too deeply
Syntax Error: nested too deeply
Syntax Error: nested too deeply
Syntax Error: nested too deeply
Syntax Error: nested too deeply
Syntax Error: the expression is too deep
Syntax Error: cannot assign to this
$ awk 'BEGIN { printf "x = "; for (i = 0; i < 100000; i++) printf "9"; print "" }' >huge.twz; twz huge.twz
huge.twz:1:5: Type Error: the number does not fit 64 bits
[3]
$ awk 'BEGIN { printf "print (count \""; for (i = 0; i < 3000000; i++) printf "x"; print "\")" }' >long.twz; twz long.twz
3000000
$ awk 'BEGIN { printf "x = [0"; for (i = 0; i < 200000; i++) printf ", 1"; print "]; print (count x)" }' >list.twz; twz list.twz
200001
$ awk 'BEGIN { for (i = 0; i < 20000; i++) printf "x%d = %d; ", i, i; print "print x19999" }' >names.twz; twz names.twz
19999
$ printf 'print "a\0b"\n' >nul.twz; twz nul.twz
a\x00b
$ twz -c 'calc::length "a\x00b"'
Type Error: a text with a NUL byte inside cannot be a C string
[3]
$ printf 'x = \377\376\n' >utf.twz; twz utf.twz
utf.twz:1:5: Name Error: '\xff\xfe' is not defined
[3]
$ printf 'print "\377"; calc::length "\377\376"\n' | twz
\xff
2
$ printf '#!/usr/bin/env twz\r\nprint "one"\r\nif true {\r\n  print two\r\n}\r\n' >crlf.twz; twz crlf.twz | od -An -c
   o   n   e  \n   t   w   o  \n
$ printf '\357\273\277print "with a mark"\nprint (\n' >bom.twz; twz bom.twz
bom.twz:3:1: Syntax Error: the text ends before the closing ')'
[2]
$ printf '\357\273\277fn f() { "imported" }\n' >mark.twz; twz -c 'import "mark.twz"; mark::f'
imported
$ : >empty.twz; twz empty.twz; printf '\n# only a comment\n' | twz; twz -c ''
$ twz /tmp
twz: cannot read /tmp: Is a directory
[2]
$ twz -c 'import "/tmp"'
Name Error: cannot import /tmp: it is no regular file
[3]
$ mkfifo fifo; echo 'print "from a pipe"' >fifo & twz fifo
from a pipe
$ printf 'print "no newline at the end"' | twz
no newline at the end
$ twz no/such/folder/x.twz
twz: cannot read no/such/folder/x.twz: No such file or directory
[2]
$ touch closed.twz; chmod 0 closed.twz; [ "$(id -u)" = 0 ] && echo 'twz: cannot read closed.twz: Permission denied' || twz closed.twz; true
twz: cannot read closed.twz: Permission denied
$ twz nofile
twz: cannot read nofile: No such file or directory (to call a gate: twz call GATE ARG...)
[2]
## Depth, and numbers at the edge.
$ twz -c 'fn f(n) { f (n + 1) }; f 0'
Type Error: functions call each other too deeply
[3]
$ twz -c 'f = {|g| g $g}; f f'
Type Error: functions call each other too deeply
[3]
$ twz -c 'x = -9223372036854775808; print x; print (-x); x - 1'
-9223372036854775808
9223372036854775808
Type Error: the result does not fit 64 bits
[3]
$ twz -c 'print (18446744073709551615 + 0); 18446744073709551615 + 1'
Type Error: the result does not fit 64 bits
[3]
$ twz -c '-9223372036854775808 / -1 * 3'; twz -c '(0 - 9223372036854775807) % -1; 5 % 0'; twz -c '5 / 0'
Type Error: the result does not fit 64 bits
Type Error: division by zero
Type Error: division by zero
[3]
$ twz -c '1 .. 99999999 | count'
Type Error: a list of more than 1000000 numbers; a for loop takes any range
[3]
$ twz -c 's = 0; for i in 1 .. 1000001 { s = s + i }; print s; for i in 1 .. 18446744073709551615 { if i == 3 { break } }'
500001500001
$ twz -c 'for i in 1 .. x { }'; twz -c 'for i in 1 .. "x" { print i }'; twz -c 'print (count (1 .. 200)) ((1 .. 200)[199])'
Name Error: 'x' is not defined
Type Error: Expected 'int' got 'String'
200 200
$ twz -c 'for i in 9223372036854775806 .. 9223372036854775807 { print i }'
9223372036854775806
9223372036854775807
## A signal ends what runs, with its own status; so does the end of its time.
$ rm -f out; mkfifo out; twz -o jsonl -c 'print ready; while true { }' >out & read line <out; kill -INT $!; wait $!
Interrupted: stopped between two statements
[130]
$ rm -f out; mkfifo out; twz -o jsonl -c 'print ready; while true { }' >out & read line <out; kill -TERM $!; wait $!
[143]
$ rm -f out; mkfifo out; twz -o jsonl -c 'print ready; fault::spin' >out & read line <out; kill -INT $!; wait $!
Interrupted: fault::spin…
[130]
$ rm -f out; mkfifo out; twz -o jsonl -c 'print ready; run sleep 1000' >out & read line <out; kill -INT $!; wait $!
Interrupted: stopped between two statements
[130]
$ rm -f out; mkfifo out; twz -o jsonl -c 'print ready; fn f(n) { if n > 0 { f (n - 1) } }; while true { f 10 }' >out & read line <out; kill -INT $!; wait $!
Interrupted: stopped between two statements
[130]
$ rm -f out; mkfifo out; twz -o jsonl -c 'print ready; while true { try { while true { } } catch e { } }' >out & read line <out; kill -INT $!; wait $!
Interrupted: stopped between two statements
[130]
$ twz -c 'timeout 50ms { while true { } }'
Timeout: the block took longer than its time
[124]
$ twz -c 'timeout 50ms { while true { try { fault::spin } catch e { } } }'
Timeout: the block took longer than its time
[124]
## A home that cannot be written to: why, and what to do; for the registry, then for what services keep.
$ unset XDG_DATA_HOME XDG_STATE_HOME TWZ_REGISTRY; HOME=/sys twz -v -c 'calc::add 1 2' 2>&1 | sed -E 's/(Permission denied|Read-only file system|Operation not permitted)$/it cannot be/'
Link Error: registry /sys/.local/share/twz/registry.db: cannot make the folder /sys/.local: it cannot be
  calc::add 1 2
  ^^^^ name a file that can be written in TWZ_REGISTRY
$ unset XDG_DATA_HOME XDG_STATE_HOME; TWZ_REGISTRY=$PWD/other.db HOME=/sys twz -v -c 'calc::add 1 2' 2>&1 | tail -n 1
  ^^^^^^^^^^^^^ XDG_STATE_HOME names a place for what services keep
$ TWZ_REGISTRY=$PWD/other.db XDG_STATE_HOME=$PWD/kept HOME=/sys twz -c 'calc::add 1 2'
3
## What is given as a script and is none.
$ twz help
twz: cannot read help: No such file or directory (twz --help; of services: twz -c help)
[2]
$ cp $TWZ_BUILD/lib/twz/libcalc.so .; twz libcalc.so
twz: libcalc.so is no script (what can be called in a library: twz-inspect libcalc.so)
[2]
