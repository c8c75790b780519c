#include "clinux.h"

uint32_t clinux_crc32c(uint32_t seed, const void *bytes, size_t length) {
    const uint8_t *p = bytes;
    uint32_t crc = ~seed;
    for (size_t i = 0; i < length; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++) crc = (crc >> 1) ^ (0x82f63b78u & -(crc & 1));
    }
    return ~crc;
}
