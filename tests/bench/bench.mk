# make bench [BENCHFLAGS='-o FILE']: measures the release build; BENCH_QUICK=1 takes 10 seconds.
# Included by tests/tests.mk.

BENCH_STUBS := $(B)/gen/calc_stub.c $(B)/gen/echo_stub.c
BENCH_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out tests/bench/starter.c,$(wildcard tests/bench/*.c))) \
             $(BENCH_STUBS:.c=.o)
BENCH_PROGRAMS := $(B)/bench/bench $(B)/bench/starter $(B)/bench/services/libecho.so

ifeq ($(MODE),release)
bench: all $(BENCH_PROGRAMS)
	$(Q)$(B)/bench/bench $(BENCHFLAGS)
else
bench:
	$(Q)$(MAKE) --no-print-directory MODE=release B=build/release bench
endif

# Gates are called as any program calls them: stubs and libtwz.so. The archive is for JSON alone.
$(B)/bench/bench: $(BENCH_OBJ) $(B)/lib/libtwz.so $(B)/libtwz.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) -Wl,-rpath,'$$ORIGIN/../lib' -o $@ $(BENCH_OBJ) -L$(B)/lib -ltwz \
		$(B)/libtwz.a $(LIBS) -lffi $(shell pkg-config --libs libsystemd 2>/dev/null)

$(B)/bench/starter: $(B)/tests/bench/starter.o $(B)/libtwz.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)

$(B)/bench/services/lib%.so: tests/bench/services/%.c Makefile
	@mkdir -p $(@D)
	$(call say,SO,$@)
	$(Q)$(CC) $(SERVICE_C) -shared -MF $(@:.so=.d) -o $@ $<

$(B)/gen/echo_stub.c: $(B)/bench/services/libecho.so $(B)/bin/twz-inspect
	@mkdir -p $(@D)
	$(call say,STUB,$@)
	$(Q)$(B)/bin/twz-inspect --stubs -o $(@D) $<

$(B)/gen/%_stub.o: $(B)/gen/%_stub.c
	$(Q)$(CC) $(ALL_C) -c -o $@ $<

$(B)/tests/bench/gate.o: $(BENCH_STUBS)

.PHONY: bench
