// SPDX-License-Identifier: Apache-2.0

/// What a check looked at and what came of it.
package struct CheckSummary: Hashable, Sendable {
    /// Findings by code, infos and unverified ones included.
    package private(set) var counts: [FindingCode: UInt64] = [:]
    package private(set) var infos: UInt64 = 0
    package private(set) var warnings: UInt64 = 0
    package private(set) var errors: UInt64 = 0
    /// What could not be told apart from a healthy state.
    package internal(set) var unverified: UInt64 = 0
    /// Why something could not be looked at, as sentences.
    package internal(set) var incomplete: [String] = []

    package internal(set) var nodes: UInt64 = 0
    package internal(set) var entries: UInt64 = 0
    package internal(set) var chunks: UInt64 = 0
    /// Slices that some record uses.
    package internal(set) var slices: UInt64 = 0
    /// Bytes of those slices.
    package internal(set) var sliceBytes: UInt64 = 0
    /// Block objects listed, and their bytes as stored.
    package internal(set) var objects: UInt64 = 0
    package internal(set) var objectBytes: UInt64 = 0
    /// Blocks that were read and decoded.
    package internal(set) var blocksRead: UInt64 = 0

    package init() {}

    mutating func count(_ finding: Finding) {
        counts[finding.code, default: 0] += 1
        if finding.isUnverified {
            unverified += 1
            return
        }
        switch finding.severity {
        case .info: infos += 1
        case .warning: warnings += 1
        case .error: errors += 1
        }
    }

    /// The exit status of a verdict, bits added up: 4 problems are left, 8 could not look everywhere, 64
    /// something could not be verified.
    package var exitBits: Int32 {
        (warnings + errors > 0 ? 4 : 0) + (incomplete.isEmpty ? 0 : 8) + (unverified > 0 ? 64 : 0)
    }
}
