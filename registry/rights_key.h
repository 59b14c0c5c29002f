/* Inside registry/: the registry's key, and signatures made with it. */
#pragma once

#include "registry/db.h"

/* What made a signature. */
enum { SCHEME_NONE, SCHEME_ED25519 };

enum { KEY_SIZE = 32, SIGNATURE_SIZE = 64 };

struct rights_key {
	unsigned char open[KEY_SIZE];
	unsigned char secret[2 * KEY_SIZE];
};

/* Wipes it. */
#define RIGHTS_KEY TWZ_CLEANUP(rights_key_wipe) struct rights_key

/**
 * Reads the registry's key. When there is none, makes one if @make says so; else fails with SECURITY/INVALID_KEY,
 * as it does for a file that others can read or write.
 */
TWZ_MUST bool rights_key_read(struct registry *reg, bool make, struct rights_key *ret,
			      struct twz_error *err);
void rights_key_wipe(struct rights_key *key);
void rights_sign(const struct rights_key *key, const void *bytes, size_t n,
		 unsigned char signature[SIGNATURE_SIZE]);

/* What a row says of how it was signed. */
struct rights_seal {
	int64_t scheme;
	const void *key, *signature;
	int key_size, signature_size;
};
/** Codes of SECURITY: INVALID_SCHEME, INVALID_KEY, SIGNATURE_MISMATCH. */
TWZ_MUST bool rights_verify(struct registry *reg, const struct rights_seal *seal, const void *bytes,
			    size_t n, struct twz_error *err);
