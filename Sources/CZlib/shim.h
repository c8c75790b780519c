// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <zlib.h>

// Macros in zlib; 31 is the largest window with a gzip header and trailer.
static inline int czlib_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
}

static inline int czlib_inflate_init(z_stream *stream) {
    return inflateInit2(stream, 31);
}
