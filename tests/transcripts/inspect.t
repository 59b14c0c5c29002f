## Typed signatures, plain in a pipe.
$ twz-inspect $TWZ_BUILD/lib/twz/libcounter.so
counter 1.0  # Counts calls
  inc() -> u64  # Counts this call and says which one it was
  get() -> u64  # How many calls were counted
  get_own() -> u64  # How many of them the calling thread made
  reset()  # Begins again at 0
  who_called() -> Result<Caller, CallerError>  # Who the monitor says is calling
$ twz-inspect $TWZ_BUILD/lib/twz/libpasswd.so | grep -A1 update_password
  update_password(user: User, password: string) -> Result<(), UpdatePasswordError>  # Sets a user's password
    also update_passwd
$ twz-inspect $TWZ_BUILD/lib/twz/libcalc.so | grep -E ' (add|greet|fill|sort|find)[(]'
  add(a: i32, b: i32) -> i32  # Adds two numbers
  greet(name: Option<string>) -> string  # A greeting; the name may be missing
  fill(out bytes: [u8], count: size_t, value: u8)  # As many bytes of one value as asked for
  sort(inout values: [i32])  # Numbers in ascending order
  find(values: [i32], wanted: i32) -> Option<size_t>  # Where a number stands, if it does
## In color at a terminal.
$ script -qec "env TERM=xterm-256color twz-inspect $TWZ_BUILD/lib/twz/libcounter.so" /dev/null | grep -c '[[]'
6
## Both compilers, both versions of DWARF, with and without optimization: the same.
$ for cc in gcc clang; do for v in 4 5; do for o in 0 2; do $cc -shared -fPIC -g -gdwarf-$v -O$o -I$TWZ_ROOT/include -o libcalc.so $TWZ_ROOT/share/services/calc.c && twz-inspect libcalc.so | cksum; done; done; done | sort -u | wc -l
1
## Machine-readable.
$ twz-inspect --json $TWZ_BUILD/lib/twz/libcounter.so | jq -c '[.service, .gates[0].name, .gates[0].signature, (.gates | length)]'
["counter","inc","inc() -> u64",5]
$ twz-inspect --c $TWZ_BUILD/lib/twz/libcalc.so >calc.h && cc -fsyntax-only -x c calc.h && grep -c 'int32_t divide\|struct quotient divide' calc.h
1
## Every exported function of any library, and why some cannot be called.
$ printf 'int f(int a) { return a; }\nvoid g(void (*callback)(void)) { callback(); }\nint h(const char *format, ...) { return format[0]; }\n' >any.c; cc -shared -fPIC -g -o libany.so any.c; twz-inspect --all libany.so
any
  f(a: i32) -> i32
…
$ twz-inspect --all libany.so | grep -c 'callback'
1
## Each thing that a file can lack has its own message; the others are still shown.
$ printf 'not ELF\n' >text.so; twz-inspect text.so
twz-inspect: text.so: not an ELF file
…
[1]
$ cc -shared -fPIC -o nodebug.so -I$TWZ_ROOT/include $TWZ_ROOT/share/services/calc.c; twz-inspect nodebug.so
twz-inspect: nodebug.so: no debug information…
…
[1]
$ head -c 3000 $TWZ_BUILD/lib/twz/libcalc.so >short.so; twz-inspect short.so
twz-inspect: short.so: truncated: …
…
[1]
$ cp $TWZ_BUILD/lib/twz/libcalc.so narrow.so; printf '\001' | dd of=narrow.so bs=1 seek=4 conv=notrunc status=none; twz-inspect narrow.so
twz-inspect: narrow.so: 32-bit ELF file…
…
[1]
$ cp $TWZ_BUILD/lib/twz/libcalc.so foreign.so; printf '\267\000' | dd of=foreign.so bs=1 seek=18 conv=notrunc status=none; twz-inspect foreign.so
twz-inspect: foreign.so: made for another machine…
…
[1]
$ twz-inspect libany.so
twz-inspect: libany.so: no gates
…
[1]
$ twz-inspect missing.so
twz-inspect: missing.so: cannot open the file: No such file or directory
[1]
$ twz-inspect text.so $TWZ_BUILD/lib/twz/libcounter.so 2>/dev/null | head -n 1
counter 1.0  # Counts calls
$ twz-inspect
twz-inspect: which file or service?
…
[2]
$ twz-inspect --no-such-option
…
[2]
## A reader that stops early is no damage.
$ twz-inspect --json $TWZ_BUILD/lib/twz/libcalc.so | head -c 1
{
