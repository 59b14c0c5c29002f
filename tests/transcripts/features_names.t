## features.md section 6, N1 to N4; C1 to C7 are in tests/rights and registry_rights: see tests/features.md.
## N1: put, get, rename, remove, link, list with skip and count, mkns, change namespace.
$ twz -c 'naming::put /a 0x1; naming::get /a; naming::mkns /n; naming::put /n/b 0x2; naming::rename /a /n/a; naming::link /short /n; naming::get /short/a; naming::get short/b; naming::list "/"; naming::list /short --skip 1 --count 1; naming::remove /short; naming::get /n/b; naming::get /short'
00000000000000000000000000000001
00000000000000000000000000000001
00000000000000000000000000000002
name   id    kind
n      none  namespace
short  none  link to /n
name  id                                kind
b     00000000000000000000000000000002  
00000000000000000000000000000002
Error: /short: there is no such name
[1]
$ twz -c 'naming::change_namespace; naming::change_namespace n; naming::get a; naming::put c 0x3; naming::link d c; naming::get d; naming::get /n/c; naming::change_namespace "/"; naming::get n/d; naming::list n'
/
/n
00000000000000000000000000000001
00000000000000000000000000000003
00000000000000000000000000000003
/
00000000000000000000000000000003
name  id                                kind
a     00000000000000000000000000000001  
b     00000000000000000000000000000002  
c     00000000000000000000000000000003  
d     none                              link to /n/c
## What a link stands for need not be there yet; to remove or move it moves the link. An object argument follows it.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/objects; twz -c 'naming::link /later /x/y; try naming::get /later else "not yet"; naming::mkns /x; naming::put /later 0x9' ; twz -c 'naming::put /x/y 0x7; naming::get /later; foo::bar later; naming::rename /later /x/z; naming::get /x/z; naming::remove /x/z; naming::get /x/y'
not yet
Error: /later: there is such a name already
00000000000000000000000000000007
00000000000000000000000000000007
00000000000000000000000000000007
00000000000000000000000000000007
## N2: one line for each way to fail.
$ long=$(printf '%0256d' 0); deep=$(printf '/%0200d' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21); twz -c 'naming::mkns /f; naming::put /f/o 0x1'; for line in 'put /f/o 0x2' 'link /f/o /f' 'get /f/x' 'put /g/x 0x1' 'get /f' 'list /f/o' 'change_namespace /f/o' 'put /f/o/x 0x1' 'remove /f' 'put /f//x 0x1' "put /$long 0x1" "put $deep 0x1" 'put /f/x 0x1 --kind /x' 'rename /f /f/g'; do twz -c "naming::$line"; done 2>&1 | cut -c 1-100
Error: /f/o: there is such a name already
Error: /f/o: there is such a name already
Error: /f/x: there is no such name
Error: /g: there is no such namespace
Error: /f: a namespace, no object
Error: /f/o: an object, no namespace
Error: /f/o: an object, no namespace
Error: /f/o: an object, no namespace
Error: /f: there are names in it
Error: a name is empty: one '/' between names, and none at the end
Error: a name is at most 255 bytes
Error: a path is at most 4096 bytes
Error: a kind does not begin with '/'
Error: a namespace cannot be inside of itself
## N2: 32 links on the way are followed, and not one more; nor do links that stand for themselves end in anything else.
$ twz -c 'naming::put /l0 0x5; for i in 1 .. 33 { naming::link "/l${i}" "/l${i - 1}" }; naming::get /l32; naming::link /self /self; naming::link /ping /pong; naming::link /pong /ping/x'; twz -c 'naming::get /l33'; twz -c 'naming::get /self'; twz -c 'naming::list /ping'; twz -c 'naming::put /self/x 0x1'; twz -c 'naming::remove /self; naming::remove /ping; naming::remove /pong; naming::get /l32'
00000000000000000000000000000005
Error: /l33: more than 32 links on the way
Error: /self: more than 32 links on the way
Error: /ping: more than 32 links on the way
Error: /self/x: more than 32 links on the way
00000000000000000000000000000005
## N3: names stay; the namespace is the session's own, and two at once do not see each other's.
$ twz -c 'naming::mkns /one; naming::mkns /two; naming::put /one/x 0x11; naming::put /two/x 0x22; naming::change_namespace one; run twz -c "naming::change_namespace; naming::change_namespace two; naming::get x"; naming::get x'; twz -c 'naming::change_namespace; naming::get /one/x'
/one
/
/two
00000000000000000000000000000022
00000000000000000000000000000011
/
00000000000000000000000000000011
## N4: built-in names can be looked at, linked to, and not changed: the services that there are.
$ twz -c 'naming::put /initrd/x 0x1'; twz -c 'naming::remove /initrd/counter'; twz -c 'naming::rename /f /initrd/f'; twz -c 'naming::link /b /initrd; naming::mkns /b/n'
Error: /initrd/x: a name that is built in stays as it is
Error: /initrd/counter: a name that is built in stays as it is
Error: /initrd/f: a name that is built in stays as it is
Error: /initrd/n: a name that is built in stays as it is
[1]
$ id=$(readelf -n $TWZ_BUILD/lib/twz/libcounter.so | sed -n 's/.*Build ID: //p' | cut -c 1-32); twz -c 'naming::get /initrd/counter; naming::get /b/counter; naming::change_namespace /initrd; naming::get counter' | uniq | grep -cx "$id"; twz -c '(naming::list /initrd | where it.name == "counter" | select name kind)[0]; naming::get /initrd/nothing'
2
{name: "counter", kind: "service"}
Error: /initrd/nothing: there is no such name
[1]
