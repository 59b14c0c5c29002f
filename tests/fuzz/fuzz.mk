# Fuzz targets. Included by tests/tests.mk.

FUZZ := $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
REPLAYS := $(FUZZ:%=$(B)/tests/replay/%)
SECONDS_EACH ?= 60

$(B)/tests/replay/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(B)/libtwz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)

$(B)/tests/fuzz/target_%: $(B)/tests/fuzz/%.o $(B)/libtwz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# Looks for inputs that break a target: FUZZ="dwarf file", SECONDS_EACH=60. What it finds belongs into
# tests/fuzz/found/TARGET.
fuzz:
	@$(MAKE) --no-print-directory MODE=fuzz CC=clang B=build/fuzz $(FUZZ:%=build/fuzz/tests/fuzz/target_%) $(FUZZ:%=build/fuzz/tests/replay/%)
	@for t in $(FUZZ); do TWZ_BUILD='$(abspath $(B))' SECONDS_EACH=$(SECONDS_EACH) tests/fuzz/search build/fuzz $$t || exit 1; done

# A million messages of a compartment to a monitor that is built with sanitizers.
MESSAGES ?= 1000000
fuzz-monitor:
	@$(MAKE) --no-print-directory MODE=asan B=build/asan all build/asan/unit/monitor_messages
	TWZ_MESSAGES=$(MESSAGES) build/asan/unit/monitor_messages

.PHONY: fuzz fuzz-monitor
