## Users and passwords survive the session.
$ twz -c 'passwd::update_password bob s3cret; passwd::check_password bob s3cret; passwd::check_password bob wrong'
true
false
$ twz -c 'passwd::check_password bob s3cret; passwd::add_user alice'
true
User{id: 1002, name: "alice"}
$ twz -c 'passwd::lookup_user alice; passwd::add_user alice'
User{id: 1002, name: "alice"}
Error: There is such a user already
[1]
$ twz -c "passwd::add_user 'Alice Doe'"
Error: A name is 1 to 31 of a-z, 0-9, '-' and '_', and begins with a letter
[1]
$ twz -c 'passwd::update_password bob ""'
Error: A password is 1 to 255 bytes long
[1]
## Neither the password nor what is derived from it can be read by others.
$ stat -c '%a %n' $XDG_STATE_HOME/twz/state/passwd $XDG_STATE_HOME/twz/state/passwd/users | sed "s|$HOME||"
700 /.local/state/twz/state/passwd
600 /.local/state/twz/state/passwd/users
$ grep -rl s3cret "$HOME" "$TMPDIR" "$TWZ_REGISTRY"*
[1]
$ cut -c1-4 $XDG_STATE_HOME/twz/state/passwd/users | sort -u; grep -c '^bob:1001:[$]y[$]' $XDG_STATE_HOME/twz/state/passwd/users
alic
bob:
1
## A crash in the middle of a write leaves the old file; what it left is removed.
$ TWZ_PATH=$TWZ_BUILD/tests/services/crashing twz -c 'passwd::update_password bob lost'
Fault: passwd::update_password: SIGABRT …
[5]
$ ls $XDG_STATE_HOME/twz/state/passwd
users
users.lock
users.new
$ twz -c 'passwd::check_password bob s3cret; passwd::check_password bob lost'
true
false
$ ls $XDG_STATE_HOME/twz/state/passwd
users
users.lock
## A damaged file is said to be so, and is not overwritten.
$ echo 'bob:1001' >>$XDG_STATE_HOME/twz/state/passwd/users; twz -c 'passwd::update_password bob x'
Error: The file of users is damaged
[1]
$ tail -n 1 $XDG_STATE_HOME/twz/state/passwd/users
bob:1001
