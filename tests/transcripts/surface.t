## Where text comes from: a file with arguments, standard input, -c, call. Only a file names itself in messages.
$ printf 'print args[1]\ncalc::add 1 2\nprint (calc::add 1 two)\nprint never\n' >two.twz; twz two.twz x y
two.twz:3:20: Type Error: Expected 'i32' got 'String'
[3]
$ printf 'calc::add 1 2\ncalc::add 1 two\ncalc::add 3 4\n' | twz
Type Error: Expected 'i32' got 'String'
[3]
$ twz -c 'print (args[0])' -- 'a; b'
a; b
$ twz call calc::concat 'a;' '$b'
a;$b
## How values and errors leave.
$ twz -o raw -c 'calc::upper "a\nb"' | od -An -c
   A  \n   B
$ twz -o raw -c 'passwd::lookup_user bob'
bob
$ twz --errors=json -c 'calc::add 1 two' 2>&1 | jq -c '[.kind, .message, .line, .col, .endcol, .gate]'
["type","Expected 'i32' got 'String'",1,13,16,"calc::add"]
## What twz says about itself: gates of sys, as any other.
$ twz -o json -c 'sys::errors' | jq -c 'length, (.[] | select(.name == "NOT_FOUND"))'
46
{"category":"NAMING","code":1,"name":"NOT_FOUND","text":"not found","value":"0000000400000001"}
$ twz -o json -c 'sys::gates counter' | jq -c '.[] | [.service, .name, .signature]' | head -n 2
["counter","inc","inc() -> u64"]
["counter","get","get() -> u64"]
$ twz -o json -c 'calc::add 1 2; try fault::null else print 0; sys::stats' | jq -c 'select(type == "object") | [.compartments, .started, .calls, .faults]'
[2,2,2,1]
$ twz -o json -c 'counter::inc; counter::inc; sys::compartments' | jq -c 'select(type == "array") | .[] | [.service, .state, .calls, .faults]'
["counter","ready",2,0]
## SCTX_PRELOAD gives a library a compartment of its own, LD_PRELOAD puts it into the program itself.
$ SCTX_PRELOAD=libcounter.so twz -o json -c 'sys::compartments' | jq -c '.[].service'
"counter"
$ ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 LD_PRELOAD=$TWZ_BUILD/lib/twz/libcounter.so twz -c 'sys::compartments'
[]
$ ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 LD_PRELOAD=$TWZ_BUILD/lib/twz/libcounter.so $TWZ_BUILD/examples/counter_client 10 | sed 's/thread [1-4]/thread N/'
thread N: 10 calls
thread N: 10 calls
thread N: 10 calls
thread N: 10 calls
40 calls in all
