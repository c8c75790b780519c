// SPDX-License-Identifier: Apache-2.0
// The one table of exit codes. Commands that give a verdict add up bits; all others end with one code. A
// program called `juicefs` ends with 0 or 1 only, as scripts written for it expect.

import ArgumentParser

/// How an ordinary command ends.
enum ExitStatus: Int32 {
    case done = 0
    case failed = 1
    case notAVolume = 10
    case inUse = 11
    case denied = 12
    case unreachable = 13
    case incompatible = 14
    case usage = 64
    case interrupted = 130

    /// The section that every ordinary command's help ends with.
    static let help = """
        EXIT STATUS
          0 done, 1 failed, 10 not a volume, 11 locked or in use, 12 authentication,
          13 cannot reach engine or store, 14 incompatible version, 64 usage, 130 interrupted
        """
}

/// How a command that gives a verdict ends: bits, added up.
struct Verdict: OptionSet {
    let rawValue: Int32

    /// Something was repaired or removed.
    static let repaired = Verdict(rawValue: 1)
    /// Problems, differences or failed objects are left.
    static let problems = Verdict(rawValue: 4)
    /// A listing or the engine failed: not everything was seen.
    static let incomplete = Verdict(rawValue: 8)
    static let usage = Verdict(rawValue: 16)
    static let cancelled = Verdict(rawValue: 32)
    /// Something could not be verified.
    static let unverified = Verdict(rawValue: 64)

    /// The section that the help of every such command ends with.
    static let help = """
        EXIT STATUS (bits, added up)
          0 all is well, 1 something was repaired or removed, 4 problems or differences are left,
          8 could not look everywhere, 16 usage, 32 cancelled, 64 something could not be verified
        """
}
