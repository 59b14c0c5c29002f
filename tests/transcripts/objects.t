## An object is given by its id, or by a name that naming has.
$ mkdir -p $HOME/.local/share/twz/services && cp $TWZ_BUILD/tests/services/objects/libfoo.so $HOME/.local/share/twz/services
$ twz -c 'naming::put name 0x1234; naming::put /other 00000000000000000000000000abcdef --kind SomeKindaObject'
$ twz -c 'foo::bar name; foo::bar /name; foo::bar "name"; foo::bar 0x1234; foo::bar 00000000000000000000000000001234'
00000000000000000000000000001234
00000000000000000000000000001234
00000000000000000000000000001234
00000000000000000000000000001234
00000000000000000000000000001234
$ twz -c 'foo::bar ffffffffffffffffffffffffffffffff; foo::bar 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF'
ffffffffffffffffffffffffffffffff
ffffffffffffffffffffffffffffffff
$ twz -j -c 'foo::bar name'; twz -j -c 'naming::list'
"00000000000000000000000000001234"
[{"name":"name","id":"00000000000000000000000000001234","kind":""},{"name":"other","id":"00000000000000000000000000abcdef","kind":"SomeKindaObject"}]
## What is not found, or does not implement what the gate asks for, is not passed.
$ twz -c 'foo::baz other'
11259375
$ twz -c 'foo::baz name'
Type Error: Object 'name' does not implement SomeKindaObject.
[3]
$ twz -c 'foo::baz nobody'
Name Error: Object 'nobody' failed to resolve: /nobody: there is no such name
[3]
$ twz -c 'foo::bar 0x123456789012345678901234567890123'
Name Error: Object '0x123456789012345678901234567890123' failed to resolve: /0x123456789012345678901234567890123: there is no such name
[3]
## The kind is that of the object, however it is given.
$ twz -c 'x = naming::get other; foo::baz $x; foo::baz 0xabcdef; naming::get other | foo::baz; [$x]'
11259375
11259375
11259375
[00000000000000000000000000abcdef]
$ twz -c 'x = naming::get name; foo::baz $x'
Type Error: Object '00000000000000000000000000001234' does not implement SomeKindaObject.
[3]
$ twz -c 'naming::get name | foo::baz'
Type Error: Object '00000000000000000000000000001234' does not implement SomeKindaObject.
[3]
$ twz call foo::baz name
Type Error: Object 'name' does not implement SomeKindaObject.
[3]
## The resolver is any gate from a text to an id, for the session.
$ twz -c 'sys::resolver; sys::resolver foo::find; foo::bar known; sys::resolver naming::get; foo::bar name'
naming::get
foo::find
0000000000000000000000000000beef
naming::get
00000000000000000000000000001234
$ twz -c 'sys::resolver foo::find; foo::bar name'
foo::find
Name Error: Object 'name' failed to resolve: No such object here
[3]
$ twz -c 'sys::resolver foo::crash; foo::bar name'
foo::crash
Fault: foo::crash: SIGSEGV at 0x0 in crash (objects__foo.c:31); outcome unknown
[5]
$ twz -c 'sys::resolver foo::bar'
Type Error: foo::bar is no resolver: one takes a text and gives an ObjID, or a Result of it
[3]
$ twz -c 'sys::resolver foo'
Name Error: 'foo' is no gate: a resolver is SERVICE::GATE, as naming::get is
[3]
$ twz -c 'foo::bar known'
Name Error: Object 'known' failed to resolve: /known: there is no such name
[3]
## Names: a tree that the next session finds as it was.
$ twz -c 'naming::mkns /a; naming::mkns a/b; naming::put a/b/c name; naming::put a/é 0x2; naming::rename /a /z; naming::get z/b/c; naming::list z; naming::list z --skip 1 --count 1'
00000000000000000000000000001234
name  id                                kind
b     none                              namespace
é     00000000000000000000000000000002  
name  id                                kind
é     00000000000000000000000000000002  
$ twz -c 'naming::remove z/b/c; naming::remove z/b; naming::remove z/é; naming::remove z; naming::list'
name   id                                kind
name   00000000000000000000000000001234  
other  00000000000000000000000000abcdef  SomeKindaObject
## What is wrong with a name is said; nothing is changed then.
$ twz -c 'naming::mkns /d; naming::put /d/e 0x5'
$ for line in 'naming::put name 0x1' 'naming::get nobody' 'naming::put no/where 0x1' 'naming::get d' 'naming::list name' \
> 'naming::remove d' 'naming::rename d d/f' 'naming::put a//b 0x1' 'naming::remove "/"'; do
> twz -c "$line"; done
Error: /name: there is such a name already
Error: /nobody: there is no such name
Error: /no: there is no such namespace
Error: /d: a namespace, no object
Error: /name: an object, no namespace
Error: /d: there are names in it
Error: a namespace cannot be inside of itself
Error: a name is empty: one '/' between names, and none at the end
Error: the root stays
[1]
$ twz -c 'naming::list; naming::get d/e'
name   id                                kind
d      none                              namespace
name   00000000000000000000000000001234  
other  00000000000000000000000000abcdef  SomeKindaObject
00000000000000000000000000000005
## What changes names requires the right to.
$ twz -c 'sys::add_context guest; sys::attach guest; naming::get name; naming::put mine 0x1'
guest
00000000000000000000000000001234
Security Error: Failed to call put in naming: Permission denied
[4]
$ twz -c 'help foo::baz' | sed -n 5p; twz-inspect --json $TWZ_BUILD/tests/services/objects/libfoo.so | grep -o '"implements": *"[A-Za-z]*"'
  object  ObjID  implements SomeKindaObject; an id, or a name that is resolved
"implements":"SomeKindaObject"
"implements":"SomeKindaObject"
