// SPDX-License-Identifier: Apache-2.0
#include "clinux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

const int32_t clinux_o_directory = O_DIRECTORY;
const int32_t clinux_o_nofollow = O_NOFOLLOW;
const int32_t clinux_o_cloexec = O_CLOEXEC;
const int32_t clinux_o_path = O_PATH;
const int32_t clinux_o_tmpfile = O_TMPFILE;
const int32_t clinux_o_direct = O_DIRECT;
const int32_t clinux_o_noatime = O_NOATIME;

static void convert(const struct stat *from, struct clinux_status *to) {
    to->device = from->st_dev;
    to->inode = from->st_ino;
    to->link_count = from->st_nlink;
    to->special_device = from->st_rdev;
    to->size = (uint64_t)from->st_size;
    to->blocks = (uint64_t)from->st_blocks;
    to->mode = from->st_mode;
    to->uid = from->st_uid;
    to->gid = from->st_gid;
    to->block_size = (uint32_t)from->st_blksize;
    to->access_seconds = from->st_atim.tv_sec;
    to->access_nanoseconds = (uint32_t)from->st_atim.tv_nsec;
    to->modification_seconds = from->st_mtim.tv_sec;
    to->modification_nanoseconds = (uint32_t)from->st_mtim.tv_nsec;
    to->change_seconds = from->st_ctim.tv_sec;
    to->change_nanoseconds = (uint32_t)from->st_ctim.tv_nsec;
}

int clinux_status_at(int directory, const char *path, int follow, struct clinux_status *status) {
    struct stat found;
    int result = fstatat(directory, path, &found, follow ? 0 : AT_SYMLINK_NOFOLLOW);
    if (result == 0) convert(&found, status);
    return result;
}

int clinux_status_of(int descriptor, struct clinux_status *status) {
    struct stat found;
    int result = fstat(descriptor, &found);
    if (result == 0) convert(&found, status);
    return result;
}

int64_t clinux_read_directory(int descriptor, void *buffer, size_t size) {
    return syscall(SYS_getdents64, descriptor, buffer, size);
}

static struct timespec time_or_omit(int64_t seconds, int64_t nanoseconds) {
    struct timespec time = {.tv_sec = seconds, .tv_nsec = nanoseconds < 0 ? UTIME_OMIT : nanoseconds};
    return time;
}

int clinux_set_times(int directory, const char *path, int follow, int64_t access_seconds, int64_t access_nanoseconds,
                     int64_t modification_seconds, int64_t modification_nanoseconds) {
    struct timespec times[2] = {
        time_or_omit(access_seconds, access_nanoseconds),
        time_or_omit(modification_seconds, modification_nanoseconds),
    };
    return utimensat(directory, path, times, follow ? 0 : AT_SYMLINK_NOFOLLOW);
}

int clinux_chmod_nofollow(int directory, const char *path, uint32_t mode) {
#ifdef SYS_fchmodat2
    if (syscall(SYS_fchmodat2, directory, path, mode, AT_SYMLINK_NOFOLLOW) == 0) return 0;
    if (errno != ENOSYS) return -1;
#endif
    // Before Linux 6.6: an O_PATH descriptor pins the file, /proc lets chmod reach exactly that one.
    int descriptor = openat(directory, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return -1;
    struct stat found;
    int result = fstat(descriptor, &found);
    if (result == 0 && S_ISLNK(found.st_mode)) {
        errno = EOPNOTSUPP;
        result = -1;
    } else if (result == 0) {
        char name[40];
        snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
        result = chmod(name, mode);
    }
    int error = errno;
    close(descriptor);
    errno = error;
    return result;
}

int clinux_make_node(int directory, const char *path, uint32_t mode, uint64_t device) {
    return mknodat(directory, path, mode, device);
}

uint64_t clinux_make_device(uint32_t major_number, uint32_t minor_number) { return makedev(major_number, minor_number); }

int64_t clinux_xattr_list(const char *path, int follow, char *names, size_t size) {
    return follow ? listxattr(path, names, size) : llistxattr(path, names, size);
}

int64_t clinux_xattr_read(const char *path, int follow, const char *name, void *value, size_t size) {
    return follow ? getxattr(path, name, value, size) : lgetxattr(path, name, value, size);
}

int clinux_xattr_write(const char *path, int follow, const char *name, const void *value, size_t size) {
    return follow ? setxattr(path, name, value, size, 0) : lsetxattr(path, name, value, size, 0);
}

int clinux_xattr_remove(const char *path, int follow, const char *name) {
    return follow ? removexattr(path, name) : lremovexattr(path, name);
}

int64_t clinux_copy_range(int from, int64_t *from_offset, int to, int64_t *to_offset, size_t length) {
    off64_t from_position = from_offset ? *from_offset : 0, to_position = to_offset ? *to_offset : 0;
    ssize_t copied = copy_file_range(from, from_offset ? &from_position : NULL, to, to_offset ? &to_position : NULL,
                                     length, 0);
    if (from_offset) *from_offset = from_position;
    if (to_offset) *to_offset = to_position;
    return copied;
}

int clinux_rename_noreplace(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE);
}

int clinux_rename_exchange(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, RENAME_EXCHANGE);
}

int32_t clinux_thread_id(void) { return (int32_t)syscall(SYS_gettid); }

int32_t clinux_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void clinux_error_text(int error, char *text, size_t size) {
    if (size == 0) return;
    // The GNU variant returns the text, which may or may not stand in the buffer.
    const char *found = strerror_r(error, text, size);
    if (found != text) snprintf(text, size, "%s", found);
}

void clinux_name_thread(const char *name) {
    char kept[16];
    snprintf(kept, sizeof kept, "%s", name);
    pthread_setname_np(pthread_self(), kept);
}
