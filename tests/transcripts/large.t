## Bytes of a file: read where the gate can read them; of 1 MiB and more none is copied to it.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch; head -c 5000000 /dev/urandom >big; head -c 1000 big >small; twz -c 'batch::sum @file:big; (sys::stats).in_place; batch::sum @file:small; (sys::stats).in_place' >said; od -An -v -tu1 big | awk '{ for (i = 1; i <= NF; i++) s += $i } END { print s }' >sum; head -n 1 said | cmp - sum && echo the same; sed -n '2p;4p' said
the same
5000000
5000000
## A text of so many bytes, however it was made; the file as it is at each call, at every level, and through a pipe.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch:$TWZ_BUILD/lib/twz; twz -c 'x = calc::repeat "ab" 600000; batch::sum $x; (sys::stats).in_place; batch::sum $x; (sys::stats).in_place'
117000000
1200000
117000000
2400000
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch; for l in none callee caller full; do head -c 2000000 /dev/zero | tr '\0' '\1' >ones; twz -c "_ = sys::load batch --isolation=$l; batch::sum @file:ones; run sh -c \"echo >ones\"; batch::sum @file:ones"; done; tr '\0' '\1' </dev/zero | head -c 3000000 | twz -c 'batch::sum @file:/dev/stdin'
2000000
10
2000000
10
2000000
10
2000000
10
3000000
## It is given back when the turn of a loop ends.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch; head -c 2000000 /dev/zero >zeros; twz -c 'for i in 1 .. 100 { _ = batch::sum @file:zeros }; (sys::stats).in_place; run sh -c "ls /proc/$PPID/fd | wc -l"' | awk '{ print ($1 < 60 ? "few" : $1) }'
200000000
few
## Only a word that somebody typed names a file; nothing is called when it cannot be read, or when it is not bytes that are asked for.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch; printf A >a; twz -c 'batch::sum @file:a; batch::sum "@file:a"'; twz call batch::sum @file:a; twz -v -c 'batch::sum @file:nothing'
65
635
635
Name Error: cannot read nothing: No such file or directory
  batch::sum @file:nothing
             ^^^^^^^^^^^^^
[3]
$ twz -c 'calc::upper @file:a; calc::sum @file:a'
Type Error: Expected '[i32]' got 'String'
[3]
## G11: there and back, in as many bytes.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/batch; head -c 1048576 /dev/urandom >in; twz -o raw -c 'batch::back @file:in | batch::back' | cmp - in && echo same
same
