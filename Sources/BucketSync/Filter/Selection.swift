// SPDX-License-Identifier: Apache-2.0
// Which objects a run is about. Names count on both sides; sizes and times decide what is copied, and protect
// what the destination has from removal, but never make an object of the source look absent (sync.md H41).

package import ObjectStorage
package import SluiceBase

/// Which objects a run is about.
package struct Selection: Sendable {
    package var names = NameRules()
    /// Bytes, inclusive.
    package var minimumSize: UInt64 = 0
    /// Bytes, inclusive.
    package var maximumSize: UInt64 = .max
    /// Leave out what changed before; nil for no bound.
    package var changedSince: Timestamp?
    /// Leave out what changed later; nil for no bound.
    package var changedUntil: Timestamp?
    /// The first key, inclusive.
    package var start: ObjectKey?
    /// The last key, inclusive.
    package var end: ObjectKey?
    /// Keys of the source to look at, nil for all.
    package var limit: UInt64?

    package init() {}

    /// Whether size and time let an object be copied or removed; directories and links always pass.
    func admitsFacts(of object: ObjectInfo) -> Bool {
        guard object.kind == .object else { return true }
        guard (minimumSize...max(minimumSize, maximumSize)).contains(object.size), object.size <= maximumSize
        else {
            return false
        }
        if let changedSince, object.modified < changedSince { return false }
        if let changedUntil, object.modified > changedUntil { return false }
        return true
    }

    /// Where a listing has to start so that it holds `start`.
    func listsAfter(prefix: ObjectKey) -> ObjectKey? {
        guard var key = start, let last = key.bytes.popLast() else { return nil }
        // Just before the key: its last byte less one, then the highest byte.
        if last > 0 { key.bytes += [last - 1, 0xFF] }
        return prefix + key
    }
}

extension ObjectKey {
    /// Whether this is what an interrupted copy left behind, ours or JuiceFS' (`.jfs.NAME.tmp.NUMBER`).
    var isLeftover: Bool {
        let name = bytes[(bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
        guard name.starts(with: ".jfs.".utf8), let point = name.lastIndex(of: UInt8(ascii: ".")) else {
            return false
        }
        let number = name[(point + 1)...]
        return !number.isEmpty && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            && name[..<point].suffix(4).elementsEqual(".tmp".utf8)
    }

    /// Why no file system can have a file of this key, nil when one can.
    var obstacleForFiles: String? {
        var parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        for part in parts {
            if part.isEmpty { return "an empty name between slashes would fall together with another key" }
            if part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) {
                return "a name of dots leads to another folder"
            }
        }
        return bytes.contains(0) ? "a zero byte is not possible in a file name" : nil
    }
}
