/* The scanner, and what it knows of the C library. Pure functions over bytes. */
#include <string.h>

#include "monitor/mpk/scan.h"

/* What begins with 0f at @p; @left bytes are there. */
static enum mpk_gadget
at_escape(const unsigned char *p, size_t left)
{
	if (left < 3)
		return MPK_NO_GADGET;
	if (p[1] == 0x01 && p[2] == 0xef)
		return MPK_WRPKRU;
	if (p[1] == 0xae && (p[2] & 0x38) == 0x28 && p[2] < 0xc0)
		return MPK_XRSTOR;
	return MPK_NO_GADGET;
}

static bool
is_wrgsbase(const unsigned char *p, size_t left)
{
	if (left && *p == 0xf3)
		p++, left--;
	else
		return false;
	if (left && (*p & 0xf0) == 0x40)
		p++, left--;
	return left >= 3 && p[0] == 0x0f && p[1] == 0xae && (p[2] & 0xf8) == 0xd8;
}

enum mpk_gadget
mpk_scan(const unsigned char *bytes, size_t n, size_t from, size_t *ret)
{
	for (size_t i = from; i < n; i++) {
		enum mpk_gadget found = MPK_NO_GADGET;

		if (bytes[i] == 0x0f)
			found = at_escape(bytes + i, n - i);
		else if (is_wrgsbase(bytes + i, n - i))
			found = MPK_WRGSBASE;
		if (found != MPK_NO_GADGET) {
			*ret = i;
			return found;
		}
	}
	return MPK_NO_GADGET;
}

const char *
mpk_gadget_text(enum mpk_gadget gadget)
{
	switch (gadget) {
	case MPK_NO_GADGET:
		break;
	case MPK_WRPKRU:
		return "WRPKRU";
	case MPK_XRSTOR:
		return "XRSTOR";
	case MPK_WRGSBASE:
		return "WRGSBASE";
	}
	return "nothing";
}

enum mpk_known
mpk_known(const unsigned char *bytes, size_t n, size_t at)
{
	static const unsigned char set[] = { 0x0f, 0x01, 0xef, 0x31, 0xc0, 0xc3 };
	/* xor %edx, %edx; xrstor 0x40(%rsp) behind mov $mask, %eax */
	static const unsigned char lazy[] = { 0x31, 0xd2, 0x0f, 0xae, 0x6c, 0x24, 0x40 };

	if (n - at >= sizeof(set) && !memcmp(bytes + at, set, sizeof(set)))
		return MPK_PKEY_SET;
	if (at >= 7 && n - at >= 5 && !memcmp(bytes + at - 2, lazy, sizeof(lazy)) &&
	    bytes[at - 7] == 0xb8 && !(bytes[at - 5] & 2))
		return MPK_LAZY_BINDING;
	return MPK_UNKNOWN;
}

size_t
mpk_known_size(enum mpk_known known)
{
	switch (known) {
	case MPK_UNKNOWN:
		break;
	case MPK_PKEY_SET:
		return 3;
	case MPK_LAZY_BINDING:
		return 5;
	}
	return 0;
}
