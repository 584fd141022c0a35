// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file is created by us, with O_EXCL, and SQLite is told to open but not to create: so its mode never depends on
 * the umask, and a symbolic link planted in a shared directory is not followed.
 */
#include "store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/schema.h"

static int check_target(const char *path, bool force, struct store_error *err)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : store_error_system(err, path, "create", -errno);
	if (!force)
		return store_error_system(err, path, "create", -EEXIST);
	if (S_ISREG(st.st_mode))
		return 0;
	snprintf(err->what, sizeof(err->what), "%.300s: cannot replace: not a regular file", path);
	err->hint[0] = '\0';
	return -EEXIST;
}

/* What a killed recorder may have left beside the store of this name: its content belongs to the file that goes. */
static void remove_old(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char *name;

	for (unsigned int i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (asprintf(&name, "%s%s", path, suffixes[i]) < 0)
			return;
		unlink(name);
		free(name);
	}
}

static int create_in_place(struct store_file *file)
{
	if (file->replace)
		remove_old(file->path);
	return open(file->work_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int create_temporary(struct store_file *file)
{
	return mkostemps(file->work_path, STORE_PART_TAIL, O_CLOEXEC);
}

int store_file_create(struct store_file *file, const char *path, const struct store_writer_opts *opts,
		      struct store_error *err)
{
	int ret = check_target(path, opts->force, err);
	int fd;

	if (ret)
		return ret;
	file->replace = opts->force;
	file->path = strdup(path);
	file->temporary = opts->mode != STORE_LIVE;
	file->work_path = store_sqlite_path(path, file->temporary ? STORE_PART_SUFFIX : "");
	if (!file->path || !file->work_path) {
		store_file_free(file);
		return store_error_system(err, path, "create", -ENOMEM);
	}
	fd = file->temporary ? create_temporary(file) : create_in_place(file);
	if (fd < 0) {
		ret = store_error_system(err, path, "create", -errno);
		store_file_free(file);
		return ret;
	}
	/* Before SQLite opens it: closing any descriptor of a file drops all POSIX locks that the process has on it. */
	close(fd);
	return 0;
}

void store_file_free(struct store_file *file)
{
	free(file->path);
	free(file->work_path);
	file->path = NULL;
	file->work_path = NULL;
}

/* Before the file gets its name, so that after a loss of power the name does not stand for half a file. */
static int sync_data(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = fdatasync(fd) ? -errno : 0;
	close(fd);
	return ret;
}

static int rename_file(const struct store_file *file)
{
	unsigned int flags = file->replace ? 0 : RENAME_NOREPLACE;

	if (!renameat2(AT_FDCWD, file->work_path, AT_FDCWD, file->path, flags))
		return 0;
	/* File systems without the flag (NFS, some FUSE): a link fails just so when the name is taken. */
	if (errno == EINVAL && flags && !link(file->work_path, file->path))
		return unlink(file->work_path) ? -errno : 0;
	return -errno;
}

int store_file_publish(struct store_file *file, struct store_error *err)
{
	int ret;

	if (!file->temporary)
		return 0;
	ret = sync_data(file->work_path);
	if (!ret)
		ret = rename_file(file);
	if (!ret)
		return 0;
	store_error_system(err, file->path, "create", ret);
	store_file_discard(file);
	return ret;
}

void store_file_discard(struct store_file *file)
{
	if (file->temporary)
		unlink(file->work_path);
}
