## twz --test: the twz> blocks of a document are run.
$ cat >a.md <<'END'
> # A document
> ```
> twz> user ?= passwd::lookup_user bob
> twz> passwd::update_passwd user changeme
> Ok(())
> twz> user ?= passwd::lookup_user bobby
> Error: No such user
> ? 1
> twz> fn twice(x) {
>   x + x
> }
> twz> twice 3
> 6
> 
> twz> counter::inc
> 1
> twz> sys::compartments
> id…
> …
> twz> calc::next_color GREN
> Type Error: Expected [QUOTED] got 'String'
>   calc::next_color GREN
>                    ^^^^ did you mean GREEN?  (RED=0, GREEN=5, BLUE=6)
> twz> exit 7
> ? 7
> ```
> <!-- twz: [QUOTED] = '[a-z]+' -->
> 
> ~~~sh
> $ not a transcript
> ~~~
>   ```twz
> twz> counter::inc
> 1
> twz> calc::without [READ, WRITE] READ
> [WRITE]
> twz> run sh -c "echo [N]; echo $$"
> [N]
> [N]
>   ```
> END
$ twz --test a.md
ok a.md:3
ok a.md:33
12 statements in 2 blocks, 0 not as written
## Each block has a session of its own; what differs is shown, and --update writes it.
$ cat >b.md <<'END'
> ```
> twz> calc::add 1 2
> 4
> twz> x = 5
> twz> x
> …
> twz> calc::divide 1 0
> Error: Division by one
> ? 3
> ```
> text between
> ```
> twz> x
> 5
> twz> exit 1
> twz> print late
> late
> ```
> END
$ cp b.md c.md; twz --test b.md
not ok b.md:2: twz> calc::add 1 2
# - 4
# + 3
not ok b.md:7: twz> calc::divide 1 0
# - Error: Division by one
# - ? 3
# + Error: Division by zero
# +   calc::divide 1 0
# +   ^^^^^^^^^^^^^^^^
# + ? 1
not ok b.md:13: twz> x
# - 5
# + Name Error: 'x' is not defined
# +   x
# +   ^ write "x" for the text
not ok b.md:16: twz> print late
# the session had ended
7 statements in 2 blocks, 4 not as written
[1]
$ chmod 640 b.md; twz --test --update b.md; stat -c %a b.md; diff c.md b.md
not ok b.md:16: twz> print late
# the session had ended
7 statements in 2 blocks, 3 written anew
640
3c3
< 4
---
> 3
8,9c8,11
< Error: Division by one
< ? 3
---
> Error: Division by zero
>   calc::divide 1 0
>   ^^^^^^^^^^^^^^^^
> ? 1
14c16,18
< 5
---
> Name Error: 'x' is not defined
>   x
>   ^ write "x" for the text
[1]
$ twz --test b.md
ok b.md:2
not ok b.md:20: twz> print late
# the session had ended
7 statements in 2 blocks, 1 not as written
[1]
## A crash of the session, a hang, a document without blocks, one that cannot be read.
$ printf '```\ntwz> fault::null\nFault: …\n? 5\ntwz> calc::add 1 2\n3\n```\n' >d.md; twz --test d.md
ok d.md:2
2 statements in 1 block, 0 not as written
$ printf '```\ntwz> timeout 50ms { fault::spin }\nTimeout: fault::spin: no answer within 50ms; outcome unknown\n? 124\n```\n' >e.md; twz --test e.md
ok e.md:2
1 statement in 1 block, 0 not as written
$ echo text >f.md; twz --test f.md
0 statements in 0 blocks, 0 not as written
twz: no block begins with 'twz> '
[2]
$ twz --test nofile.md
twz: cannot read nofile.md: No such file or directory
0 statements in 0 blocks, 0 not as written
[2]
$ printf '<!-- twz: [A] = ( -->\n' >g.md; twz --test g.md
twz: g.md:1: '(' is no regular expression
0 statements in 0 blocks, 0 not as written
[2]
$ printf '```\ntwz> passwd::update_password bob hunter2\nOk(())\n```\n```\ntwz> x = (\n```\n' >h.md; twz --test h.md
ok h.md:2
not ok h.md:6: twz> x = (
# + Syntax Error: the text ends before the closing ')'
# +   x = (
# +        ^ finish it, or remove what was opened
2 statements in 2 blocks, 1 not as written
[1]
$ twz --test
twz: --test needs a file; usage: twz [OPTION...] [-c TEXT | FILE | call GATE | run PROGRAM] [ARG...], see twz --help
[2]
## RFC 0008's section "REPL", as a document.
$ cp $TWZ_ROOT/tests/rfc.md .; twz --test rfc.md
ok rfc.md:6
5 statements in 1 block, 0 not as written
