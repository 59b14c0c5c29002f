## A file with everything in it.
$ printf 'int f(int a) { return a; }\nint g(const char *s) { return *s; }\n' >any.c; gcc -gdwarf-5 -O1 -shared -fPIC -Wl,--build-id=0x0123456789abcdef0123456789abcdef,-soname,libany.so.2 -o libany.so any.c; twz-inspect doctor libany.so
libany.so
  a shared object for …
  build-id 0123456789abcdef0123456789abcdef
  exports 2 functions
looked for debug information
  in the file: libany.so: found
found
  DWARF 5, …
  1 unit
    1 C: GNU C…
types
  with: 2 functions
    2 from the function at its address
## Nothing in it: each place where it was looked for, and what can be done.
$ strip -o bare.so libany.so; unset XDG_CACHE_HOME; HOME=/nowhere DPKG_ROOT=$PWD twz-inspect doctor --debug-dir $PWD/one:$PWD/two bare.so | sed "s|$PWD|HERE|g"
bare.so
  a shared object for …
  build-id 0123456789abcdef0123456789abcdef
  exports 2 functions
looked for debug information
  in the file: bare.so: none
  by build-id: HERE/one/.build-id/01/23456789abcdef0123456789abcdef.debug: no such file
  by build-id: HERE/two/.build-id/01/23456789abcdef0123456789abcdef.debug: no such file
  by build-id: /nowhere/.cache/debuginfod_client/0123456789abcdef0123456789abcdef/debuginfo: no such file
  by build-id: /nowhere/.debuginfod_client_cache/0123456789abcdef0123456789abcdef/debuginfo: no such file
types
  without: 2 functions
what to do
  build it with -g, and do not strip it or keep what objcopy --only-keep-debug makes of it
  or have the prototypes from its headers: twz-inspect --all --headers FILE bare.so
$ twz-inspect doctor bare.so >/dev/null
[1]
## Which package has it: who brought the file, by dpkg, and whose build-id it is, by apt.
$ mkdir -p var/lib/dpkg/info var/lib/apt/lists etc; printf '/.\n/usr\n%s\n' "$PWD/bare.so" >var/lib/dpkg/info/libany2:amd64.list; printf '%s.old\n' "$PWD/bare.so" >var/lib/dpkg/info/libold.list; printf 'ID=debian\nVERSION_CODENAME="bookworm"\n' >etc/os-release; DPKG_ROOT=$PWD twz-inspect doctor bare.so | grep -A9 -e package -e 'to do' | grep -v ': no such file'
  from package libany2
  exports 2 functions
looked for debug information
  in the file: bare.so: none
types
  without: 2 functions
what to do
  install its debug package: apt install libany2-dbgsym (or libany2-dbg)
  packages that end with -dbgsym come from an archive of their own: add 'deb http://deb.debian.org/debian-debug/ bookworm-debug main' to apt's sources
  or let debuginfod's client fetch it: debuginfod-find debuginfo 0123456789abcdef0123456789abcdef
  or build it with -g
  or have the prototypes from its headers: twz-inspect --all --headers FILE bare.so
$ printf 'Package: other\nVersion: 1\n\nPackage: any-symbols\nVersion: 1\nBuild-Ids: 99 0123456789abcdef0123456789abcdef\nSection: debug\n\nPackage: last\n' >var/lib/apt/lists/x_main_Packages; DPKG_ROOT=$PWD twz-inspect doctor bare.so | grep 'apt install'
  install its debug package: apt install any-symbols
## A separate file of another build is named, and the right one is taken.
$ mkdir -p one/.build-id/01 .debug; printf 'int h(void) { return 0; }\n' >other.c; gcc -g -shared -fPIC -Wl,--build-id -o one/.build-id/01/23456789abcdef0123456789abcdef.debug other.c; DPKG_ROOT=$PWD twz-inspect doctor --debug-dir one bare.so | grep -e differs -e 'in the way'
  by build-id: one/.build-id/01/23456789abcdef0123456789abcdef.debug: its build-id differs
  a file of another build is in the way: upgrade the library and its debug package together
$ objcopy --only-keep-debug libany.so .debug/any.debug; objcopy --add-gnu-debuglink=.debug/any.debug bare.so; twz-inspect doctor --debug-dir one bare.so | grep -e 'any.debug' -e differs -e with | sed "s|$PWD|HERE|g"
  by build-id: one/.build-id/01/23456789abcdef0123456789abcdef.debug: its build-id differs
  by debug link: HERE/any.debug: no such file
  by debug link: HERE/.debug/any.debug: found
  with: 2 functions
## Split files: found, then gone.
$ gcc -gdwarf-5 -gsplit-dwarf -shared -fPIC -c any.c && gcc -gdwarf-5 -shared -o split.so any.o && twz-inspect doctor split.so | grep -e split -e '1 C' -e with
split.so
  in the file: split.so: found
  split package: split.so.dwp: no such file
    1 C: GNU C…
  split files: 1 found, 0 missing
  with: 2 functions
$ rm any.dwo; twz-inspect doctor split.so | grep -e missing -e without -e dwp
  split package: split.so.dwp: no such file
  split files: 0 found, 1 missing
  without: 2 functions
  keep .dwo files where they were made or beside the library, or pack them: llvm-dwp -e split.so -o split.so.dwp
## Functions without types have their reasons.
$ printf '.globl in_assembly\n.type in_assembly, @function\nin_assembly: ret\n.size in_assembly, .-in_assembly\n.section .note.GNU-stack,"",@progbits\n' >asm.s; gcc -g -shared -fPIC -o mixed.so any.c asm.s; twz-inspect doctor mixed.so | sed -n '/^types/,$p'
types
  with: 2 functions
    2 from the function at its address
  without: 1 function
    1: …
what to do
  for functions that the debug information does not describe, prototypes can be had from headers: twz-inspect --all --headers FILE mixed.so
## For machines.
$ twz-inspect doctor --json libany.so bare.so $TWZ_BUILD/lib/twz/libcalc.so >doctor.json; wc -l <doctor.json; jq -rn --slurpfile schema $TWZ_ROOT/share/doc/twz-doctor.schema.json --slurpfile doc doctor.json -f $TWZ_ROOT/tests/support/schema.jq; jq -c 'del(.looks[0].found) | .debug.units = "x"' doctor.json | head -1 >bad.json; jq -rn --slurpfile schema $TWZ_ROOT/share/doc/twz-doctor.schema.json --slurpfile doc bad.json -f $TWZ_ROOT/tests/support/schema.jq
3
$.looks[0]: lacks found
$.debug: agrees with none of its forms
$ twz-inspect doctor --json libany.so bare.so | jq -c '[.schema, .path, .build_id, .exports, .typed, .untyped, .debug.versions, (.looks | length), .debug.compilers[0].language]'
["twz.doctor/1","libany.so","0123456789abcdef0123456789abcdef",2,2,0,[5],1,"C"]
["twz.doctor/1","bare.so","0123456789abcdef0123456789abcdef",2,2,0,[5],…
## What is no library at all.
$ gcc -g -c any.c -o any.o; twz-inspect doctor any.o
twz-inspect: any.o: not a shared object but a relocatable object (.o)
…
[1]
