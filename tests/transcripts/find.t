## Functions by type, a line each.
$ printf '#include <stdio.h>\n#include <time.h>\ntypedef struct User { int id; struct tm since; } User;\nint check(const User *u) { return u->id; }\nvoid set(User *u, int id) { u->id = id; }\nUser *make(const char *name, int *error) { return 0; }\nint show(FILE *to, User u, ...) { return 0; }\n' >user.c; cc -g -w -shared -fPIC -o libuser.so user.c
$ twz-inspect --find 'takes User returns int' libuser.so | cut -d'(' -f1
libuser.so: check
libuser.so: show
$ twz-inspect --find 'takes User*' libuser.so | cut -d'(' -f1
libuser.so: check
libuser.so: set
$ twz-inspect --find '(int*, char*) -> User' libuser.so | cut -d'(' -f1
libuser.so: make
$ twz-inspect --find 'reaches tm name *e*' libuser.so | cut -d'(' -f1
libuser.so: check
libuser.so: make
libuser.so: set
$ twz-inspect --json --find 'takes FILE' libuser.so | jq -c '[.schema, .service, .name, .verdict]'
["twz.find/1","user","show","refused"]
$ twz-inspect --json --find '(...)' libuser.so >all.json; wc -l <all.json; jq -rn --slurpfile schema $TWZ_ROOT/share/doc/twz-find.schema.json --slurpfile doc all.json -f $TWZ_ROOT/tests/support/schema.jq
4
## Files and folders, several at once; of a service its gates.
$ twz-inspect --find 'takes User name update*' . $TWZ_BUILD/lib/twz/libpasswd.so | sed 's|.*/||'
libpasswd.so: update_password(user: User, password: string) -> Result<(), UpdatePasswordError>
## Nothing, and what was perhaps meant.
$ twz-inspect --find 'takes Usr' libuser.so
twz-inspect: nothing found
  hint: there is no type 'Usr'; did you mean 'User'?
[1]
$ twz-inspect --find 'returns tm' libuser.so
twz-inspect: nothing found
[1]
$ twz-inspect --find 'takes User, int' libuser.so
twz-inspect: --find: expected takes, returns, reaches, name or '('
  takes User, int
            ^
  hint: try 'takes User', 'returns char*', 'reaches pthread_mutex_t', 'name png_*' or '(const char*, int) -> int'
[2]
## Without a library: all that is registered, and the services that can be found.
$ twz-inspect --all --register libuser.so && twz-inspect --find 'takes FILE' | sed 's|.*/||' | cut -d'(' -f1
libuser.so: show
$ TWZ_PATH=$TWZ_BUILD/lib/twz twz-inspect --find 'name update_password' | grep -c passwd
1
## C++: by the names of the source.
$ printf 'namespace geo { int area(int a, int b) { return a * b; } }\n' >geo.cc; g++ -g -shared -fPIC -o libgeo.so geo.cc; twz-inspect --find 'returns int' libgeo.so; twz-inspect --json --find 'returns int' libgeo.so | jq -r .shown
libgeo.so: geo::area(a: i32, b: i32) -> i32
geo::area
