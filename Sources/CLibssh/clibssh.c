// SPDX-License-Identifier: Apache-2.0
#include "clinux.h"
#include <pthread.h>

// Hidden, where the header says "default": the library must not find these functions in the place of its own.
#define visibility(kind) visibility("hidden")
#include "clibssh.h"
#undef visibility

// What of the library is used: result, name, parameters, arguments.
#define FUNCTIONS(F)                                                                                        \
    F(int, ssh_init, (void), ())                                                                            \
    F(ssh_session, ssh_new, (void), ())                                                                     \
    F(void, ssh_free, (ssh_session session), (session))                                                     \
    F(int, ssh_options_set, (ssh_session session, enum ssh_options_e type, const void *value),              \
      (session, type, value))                                                                               \
    F(int, ssh_connect, (ssh_session session), (session))                                                   \
    F(void, ssh_disconnect, (ssh_session session), (session))                                               \
    F(socket_t, ssh_get_fd, (ssh_session session), (session))                                               \
    F(int, ssh_is_connected, (ssh_session session), (session))                                              \
    F(const char *, ssh_get_error, (void *session), (session))                                              \
    F(int, ssh_get_error_code, (void *session), (session))                                                  \
    F(enum ssh_known_hosts_e, ssh_session_is_known_server, (ssh_session session), (session))                \
    F(int, ssh_userauth_none, (ssh_session session, const char *user), (session, user))                     \
    F(int, ssh_userauth_password, (ssh_session session, const char *user, const char *password),            \
      (session, user, password))                                                                            \
    F(int, ssh_userauth_publickey_auto, (ssh_session session, const char *user, const char *passphrase),    \
      (session, user, passphrase))                                                                          \
    F(int, ssh_userauth_publickey, (ssh_session session, const char *user, const ssh_key key),              \
      (session, user, key))                                                                                 \
    F(int, ssh_userauth_kbdint, (ssh_session session, const char *user, const char *methods),               \
      (session, user, methods))                                                                             \
    F(int, ssh_userauth_kbdint_getnprompts, (ssh_session session), (session))                               \
    F(int, ssh_userauth_kbdint_setanswer, (ssh_session session, unsigned int i, const char *answer),        \
      (session, i, answer))                                                                                 \
    F(int, ssh_pki_import_privkey_file,                                                                     \
      (const char *file, const char *passphrase, ssh_auth_callback ask, void *data, ssh_key *key),          \
      (file, passphrase, ask, data, key))                                                                   \
    F(void, ssh_key_free, (ssh_key key), (key))                                                             \
    F(int, ssh_channel_is_open, (ssh_channel channel), (channel))                                           \
    F(int, ssh_channel_is_eof, (ssh_channel channel), (channel))                                            \
    F(int, ssh_channel_read, (ssh_channel channel, void *data, uint32_t count, int isError),                \
      (channel, data, count, isError))                                                                      \
    F(int, ssh_channel_write, (ssh_channel channel, const void *data, uint32_t count),                      \
      (channel, data, count))                                                                               \
    F(sftp_session, sftp_new, (ssh_session session), (session))                                             \
    F(void, sftp_free, (sftp_session sftp), (sftp))                                                         \
    F(int, sftp_init, (sftp_session sftp), (sftp))                                                          \
    F(int, sftp_get_error, (sftp_session sftp), (sftp))                                                     \
    F(int, sftp_extension_supported, (sftp_session sftp, const char *name, const char *data),               \
      (sftp, name, data))                                                                                   \
    F(sftp_dir, sftp_opendir, (sftp_session sftp, const char *path), (sftp, path))                          \
    F(sftp_attributes, sftp_readdir, (sftp_session sftp, sftp_dir dir), (sftp, dir))                        \
    F(int, sftp_dir_eof, (sftp_dir dir), (dir))                                                             \
    F(int, sftp_closedir, (sftp_dir dir), (dir))                                                            \
    F(sftp_attributes, sftp_stat, (sftp_session sftp, const char *path), (sftp, path))                      \
    F(sftp_attributes, sftp_lstat, (sftp_session sftp, const char *path), (sftp, path))                     \
    F(sftp_attributes, sftp_fstat, (sftp_file file), (file))                                                \
    F(void, sftp_attributes_free, (sftp_attributes attributes), (attributes))                               \
    F(sftp_file, sftp_open, (sftp_session sftp, const char *path, int flags, mode_t mode),                  \
      (sftp, path, flags, mode))                                                                            \
    F(int, sftp_close, (sftp_file file), (file))                                                            \
    F(int, sftp_seek64, (sftp_file file, uint64_t offset), (file, offset))                                  \
    F(int, sftp_async_read_begin, (sftp_file file, uint32_t length), (file, length))                        \
    F(int, sftp_async_read, (sftp_file file, void *data, uint32_t length, uint32_t id),                     \
      (file, data, length, id))                                                                             \
    F(ssize_t, sftp_write, (sftp_file file, const void *data, size_t count), (file, data, count))           \
    F(int, sftp_unlink, (sftp_session sftp, const char *path), (sftp, path))                                \
    F(int, sftp_rmdir, (sftp_session sftp, const char *path), (sftp, path))                                 \
    F(int, sftp_mkdir, (sftp_session sftp, const char *path, mode_t mode), (sftp, path, mode))              \
    F(int, sftp_rename, (sftp_session sftp, const char *from, const char *to), (sftp, from, to))            \
    F(int, sftp_utimes, (sftp_session sftp, const char *path, const struct timeval *times),                 \
      (sftp, path, times))

static struct {
#define MEMBER(result, name, parameters, arguments) result(*name) parameters;
    FUNCTIONS(MEMBER)
} library;

static const char *const names[] = {
#define NAME(result, name, parameters, arguments) #name,
    FUNCTIONS(NAME)
};
_Static_assert(sizeof names == sizeof library, "one name for each function");

static const char *missing;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    missing = clinux_load_library("libssh.so.4", names, sizeof names / sizeof *names, &library);
    if (missing == NULL && library.ssh_init() != SSH_OK) missing = "a part that libssh needs";
}

const char *clibssh_load(void) {
    pthread_once(&once, load);
    return missing;
}

#define CALL(result, name, parameters, arguments) \
    result name parameters { return library.name arguments; }
FUNCTIONS(CALL)
