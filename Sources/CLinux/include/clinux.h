// SPDX-License-Identifier: Apache-2.0
// System calls and intrinsics that Swift's Glibc module cannot say. Only our own declarations stand here: the
// system headers are included by the .c files, under _GNU_SOURCE (swift-notes: defining it here breaks Glibc).
// Calls return what the system call returns and leave errno as it does, unless said otherwise.
#pragma once
#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli) of `length` bytes, continued from `seed` (0 to start).
uint32_t clinux_crc32c(uint32_t seed, const void *bytes, size_t length);
// The same without the processor's CRC instruction, to test one against the other.
uint32_t clinux_crc32c_portable(uint32_t seed, const void *bytes, size_t length);

// Flags of open, *at calls and lseek that need _GNU_SOURCE or differ between processors.
extern const int32_t clinux_o_directory;
extern const int32_t clinux_o_nofollow;
extern const int32_t clinux_o_cloexec;
extern const int32_t clinux_o_path;
extern const int32_t clinux_o_tmpfile;
extern const int32_t clinux_o_direct;
extern const int32_t clinux_o_noatime;

// The fields of struct stat with the same widths on every processor.
struct clinux_status {
    uint64_t device, inode, link_count, special_device, size, blocks;
    uint32_t mode, uid, gid, block_size;
    int64_t access_seconds, modification_seconds, change_seconds;
    uint32_t access_nanoseconds, modification_nanoseconds, change_nanoseconds;
};
int clinux_status_at(int directory, const char *path, int follow, struct clinux_status *status);
int clinux_status_of(int descriptor, struct clinux_status *status);

// getdents64: raw records of a directory into `buffer`.
int64_t clinux_read_directory(int descriptor, void *buffer, size_t size);

// Both times at once; a negative nanosecond value leaves that time as it is. Never follows a symbolic link unless
// `follow` is set.
int clinux_set_times(int directory, const char *path, int follow, int64_t access_seconds, int64_t access_nanoseconds,
                     int64_t modification_seconds, int64_t modification_nanoseconds);
// Mode of a file that is no symbolic link, without following one (EOPNOTSUPP for a link).
int clinux_chmod_nofollow(int directory, const char *path, uint32_t mode);
int clinux_make_node(int directory, const char *path, uint32_t mode, uint64_t device);
uint64_t clinux_make_device(uint32_t major, uint32_t minor);

// Extended attributes, of the link itself unless `follow` is set.
int64_t clinux_xattr_list(const char *path, int follow, char *names, size_t size);
int64_t clinux_xattr_read(const char *path, int follow, const char *name, void *value, size_t size);
int clinux_xattr_write(const char *path, int follow, const char *name, const void *value, size_t size);
int clinux_xattr_remove(const char *path, int follow, const char *name);

int64_t clinux_copy_range(int from, int64_t *from_offset, int to, int64_t *to_offset, size_t length);
// renameat2 with RENAME_NOREPLACE (EEXIST when the target is there) or RENAME_EXCHANGE.
int clinux_rename_noreplace(int from_directory, const char *from, int to_directory, const char *to);
int clinux_rename_exchange(int from_directory, const char *from, int to_directory, const char *to);

// Loads a shared library for good. `functions` takes the addresses of the `count` functions that `names` lists.
// Returns NULL, or what is missing: the file or one of the names.
const char *clinux_load_library(const char *file, const char *const *names, size_t count, void *functions);

int32_t clinux_thread_id(void);
// The columns of the terminal behind a descriptor, 0 when there is none or it does not say.
int32_t clinux_terminal_columns(int descriptor);
// The text of an errno value; always ends in NUL.
void clinux_error_text(int error, char *text, size_t size);
// Names the calling thread (15 bytes at most are kept).
void clinux_name_thread(const char *name);
