## Every width, at its ends.
$ twz -c 'calc::add_i8 -128 0; calc::add_i16 -32768 0; calc::add_i64 -9223372036854775808 0'
-128
-32768
-9223372036854775808
$ twz -c 'calc::add_u8 255 1; calc::add_u16 65535 0; calc::add_u32 0xffff_ffff 0'
0
65535
4294967295
$ twz -c 'calc::add_u64 18446744073709551615 0'
18446744073709551615
$ twz -c 'calc::add_u64 18446744073709551616 0'
Type Error: …
[3]
$ twz -c 'calc::add_f32 0.1 0.2; calc::add_f64 0.1 0.2'
0.3
0.30000000000000004
$ twz -c 'calc::both true false; calc::both true true'
false
true
$ twz -c 'calc::next_color RED; calc::next_color 6'
GREEN
RED
$ twz -c 'calc::without [READ, WRITE] [WRITE]'
[READ]
## Texts.
$ twz -c 'calc::upper "grüße"; calc::length 日本; calc::concat "a b" ""'
GRüßE
6
a b
$ twz -c 'calc::greet none; calc::greet Ada'
Hello, whoever you are
Hello, Ada
$ twz -c 'calc::length ""'
0
## Structs and arrays.
$ twz -c 'calc::midpoint {x: 0, y: 0} {x: 4, y: 6}'
point{x: 2.0, y: 3.0}
$ twz -c 'calc::dot {x: 1, y: 2} {x: 3, y: 4}'
11.0
$ twz -c 'calc::shift {x: 1, y: 2} 0.5'
point{x: 1.5, y: 2.5}
$ twz -c 'calc::center {corners: [{x: 0, y: 0}, {x: 3, y: 0}, {x: 0, y: 3}]}'
point{x: 1.0, y: 1.0}
$ twz -c 'calc::midpoint {x: 0, z: 0} {x: 4, y: 6}'
Type Error: …
[3]
$ twz -c 'calc::midpoint {x: 0} {x: 4, y: 6}'
Type Error: …
[3]
$ twz -c 's = calc::sample; s.primes[3]; s.text; s.largest'
7
Grüße, 世界 🌍
18446744073709551615
$ twz -c 's = calc::sample; t = calc::echo_sample s; t == s'
true
## Buffers.
$ twz -c 'calc::sum [1, 2, 3]; calc::sum []'
6
0
$ twz -c 'calc::fill 3 7'
[7, 7, 7]
$ twz -c 'calc::sort [3, 1, 2]'
[1, 2, 3]
## Options and results.
$ twz -c 'calc::find [4, 5, 6] 6; calc::find [] 6'
2
none
$ twz -c 'calc::divide 7 2'
3
$ twz -c 'calc::divide 7 0'
Error: Division by zero
[1]
$ twz -c 'calc::divide -2147483648 -1'
Error: The result does not fit
[1]
## Big results.
$ twz -o json -c 'calc::squares' | jq -c '.rows | [length, .[255], .[16383]]'
[16384,65025,268402689]
$ twz -c 'calc::repeat abcdefgh 100000' | wc -c
800001
## Pipes, variables, both spellings of texts.
$ twz -c 'calc::upper abc | calc::concat def'
ABCdef
$ twz -c "let x = 5; calc::add x \$x; calc::concat 'it is \$x' \"it is \$x\""
10
…
## JSON is exact.
$ twz -o json -c 'calc::sample'
{"largest":18446744073709551615,"smallest":-9223372036854775808,"color":"GREEN","access":["READ","EXECUTE"],"primes":[2,3,5,7],"tag":"twz","text":"Grüße, 世界 🌍","sure":true}
$ twz -o json -c 'calc::sample' | jq -r '.color, .primes[3], .text'
GREEN
7
Grüße, 世界 🌍
$ twz -o json -c 'calc::divide 7 2; calc::find [] 1; calc::add_f64 0.1 0.2'
3
null
0.30000000000000004
$ twz -o json -c 'calc::divide 7 0'
Error: Division by zero
[1]
