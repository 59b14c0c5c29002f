# The soak; see tests/soak/soak.h. Included by tests/tests.mk.

SOAK := $(B)/soak/soak
SOAK_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/soak/*.c))
SOAK_WRAP := memfd_create ftruncate socketpair pipe2 eventfd epoll_create1 epoll_ctl mmap sendmsg calloc realloc pthread_create
SOAK_CALLS ?= 2000000

$(SOAK): $(SOAK_OBJ) $(B)/libtwz.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(foreach name,$(SOAK_WRAP),-Wl,--wrap=$(name)) -o $@ $^ $(LIBS) -lcmocka

# An hour of bad luck: SOAK_CALLS=N bounds it.
soak: all $(SOAK)
	$(Q)$(SOAK) $(SOAK_CALLS)

.PHONY: soak
