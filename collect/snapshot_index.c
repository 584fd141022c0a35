// SPDX-License-Identifier: GPL-2.0-only
/*
 * snapshot_index.c - see snapshot_index.h. Content is read here only where it says when: uptime, stat, and files that
 * begin with a stamp.
 */
#include "collect/snapshot_index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX		12u
#define NAME_MAX_BYTES		1024u		/* of a file below the directory */
#define PATHS_MAX		4096u		/* kernel files that differ */
#define LINE_BYTES		(64u << 10)
#define GROWN_BYTES_MAX		(4ull << 30)	/* of one file that grows, unpacked */
#define HEAD_LINES		3u		/* a stamp is on one of the first */
#define TIME_TEXT_BYTES		(64u << 10)	/* of /proc/stat: btime stands behind a line for each interrupt */

static int fail(struct source_error *err, int ret, const char *what, const char *why)
{
	snprintf(err->what, sizeof(err->what), "%.300s: %s", what, why);
	return ret;
}

static uint64_t hash_text(const char *text, size_t len, uint64_t hash)
{
	for (; len; text++, len--)
		hash = (hash ^ (uint8_t)*text) * 1099511628211ull;	/* FNV-1a */
	return hash;
}

/* Copies with one stamp are one moment; those without, of one directory. */
static uint64_t moment_of_stamp(const struct snapshot_stamp *stamp)
{
	return hash_text((const char *)&stamp->ns, sizeof(stamp->ns), 14695981039346656037ull + stamp->kind);
}

static uint64_t moment_of_dir(const char *path, size_t len)
{
	while (len && path[len - 1] == '/')
		len--;
	return hash_text(path, len, 1469598103934665603ull);
}

/* --- what was found --- */

static int add_file(struct snapshot_index *index, const char *name, uint32_t *file)
{
	if (index->nfiles == index->files_capacity) {
		uint32_t wanted = index->files_capacity ? index->files_capacity * 2 : 64;
		char **larger = reallocarray(index->files, wanted, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		index->files = larger;
		index->files_capacity = wanted;
	}
	index->files[index->nfiles] = strdup(name);
	if (!index->files[index->nfiles])
		return -ENOMEM;
	*file = index->nfiles++;
	return 0;
}

/* -ENOSPC: there are too many. */
static int find_path(struct snapshot_index *index, const char *path)
{
	/* most often the ones before are those of the last moment, in the same order; there are some dozens */
	for (uint32_t i = 0; i < index->npaths; i++)
		if (!strcmp(index->paths[i], path))
			return i;
	if (index->npaths == PATHS_MAX)
		return -ENOSPC;
	snprintf(index->paths[index->npaths], SNAPSHOT_PATH_BYTES, "%s", path);
	return index->npaths++;
}

static int add_piece(struct snapshot_index *index, const struct snapshot_name *name, struct snapshot_piece *piece)
{
	int path = find_path(index, name->path);

	if (path < 0 || index->npieces == SNAPSHOT_PIECES_MAX) {
		index->cut++;
		return 0;
	}
	if (index->npieces == index->pieces_capacity) {
		uint32_t wanted = index->pieces_capacity ? index->pieces_capacity * 2 : 256;
		struct snapshot_piece *larger = reallocarray(index->pieces, wanted, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		index->pieces = larger;
		index->pieces_capacity = wanted;
	}
	piece->path = path;
	piece->kind = name->kind;
	index->pieces[index->npieces++] = *piece;
	return 0;
}

/* --- files --- */

static gzFile open_file(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	gzFile file = fd < 0 ? NULL : gzdopen(fd, "rb");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

int64_t snapshot_index_read(struct snapshot_index *index, const struct snapshot_piece *piece, char *to, size_t size)
{
	size_t want = piece->bytes < size ? piece->bytes : size;
	int got;

	if (index->open && index->open_file != piece->file) {
		gzclose(index->open);
		index->open = NULL;
	}
	if (!index->open)
		index->open = open_file(index->dir_fd, index->files[piece->file]);
	if (!index->open)
		return -errno;
	index->open_file = piece->file;
	if (gzseek(index->open, piece->offset, SEEK_SET) < 0)
		return -EIO;
	got = gzread(index->open, to, want);
	return got < 0 ? -EIO : got;
}

/* --- one file that grows --- */

/* A file cut into copies by lines that say when, and lines that name. */
struct growing {
	struct snapshot_index	*index;
	struct snapshot_name	name;		/* of the copy that goes on; kind and path */
	bool			named;
	struct snapshot_stamp	stamp;
	struct snapshot_piece	piece;
	bool			any;		/* the piece has begun */
	int			error;
};

static void end_piece(struct growing *g, uint64_t offset)
{
	uint64_t bytes = offset - g->piece.offset;

	if (!g->any || !bytes || g->error)
		return;
	g->any = false;
	if (bytes > SNAPSHOT_BYTES_MAX) {
		g->index->cut++;
		return;
	}
	g->piece.bytes = bytes;
	g->error = add_piece(g->index, &g->name, &g->piece);
}

static void begin_piece(struct growing *g, uint64_t offset)
{
	g->any = g->named && g->stamp.kind != STAMP_NONE;
	g->piece.offset = offset;
	g->piece.stamp = g->stamp.kind;
	g->piece.stamp_ns = g->stamp.ns;
	g->piece.moment = moment_of_stamp(&g->stamp);
}

static void take_line(struct growing *g, const char *line, size_t len, uint64_t offset, uint64_t next)
{
	struct snapshot_stamp stamp;
	struct snapshot_name name;

	if (g->named && g->name.one_value && g->any && g->piece.offset == offset)
		return;		/* the value itself */
	if (snapshot_stamp_line(line, len, &stamp)) {
		end_piece(g, offset);
		g->stamp = stamp;
		begin_piece(g, next);
	} else if (snapshot_heading(line, len, &name)) {
		end_piece(g, offset);
		g->name = name;
		g->named = true;
		begin_piece(g, next);
	}
}

static int read_growing(struct snapshot_index *index, uint32_t file, const struct snapshot_name *name, char *line)
{
	struct growing g = { .index = index, .piece = { .file = file }, .named = name };
	gzFile in = open_file(index->dir_fd, index->files[file]);
	uint64_t offset = 0;

	if (!in)
		return 0;
	if (name)
		g.name = *name;
	gzbuffer(in, LINE_BYTES);
	while (!g.error && offset < GROWN_BYTES_MAX && gzgets(in, line, LINE_BYTES)) {
		uint64_t next = gztell(in);
		size_t len = next - offset;

		if (len && line[len - 1] == '\n')
			len--;
		take_line(&g, line, len, offset, next);
		offset = next;
	}
	index->cut += offset >= GROWN_BYTES_MAX;
	end_piece(&g, offset);
	gzclose(in);
	return g.error;
}

enum look { LOOK_OTHER, LOOK_GROWS, LOOK_PACKED };

/* Whether one of the first lines says when; or it is packed by something that we do not unpack. */
static enum look look_at(struct snapshot_index *index, const char *path, char *line)
{
	gzFile in = open_file(index->dir_fd, path);
	struct snapshot_stamp stamp;
	enum look look = LOOK_OTHER;

	if (!in)
		return LOOK_PACKED;
	for (unsigned int i = 0; i < HEAD_LINES && look == LOOK_OTHER && gzgets(in, line, LINE_BYTES); i++) {
		size_t len = strcspn(line, "\n");

		if (!memcmp(line, "\xfd" "7zXZ", 5) || !memcmp(line, "\x28\xb5\x2f\xfd", 4))
			look = LOOK_PACKED;
		else if (snapshot_stamp_line(line, len, &stamp))
			look = LOOK_GROWS;
	}
	gzclose(in);
	return look;
}

/* --- the directory --- */

/* A stamp in the names of the directories before a file, the nearest first; also "2026-11-21/19:24:17". */
static bool stamp_of_dirs(const char *path, size_t len, struct snapshot_stamp *stamp)
{
	while (len && path[len - 1] == '/')
		len--;
	for (size_t end = len; end;) {
		const char *slash = memrchr(path, '/', end);
		size_t start = slash ? slash + 1 - path : 0;
		const char *above = slash ? memrchr(path, '/', start - 1) : NULL;
		size_t above_start = above ? above + 1 - path : 0;
		char both[NAME_MAX_BYTES];

		if (snapshot_stamp_in_name(path + start, end - start, stamp))
			return true;
		if (slash) {
			memcpy(both, path + above_start, end - above_start);
			both[start - 1 - above_start] = 'T';
			if (snapshot_stamp_in_name(both, end - above_start, stamp))
				return true;
		}
		end = slash ? start - 1 : 0;
	}
	return false;
}

struct walk {
	struct snapshot_index	*index;
	char			path[NAME_MAX_BYTES];
	char			*line;		/* LINE_BYTES */
	uint32_t		seen;
};

static int take_whole(struct snapshot_index *index, uint32_t file, const char *path, size_t dirs,
		      const struct snapshot_name *name, struct snapshot_stamp stamp, uint64_t bytes)
{
	struct snapshot_piece piece = { .file = file, .bytes = bytes };

	piece.moment = stamp.kind != STAMP_NONE ? moment_of_stamp(&stamp) : moment_of_dir(path, dirs);
	if (stamp.kind == STAMP_NONE && !stamp_of_dirs(path, dirs, &stamp))
		stamp.ns = SNAPSHOT_TIME_NONE;
	piece.stamp = stamp.kind;
	piece.stamp_ns = stamp.ns;
	return add_piece(index, name, &piece);
}

/*
 * A file of a name that we know is one copy, unless its first lines say when. One of another name is several if they do
 * and if its lines name what follows.
 */
static int take_file(struct walk *w, const struct stat *st)
{
	struct snapshot_index *index = w->index;
	struct snapshot_stamp stamp;
	struct snapshot_name name;
	uint32_t file, before;
	size_t dirs = 0;
	bool known = snapshot_path_find(w->path, strlen(w->path), &name, &stamp, &dirs);
	enum look look = known && name.one_value ? LOOK_OTHER : look_at(index, w->path, w->line);
	int ret;

	if (look == LOOK_PACKED || (!known && look != LOOK_GROWS)) {
		index->left_out++;
		return 0;
	}
	ret = add_file(index, w->path, &file);
	if (ret)
		return ret;
	before = index->npieces;
	if (look == LOOK_GROWS)
		ret = read_growing(index, file, known ? &name : NULL, w->line);
	else
		ret = take_whole(index, file, w->path, dirs, &name, stamp, SNAPSHOT_BYTES_MAX);
	index->left_out += !ret && index->npieces == before;
	return ret;
}

static int walk(struct walk *w, int fd, size_t len, unsigned int depth);

static int take_entry(struct walk *w, int dir_fd, const char *name, size_t len, unsigned int depth)
{
	size_t name_len = strlen(name);
	struct stat st;
	int fd;

	if (name[0] == '.' || len + name_len + 2 > sizeof(w->path) || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	memcpy(w->path + len, name, name_len + 1);
	if (S_ISREG(st.st_mode)) {
		if (w->seen++ < SNAPSHOT_FILES_MAX)
			return take_file(w, &st);
		w->index->cut++;
		return 0;
	}
	if (!S_ISDIR(st.st_mode) || depth == DEPTH_MAX)
		return 0;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	w->path[len + name_len] = '/';
	w->path[len + name_len + 1] = '\0';
	return walk(w, fd, len + name_len + 1, depth + 1);
}

/* Takes @fd. */
static int walk(struct walk *w, int fd, size_t len, unsigned int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int ret = 0;

	if (!dir) {
		ret = -errno;
		close(fd);
		return ret;
	}
	while (!ret && (entry = readdir(dir)))
		ret = take_entry(w, fd, entry->d_name, len, depth);
	closedir(dir);
	return ret;
}

/* --- moments --- */

static int compare_pieces(const void *a, const void *b)
{
	const struct snapshot_piece *x = a, *y = b;

	if (x->moment != y->moment)
		return x->moment < y->moment ? -1 : 1;
	return x->path < y->path ? -1 : x->path > y->path;
}

/* "34.41 60.10": ns. SNAPSHOT_TIME_NONE when it is no such thing. */
static int64_t parse_uptime(const char *text)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	return end == text || !(seconds >= 0 && seconds < 1e9) ? SNAPSHOT_TIME_NONE
							       : (int64_t)(seconds * 1000 + 0.5) * 1000000;
}

static int64_t parse_btime(const char *text)
{
	const char *line = strncmp(text, "btime ", 6) ? strstr(text, "\nbtime ") : text;

	return line ? strtoll(line + (*line == '\n') + 6, NULL, 10) : 0;
}

static void read_time(struct snapshot_index *index, const struct snapshot_piece *piece, struct snapshot_moment *m,
		      char *text)
{
	int64_t bytes;

	if (piece->stamp == STAMP_UPTIME) {
		m->uptime_ns = piece->stamp_ns;
	} else if (piece->stamp != STAMP_NONE) {
		m->real_ns = piece->stamp_ns;
		m->local = piece->stamp == STAMP_LOCAL;
	}
	if (piece->kind != SNAPSHOT_UPTIME && piece->kind != SNAPSHOT_STAT)
		return;
	bytes = snapshot_index_read(index, piece, text, TIME_TEXT_BYTES - 1);
	if (bytes <= 0)
		return;
	text[bytes] = '\0';
	if (piece->kind == SNAPSHOT_UPTIME)
		m->uptime_ns = parse_uptime(text);
	else
		m->boot_s = parse_btime(text);
}

static int make_moments(struct snapshot_index *index, char *text)
{
	uint32_t n = 0;

	qsort(index->pieces, index->npieces, sizeof(index->pieces[0]), compare_pieces);
	for (uint32_t i = 0; i < index->npieces; i++)
		n += !i || index->pieces[i].moment != index->pieces[i - 1].moment;
	index->moments = calloc(n, sizeof(index->moments[0]));
	if (!index->moments)
		return -ENOMEM;
	for (uint32_t i = 0; i < index->npieces; i++) {
		const struct snapshot_piece *piece = &index->pieces[i];

		if (!i || piece->moment != piece[-1].moment)
			index->moments[index->nmoments++] = (struct snapshot_moment){
				.uptime_ns = SNAPSHOT_TIME_NONE, .real_ns = SNAPSHOT_TIME_NONE, .first = i,
			};
		index->moments[index->nmoments - 1].count++;
		read_time(index, piece, &index->moments[index->nmoments - 1], text);
	}
	return 0;
}

int snapshot_index_open(const char *dir, struct source_error *err, struct snapshot_index **out)
{
	struct snapshot_index *index = calloc(1, sizeof(*index));
	struct walk w = { .index = index, .line = calloc(1, LINE_BYTES) };
	int ret = -ENOMEM, fd;

	if (!index || !w.line)
		goto fail;
	index->dir_fd = -1;
	index->paths = calloc(PATHS_MAX, sizeof(index->paths[0]));
	if (!index->paths)
		goto fail;
	index->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = index->dir_fd < 0 ? -1 : openat(index->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret = fd < 0 ? -errno : walk(&w, fd, 0, 0);
	if (!ret && !index->npieces)
		ret = -ENODATA;
	if (!ret)
		ret = make_moments(index, w.line);
	if (ret)
		goto fail;
	free(w.line);
	*out = index;
	return 0;

fail:
	free(w.line);
	snapshot_index_free(index);
	if (ret != -ENODATA)
		return fail(err, ret, dir, strerror(-ret));
	snprintf(err->hint, sizeof(err->hint),
		 "a directory per moment, or vmstat.STAMP, or vmstat.log with 'date' before each "
		 "copy: squall-import(1), SNAPSHOTS");
	return fail(err, ret, dir, "no copy of /proc/vmstat, zoneinfo or the like");
}

void snapshot_index_free(struct snapshot_index *index)
{
	if (!index)
		return;
	if (index->open)
		gzclose(index->open);
	for (uint32_t i = 0; i < index->nfiles; i++)
		free(index->files[i]);
	free(index->files);
	free(index->paths);
	free(index->pieces);
	free(index->moments);
	if (index->dir_fd >= 0)
		close(index->dir_fd);
	free(index);
}
