## What was typed and what came out becomes a document, without secrets, that twz --test replays.
$ twz
twz> user ?= passwd::lookup_user bob
twz> user
User{id: 1001, name: "bob"}
twz> passwd::update_password user hunter2
Ok(())
twz> passwd::update_pasword user hunter2
Name Error: no gate 'update_pasword' in passwd
  passwd::update_pasword user ******
          ^^^^^^^^^^^^^^ did you mean update_password?
twz> calc::next_color GREN
Type Error: Expected 'color' got 'String'
  calc::next_color GREN
                   ^^^^ did you mean GREEN?  (RED=0, GREEN=5, BLUE=6)
twz> fn twice(x) { x + x }
twz> twice 3
6
twz> print "```"
```
twz> run sh -c "test -t 1 && echo at the terminal"
at the terminal
twz> save session demo.md
twz> save session demo.md
Error: cannot write demo.md: File exists
  save session demo.md
  ^^^^^^^^^^^^^^^^^^^^
twz> save session /no/such/folder/demo.md
Error: cannot write /no/such/folder/demo.md: No such file or directory
  save session /no/such/folder/demo.md
  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
twz> save everything demo.md
Type Error: what can be saved is the session: save session FILE
  save everything demo.md
  ^^^^^^^^^^^^^^^^^^^^^^^
$ cat demo.md
# Session of …

`twz --test` replays it. Where something differs each time, write … for it.

```` columns=160
twz> user ?= passwd::lookup_user bob
twz> user
User{id: 1001, name: "bob"}
twz> passwd::update_password user ******
Ok(())
twz> calc::next_color GREN
Type Error: Expected 'color' got 'String'
  calc::next_color GREN
                   ^^^^ did you mean GREEN?  (RED=0, GREEN=5, BLUE=6)
? 3
twz> fn twice(x) { x + x }
twz> twice 3
6
twz> print "```"
```
twz> run sh -c "test -t 1 && echo at the terminal"
…
````
$ twz --test demo.md
ok demo.md:6
8 statements in 1 block, 0 not as written
$ twz --color=always
twz> calc::next_color GREN
Type Error: Expected 'color' got 'String'
  calc::next_color GREN
                   ^^^^ did you mean GREEN?  (RED=0, GREEN=5, BLUE=6)
twz> save session colors.md
$ tail -n +4 colors.md

``` columns=160
twz> calc::next_color GREN
Type Error: Expected 'color' got 'String'
  calc::next_color GREN
                   ^^^^ did you mean GREEN?  (RED=0, GREEN=5, BLUE=6)
? 3
```
$ twz -c 'save session x.md'
Type Error: only what was typed at a prompt can be saved
[3]
## What is wide is replayed in a terminal as wide as it was.
$ printf '``` columns=40\ntwz> calc::sample\n…\n  color: GREEN,\n…\n}\ntwz> passwd::lookup_user bob\nOk(User{id: 1001, name: "bob"})\n```\n' >narrow.md; twz --test narrow.md; sed 's/ columns=40//' narrow.md >wide.md; twz --test wide.md | head -1
ok narrow.md:2
2 statements in 1 block, 0 not as written
not ok wide.md:2: twz> calc::sample
