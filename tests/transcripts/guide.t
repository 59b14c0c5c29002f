## The guide says what happens: its sessions are replayed. (The runner replays its console block.)
$ twz --test $TWZ_ROOT/share/doc/twz-guide.md >out; tail -1 out | sed 's/^[1-9][0-9]* statements in [1-9][0-9] blocks/Many statements in many blocks/'
Many statements in many blocks, 0 not as written
