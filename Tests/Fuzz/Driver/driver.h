/* SPDX-License-Identifier: Apache-2.0 */
/* The entry into libFuzzer for programs that have a main of their own; the compiler ships no header for it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
