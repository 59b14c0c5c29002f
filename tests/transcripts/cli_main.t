## A gate that is a program (features.md P17): words are text, its status is that of the text.
$ cat >cat <<'END'; chmod +x cat
> #!/bin/sh
> TWZ_PATH=$TWZ_BUILD/tests/services/program exec twz "$@"
> END
$ ./cat -c 'cat::cli_main -n file --number=3 --long name 007 true none *.c "two words"'
cat: [cat][-n][file][--number=3][--long][name][007][true][none][*.c][two words]
$ ./cat -c 'file = "from a variable"; n = 5; cat::cli_main file $file $n "${n}x" --file=$file --sum=(1 + 2) [a, b]'
cat: [cat][file][from a variable][5][5x][--file=from a variable][--sum=3][a][b]
$ ./cat -c 'cat::cli_main'
cat: [cat]
$ ./cat call cat::cli_main '$x' --status=0 -- --status 4
cat: [cat][$x][--status=0][--status][4]
[4]
$ ./cat -c 'cat::cli_main --status 3'
cat: [cat][--status][3]
[3]
$ ./cat -c 'cat::cli_main --status 3; print no' 2>&1 | grep -v '^cat:'
Error: cat::cli_main ended with status 3
$ ./cat -c 's = cat::cli_main --status 3; print s; if (cat::cli_main --status 0) == 0 { print yes }' 2>/dev/null
3
yes
$ printf 'print one\ncat::cli_main --status 7\n' >s.twz; ./cat s.twz 2>/dev/null
one
[7]
$ ./cat --dry-run -c 'b = "x y"; cat::cli_main a $b'
would call cat::cli_main(argv=["cat", "a", "x y"])
<i32>
$ ./cat -c 'cat::cli_main $b'
Name Error: 'b' is not defined
[3]
$ ./cat -c '["a"] | cat::cli_main' 2>/dev/null
0
$ ./cat
twz> cat::cli_main --status 3
…
Error: cat::cli_main ended with status 3
…
