/*
 * The registry's key. It lies beside the registry, readable by its owner alone, and is made when something is
 * first granted: written under another name, synced, and linked into place, so that there is a whole key or
 * none, and one only, however many grant at once.
 *
 * A signature is looked at once: what it covers, hashed with it, is remembered for as long as the registry is
 * open and the key is the same.
 */
#include "registry/rights_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

_Static_assert(crypto_sign_PUBLICKEYBYTES == KEY_SIZE && crypto_sign_SECRETKEYBYTES == 2 * KEY_SIZE &&
	       crypto_sign_BYTES == SIGNATURE_SIZE, "ed25519");

static const char head[] = "twz-key ed25519\n";

struct key_file {
	char head[sizeof(head) - 1];
	unsigned char secret[2 * KEY_SIZE];
};

void
rights_key_wipe(struct rights_key *key)
{
	sodium_memzero(key, sizeof(*key));
}

static bool
ready(struct twz_error *err)
{
	return sodium_init() >= 0 || twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
					      "libsodium does not work here");
}

static bool __attribute__((cold))
bad_key(const char *path, const char *why, struct twz_error *err)
{
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, INVALID_KEY), "the key %s %s", path, why);
	return twz_hint(err, "move it away: the next grant makes another key, and what was granted with this one"
			     " has to be granted again");
}

static bool
write_key(int fd, const struct key_file *file)
{
	return write(fd, file, sizeof(*file)) == (ssize_t)sizeof(*file) && fsync(fd) == 0;
}

static bool
make_key(const char *path, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	char *name = twz_format(&arena, "%s.XXXXXX", path);
	TWZ_CLOSE int fd = mkostemp(name, O_CLOEXEC);
	unsigned char open[KEY_SIZE];
	struct key_file file;
	bool ok;

	if (fd < 0)
		return twz_fail_sys(err, errno, "make the key %s", path);
	memcpy(file.head, head, sizeof(file.head));
	crypto_sign_keypair(open, file.secret);
	ok = fchmod(fd, 0600) == 0 && write_key(fd, &file) &&
	     (link(name, path) == 0 || errno == EEXIST);
	if (!ok)
		twz_fail_sys(err, errno, "make the key %s", path);
	sodium_memzero(&file, sizeof(file));
	unlink(name);
	return ok;
}

static bool
read_key(int fd, const char *path, struct rights_key *ret, struct twz_error *err)
{
	unsigned char seed[crypto_sign_SEEDBYTES];
	struct key_file file;
	struct stat st;
	bool ok;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != (off_t)sizeof(file))
		return bad_key(path, "is no key", err);
	if (st.st_uid != geteuid() || st.st_mode & 077)
		return bad_key(path, "can be read or written by others (it must be yours, mode 0600)", err);
	if (read(fd, &file, sizeof(file)) != (ssize_t)sizeof(file) ||
	    memcmp(file.head, head, sizeof(file.head)))
		return bad_key(path, "is no key", err);
	/* The second half must be what belongs to the first, or signing would give the first away. */
	crypto_sign_ed25519_sk_to_seed(seed, file.secret);
	crypto_sign_seed_keypair(ret->open, ret->secret, seed);
	ok = !sodium_memcmp(ret->secret, file.secret, sizeof(file.secret));
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(&file, sizeof(file));
	return ok || bad_key(path, "is damaged", err);
}

bool
rights_key_read(struct registry *reg, bool make, struct rights_key *ret, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char *path = twz_format(&arena, "%s.key", reg->path);
	TWZ_CLOSE int fd = -1;

	if (!ready(err))
		return false;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make) {
		if (!make_key(path, err))
			return false;
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	}
	if (fd < 0)
		return bad_key(path, errno == ENOENT ? "is missing" : "cannot be opened", err);
	return read_key(fd, path, ret, err);
}

void
rights_sign(const struct rights_key *key, const void *bytes, size_t n,
	    unsigned char signature[SIGNATURE_SIZE])
{
	crypto_sign_detached(signature, NULL, bytes, n, key->secret);
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec &&
	       a->st_uid == b->st_uid && a->st_mode == b->st_mode;
}

/* Long enough ago that a change since would show in its time, which has steps. */
static bool
is_settled(const struct stat *file)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - file->st_ctim.tv_sec > 1;
}

/* What signatures are looked at with. The file is read again when anything about it has changed. */
static bool
find_open_key(struct registry *reg, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	RIGHTS_KEY key = { 0 };
	struct stat file = { 0 };
	bool found = lstat(twz_format(&arena, "%s.key", reg->path), &file) == 0;

	if (found && is_same_file(&file, &reg->key_file))
		return true;
	reg->key_file = (struct stat){ 0 };
	if (!rights_key_read(reg, false, &key, err))
		return false;
	memcpy(reg->key_open, key.open, sizeof(reg->key_open));
	memset(reg->verified, 0, sizeof(reg->verified));
	if (found && is_settled(&file))
		reg->key_file = file;
	return true;
}

static bool
is_known(const struct registry *reg, const unsigned char *hash)
{
	for (size_t i = 0; i < TWZ_COUNT(reg->verified); i++)
		if (!memcmp(reg->verified[i], hash, sizeof(reg->verified[i])))
			return true;
	return false;
}

static void
hash_seal(const struct rights_seal *seal, const unsigned char *open, const void *bytes, size_t n,
	  unsigned char *ret, size_t size)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, open, KEY_SIZE, size);
	crypto_generichash_update(&state, seal->signature, SIGNATURE_SIZE);
	crypto_generichash_update(&state, bytes, n);
	crypto_generichash_final(&state, ret, size);
}

bool
rights_verify(struct registry *reg, const struct rights_seal *seal, const void *bytes, size_t n,
	      struct twz_error *err)
{
	unsigned char hash[sizeof(reg->verified[0])];

	if (seal->scheme == SCHEME_NONE)
		return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, INVALID_SCHEME),
				"is not signed: it was granted by an older twz, and has to be granted again");
	if (seal->scheme != SCHEME_ED25519)
		return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, INVALID_SCHEME),
				"is signed by a scheme that this twz does not know (%lld)",
				(long long)seal->scheme);
	if (!find_open_key(reg, err))
		return false;
	if (seal->key_size != KEY_SIZE || memcmp(seal->key, reg->key_open, KEY_SIZE))
		return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, INVALID_KEY),
				"is signed with another key than this registry's");
	if (seal->signature_size == SIGNATURE_SIZE) {
		hash_seal(seal, reg->key_open, bytes, n, hash, sizeof(hash));
		if (is_known(reg, hash))
			return true;
		if (!crypto_sign_verify_detached(seal->signature, bytes, n, reg->key_open)) {
			memcpy(reg->verified[reg->next_verified++ % TWZ_COUNT(reg->verified)], hash,
			       sizeof(hash));
			return true;
		}
	}
	return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, SIGNATURE_MISMATCH),
			"was changed after it was granted: its signature does not fit");
}
