## sql: the registry and what is live, as tables.
$ twz -c 'sql gates where returns = User'
gate                 returns  signature                                               doc
passwd::lookup_user  User     lookup_user(name: string) -> Result<User, LookupError>  Finds a user by name
passwd::add_user     User     add_user(name: string) -> Result<User, LookupError>     Adds a user, whom no password fits yet
$ twz -o json -c 'sql gates where returns = User and name like look%'
[{"gate":"passwd::lookup_user","returns":"User","signature":"lookup_user(name: string) -> Result<User, LookupError>","doc":"Finds a user by name"}]
## The whole of SQL, in quotes; values that are given for ? are never read as SQL.
$ twz -c "sql \"select name, fails from gates where service = ? order by name\" passwd"
name             fails
add_user         LookupError
check_password   LookupError
lookup_user      LookupError
update_password  UpdatePasswordError
$ twz -c 'sql "select count(*) as n from gates where name = ?" "x'"'"' or 1 = 1 --"'
n
0
$ twz -c 'sql "select ? as a" 1 2'
Type Error: sql: the query has 1 parameter (?), 2 values are given
[3]
## Values are typed, and the rows are a list like any other.
$ twz -o json -c "sql \"select 1 as i, 2.5 as f, 'é' as t, null as n, x'00ff' as b, 9223372036854775807 as m, 1 as i\""
[{"i":1,"f":2.5,"t":"é","n":null,"b":{"b64":"AP8="},"m":9223372036854775807,"i_2":1}]
$ twz -c 'sql "select name, fails from gates where service = ?" passwd | where it.fails == "UpdatePasswordError" | map it.name'
["update_password"]
$ twz -c '(sql gates where service = counter | count) + 1'
6
$ twz -c 'n = sql gates where service = counter order by gate desc limit 1; print (n[0].gate)'
counter::who_called
$ twz -c 'sql "select sum(n) as n from calls where ended is null"; x = calc::add 1 2; y = calc::add 3 4; sql "select gate, n, errors, failures from calls where ended is null"'
n
none
gate       n  errors  failures
calc::add  2       0         0
$ twz -c 'x = try fault::null else 0; y = try passwd::lookup_user nobody else 0; sql "select gate, n, errors, failures from calls where ended is null order by gate"'
gate                 n  errors  failures
fault::null          1       0         1
passwd::lookup_user  1       1         0
$ twz -c 'x = calc::add 1 2; sql "select service, state, links, calls from compartments"; sql "select caller, service, depth, calls from links"'
service  state  links  calls
calc     ready      1      1
caller  service  depth  calls
none    calc         1      1
$ twz -c 'for i in 1 .. 500 { _ = calc::add i i }; sql "select n, p50 > 0 as timed, p50 <= p90 and p90 <= p99 as sorted from calls where ended is null"'
  n  timed  sorted
500      1       1
$ twz -c 'n = 5; who = "bob"; sql "select * from variables where name <> '"'args'"'"'
name  type    value
who   String  "bob"
n     int     5
$ twz -c 'sql errors where type = LookupError and value < 3; sql params where gate = passwd::update_password'
service  type         name        value  text
passwd   LookupError  NoSuchUser      1  No such user
passwd   LookupError  UserExists      2  There is such a user already
gate                     place  name      type    direction  secret  optional
passwd::update_password      0  user      User    in              0         0
passwd::update_password      1  password  string  in              1         0
$ twz -c 'sql fields where struct = User; sql "select gate from gates where service = ? limit 1" sys; sql services where name = passwd'
service  struct  place  name  type        offset
passwd   User        0  id    u32              0
passwd   User        1  name  [char; 32]       4
gate
sys::services
name    version  gates  doc
passwd  1.0          6  Users and their passwords
$ twz -c 'sql history | count; sql tables | map it.name'
0
["services", "gates", "params", "types", "fields", "enumerators", "errors", "libraries", "functions", "compartments", "links", "handlers", "calls", "variables", "history", "builtin", "found", "words", "tables"]
$ twz -c 'c = sys::load calc --isolation=none; x = calc::add 1 2; y = try calc::divide 1 0 else 0; sql "select gate, n, errors from calls where ended is null"; sql "select service, level, mechanism, calls from compartments"'
gate          n  errors
calc::add     1       0
calc::divide  1       1
service  level  mechanism  calls
calc     none   direct         2
## Rows come one at a time where each is shown alone.
$ twz -o raw -c 'sql "with recursive c(n) as (select 1 union all select n + 1 from c) select n from c"' 2>&1 | head -2
{n: 1}
{n: 2}
$ twz -o jsonl -c 'sql "select name, fails from gates where service = ? limit 2" passwd'; twz -o csv -c 'sql "select name, fails from gates where service = ? limit 2" passwd'
{"name":"lookup_user","fails":"LookupError"}
{"name":"update_password","fails":"UpdatePasswordError"}
name,fails
lookup_user,LookupError
update_password,UpdatePasswordError
## Nothing can be changed.
$ twz -c "sql 'attach database ? as x'"
Security Error: sql only reads: ATTACH is refused
[4]
$ twz -c "sql 'pragma journal_mode = delete'"
Security Error: sql only reads: PRAGMA is refused
[4]
$ twz -c "sql \"select load_extension('x')\""
Security Error: sql only reads: load_extension is refused
[4]
$ twz -c "sql 'delete from gate'"; twz -c "sql 'create temp table x(a)'"; twz -c 'sql vacuum'; twz -c "sql 'begin'"; twz -c "sql 'drop view param'"
Security Error: sql only reads: DELETE is refused
Security Error: sql only reads: CREATE is refused
Security Error: sql only reads: VACUUM is refused
Security Error: sql only reads: BEGIN is refused
Security Error: sql only reads: DROP is refused
[4]
$ twz -c "sql 'select 1; delete from gate'"
Error: sql: one query at a time
[1]
## What is wrong is shown where it is.
$ twz -v -c 'sql gates where retuns = User'
Name Error: sql: no such column: retuns
  sql gates where retuns = User
                  ^^^^^^ did you mean returns?
[3]
$ twz -v -c 'sql "select name from gatez"'
Name Error: sql: no such table: gatez
  sql "select name from gatez"
  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ did you mean gates?
[3]
$ twz -v -c 'sql "select name frm gates wher x"'
Error: sql: near "gates": syntax error
  sql "select name frm gates wher x"
                       ^^^^^
[1]
$ twz -v -c 'sql gates order'
Error: sql: incomplete input
  sql gates order
  ^^^^^^^^^^^^^^^
[1]
$ twz -v -c 'sql gates whre name = x'
Error: sql: 'whre' cannot follow the table
  sql gates whre name = x
            ^^^^ write: sql TABLE where COLUMN = VALUE order by COLUMN limit N, or sql "select …"
[1]
$ twz -c "sql 'select abs(-9223372036854775808)'"
Error: sql: integer overflow
[1]
## Whoever asks can deal with it.
$ twz -c 'try sql "selec 1" else []; try { sql "select 1 from nothing_there" } catch e { print "no: ${e.message}" }'
[]
no: sql: no such table: nothing_there
## It ends in time, and when it is told to.
$ twz --timeout 200ms -c "sql 'with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c'"
Timeout: sql: not done within 0.2s
[124]
$ env --default-signal=INT twz -o raw -c "sql 'with recursive c(n) as (select 1 union all select n + 1 from c) select n from c'" >out 2>err &
> until [ -s out ] || ! kill -0 $!; do :; done; kill -INT $!; wait $!; s=$?; cat err; exit $s
Interrupted: sql
[130]
$ twz -c "sql 'with recursive c(n) as (select 1 union all select n + 1 from c) select zeroblob(1000000) from c'"
Link Error: sql: the answer has more than 1000000 rows or 256 MiB
[6]
$ twz --check /dev/stdin <<'END'
> x = sql gates where returns = User
> sql 5 | map it.gate
> END
> true
/dev/stdin:1:1: Warning: W2: 'x' is assigned, never read
## What ended sessions called, by what ran in them; one that is killed tells nothing (language.md 2.8).
$ echo 'for i in 1 .. 3 { _ = calc::add i i }; _ = try calc::divide 1 0 else 0; _ = try fault::null else 0; exit 7' >did.twz; twz did.twz
[7]
$ twz -c 'sql "select gate, n, errors, failures, status, context from calls where script = ? order by gate" "did.twz"'
gate          n  errors  failures  status  context
calc::add     3       0         0       7  owner
calc::divide  1       1         0       7  owner
fault::null   1       0         1       7  owner
$ twz call calc::add 4 5; echo 'calc::add 6 7' | twz; twz --private -c 'calc::add 8 9'; twz --as=guest -c 'x = calc::add 1 1'
9
13
17
$ twz -c 'sql "select gate, script, context from calls limit 3"'
gate       script  context
calc::add  -c      guest
calc::add  -       owner
calc::add  call    owner
$ twz -c 'sql "select count(distinct session) = 1 as same, count(*) as n, min(began) <= min(ended) as sane from calls where script = ?" "did.twz"'
same  n  sane
   1  3     1
## No secret is in it, for nothing that was typed is; and where nothing can be written a session ends as ever.
$ twz -c 'x = try passwd::update_password bob s3cretpw else 0'; grep -c s3cretpw "$TWZ_REGISTRY".calls
0
[1]
$ rm "$TWZ_REGISTRY".calls; mkdir "$TWZ_REGISTRY".calls; twz -c 'calc::add 1 2'; twz -c 'sql "select count(*) as n from calls"'; rmdir "$TWZ_REGISTRY".calls
3
n
0
$ ln -s /dev/full "$TWZ_REGISTRY".calls; twz -c 'calc::add 1 2; exit 5'
3
[5]
$ rm "$TWZ_REGISTRY".calls; for i in 1 2 3 4 5 6 7 8; do twz -c 'x = calc::add 1 2' & done; wait; twz -c 'sql "select count(*) as rows, count(distinct session) as sessions from calls"'
rows  sessions
   8         8
