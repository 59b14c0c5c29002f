# Compartments by protection keys, attacked in a virtual machine whose processor has keys: make check-mpk.
# It takes minutes, and qemu-system-x86, busybox-static and a kernel of the distribution: see tests/mpk/run.

MPK_GADGETS := wrpkru=1 constant=2 page=3 xrstor=4 wrgsbase=5
MPK_BAD := $(foreach g,$(MPK_GADGETS),$(B)/tests/mpk/libgadget_$(firstword $(subst =, ,$(g))).so)

$(B)/tests/mpk/attack: $(B)/tests/mpk/attack.o $(B)/tests/mpk/attack_life.o $(B)/tests/mpk/around.o $(B)/libtwz.a
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)
$(B)/tests/mpk/libevil.so: tests/mpk/evil.c tests/mpk/evil.h Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(SERVICE_C) -I. -Wno-infinite-recursion -shared -MF $(@:.so=.d) -o $@ $<
$(B)/tests/mpk/libgadget_%.so: tests/mpk/gadget.S tests/mpk/mpk.mk
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -DGADGET=$(patsubst $*=%,%,$(filter $*=%,$(MPK_GADGETS))) -o $@ $<

check-mpk: all $(B)/tests/mpk/attack $(B)/tests/mpk/libevil.so $(MPK_BAD)
	@TWZ_BUILD='$(abspath $(B))' V='$(V)' tests/run tests/mpk/run

.PHONY: check-mpk
