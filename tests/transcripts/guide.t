## The guide says what happens: its sessions are replayed. (The runner replays its console block.)
$ twz --test $TWZ_ROOT/share/doc/twz-guide.md >out; tail -1 out; grep -c '^ok' out
35 statements in 12 blocks, 0 not as written
12
