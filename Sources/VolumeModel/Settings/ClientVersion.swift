// SPDX-License-Identifier: Apache-2.0

/// A client version as volumes bound it: `1.4.2`, `1.2.0-A`, `1.4.2+2026-10-26` (metadata-format §1).
package struct ClientVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var numbers: [Int]
    /// Sorts below the same version without one.
    package var preRelease: String

    /// The version whose rules this program follows.
    package static let compatible = ClientVersion(numbers: [1, 4, 2], preRelease: "")

    private init(numbers: [Int], preRelease: String) {
        self.numbers = numbers
        self.preRelease = preRelease
    }

    /// Reads `major[.minor[.patch]][-pre][+build]`; nil when it is nothing like that.
    package init?(_ text: String) {
        let withoutBuild = text.prefix { $0 != "+" }
        let core = withoutBuild.prefix { $0 != "-" }
        preRelease = String(withoutBuild.dropFirst(core.count + 1))
        numbers = []
        for part in core.split(separator: ".", omittingEmptySubsequences: false) {
            guard let number = Int(part), number >= 0, numbers.count < 3 else { return nil }
            numbers.append(number)
        }
        numbers += Array(repeating: 0, count: 3 - numbers.count)
    }

    package static func < (left: Self, right: Self) -> Bool {
        guard left.numbers == right.numbers else {
            return left.numbers.lexicographicallyPrecedes(right.numbers)
        }
        if left.preRelease.isEmpty || right.preRelease.isEmpty {
            return !left.preRelease.isEmpty && right.preRelease.isEmpty
        }
        return left.preRelease.utf8.lexicographicallyPrecedes(right.preRelease.utf8)
    }

    package var description: String {
        numbers.map(String.init).joined(separator: ".") + (preRelease.isEmpty ? "" : "-\(preRelease)")
    }
}

extension VolumeSettings {
    /// Why this program must not touch the volume, nil when it may: a newer record format, or a client
    /// version outside the volume's bounds.
    package var incompatibility: String? {
        if metaVersion > 1 { return "its metadata have version \(metaVersion), this program knows version 1" }
        if !minClientVersion.isEmpty {
            guard let least = ClientVersion(minClientVersion) else {
                return "its least client version '\(minClientVersion)' cannot be read"
            }
            if ClientVersion.compatible < least { return "it needs a client of version \(least) or later" }
        }
        if !maxClientVersion.isEmpty {
            guard let most = ClientVersion(maxClientVersion) else {
                return "its last client version '\(maxClientVersion)' cannot be read"
            }
            if most < ClientVersion.compatible { return "it allows clients up to version \(most) only" }
        }
        return nil
    }
}
