# Broken files. Included by tests/tests.mk.

MUTANTS := $(B)/tests/hostile/mutants
$(MUTANTS): $(B)/tests/hostile/mutants.o $(B)/libtwz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS)

# Ten thousand broken files for each engine, under AddressSanitizer, then a million inputs made by libFuzzer.
hostile:
	@$(MAKE) --no-print-directory MODE=asan CC=gcc B=build/asan build/asan/tests/hostile/mutants build/asan/bin/twz-inspect
	@TWZ_BUILD=build/asan tests/hostile/many 10000
	@$(MAKE) --no-print-directory fuzz RUNS=1000000 FUZZ=dwarf

.PHONY: hostile
