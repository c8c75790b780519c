// System calls and intrinsics that Swift's Glibc module cannot say. Only our own declarations stand here: the
// system headers are included by the .c file, under _GNU_SOURCE (swift-notes: defining it here breaks Glibc).
#pragma once
#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli) of `length` bytes, continued from `seed` (0 to start).
uint32_t clinux_crc32c(uint32_t seed, const void *bytes, size_t length);
