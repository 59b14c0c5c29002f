## RFC 0008, "REPL": every line that needs no objects, byte for byte, at the prompt.
$ twz
twz> user ?= passwd::lookup_user bob
twz> passwd::update_passwd user changeme
Ok(())
twz> user ?= passwd::lookup_user bobby
Error: No such user
…
twz> passwd::update_passwd bob changeme
Ok(())
twz> passwd::update_passwd bobby changeme
Error: No such user
…
## E4: where User has no conversion from String.
$ TWZ_PATH=$TWZ_BUILD/tests/services/plain twz
twz> passwd::update_passwd bob changeme
Type Error: Expected 'User' got 'String'
…
## E7: a context without the capability.
$ twz --as guest
twz> passwd::update_passwd bob changeme
Security Error: Failed to call update_password in passwd: Permission denied
…
## The same through -c, where nothing is decorated.
$ twz -c 'user ?= passwd::lookup_user bob'
$ twz -c 'user ?= passwd::lookup_user bob; passwd::update_passwd user changeme'
$ twz -c 'user ?= passwd::lookup_user bobby'
Error: No such user
[1]
$ TWZ_PATH=$TWZ_BUILD/tests/services/plain twz -c 'passwd::update_passwd bob changeme'
Type Error: Expected 'User' got 'String'
[3]
$ twz -c 'passwd::update_passwd bob changeme'
$ twz -c 'passwd::update_passwd bobby changeme'
Error: No such user
[1]
$ twz --as guest -c 'passwd::update_passwd bob changeme'
Security Error: Failed to call update_password in passwd: Permission denied
[4]
