# make [V=1] [MODE=debug|asan|release] [CC=gcc|clang] [all|check|bench|install|tidy|clean|help]

MODE   ?= debug
B      ?= build/$(MODE)
PREFIX ?= /usr/local
VERSION := 0.1.0
COMMA  := ,
Q      := $(if $(V),,@)
say     = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2))

PKGS    := sqlite3 libelf
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS)) -I/usr/include/libdwarf
STD     := -std=c17 -D_GNU_SOURCE -Iinclude -I. -I$(B)/gen
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wpointer-arith -Wundef -Wvla -Wformat=2 -Wswitch-enum -Wcast-qual -Wwrite-strings -Werror
MODE.debug   := -O0 -g3
MODE.asan    := -O1 -g3 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
MODE.tsan    := -O1 -g3 -fno-omit-frame-pointer -fsanitize=thread
MODE.fuzz    := $(MODE.asan) -fsanitize=fuzzer-no-link
MODE.release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
LINK.asan    := -fsanitize=address,undefined
LINK.fuzz    := -fsanitize=address,undefined
LINK.tsan    := -fsanitize=thread

CFLAGS  ?= $(MODE.$(MODE))
# Every object is position-independent, so that programs and libtwz.so share them.
ALL_C   := $(STD) $(WARN) -DTWZ_VERSION='"$(VERSION)"' -fPIC -pthread -fvisibility=hidden -MMD -MP $(CFLAGS) $(PKG_CFLAGS)
# What runs inside a compartment is never built with sanitizers: it lives under a seccomp filter.
GUEST_C := $(STD) $(WARN) -fPIC -pthread -fvisibility=hidden -MMD -MP -O2 -g
SERVICE_C := -std=c17 -D_GNU_SOURCE -Iinclude -I$(B)/gen -Wall -Wextra -Werror -fPIC -O1 -g -fvisibility=hidden -MMD -MP
LINK    := -pthread -Wl,--as-needed $(LINK.$(MODE)) $(LDFLAGS)
LIBS    := -lsqlite3 -lsodium -ldwarf -lelf -lffi -Wl,-Bstatic -ldeflate -lzstd -Wl,-Bdynamic
# Each library that a program loads costs its start 0.1 ms: twz brings along those that it uses.
LIBS.twz := -Wl,-Bstatic -lsqlite3 -lsodium -lffi -Wl,-Bdynamic -lm
# twz-inspect, which is over in 3 ms when the registry knows the answer, brings along all, and the C library.
# What that library cannot do then (dlopen(), which sqlite has a call for) is not used: no warning.
STATIC_OR_NOT = $(if $(LINK.$(MODE)),-Wl$(COMMA)-Bdynamic,-static-pie $(shell ld --help | grep -q no-warnings && echo -Wl,-w))
LIBS.twz-inspect = -Wl,-Bstatic -lsqlite3 -lsodium -ldwarf -lelf -lz -ldeflate -lzstd $(STATIC_OR_NOT) -lm
LIBS.passwd := -lcrypt

.DEFAULT_GOAL := all

# One archive holds every module; a program is one file with main() plus that archive.
MODULES := twz registry introspect introspect/file introspect/dwarf introspect/headers introspect/diff introspect/find introspect/doctor introspect/show introspect/tool monitor monitor/mpk repl repl/lang
MAINS   := repl/main.c introspect/tool/main.c
LIB_SRC := $(filter-out $(MAINS),$(wildcard $(MODULES:%=%/*.c)))
# The gate of compartments in this process is assembly.
GATE_OBJ := $(B)/monitor/mpk/gate.o
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(GATE_OBJ)
GUEST_SRC := $(wildcard monitor/guest/*.c) twz/arena.c twz/ask.c twz/block.c twz/error.c monitor/wire.c monitor/wire_take.c monitor/message.c monitor/caller.c monitor/turn.c
MPK_GUEST_SRC := $(wildcard monitor/mpk/guest/*.c) monitor/guest/gate.c monitor/guest/many.c monitor/guest/mapped.c monitor/guest/objects.c \
	twz/block.c twz/error.c monitor/wire.c monitor/wire_take.c
# libtwz.so: what calls gates, without the language, the terminal and the reader of DWARF.
SO_SRC  := $(wildcard twz/*.c registry/*.c monitor/*.c monitor/mpk/*.c repl/session*.c repl/sys*.c repl/libtwz*.c)
SO_OBJ  := $(SO_SRC:%.c=$(B)/%.o) $(GATE_OBJ)
SERVICES := $(patsubst share/services/%.c,$(B)/lib/twz/lib%.so,$(wildcard share/services/*.c))
UNIT    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
HEADERS := $(wildcard include/twz/*.h)

PROGRAMS := $(B)/bin/twz $(B)/bin/twz-inspect $(B)/libexec/twz/twz-guest $(B)/libexec/twz/twz-guest-mpk $(B)/lib/libtwz.so

# Gates files lie beside the programs as they are installed.
GATES := $(patsubst share/gates/%,$(B)/share/twz/gates/%,$(wildcard share/gates/*.gates))
$(B)/share/twz/gates/%: share/gates/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

# Man pages, completion and editor files say of options and words what the programs say of themselves.
MAN := $(notdir $(wildcard share/man/*.[1-8]) $(patsubst %.in,%,$(wildcard share/man/*.in)))
SHELLS := $(patsubst share/%.in,%,$(wildcard share/bash-completion/completions/* share/zsh/*/* share/fish/*/* share/vim/*/*/*.in))
PAGES := $(MAN:%=$(B)/share/man/%) $(SHELLS:%=$(B)/share/%)
$(PAGES): share/generate $(PROGRAMS)
$(B)/share/man/%: share/man/%
	@mkdir -p $(@D)
	$(Q)share/generate $(B)/bin $< >$@
$(B)/share/%: share/%.in
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)share/generate $(B)/bin $< >$@

all: $(PROGRAMS) $(SERVICES) $(GATES) $(PAGES)

$(B)/bin/twz: $(B)/repl/main.o $(B)/libtwz.a
$(B)/bin/twz-inspect: $(B)/introspect/tool/main.o $(B)/libtwz.a
$(B)/bin/%:
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(LINK.$*) -o $@ $^ $(or $(LIBS.$*),$(LIBS))

# Services at level none call twz_* in the program that has loaded them.
LINK.twz := -Wl,--export-dynamic-symbol=twz_* -Wl,-u,twz_lend

$(B)/libtwz.a: $(LIB_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/lib/libtwz.so: $(SO_OBJ)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(LINK) -Wl,-soname,libtwz.so -o $@ $^ $(LIBS)

# The guest exports twz_* to the services that it loads.
$(B)/libexec/twz/twz-guest: $(GUEST_SRC:%.c=$(B)/guest/%.o)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -pthread -rdynamic -static-libgcc -Wl,--as-needed -Wl,-z,now -Wl,--exclude-libs,ALL \
		-o $@ $^ -Wl,-Bstatic -lffi -Wl,-Bdynamic

# The guest of compartments in the monitor's process. Bound at load: see share/doc/mpk.md.
$(B)/libexec/twz/twz-guest-mpk: $(MPK_GUEST_SRC:%.c=$(B)/guest/%.o)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -pie -rdynamic -static-libgcc -Wl,--as-needed -Wl,-z,now -Wl,--exclude-libs,ALL \
		-o $@ $^ -Wl,-Bstatic -lffi -Wl,-Bdynamic

# The seccomp filter is made at build time, so that no compartment's start waits for libseccomp.
$(B)/gen/filter: monitor/gen/filter.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O1 -o $@ $< -lseccomp
$(B)/gen/monitor_filter.h: $(B)/gen/filter
	$(call say,GEN,$@)
	$(Q)$< >$@
$(B)/guest/monitor/guest/filter.o: $(B)/gen/monitor_filter.h

# The names of this machine's system calls.
$(B)/gen/repl_system_calls.h: Makefile
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)echo '#include <sys/syscall.h>' | $(CC) -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/"\1",/p' | sort >$@
$(B)/repl/sys_interpose.o: $(B)/gen/repl_system_calls.h

$(B)/guest/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(GUEST_C) -c -o $@ $<

$(B)/lib/twz/lib%.so: share/services/%.c Makefile
	@mkdir -p $(@D)
	$(call say,SO,$@)
	$(Q)$(CC) $(SERVICE_C) -shared -MF $(B)/lib/twz/$*.d -o $@ $(filter %.c,$^) $(LIBS.$*)

# A service that calls another one's gates is built with that one's stub.
$(B)/lib/twz/libchain.so: $(B)/gen/counter_stub.c
$(B)/gen/%_stub.c: $(B)/lib/twz/lib%.so $(B)/bin/twz-inspect
	@mkdir -p $(@D)
	$(call say,STUB,$@)
	$(Q)$(B)/bin/twz-inspect --stubs -o $(@D) $<

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_C) -c -o $@ $<

$(B)/%.o: %.S Makefile
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(ALL_C) -c -o $@ $<

$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libtwz.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -o $@ $^ $(LIBS) -lcmocka

include tests/tests.mk

clean:
	rm -rf build

.PHONY: all clean
.DELETE_ON_ERROR:
# What is made on the way is kept. (.SECONDARY would leave the archive as it is when an old file joins.)
.PRECIOUS: $(B)/%.o $(B)/guest/%.o $(B)/gen/%_stub.c
-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
