## A service brings libraries along: beside it, and in the folder that one of these names. It may read these, and nothing else there.
$ mkdir -p pack/services pack/lib; cd pack; cat >pack.c <<'end'
> #include <stdio.h>
> #include <twz/gate.h>
> TWZ_SERVICE("pack", "1.0", "Brings libraries along");
> int near(int);
> TWZ_GATE(int, answer, (int n), TWZ_DOC("What its libraries say"))
> {
> 	return near(n);
> }
> TWZ_GATE(_Bool, reads, (const char *path), TWZ_DOC("Whether it can read a file"))
> {
> 	FILE *f = fopen(path, "r");
> 
> 	return f && fgetc(f) != EOF;
> }
> end
$ cd pack; echo 'int deep(int n) { return 2 * n; }' >deep.c; echo 'int deep(int); int near(int n) { return deep(n) + 1; }' >near.c
$ cd pack; cc -shared -fPIC deep.c -o lib/libdeep.so.1 -Wl,-soname,libdeep.so.1; ln -s libdeep.so.1 lib/libdeep.so; cp lib/libdeep.so.1 services/libother.so
$ cd pack; cc -shared -fPIC near.c -o services/libnear.so -Llib -ldeep -Wl,-rpath,'$ORIGIN/../lib'
$ cd pack; cc -shared -fPIC -g -I$TWZ_ROOT/include pack.c -o services/libpack.so -Lservices -lnear -Wl,-rpath,'$ORIGIN' -Wl,--allow-shlib-undefined
$ export TWZ_PATH=$PWD/pack/services; twz -c 'pack::answer 20'; for f in services/libnear.so services/libpack.so lib/libdeep.so.1 services/libother.so pack.c; do echo $f $(twz call pack::reads "$PWD/pack/$f"); done
41
services/libnear.so true
services/libpack.so true
lib/libdeep.so.1 true
services/libother.so false
pack.c false
$ export TWZ_PATH=$PWD/pack/services; for o in --fresh --preload --isolation=caller --isolation=callee; do twz -c "_ = sys::load pack $o; pack::answer 20"; done
41
41
41
41
## By DT_RPATH, which also holds for what a needed library needs; by a path that is written into the file.
$ cd pack; cc -shared -fPIC near.c -o services/libnear.so -Llib -ldeep; cc -shared -fPIC -g -I$TWZ_ROOT/include pack.c -o services/libpack.so -Lservices -lnear -Wl,--disable-new-dtags,-rpath,'${ORIGIN}:/nowhere:$ORIGIN/../lib' -Wl,--allow-shlib-undefined; TWZ_PATH=$PWD/services twz -c 'pack::answer 20'
41
$ cd pack; cc -shared -fPIC near.c deep.c -o lib/plain.so; cc -shared -fPIC -g -I$TWZ_ROOT/include pack.c -o services/libpack.so $PWD/lib/plain.so; TWZ_PATH=$PWD/services twz -c 'pack::answer 20'
41
## Who is not found is missing, as for every program.
$ cd pack; cc -shared -fPIC near.c deep.c -o services/libnear.so; cc -shared -fPIC -g -I$TWZ_ROOT/include pack.c -o services/libpack.so -Lservices -lnear; TWZ_PATH=$PWD/services twz -c 'pack::answer 20'
Link Error: service pack cannot be loaded: libnear.so: cannot open shared object file: No such file or directory
[6]
## A file may name anything: what is no library for this machine stays closed, so the loader cannot see that it is none.
$ cd pack; cc -shared -fPIC near.c deep.c -o services/libnear.so; cc -shared -fPIC -g -I$TWZ_ROOT/include pack.c -o services/libpack.so -Lservices -lnear -Wl,-rpath,'$ORIGIN'; cp pack.c services/libnear.so; TWZ_PATH=$PWD/services twz -c 'pack::answer 20'; TWZ_PATH=$PWD/services twz -c '_ = sys::load pack --isolation=callee; pack::answer 20'
Link Error: service pack cannot be loaded: libnear.so: cannot open shared object file: No such file or directory
Link Error: service pack cannot be loaded: …/services/libnear.so: invalid ELF header
[6]
