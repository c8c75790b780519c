// SPDX-License-Identifier: Apache-2.0

/// The names under which files are written before they get their own: `.jfs.NAME.tmp.NUMBER`.
///
/// JuiceFS 1.4.2 has the same (data-format §2.3), so that each program knows the leftovers of the other.
package enum TemporaryName {
    /// A new name beside a path, with at most 200 bytes of the path's own name.
    package static func path(for path: [UInt8]) -> [UInt8] {
        let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        let number = Int64.random(in: 0 ... .max)
        var temporary = Array(path[..<start])
        temporary += ".jfs.".utf8
        temporary += path[start...].prefix(200)
        temporary += ".tmp.\(number)".utf8
        return temporary
    }

    /// Whether a name, one component, is of an unfinished put.
    package static func isTemporary(_ name: some RandomAccessCollection<UInt8>) -> Bool {
        guard name.starts(with: ".jfs.".utf8) else { return false }
        var rest = name[...]
        while let last = rest.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last) {
            rest = rest.dropLast()
        }
        guard rest.count < name.count, rest.count > ".jfs..tmp.".utf8.count else { return false }
        return rest.suffix(5).elementsEqual(".tmp.".utf8)
    }
}
