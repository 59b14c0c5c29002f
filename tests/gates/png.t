## Structs, texts and buffers of a fixed length.
$ twz-inspect png
png  # What PNG images are made of
  png_access_version_number() -> png_uint_32  # The version of libpng, as 10639 for 1.6.39
    also version
  png_get_copyright() -> png_const_charp  # Who made libpng
    also copyright
  png_sig_cmp(sig: [png_byte; 8], start: size_t, num_to_check: size_t) -> i32  # 0 when bytes begin like a PNG file, from start and for num_to_check bytes
    also sig_cmp
  png_convert_to_rfc1123_buffer(out text: string, time: png_const_timep) -> i32  # A time of a PNG file as a text
    also time_text
$ twz -c 'png::time_text {year: 2024, month: 2, day: 29, hour: 12, minute: 30, second: 1}'
{result: 1, text: "29 Feb 2024 12:30:01 +0000"}
$ twz -c 'png::time_text {year: 2024, month: 13, day: 29, hour: 12, minute: 30, second: 1}'
{result: 0, text: ""}
$ twz -c 'png::sig_cmp [137, 80, 78, 71, 13, 10, 26, 10] 0 8; png::sig_cmp "GIF89a.." 0 8 != 0'
0
true
## A compiled program.
$ twz-inspect --stubs png && cat >use.c <<'C'
> #include <stdio.h>
> #include "png_stub.h"
> int main(void)
> {
> 	const png_byte begin[8] = { 137, 80, 78, 71, 13, 10, 26, 10 };
> 	png_time time = { .year = 2024, .month = 2, .day = 29 };
> 	char text[29];
> 	printf("%d ", png_png_sig_cmp(begin, 0, 8));
> 	printf("%d %s\n", png_png_convert_to_rfc1123_buffer(text, &time), text);
> }
> C
$ cc -I$TWZ_ROOT/include use.c png_stub.c -L$TWZ_BUILD/lib -ltwz -Wl,-rpath,$TWZ_BUILD/lib -o use && ./use
0 1 29 Feb 2024 00:00:00 +0000
