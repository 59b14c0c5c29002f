## A script is a gate in miniature: what is behind its name are the arguments of its main.
$ cat >lib.twz <<'END'; cat >m.twz <<'END2'
> base = 10
> fn add_base(n: int) -> int { return n + base }
> fn apply(f, x) { f x }
> fn bad(x) {
>   passwd::lookup_user $x; missing::gate x
> }
> END
> #!/usr/bin/env twz
> # Adds things.
> import "lib.twz"
> base = 1000
> fn main(n: int, --times: int = 2, --loud: bool = false, who: string?) {
>   print (lib::add_base n) times loud (who ?? "nobody")
>   lib::apply {|x| print (x + base)} 5
> }
> END2
$ twz m.twz --help
usage: m.twz n [--times=int] [--loud] [who]

Adds things.

  n                  int
  --times            int; when left out: 2
  --loud             bool; when left out: false
  who                string?
  --help             shows this
$ cat >h.twz <<'END'
> # Locks users.
> fn main(
>   user: passwd::User,	# who is locked
>   --why: string = "no reason",	# kept in the log
>   --force: bool = false # also when the user is logged in
> ) { print user.name why force }
> END
$ twz h.twz --help
usage: h.twz user [--why=string] [--force]

Locks users.

  user               passwd::User
                     who is locked
  --why              string; when left out: "no reason"
                     kept in the log
  --force            bool; when left out: false
                     also when the user is logged in
  --help             shows this
$ twz h.twz bob --force
bob no reason true
$ twz m.twz 5 x --times 3 --loud
15 3 true x
1005
$ twz m.twz 5 --times=3 -- --loud
15 3 false --loud
1005
$ twz m.twz
m.twz: Type Error: missing argument 'n': fn main(n: int, --times: int = 2, --loud: bool = false, who: string?)
[3]
$ twz m.twz five
m.twz: Type Error: Expected 'i64' got 'String'
[3]
$ twz m.twz 5 --tmes 3
m.twz: Type Error: no parameter 'tmes': fn main(n: int, --times: int = 2, --loud: bool = false, who: string?)
[3]
$ twz -c 'fn main(a: int) { a + 1 }' -- 5
6
$ twz -c 'fn main(name: string) { passwd::lookup_user $name }' -- bobby
Error: No such user
[1]
## Files have scopes of their own, and cannot import themselves.
$ twz -c 'import "lib.twz"; lib::add_base 5; add_base 5'
…
Name Error: no function 'add_base'
[3]
$ twz -c 'import "lib.twz"; base'
Name Error: 'base' is not defined
[3]
$ twz -c 'import "lib.twz"; lib::ad_base 5'
Name Error: no function 'ad_base' in lib
[3]
$ echo 'import "b.twz"' >a.twz; echo 'import "a.twz"' >b.twz; twz a.twz
…/b.twz:1:1: Name Error: a imports itself: a → b → a
[3]
$ twz -c 'import "a.twz"'
…/b.twz:1:1: Name Error: a imports itself: a → b → a
[3]
$ echo 'x = (' >broken.twz; echo 'print start; import "broken.twz"' >c.twz; twz c.twz
…/broken.twz:2:1: Syntax Error: the text ends before the closing ')'
[2]
$ mkfifo pipe.twz; twz -c 'import "pipe.twz"'
Name Error: cannot import …/pipe.twz: it is no regular file
[3]
$ for i in $(seq 1 60); do echo "import \"d$((i + 1)).twz\"" >d$i.twz; done; : >d61.twz; twz -c 'import "d1.twz"'
…: Name Error: files import each other too deeply
[3]
$ twz -c 'import "d20.twz"; print fine'
fine
$ twz -c 'import "nolib.twz"'
Name Error: cannot import nolib.twz: No such file or directory
[3]
## With -v a failure says through which functions it came.
$ cat >deep.twz <<'END'
> fn outer(n: i32) { inner(n + 1) }
> fn inner(n: i32) { calc::divide $n 0; n }
> print start
> outer 5
> END
$ twz -v deep.twz
start
deep.twz:2:20: Error: Division by zero
  fn inner(n: i32) { calc::divide $n 0; n }
                     ^^^^^^^^^^^^^^^^^
  in inner, called at deep.twz:1:20
  in outer, called at deep.twz:4:1
[1]
## run: words are arguments, and the status is typed.
$ twz -c 'd = "a b"; run printf "[%s]" $d *.nothing d "x${d}"; print ""'
[a b][*.nothing][d][xa b]
$ twz -c 'run sh -c "exit 7"; print no'
Error: sh ended with status 7
[1]
$ twz -c 'match run sh -c "exit 7" { Ok(t) => print t, Err(e) => exit e.status }'
[7]
$ twz -c 'run ls lib.twz m.twz | lines | where it != "lib.twz"'
["m.twz"]
$ twz -c 'timeout 50ms { run sleep 60 }'
Timeout: the block took longer than its time
[124]
## spawn: calls go on at the same time; a failure that nobody asked for is not lost.
$ twz -c 'jobs = ["bob", "rob"] | map (spawn passwd::lookup_user $it); for u in wait jobs { print (u ?? "none") }'
…
$ twz -c 'job = spawn passwd::lookup_user bobby; print on'
on
Error: job 1, which nobody waited for: No such user
[1]
$ twz -c '_ = spawn passwd::lookup_user bobby; print on'
on
