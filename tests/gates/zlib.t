## Checksums and compression: types from the header, lengths from the gates file.
$ twz-inspect zlib
zlib  # Compresses and checks bytes
  zlibVersion() -> string  # The version of zlib
  compressBound(sourceLen: uLong) -> uLong  # Bytes that are enough to compress so many
  compress(out dest: [Bytef], inout destLen: uLongf, source: [Bytef]) -> Result<(), ZCode>  # Compresses bytes; destLen says for how many there is room
  compress2(out dest: [Bytef], inout destLen: uLongf, source: [Bytef], level: i32) -> Result<(), ZCode>  # Compresses bytes at a level from 0 (not at all) to 9 (best)
  uncompress(out dest: [Bytef], inout destLen: uLongf, source: [Bytef]) -> Result<(), ZCode>  # The bytes that were compressed; destLen says for how many there is room
  crc32(crc: uLong, buf: [Bytef]) -> uLong  # CRC-32 of bytes, continued from the one before; the first is 0
  adler32(adler: uLong, buf: [Bytef]) -> uLong  # Adler-32 of bytes, continued from the one before; the first is 1
  crc32_combine(crc1: uLong, crc2: uLong, len2: off_t) -> uLong  # CRC-32 of two blocks in a row from that of each; len2 is the second's length
$ twz -c 'zlib::crc32 0 "hello"; zlib::adler32 1 "hello"; zlib::compressBound 1000'
907060870
103547413
1013
$ twz -c 'zlib::crc32_combine (zlib::crc32 0 "hel") (zlib::crc32 0 "lo") 2'
907060870
$ twz -c 'c ?= zlib::compress2 100 "hello hello hello hello" 9; c.destLen < 23; u ?= zlib::uncompress 100 c.dest; u.destLen; u'
true
23
{dest: [104, 101, 108, 108, 111, 32, 104, 101, 108, 108, 111, 32, 104, 101, 108, 108, 111, 32, 104, 101, 108, 108, 111], destLen: 23}
## Too little room, and what zlib never made.
$ twz -c 'zlib::compress2 3 "hello hello hello" 6'
Error: Not enough room for the result
[1]
$ twz -c 'zlib::uncompress 50 "junk"'
Error: The data is damaged or was not compressed by zlib
[1]
$ twz -c 'match zlib::compress2 100 "hello" 77 { Ok(x) => print x, Err(Z_STREAM_ERROR) => print "no such level", Err(e) => print e }'
no such level
## Wrong use is found before the call.
$ twz -c 'zlib::compress2 -1 "hello" 6'
Type Error: -1 is out of range for uLongf: 0 .. 18446744073709551615
[3]
$ twz -c 'zlib::compress2 99999999999 "hello" 6'
Type Error: parameter 'dest': no such length for a buffer
[3]
$ twz -c 'zlib::crc33 0 "hello"'
Name Error: no gate 'crc33' in zlib
[3]
## A compiled program: stubs.
$ twz-inspect --stubs zlib && cat >use.c <<'C'
> #include <stdio.h>
> #include <string.h>
> #include "zlib_stub.h"
> int main(void)
> {
> 	unsigned char packed[100], text[100] = "";
> 	unsigned long n = sizeof(packed), m = sizeof(text);
> 	enum ZCode a = zlib_compress2(packed, &n, (const unsigned char *)"hello hello hello", 17, 9);
> 	enum ZCode b = zlib_uncompress(text, &m, packed, n);
> 	printf("%d %d %lu %s %lu\n", a, b, m, (char *)text, zlib_crc32(0, text, 5));
> 	n = 3;
> 	printf("%d\n", zlib_compress2(packed, &n, text, 17, 9) == Z_BUF_ERROR);
> }
> C
$ cc -I$TWZ_ROOT/include use.c zlib_stub.c -L$TWZ_BUILD/lib -ltwz -Wl,-rpath,$TWZ_BUILD/lib -o use && ./use
0 0 17 hello hello hello 907060870
1
## Help names no success among the errors.
$ twz -c 'help zlib::compress' | grep -e Z_OK -e Z_STREAM_END
  Z_STREAM_END: The end of the data was reached
