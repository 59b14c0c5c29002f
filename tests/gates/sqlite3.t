## Objects stay in the compartment; callers have numbers for them.
$ cat >db.twz <<'T'
> d ?= sqlite3::open ":memory:"
> sqlite3::exec d "create table t(a, b text); insert into t values (1, 'one'), (2, 'two')"
> sqlite3::changes d
> s ?= sqlite3::prepare_v2 d "select a, b from t order by a" -1
> sqlite3::column_count s
> sqlite3::step s
> sqlite3::column_name s 1
> sqlite3::column_text s 1
> sqlite3::step s
> sqlite3::column_int64 s 0
> sqlite3::step s
> sqlite3::finalize s
> ok (sqlite3::exec d "selct")
> sqlite3::errmsg d
> sqlite3::close d
> sqlite3::errmsg d
> T
$ twz -c "$(cat db.twz)"
2
2
SQLITE_ROW
b
one
SQLITE_ROW
2
SQLITE_DONE
false
near "selct": syntax error
Type Error: sqlite3::sqlite3_errmsg: argument 'db' is no sqlite3 of this compartment's
[3]
## Rows by a callback, whose parameters are said in the gates file: its lists have their lengths with them.
$ twz -c 'd ?= sqlite3::open ":memory:"; sqlite3::exec d "create table t(a, b text); insert into t values (1, '"'one'"'), (2, null)"; sqlite3::exec d "select * from t" {|values, names| print $names $values; 0}'
["a", "b"] ["1", "one"]
["a", "b"] ["2", none]
$ twz -c 'd ?= sqlite3::open ":memory:"; ok (sqlite3::exec d "values (1), (2)" {|values, names| print $values; 1}); sqlite3::errmsg d'
["1"]
false
query aborted
$ twz -c 'd ?= sqlite3::open ":memory:"; sqlite3::exec d "values (1), (2)" {|values, names| $values[1]}'
Type Error: no element 1 in a list of 1
[3]
## What went wrong is said by the database itself, for each database its own.
$ twz -c 'd ?= sqlite3::open ":memory:"; e ?= sqlite3::open ":memory:"; try { sqlite3::exec d "selct" } catch x { print (x.message) }; sqlite3::exec e "create table t(a)"; match sqlite3::exec e "insert into u values (1)" { Ok(_) => print "in", Err(SQLITE_ERROR) => print "no", Err(_) => print "?" }; sqlite3::prepare_v2 e "select * from nowhere" -1'
near "selct": syntax error (SQLITE_ERROR)
no
Error: no such table: nowhere (SQLITE_ERROR)
[1]
## A number that was never given, one of another type.
$ twz -c 'sqlite3::errmsg 12345'
Type Error: sqlite3::sqlite3_errmsg: argument 'db' is no sqlite3 of this compartment's
[3]
$ twz -c 'd ?= sqlite3::open ":memory:"; sqlite3::column_count d'
Type Error: sqlite3::sqlite3_column_count: argument 'statement' is no sqlite3_stmt of this compartment's
[3]
## A number that was closed is not given again.
$ twz -c 'a ?= sqlite3::open ":memory:"; sqlite3::close a; b ?= sqlite3::open ":memory:"; a == b; sqlite3::errmsg a'
false
Type Error: sqlite3::sqlite3_errmsg: argument 'db' is no sqlite3 of this compartment's
[3]
## Files: in the private folder of the service, where they stay; nowhere else.
$ twz -c 'd ?= sqlite3::open "notes.db"; sqlite3::exec d "create table t(a); insert into t values (42)"; sqlite3::close d'
$ twz -c 'd ?= sqlite3::open "notes.db"; s ?= sqlite3::prepare_v2 d "select a from t" -1; sqlite3::step s; sqlite3::column_int64 s 0'
SQLITE_ROW
42
$ touch here.db; twz -c "sqlite3::open \"$PWD/here.db\""; twz -c 'sqlite3::open /etc/passwd'
Error: The file cannot be opened
Error: The file cannot be opened
[1]
$ twz -c 'sqlite3::complete "select 1;"; sqlite3::complete "select 1"; sqlite3::strglob "a*" "abc"'
1
0
0
## A compiled program: what it holds as pointers are the numbers.
$ twz-inspect --stubs sqlite3 && cat >use.c <<'C'
> #include <stdio.h>
> #include <stdlib.h>
> #include "sqlite3_stub.h"
> static int row(void *data, int n, char **values, char **names)
> {
> 	*(long *)data += strtol(values[n - 1], NULL, 10);
> 	return n != 2 || names[0][0] != 'a';
> }
> int main(void)
> {
> 	sqlite3 *db;
> 	sqlite3_stmt *all;
> 	long sum = 0;
> 	if (sqlite3_sqlite3_open(":memory:", &db) != SQLITE_OK ||
> 	    sqlite3_sqlite3_exec(db, "create table t(a); insert into t values (40), (2)", NULL, NULL, NULL) != SQLITE_OK ||
> 	    sqlite3_sqlite3_prepare_v2(db, "select a from t", -1, &all, NULL) != SQLITE_OK)
> 		return 1;
> 	while (sqlite3_sqlite3_step(all) == SQLITE_ROW)
> 		sum += (long)sqlite3_sqlite3_column_int64(all, 0);
> 	printf("%ld %d\n", sum, sqlite3_sqlite3_finalize(all));
> 	sqlite3_sqlite3_exec(db, "select a, a + 1 from t", row, &sum, NULL);
> 	printf("%ld\n", sum);
> 	sqlite3_sqlite3_column_count((sqlite3_stmt *)db);
> 	printf("%s\n", twz_failed() ? twz_failed()->text : "not refused");
> }
> C
$ cc -I$TWZ_ROOT/include use.c sqlite3_stub.c -L$TWZ_BUILD/lib -ltwz -Wl,-rpath,$TWZ_BUILD/lib -o use && ./use
42 0
86
sqlite3::sqlite3_column_count: argument 'statement' is no sqlite3_stmt of this compartment's
