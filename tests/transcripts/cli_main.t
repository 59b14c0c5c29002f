## A gate that is a program (features.md P17): words are text, its status is that of the text.
$ cat >cat <<'END'; chmod +x cat
> #!/bin/sh
> TWZ_PATH=$TWZ_BUILD/tests/services/program exec twz "$@"
> END
$ ./cat -c 'cat::cli_main -n file --number=3 --long name 007 true none *.c "two words"'
[cat][-n][file][--number=3][--long][name][007][true][none][*.c][two words]
$ ./cat -c 'file = "from a variable"; n = 5; cat::cli_main file $file $n "${n}x" --file=$file --sum=(1 + 2) [a, b]'
[cat][file][from a variable][5][5x][--file=from a variable][--sum=3][a][b]
$ ./cat -c 'cat::cli_main'
[cat]
$ ./cat call cat::cli_main '$x' --status=0 -- --status 4
[cat][$x][--status=0][--status][4]
[4]
$ ./cat -c 'cat::cli_main --status 3'
[cat][--status][3]
[3]
$ ./cat -c 'cat::cli_main --status 3; print no' 2>&1 | grep -v '^\['
Error: cat::cli_main ended with status 3
$ ./cat -c 's = cat::cli_main --status 3; print s; if (cat::cli_main --status 0) == 0 { print yes }'
[cat][--status][3]
3
[cat][--status][0]
yes
$ printf 'print one\ncat::cli_main --status 7\n' >s.twz; ./cat s.twz
one
[cat][--status][7]
[7]
$ ./cat --dry-run -c 'b = "x y"; cat::cli_main a $b'
would call cat::cli_main(argv=["cat", "a", "x y"])
<i32>
$ ./cat -c 'cat::cli_main $b'
Name Error: 'b' is not defined
[3]
$ ./cat -c '["a"] | cat::cli_main'
[a]
0
$ ./cat
twz> cat::cli_main --status 3
…
Error: cat::cli_main ended with status 3
…
## What it writes is what the program would: its stdout byte by byte, in order, all of it; and so is its stderr.
$ printf 'one\n\n\ttwo \033[31mred\nno end' >f
$ ./cat call files::keep f "$(cat f)"
1
$ ./cat -c 'files::cli_main -n f' >got; cat -n f | cmp - got && echo same
same
$ ./cat -c 'print before; files::cli_main f; print; print after' | tr '\033' '^'
before
one

	two ^[31mred
no end
after
$ ./cat -c 'files::cli_main --fill 1048576; files::cli_main f' 2>/dev/null | wc -c
1048601
$ ./cat -c 'files::cli_main f nothing' 2>&1 >/dev/null
files: nothing: not there
[1]
$ ./cat -c 'files::cli_main "\x1b[2Jgone"' 2>&1 >/dev/null | tr '\033' '^'
files: ^[2Jgone: not there
$ ./cat -c '_ = try files::cli_main nothing else 0; _ = files::keep "a/b" x' 2>&1 >/dev/null
files: nothing: not there
$ ./cat -c '_ = files::keep g "x"; files::cli_main f nothing g' 2>/dev/null | tail -c 7; echo
no endx
## A terminal shows what it would obey.
$ ./cat
twz> files::cli_main "\x1b[2Jgone"
files: \x1b[2Jgone: not there
…
$ ./cat
twz> files::cli_main f
one

	two \x1b[31mred
no end
