// SPDX-License-Identifier: Apache-2.0
// CRC-32C with the processor's instruction, chosen at run time, or with tables. The instruction has a latency of three
// cycles and a throughput of one, so three streams run side by side; their remainders are joined by advancing the
// earlier ones over the length of the later ones with tables (the method of Mark Adler's crc32c.c).
#include "clinux.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define CRC_TARGET __attribute__((target("sse4.2")))
#define CRC_WORD(crc, word) _mm_crc32_u64((crc), (word))
#define CRC_BYTE(crc, byte) _mm_crc32_u8((uint32_t)(crc), (byte))
#elif defined(__aarch64__)
#include <sys/auxv.h>
#define CRC_TARGET __attribute__((target("crc")))
#define CRC_WORD(crc, word) __builtin_arm_crc32cd((uint32_t)(crc), (word))
#define CRC_BYTE(crc, byte) __builtin_arm_crc32cb((uint32_t)(crc), (byte))
#endif

#define POLYNOMIAL 0x82f63b78u
// Bytes per stream: long for the bulk, short for what is left of it.
#define LONG_RUN 8192
#define SHORT_RUN 256

static uint32_t slices[8][256];
static uint32_t over_long[4][256];
static uint32_t over_short[4][256];
static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static int has_instruction;

static uint64_t load_word(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

// Multiplies a vector by a 32x32 matrix over GF(2).
static uint32_t times(const uint32_t *matrix, uint32_t vector) {
    uint32_t sum = 0;
    for (; vector; vector >>= 1, matrix++)
        if (vector & 1) sum ^= *matrix;
    return sum;
}

static void square(uint32_t *result, const uint32_t *matrix) {
    for (int n = 0; n < 32; n++) result[n] = times(matrix, matrix[n]);
}

// Fills `tables` with the operator that advances a remainder over `length` zero bytes, a power of two.
static void fill_operator(uint32_t tables[4][256], size_t length) {
    uint32_t even[32], odd[32];
    odd[0] = POLYNOMIAL;
    for (int n = 1; n < 32; n++) odd[n] = 1u << (n - 1);
    square(even, odd);
    square(odd, even);
    // `odd` advances over four bits. Each squaring doubles that: the first gives one byte.
    uint32_t *now = odd, *next = even;
    for (size_t bits = 4; bits < length * 8; bits *= 2) {
        square(next, now);
        uint32_t *swap = now;
        now = next;
        next = swap;
    }
    for (uint32_t n = 0; n < 256; n++)
        for (int byte = 0; byte < 4; byte++) tables[byte][n] = times(now, n << (8 * byte));
}

static void prepare(void) {
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t crc = n;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        slices[0][n] = crc;
    }
    for (uint32_t n = 0; n < 256; n++)
        for (int k = 1; k < 8; k++) slices[k][n] = slices[0][slices[k - 1][n] & 0xff] ^ slices[k - 1][n] >> 8;
    fill_operator(over_long, LONG_RUN);
    fill_operator(over_short, SHORT_RUN);
#if defined(__x86_64__)
    __builtin_cpu_init();
    has_instruction = __builtin_cpu_supports("sse4.2") != 0;
#elif defined(__aarch64__)
    has_instruction = (getauxval(AT_HWCAP) & (1ul << 7)) != 0;
#endif
}

static uint32_t with_tables(uint32_t crc, const uint8_t *p, size_t length) {
    for (; length >= 8; p += 8, length -= 8) {
        uint64_t word = load_word(p) ^ crc;
        crc = slices[7][word & 0xff] ^ slices[6][word >> 8 & 0xff] ^ slices[5][word >> 16 & 0xff] ^
              slices[4][word >> 24 & 0xff] ^ slices[3][word >> 32 & 0xff] ^ slices[2][word >> 40 & 0xff] ^
              slices[1][word >> 48 & 0xff] ^ slices[0][word >> 56];
    }
    for (; length; p++, length--) crc = slices[0][(crc ^ *p) & 0xff] ^ crc >> 8;
    return crc;
}

#ifdef CRC_TARGET
static uint32_t advance(uint32_t tables[4][256], uint32_t crc) {
    return tables[0][crc & 0xff] ^ tables[1][crc >> 8 & 0xff] ^ tables[2][crc >> 16 & 0xff] ^ tables[3][crc >> 24];
}

// Three streams of `run` bytes each, joined.
CRC_TARGET static uint32_t three_streams(uint32_t crc, const uint8_t *p, size_t run, uint32_t tables[4][256]) {
    uint64_t first = crc, second = 0, third = 0;
    for (const uint8_t *end = p + run; p < end; p += 8) {
        first = CRC_WORD(first, load_word(p));
        second = CRC_WORD(second, load_word(p + run));
        third = CRC_WORD(third, load_word(p + 2 * run));
    }
    uint32_t joined = advance(tables, (uint32_t)first) ^ (uint32_t)second;
    return advance(tables, joined) ^ (uint32_t)third;
}

CRC_TARGET static uint32_t with_instruction(uint32_t crc, const uint8_t *p, size_t length) {
    for (; length >= 3 * LONG_RUN; p += 3 * LONG_RUN, length -= 3 * LONG_RUN)
        crc = three_streams(crc, p, LONG_RUN, over_long);
    for (; length >= 3 * SHORT_RUN; p += 3 * SHORT_RUN, length -= 3 * SHORT_RUN)
        crc = three_streams(crc, p, SHORT_RUN, over_short);
    uint64_t rest = crc;
    for (; length >= 8; p += 8, length -= 8) rest = CRC_WORD(rest, load_word(p));
    crc = (uint32_t)rest;
    for (; length; p++, length--) crc = CRC_BYTE(crc, *p);
    return crc;
}
#endif

uint32_t clinux_crc32c(uint32_t seed, const void *bytes, size_t length) {
    pthread_once(&prepared, prepare);
#ifdef CRC_TARGET
    if (has_instruction) return ~with_instruction(~seed, bytes, length);
#endif
    return ~with_tables(~seed, bytes, length);
}

uint32_t clinux_crc32c_portable(uint32_t seed, const void *bytes, size_t length) {
    pthread_once(&prepared, prepare);
    return ~with_tables(~seed, bytes, length);
}
