// SPDX-License-Identifier: Apache-2.0
// libssh, loaded when the first address needs it.
#pragma once
#include <libssh/libssh.h>
#include <libssh/sftp.h>

/// Loads the library, once; to be called before anything else of it. Any thread.
/// Returns NULL, or what is missing.
const char *clibssh_load(void);
