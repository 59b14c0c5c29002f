# Tests, benchmarks, installation, help. Included by the Makefile.

# chain calls itself: its stub is made from a first build of it, which lacks the stub.
$(B)/lib/twz/libchain.so: $(B)/gen/chain_stub.c
$(B)/gen/first/libchain.so: share/services/chain.c $(B)/gen/counter_stub.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(SERVICE_C) -shared -MF $(@:.so=.d) -o $@ $(filter %.c,$^)
$(B)/gen/chain_stub.c: $(B)/gen/first/libchain.so $(B)/bin/twz-inspect
	$(call say,STUB,$@)
	$(Q)$(B)/bin/twz-inspect --stubs -o $(@D) $<

TOOLS := $(patsubst tests/support/%.c,$(B)/tests/tools/%,$(wildcard tests/support/*.c))

$(B)/tests/tools/%: $(B)/tests/support/%.o
	@mkdir -p $(@D)
	$(Q)$(CC) -pthread -o $@ $< -ldl -lutil $(LINK.$(MODE))

# Services that only tests use, in a folder of their own for TWZ_PATH: FOLDER__NAME.c is libNAME.so.
TEST_SERVICES := $(foreach s,$(basename $(notdir $(wildcard tests/services/*.c))),\
	$(B)/tests/services/$(subst __,/lib,$(s)).so)
.SECONDEXPANSION:
$(TEST_SERVICES): $(B)/tests/services/%.so: tests/services/$$(subst /lib,__,$$*).c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(SERVICE_C) -I. -shared -MF $(@:.so=.d) -o $@ $< $(filter %_stub.c,$^) -lcrypt

# rogue calls vault, by its stub.
$(B)/gen/vault_stub.c: $(B)/tests/services/rights/libvault.so $(B)/bin/twz-inspect
	$(call say,STUB,$@)
	$(Q)$(B)/bin/twz-inspect --stubs -o $(@D) $<
$(B)/tests/services/rights/librogue.so: $(B)/gen/vault_stub.c

# front is called back by back.
$(B)/gen/back_stub.c: $(B)/tests/services/callback/libback.so $(B)/bin/twz-inspect
	$(call say,STUB,$@)
	$(Q)$(B)/bin/twz-inspect --stubs -o $(@D) $<
$(B)/tests/services/callback/libfront.so: $(B)/gen/back_stub.c

include tests/fuzz/fuzz.mk
include tests/hostile/hostile.mk
include tests/oracle/oracle.mk
include tests/soak/soak.mk

EXAMPLES := $(B)/examples/counter_client $(B)/examples/by_name
$(B)/examples/%: share/examples/%.c $(B)/gen/counter_stub.c $(B)/lib/libtwz.so
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) -Wall -Wextra -Werror -g -O1 -pthread -o $@ $< $(B)/gen/counter_stub.c -L$(B)/lib -ltwz \
		-Wl,-rpath,'$$ORIGIN/../lib' $(LINK.$(MODE))

# All of them: whoever names some forgets one, which an older build folder has and a new one lacks.
test-services: $(TEST_SERVICES)
tests-built: all $(UNIT) $(TOOLS) $(TEST_SERVICES) $(EXAMPLES) $(REPLAYS) $(MUTANTS) $(SOAK)

# META=1: only a test that fails, to see that it does.
check: $(if $(META),,tests-built)
	@TWZ_BUILD='$(abspath $(B))' TWZ_LINK='$(LINK.$(MODE))' V='$(V)' tests/run $(if $(META),tests/meta/failing,$(SUITES))

# Without the suites that start many processes or build things.
check-quick: tests-built
	@TWZ_BUILD='$(abspath $(B))' TWZ_LINK='$(LINK.$(MODE))' V='$(V)' tests/run tests/layers $(UNIT) tests/transcripts/run

# The long form: and a minute for each reader of what others wrote.
check-long: check
	@$(MAKE) --no-print-directory fuzz SECONDS_EACH=60

include tests/mpk/mpk.mk
include tests/bench/bench.mk

tidy:
	clang-tidy $(LIB_SRC) $(MAINS) -- $(STD) $(PKG_CFLAGS) -DTWZ_VERSION='"$(VERSION)"'

# -- installation ---------------------------------------------------------------------------------

TO := $(DESTDIR)$(PREFIX)
DOCS := $(wildcard share/doc/*.json share/doc/*.md)
VIM := $(patsubst share/%,%,$(wildcard share/vim/vimfiles/ftdetect/*))
INSTALLED := $(PROGRAMS:$(B)/%=%) $(SERVICES:$(B)/%=%) $(HEADERS) lib/pkgconfig/twz.pc \
	$(foreach m,$(MAN),share/man/man$(subst .,,$(suffix $(m)))/$(m)) $(SHELLS:%=share/%) $(VIM:%=share/%) \
	$(DOCS:share/doc/%=share/doc/twz/%) $(GATES:$(B)/share/%=share/%)

install: all
	@$(MAKE) --no-print-directory install-only

# What is built already, so that the tests install exactly what they test.
install-only:
	install -d $(addprefix $(TO)/,$(sort $(dir $(INSTALLED))))
	for f in $(PROGRAMS:$(B)/%=%) $(SERVICES:$(B)/%=%); do install -m755 $(B)/$$f $(TO)/$$f || exit 1; done
	install -m644 $(HEADERS) $(TO)/include/twz
	for f in $(MAN); do install -m644 $(B)/share/man/$$f $(TO)/share/man/man$${f##*.}/ || exit 1; done
	for f in $(SHELLS); do install -m644 $(B)/share/$$f $(TO)/share/$$f || exit 1; done
	for f in $(VIM); do install -m644 share/$$f $(TO)/share/$$f || exit 1; done
	install -m644 $(DOCS) $(TO)/share/doc/twz
	install -m644 $(GATES) $(TO)/share/twz/gates
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' share/twz.pc.in >$(TO)/lib/pkgconfig/twz.pc

uninstall:
	rm -f $(addprefix $(TO)/,$(INSTALLED))
	-rmdir $(addprefix $(TO)/,lib/twz libexec/twz include/twz share/doc/twz share/twz/gates share/twz) 2>/dev/null

help:
	@printf '%s\n' \
	  'make              programs, services: build/$(MODE)/{bin,lib,libexec}' \
	  'make check        all tests; SUITES="tests/layers ..." some of them; V=1 shows each' \
	  'make check-quick  layers, unit tests and transcripts' \
	  'make check-long   all tests, and a minute of make fuzz for each reader' \
	  'make check-mpk    compartments by protection keys, attacked under QEMU; minutes' \
	  'make fuzz         looks for inputs that break a reader; FUZZ=dwarf SECONDS_EACH=60' \
	  'make fuzz-monitor  a million messages to the monitor, with sanitizers; MESSAGES=1000000' \
	  'make bench        what calls cost, beside the raw primitives; BENCHFLAGS="-o FILE"' \
	  'make soak         8 threads, mixed gates, kills, faults at every step; SOAK_CALLS=2000000' \
	  'make oracle       twz-inspect beside gdb, abidw and pahole, on real libraries; ORACLE_PART="libz*"' \
	  'make install      into DESTDIR/PREFIX (PREFIX=$(PREFIX)); make uninstall removes it' \
	  'make tidy         clang-tidy over the sources' \
	  'make clean        removes build/' \
	  'MODE=debug|asan|tsan|release   CC=gcc|clang   B=FOLDER   V=1'

.PHONY: check check-quick check-long tests-built test-services tidy install install-only uninstall help
