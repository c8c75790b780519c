// SPDX-License-Identifier: Apache-2.0
// Random tests that can be repeated: the seed is printed, SLUICE_TEST_SEED sets it.

import Glibc

/// SplitMix64, seeded.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// A generator with a fresh seed (or that of SLUICE_TEST_SEED), which is printed with the test's name.
    static func announced(_ test: String) -> SeededRandom {
        var seed = UInt64.random(in: 0...UInt64.max)
        if let text = unsafe getenv("SLUICE_TEST_SEED"), let given = UInt64(unsafe String(cString: text)) {
            seed = given
        }
        print("\(test): SLUICE_TEST_SEED=\(seed)")
        return SeededRandom(seed: seed)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
