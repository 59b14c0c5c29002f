## twz --check: what is wrong and what is doubtful, without a call.
$ cat >bad.twz <<'END'
> user ?= passwd::lookup_user bob
> usr = user
> name = "x"
> passwd::update_password user changeme
> passwd::lookup_user name
> if calc::add(1, 2) { print x }
> calc::add 1 two
> match passwd::lookup_user bob { Ok(u) => print u.nme, Err(e) => print e }
> match passwd::lookup_user bob { Ok(u) => print u.name, Err(NoSuchUser) => print no }
> spawn calc::add 1 2
> fn f(x: int) -> string { return x
>  print never }
> f "a" 2
> for i in 1 .. 3 { 1 + i; break; print i }
> missing::gate 1
> x = calc::add 1 2
> x + "a"
> try missing::gate else print none
> END
$ twz --check bad.twz
bad.twz:2:1: Warning: W2: 'usr' is assigned, never read
bad.twz:4:25: Warning: W1: 'user' is a variable, and would be a text here too
bad.twz:4:30: Warning: W4: a secret stands in the text
bad.twz:5:1: Warning: W3: the result is ignored
bad.twz:5:21: Warning: W1: 'name' is a variable, and would be a text here too
bad.twz:6:4: Type Error: Expected 'bool' got 'i32'
bad.twz:7:13: Type Error: Expected 'i32' got 'String'
bad.twz:8:48: Name Error: no field 'nme' in User
bad.twz:9:7: Type Error: the match does not cover Err(UserExists, …
bad.twz:10:1: Warning: W3: nobody can wait for this job
bad.twz:11:26: Type Error: the result of f: Expected 'string' got 'i64'
bad.twz:12:2: Warning: W5: this never runs
bad.twz:13:3: Type Error: Expected 'i64' got 'String'
bad.twz:14:19: Warning: W3: the value is ignored
bad.twz:14:33: Warning: W5: this never runs
bad.twz:15:1: Name Error: no service 'missing'
bad.twz:17:1: Type Error: '+' does not work on 'i32' and 'String'
bad.twz:18:5: Warning: in a try: no service 'missing'
[3]
$ printf 'u ?= passwd::lookup_user "bob"\nprint u.name\n' >good.twz; twz --check -v good.twz
good.twz: 0 errors, 0 warnings; 0 texts are checked at run time, by their converters; gates as of registry …
$ printf 'passwd::update_password bob (args[0])\n' >late.twz; twz --check -o json late.twz
{"kind":"checked","file":"late.twz","errors":0,"warnings":0,"late":1,"registry":"…
$ printf 'x = \n' >syntax.twz; twz --check good.twz syntax.twz
syntax.twz:2:1: Syntax Error: the text ends before what follows the operator
[2]
$ printf 'calc::i8 300\n' >one.twz; twz --check -o json one.twz
{"kind":"name","code":null,"message":"no gate 'i8' in calc","file":"one.twz","line":1,"col":7,"endcol":9,"hint":…
{"kind":"checked",…
[3]
## Files that are imported are looked at too.
$ printf 'fn f(n: int) { calc::add n }\n' >lib.twz; printf 'import "lib.twz"\nlib::f 1 2\n' >m.twz; twz --check m.twz
m.twz:2:1: Type Error: too many arguments: fn f(n: int)
…/lib.twz:1:16: Type Error: missing argument 'b': add(a: i32, b: i32) -> i32
[3]
## Nothing was called for all that, not even a converter: no compartment was started.
$ twz -x bad.twz
bad.twz:6:4: Type Error: Expected 'bool' got 'i32'
[3]
## -x shows calls, secrets masked.
$ twz -x -c 'u ?= passwd::lookup_user bob; passwd::update_password u secret; x = run echo "a b"' 2>&1 | sed 's/^+ [0-9:.]* //; s/ [0-9]*[mµ]*s$//'
passwd::lookup_user(name="bob") → Ok(User{id: 1001, name: "bob"})
passwd::update_password(user=User{id: 1001, name: "bob"}, password=******) → Ok(())
run echo "a b" → 0
## --dry-run withholds what changes something, and stops where it cannot know.
$ twz --dry-run -c 'u ?= passwd::lookup_user bob; passwd::update_password $u pw ?? 1; run rm -rf x; print done'
…
$ twz --dry-run -c 'r = passwd::update_password bob pw; run touch made; print r; if ok r { print yes }'
would call passwd::update_password(user=User{id: 1001, name: "bob"}, password=******)
would run touch made
<Result<()>>
Error: cannot know: this depends on what passwd::update_password gives
[1]
$ ls made
ls: cannot access 'made': No such file or directory
[2]
## The text of -c is looked at as a file's is, wherever the options stand; it is not run.
$ twz --check -c 'print ran; calc::add 1 x'; twz -c 'print ran; calc::add 1 x' --check
-c:1:24: Type Error: Expected 'i32' got 'String'
-c:1:24: Type Error: Expected 'i32' got 'String'
[3]
$ twz --check -c 'print ran'
$ twz --test -c 'print ran' 2>&1 | head -c 45; echo
twz: --test replays documents, no -c TEXT; us
