# make bench [BENCHFLAGS='-o FILE']: measures the release build; BENCH_QUICK=1 takes 10 seconds.
# make bench-inspect [LIBRARIES='libz libcrypto']: only twz-inspect beside other tools; part of make bench
# unless BENCH_QUICK is set. tests/oracle/corpus fetches the libraries. make bench-inspect-long waits for those
# tools that take minutes.
# Included by tests/tests.mk.

BENCH_STUBS := $(B)/gen/calc_stub.c $(B)/gen/echo_stub.c $(B)/gen/plain_stub.c
# Libraries behind gates files, where the headers that their types come from are installed.
BENCH_GATES := $(if $(and $(wildcard /usr/include/zlib.h),$(wildcard /usr/include/sqlite3.h),$(wildcard /usr/include/png.h)),\
	zlib sqlite3 png)
BENCH_STUBS += $(BENCH_GATES:%=$(B)/gen/%_stub.c)
BENCH_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out tests/bench/starter.c tests/bench/sketch.c tests/bench/inspect%,$(wildcard tests/bench/*.c))) \
             $(BENCH_STUBS:.c=.o)
BENCH_PROGRAMS := $(B)/bench/bench $(B)/bench/starter $(B)/bench/sketch $(B)/bench/services/libecho.so \
	$(B)/bench/services/libplain.so

# A peer that is measured where its library can be had. Only who measures pays for looking.
BENCH_INSPECT := $(B)/bench/inspect
ifneq ($(filter bench%,$(MAKECMDGOALS)),)
BENCH_INSPECT += $(if $(shell pkg-config --exists libdw && echo yes),$(B)/bench/inspect-libdw)
BENCH_PROGRAMS += $(if $(shell pkg-config --exists grpc++ protobuf && command -v protoc >/dev/null && command -v grpc_cpp_plugin),$(B)/bench/grpc)
endif

ifeq ($(MODE),release)
bench: all $(BENCH_PROGRAMS) $(BENCH_INSPECT)
	$(Q)$(B)/bench/bench $(BENCHFLAGS)
	$(if $(BENCH_QUICK),,$(Q)$(B)/bench/inspect $(LIBRARIES))
bench-inspect: all $(BENCH_INSPECT)
	$(Q)$(B)/bench/inspect $(LIBRARIES)
bench-inspect-long: all $(BENCH_INSPECT)
	$(Q)BENCH_LONG=1 $(B)/bench/inspect $(LIBRARIES)
else
bench bench-inspect bench-inspect-long:
	$(Q)$(MAKE) --no-print-directory MODE=release B=build/release $@
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

# A peer in its own language. When it cannot be built, the bench says so and goes on.
$(B)/bench/grpc: tests/bench/peers/grpc.cc tests/bench/peers/add.proto
	@mkdir -p $(B)/gen/peers $(@D)
	$(call say,CXX,$@)
	-$(Q)protoc -I tests/bench/peers --cpp_out=$(B)/gen/peers --grpc_out=$(B)/gen/peers \
		--plugin=protoc-gen-grpc="$$(command -v grpc_cpp_plugin)" add.proto
	-$(Q)$(CXX) -std=c++17 -O2 -I$(B)/gen/peers -o $@ $< $(B)/gen/peers/add.pb.cc $(B)/gen/peers/add.grpc.pb.cc \
		$$(pkg-config --cflags --libs grpc++ protobuf)

$(B)/bench/sketch: $(B)/tests/bench/sketch.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) -o $@ $^

$(B)/bench/inspect: $(B)/tests/bench/inspect.o
$(B)/bench/inspect-libdw: $(B)/tests/bench/inspect_libdw.o
$(B)/bench/inspect $(B)/bench/inspect-libdw:
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) -o $@ $^ $(if $(filter %libdw,$@),-ldw)

$(B)/bench/services/lib%.so: tests/bench/services/%.c Makefile
	@mkdir -p $(@D)
	$(call say,SO,$@)
	$(Q)$(CC) $(SERVICE_C) -shared -MF $(@:.so=.d) -o $@ $<

$(B)/gen/echo_stub.c $(B)/gen/plain_stub.c: $(B)/gen/%_stub.c: $(B)/bench/services/lib%.so $(B)/bin/twz-inspect
	@mkdir -p $(@D)
	$(call say,STUB,$@)
	$(Q)$(B)/bin/twz-inspect --stubs -o $(@D) $<

$(BENCH_GATES:%=$(B)/gen/%_stub.c): $(B)/gen/%_stub.c: $(B)/share/twz/gates/%.gates $(B)/bin/twz-inspect
	$(call say,STUB,$@)
	$(Q)$(B)/bin/twz-inspect --stubs -o $(@D) $*

$(B)/gen/%_stub.o: $(B)/gen/%_stub.c
	$(Q)$(CC) $(ALL_C) -c -o $@ $<

$(B)/tests/bench/gate.o $(B)/tests/bench/threads.o $(B)/tests/bench/library.o: $(BENCH_STUBS)

.PHONY: bench bench-inspect bench-inspect-long
