// SPDX-License-Identifier: Apache-2.0
// How a slice is cut into blocks and how their objects are called (data-format §1.1, JuiceFS 1.4.2).

package import SluiceBase

/// The identity of one block of a slice.
package struct BlockKey: Hashable, Sendable {
    package var sliceID: UInt64
    /// Block number inside the slice, from 0.
    package var index: UInt32
    /// Bytes of the block, uncompressed and unencrypted.
    package var size: UInt32

    package init(sliceID: UInt64, index: UInt32, size: UInt32) {
        self.sliceID = sliceID
        self.index = index
        self.size = size
    }
}

/// A volume's way of cutting slices into blocks and naming their objects.
package struct BlockLayout: Hashable, Sendable {
    /// Bytes; 64 KiB ...
    ///
    /// 16 MiB.
    package let blockSize: UInt32
    /// Whether object names start with a hash of the slice id (`format --hash-prefix`).
    package let hashPrefix: Bool

    package init(blockSize: UInt32, hashPrefix: Bool) {
        self.blockSize = blockSize
        self.hashPrefix = hashPrefix
    }

    /// The prefix of every block, inside the volume's own prefix.
    package static let prefix = ByteString("chunks/")

    /// Number of blocks of a slice of `size` bytes; 0 for an empty slice.
    package func blockCount(ofSliceSize size: UInt32) -> UInt32 {
        size == 0 ? 0 : (size - 1) / blockSize + 1
    }

    /// Block `index` of a slice, nil when the slice has no such block.
    package func block(_ index: UInt32, ofSlice id: UInt64, size: UInt32) -> BlockKey? {
        let count = blockCount(ofSliceSize: size)
        guard index < count else { return nil }
        let length = index == count - 1 ? size - (count - 1) * blockSize : blockSize
        return BlockKey(sliceID: id, index: index, size: length)
    }

    /// All blocks of a slice, in order.
    package func blocks(ofSlice id: UInt64, size: UInt32) -> [BlockKey] {
        (0..<blockCount(ofSliceSize: size)).compactMap { block($0, ofSlice: id, size: size) }
    }

    /// The object's name: `chunks/A/B/id_index_size`.
    package func objectKey(of block: BlockKey) -> ByteString {
        let id = block.sliceID
        let folder =
            hashPrefix
            ? "\(Self.hexadecimal(UInt8(truncatingIfNeeded: id)))/\(id / 1_000_000)"
            : "\(id / 1_000_000)/\(id / 1000)"
        return ByteString("chunks/\(folder)/\(id)_\(block.index)_\(block.size)")
    }

    /// Two upper-case digits (JuiceFS 1.4.2).
    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = Array("0123456789ABCDEF")
        return "\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
}

extension BlockLayout {
    /// What a listed object below `chunks/` is.
    package enum ObjectName: Hashable, Sendable {
        /// Named exactly as this layout names the block.
        case block(BlockKey)
        /// Ends like a block's name but lies in the wrong folder.
        case misplaced(BlockKey)
        /// Not the name of a block: nothing of this volume.
        case foreign
    }

    /// Reads an object's name, `chunks/` included.
    ///
    /// Numbers must be plain decimal without leading zeros.
    package func parse(_ key: ByteString) -> ObjectName {
        guard let block = Self.block(named: key.bytes) else { return .foreign }
        return isFolder(ofSlice: block.sliceID, in: key.bytes) ? .block(block) : .misplaced(block)
    }

    /// Whether everything before the last `/` is the folder of the slice.
    ///
    /// Compares digits in place, because a check looks at every object of a volume.
    private func isFolder(ofSlice id: UInt64, in key: [UInt8]) -> Bool {
        var position = (key.lastIndex(of: UInt8(ascii: "/")) ?? 0) - 1
        let isSecond = Self.endsInNumber(hashPrefix ? id / 1_000_000 : id / 1000, key, before: &position)
        guard isSecond else { return false }
        if hashPrefix {
            let digits = Array(Self.hexadecimal(UInt8(truncatingIfNeeded: id)).utf8)
            guard position >= 1, key[position - 1] == digits[0], key[position] == digits[1] else {
                return false
            }
            position -= 3
            return position == Self.prefix.count - 2
        }
        return Self.endsInNumber(id / 1_000_000, key, before: &position) && position == Self.prefix.count - 2
    }

    /// Whether the bytes up to `position` end in `/` and this number; `position` moves before the slash.
    private static func endsInNumber(_ number: UInt64, _ key: [UInt8], before position: inout Int) -> Bool {
        var rest = number
        repeat {
            guard position >= 0, key[position] == UInt8(ascii: "0") + UInt8(rest % 10) else { return false }
            rest /= 10
            position -= 1
        } while rest > 0
        guard position >= 0, key[position] == UInt8(ascii: "/") else { return false }
        position -= 1
        return true
    }

    /// The block that the last path component names, nil when it has not the form `id_index_size`.
    private static func block(named key: [UInt8]) -> BlockKey? {
        guard key.starts(with: prefix.bytes) else { return nil }
        let start = (key.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
        var position = start
        guard let id = number(in: key, at: &position, endingWith: UInt8(ascii: "_"), limit: .max),
            let index = number(
                in: key,
                at: &position,
                endingWith: UInt8(ascii: "_"),
                limit: UInt64(UInt32.max)
            ),
            let size = number(in: key, at: &position, endingWith: nil, limit: UInt64(UInt32.max))
        else { return nil }
        return BlockKey(
            sliceID: id,
            index: UInt32(truncatingIfNeeded: index),
            size: UInt32(truncatingIfNeeded: size)
        )
    }

    private static func number(
        in key: [UInt8],
        at position: inout Int,
        endingWith terminator: UInt8?,
        limit: UInt64,
    ) -> UInt64? {
        let start = position
        var value: UInt64 = 0
        while position < key.count, (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= key[position] {
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(key[position] - UInt8(ascii: "0")))
            guard !overflowed, !carried, sum <= limit else { return nil }
            value = sum
            position += 1
        }
        guard position > start, position - start == 1 || key[start] != UInt8(ascii: "0") else { return nil }
        guard let terminator else { return position == key.count ? value : nil }
        guard position < key.count, key[position] == terminator else { return nil }
        position += 1
        return value
    }
}
