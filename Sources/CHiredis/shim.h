// SPDX-License-Identifier: Apache-2.0
#pragma once
// Without pkg-config: Debian's file defines _FILE_OFFSET_BITS, which the package manager refuses.
#include <hiredis/hiredis.h>
