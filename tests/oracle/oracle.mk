# make oracle [ORACLE_PART='libz* libcrypto*']: fetches the corpus (tests/oracle/corpus) and compares what
# twz-inspect says of it with what other tools say (tests/oracle/full). Included by tests/tests.mk.

ifeq ($(MODE),release)
oracle: all
	$(Q)tests/oracle/corpus
	$(Q)TWZ_BUILD='$(abspath $(B))' ORACLE_PART='$(ORACLE_PART)' tests/oracle/full
else
oracle:
	$(Q)$(MAKE) --no-print-directory MODE=release B=build/release oracle
endif

.PHONY: oracle
