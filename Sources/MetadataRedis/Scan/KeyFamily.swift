// SPDX-License-Identifier: Apache-2.0

import Metadata
import SluiceBase
import VolumeModel

/// Keys that begin with the same name and go on with a number: one record, or one hash of records, each
/// (metadata-format §4.1).
enum KeyFamily: Int, CaseIterable, Sendable {
    case node
    case edge
    case chunk
    case symlink
    case attribute
    case sustained

    private var name: StaticString {
        switch self {
        case .node: "i"
        case .edge: "d"
        case .chunk: "c"
        case .symlink: "s"
        case .attribute: "x"
        case .sustained: "session"
        }
    }

    /// What the records are called in reports.
    var kind: String {
        switch self {
        case .node: "node"
        case .edge: "edge"
        case .chunk: "chunk"
        case .symlink: "symlink"
        case .attribute: "xattr"
        case .sustained: "sustained"
        }
    }

    /// The family of a key, nil for every other key.
    /// - Parameter name: of the key, without the volume's prefix.
    init?(of name: ArraySlice<UInt8>) {
        let found: KeyFamily? =
            switch name.first {
            case UInt8(ascii: "i"): .node
            case UInt8(ascii: "d"): .edge
            case UInt8(ascii: "c"): .chunk
            case UInt8(ascii: "x"): .attribute
            case UInt8(ascii: "s"): name.starts(with: Self.sustained.name.bytes) ? .sustained : .symlink
            default: nil
            }
        guard let found, let next = name.dropFirst(found.name.utf8CodeUnitCount).first,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next)
        else { return nil }
        self = found
    }

    /// The numbers of a key of this family, nil when they are not written as a client writes them.
    /// - Parameter name: of the key, without the volume's prefix.
    func numbers(in name: ArraySlice<UInt8>) -> KeyNumbers? {
        let rest = name.dropFirst(self.name.utf8CodeUnitCount)
        guard self == .chunk else { return Self.number(rest).map { KeyNumbers($0) } }
        guard let separator = rest.firstIndex(of: UInt8(ascii: "_")),
            let inode: UInt64 = Self.number(rest[..<separator]),
            let index: UInt32 = Self.number(rest[(separator + 1)...])
        else { return nil }
        return KeyNumbers(inode, index)
    }

    private static func number<Number: FixedWidthInteger>(_ digits: ArraySlice<UInt8>) -> Number? {
        guard digits.first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        return Number(decimal: digits)
    }

    /// The key with these numbers.
    func key(_ numbers: KeyNumbers, _ keys: Keys) -> Key {
        var bytes = keys.prefix
        bytes.reserveCapacity(bytes.count + 40)
        name.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        bytes.append(decimal: numbers.first)
        if self == .chunk {
            bytes.append(UInt8(ascii: "_"))
            bytes.append(decimal: UInt64(numbers.index))
        }
        return Key(bytes: bytes, isWatched: false)
    }

    /// Word of a key whose content cannot be read.
    func damaged(_ key: [UInt8], _ numbers: KeyNumbers?, _ reason: String) -> DamagedRecord {
        DamagedRecord(
            kind: kind,
            key: "key \(ByteString(key))",
            inode: numbers.map { Inode($0.first) },
            reason: reason
        )
    }

    /// Word of a key whose numbers no client writes so.
    func odd(_ key: [UInt8], _ keys: Keys) -> DamagedRecord {
        let digits = key.dropFirst(keys.prefix.count + name.utf8CodeUnitCount)
            .prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return damaged(
            key,
            UInt64(decimal: digits).map { KeyNumbers($0) },
            "its name does not go on with a number"
        )
    }
}

/// What tells one key of a family from the others.
struct KeyNumbers: BitwiseCopyable, Comparable, Sendable {
    /// An inode, or the number of a session.
    let first: UInt64
    /// Of a chunk in its file.
    let index: UInt32

    init(_ first: UInt64, _ index: UInt32 = 0) {
        self.first = first
        self.index = index
    }

    static func < (one: KeyNumbers, other: KeyNumbers) -> Bool {
        one.first == other.first ? one.index < other.index : one.first < other.first
    }
}
