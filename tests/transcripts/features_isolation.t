## features.md section 3, row by row: tests/features.md has the rows that are elsewhere, and where.
## I1: requested, minimum and active.
$ twz -c 'sys::load counter --isolation=full; sys::info counter | select asked minimum active mechanism'
counter
{asked: "full", minimum: "none", active: "full", mechanism: "process"}
## I13: memory that is lent is seen by who was told of it, at once; for reading only; and no other memory is.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/lend; twz -c 'id = lender::lend "hello"; reader::borrow $id; lender::change "there"; reader::look; reader::unprotect == 0; at = lender::keep "mine"; reader::finds at "mine"; lender::take_back; reader::look; reader::borrow $id'
hello
there
false
false
there
No such file or directory
$ export TWZ_PATH=$TWZ_BUILD/tests/services/lend; twz -c 'id = lender::lend "hello"; _ = reader::borrow $id; reader::scribble'; twz -c '_ = lender::lend "hello"; reader::borrow 0x1234'; twz -c 'id = lender::lend "kept"; reader::borrow $id; sys::unload lender; reader::look; reader::borrow $id'
Fault: reader::scribble: SIGSEGV at 0x…
No such file or directory
kept
destructed
kept
No such file or directory
$ export TWZ_PATH=$TWZ_BUILD/tests/services/lend; twz -c 'lender::lend_all; id = lender::lend "more"; $id'
64
00000000000000000000000000000000
## The same with this process, which services at level none share.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/lend; twz -c '_ = sys::load lender --isolation=none; id = lender::lend "hello"; reader::borrow $id; lender::change "there"; reader::look'; twz -c '_ = sys::load reader --isolation=none; id = lender::lend "hello"; reader::borrow $id; lender::change "there"; reader::look'
hello
there
hello
there
## I10: limits are shown, and hold.
$ twz -c '_ = sys::load counter --memory=64; (sys::info counter).properties | where it.property == "memory" | map it.asked'; twz -c 'fault::eat_memory'; twz -c 'try fault::eat_memory else 0; calc::add 1 2'
["64 MiB"]
Error: No more memory
0
3
## I11: files and the network, where the kernel can refuse them; sys::info says by what.
$ twz -c 'attack::read_file /etc/shadow'; twz -c 'attack::open_socket 2' 2>&1 | sed 's/:.*//'; twz -o json -c '_ = attack::process; sys::status' | jq -c '.[] | select(.property == "files" or .property == "network") | [.property, .active]'
Error: Access denied
Error
["files",true]
["network",true]
