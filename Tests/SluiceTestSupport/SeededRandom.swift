// SPDX-License-Identifier: Apache-2.0
// Random tests must be repeatable: they show their seed, and SLUICE_TEST_SEED sets it.

import Glibc

/// A small repeatable generator (SplitMix64).
package struct SeededRandom: RandomNumberGenerator, Sendable {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Seeded by SLUICE_TEST_SEED, else by chance.
    package static func fromEnvironment() -> SeededRandom {
        if let text = unsafe getenv("SLUICE_TEST_SEED"), let seed = UInt64(unsafe String(cString: text)) {
            return SeededRandom(seed: seed)
        }
        return SeededRandom(seed: UInt64.random(in: 0...UInt64(UInt32.max)))
    }

    package mutating func next() -> UInt64 {
        // Wraps by design: arithmetic modulo 2^64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
