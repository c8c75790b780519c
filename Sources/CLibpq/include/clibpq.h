// SPDX-License-Identifier: Apache-2.0
// libpq, loaded when the first address needs it: the 20 libraries that it brings would cost every command
// six milliseconds at its start.
#pragma once
// Debian keeps the header in a folder of its own.
#if __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#include <libpq-fe.h>
#endif

/// Loads the library, once; to be called before anything else of it. Any thread.
/// Returns NULL, or what is missing.
const char *clibpq_load(void);
