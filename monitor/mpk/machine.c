/* What processor, kernel and program have to offer. */
#include <cpuid.h>
#include <linux/prctl.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "monitor/mpk/mpk_in.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED false
#endif

bool
machine_lacks(struct twz_error *err, const char *why)
{
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED), "mpk unavailable: %s", why);
}

uint32_t
machine_vector_state(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low & ~(uint32_t)0x200;
}

static bool
processor_can(struct twz_error *err)
{
	uint32_t a, b, c, d;

	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(c & 1 << 3))
		return machine_lacks(err, "this processor has no protection keys");
	if (!(c & 1 << 4))
		return machine_lacks(err, "the kernel does not use the processor's protection keys");
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return machine_lacks(err, "the kernel does not use XSAVE");
	if (!(getauxval(AT_HWCAP2) & 2))
		return machine_lacks(err, "the kernel does not allow FSGSBASE (Linux 5.9 and later do)");
	return true;
}

bool
mpk_available(struct twz_error *err)
{
	if (SANITIZED)
		return machine_lacks(err, "this program is built with a sanitizer");
	if (!processor_can(err))
		return false;
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0))
		return machine_lacks(err, "the kernel has no system call user dispatch (Linux 5.11 and later do)");
	return true;
}

/* Asked here and not by the compiler's function: that one asks at the start of every program that contains it. */
uint32_t
machine_vectors(void)
{
	enum { AVX_STATE = 0x6, AVX512_STATE = 0xe6 };
	uint32_t a, b, c, d, state, ret = 0;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return 0;
	state = machine_vector_state();
	if (c & bit_AVX && (state & AVX_STATE) == AVX_STATE)
		ret |= 1;
	if (ret && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_AVX512F && (state & AVX512_STATE) == AVX512_STATE)
		ret |= 2;
	return ret;
}
