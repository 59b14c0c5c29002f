## A secret that stands neither in the text nor in the arguments.
$ WORD=hunter2 twz call passwd::update_password bob @env:WORD; twz -c 'passwd::check_password bob hunter2'
true
$ printf 'hunter3\r\n' >word; twz -c 'passwd::update_password bob @file:word'; twz -c 'passwd::check_password bob hunter3'
true
$ echo hunter4 | twz call passwd::update_password --password=@fd:0 bob; twz -c 'passwd::check_password bob hunter4'
true
$ twz call passwd::update_password bob @fd:7 7<word; twz -c 'passwd::check_password bob hunter3'
true
## What is wrong with it is said before the gate is called, and never what it is.
$ twz -v -c 'passwd::update_password bob @env:NOT_THERE'
Name Error: cannot read the secret @env:NOT_THERE: the environment has no such variable
  passwd::update_password bob @env:NOT_THERE
                              ^^^^^^^^^^^^^^
[3]
$ twz -v -c 'passwd::update_password bob @file:/no/such/file'
Name Error: cannot read the secret @file:/no/such/file: No such file or directory
  passwd::update_password bob @file:/no/such/file
                              ^^^^^^^^^^^^^^^^^^^
[3]
$ twz -v -c 'passwd::update_password bob @file:/tmp'
Name Error: cannot read the secret @file:/tmp: Is a directory
  passwd::update_password bob @file:/tmp
                              ^^^^^^^^^^
[3]
$ twz -v -c 'passwd::update_password bob @fd:zwei'
Name Error: cannot read the secret @fd:zwei: write @fd: and the number of an open descriptor
  passwd::update_password bob @fd:zwei
                              ^^^^^^^^
[3]
$ twz -v -c 'passwd::update_password bob @fd:99'
Name Error: cannot read the secret @fd:99: Bad file descriptor
  passwd::update_password bob @fd:99
                              ^^^^^^
[3]
$ twz -v -c 'passwd::update_password bob @file:/dev/zero'
Name Error: cannot read the secret @file:/dev/zero: it is longer than 64 KiB
  passwd::update_password bob @file:/dev/zero
                              ^^^^^^^^^^^^^^^
[3]
$ WORD=hunter2 twz -x -c 'passwd::update_password bbo @env:WORD' 2>&1 | grep -c hunter2
0
[1]
## In quotes, and for parameters that are no secret, it is a text like others.
$ WORD=hunter2 twz -c 'passwd::check_password bob "@env:WORD"; calc::length @env:WORD'
false
9
## A check reads nothing, and tells a secret in the text from one that is elsewhere.
$ echo 'passwd::update_password bob @file:/no/such/file; passwd::update_password bob hunter2' >s.twz; twz -v --check s.twz
s.twz:1:78: Warning: W4: a secret stands in the text
  passwd::update_password bob @file:/no/such/file; passwd::update_password bob ******
                                                                               ^^^^^^ write @env:NAME, @file:PATH or @fd:N instead
s.twz: 0 errors, 1 warnings; 3 texts are checked at run time, by their converters; gates as of registry e9c98641b40c1b6a
## None of these is seen in a trace or a dry run.
$ WORD=hunter2 twz -x --dry-run -c 'passwd::update_password bob @env:WORD' 2>&1 | sed 's/^+ [0-9:.]* //; s/ [0-9]*.s$//'
passwd::user_from_string(text="bob") → Ok(User{id: 1001, name: "bob"})
would call passwd::update_password(user=User{id: 1001, name: "bob"}, password=******)
<Result<()>>
