// SPDX-License-Identifier: Apache-2.0
// The sorted names of one directory. Names lie one after another in one array and are sorted through small
// records with their first eight bytes: a name costs no allocation of its own.

import Glibc
import SluiceBase

/// One directory of a running listing: open, with its names in key order.
final class DirectoryNames {
    /// A name, `length` bytes from `offset` on in the arena, followed by a zero.
    struct Entry {
        /// The first eight bytes of the name, with the `/` of a directory, as a big-endian number.
        var head: UInt64
        var offset: Int
        var length: Int
        var isDirectory: Bool
        var isLink: Bool
    }

    let directory: OpenFile
    let status: stat
    /// The bytes that keys in this directory start with: its path below the root with a trailing `/`.
    let keyPrefix: [UInt8]
    /// How many bytes at the start of every name belong to a root that is a plain prefix of paths.
    private let dropping: Int
    private var arena: [UInt8] = []
    private var entries: [Entry] = []
    private var position = 0

    /// Reads the whole directory, but only names that start with `filter` where that is given.
    init(
        _ directory: OpenFile,
        keyPrefix: [UInt8],
        dropping: Int = 0,
        followsLinks: Bool,
        filter: [UInt8] = [],
    ) throws(SystemError) {
        self.directory = directory
        self.keyPrefix = keyPrefix
        self.dropping = dropping
        status = try directory.status()
        let descriptor = try checked { dup(directory.descriptor) }
        guard let stream = unsafe fdopendir(descriptor) else {
            let failure = SystemError(errno, "readdir")
            close(descriptor)
            throw failure
        }
        defer { unsafe closedir(stream) }
        while true {
            errno = 0
            guard let record = unsafe readdir(stream) else { break }
            try unsafe add(record, followsLinks: followsLinks, filter: filter)
        }
        guard errno == 0 else { throw SystemError(errno, "readdir") }
        sort()
    }

    /// The next name in key order.
    func next() -> Entry? {
        guard position < entries.count else { return nil }
        defer { position += 1 }
        return entries[position]
    }

    /// The key of an entry, with the `/` of a directory.
    func key(of entry: Entry) -> [UInt8] {
        let count = keyPrefix.count + entry.length + (entry.isDirectory ? 1 : 0)
        var key: [UInt8] = []
        key.reserveCapacity(count)
        key.append(contentsOf: keyPrefix)
        key.append(contentsOf: arena[entry.offset..<entry.offset + entry.length])
        if entry.isDirectory { key.append(slash) }
        if dropping > 0 { key.removeFirst(min(dropping, key.count)) }
        return key
    }

    /// Calls `body` with the directory's descriptor and the entry's name.
    func withName<Result, Failure: Error>(
        of entry: Entry,
        _ body: (Int32, UnsafePointer<CChar>) throws(Failure) -> Result,
    ) throws(Failure) -> Result {
        try unsafe arena.withUnsafeBufferPointer { (buffer) throws(Failure) in
            // Every entry lies inside the arena with its zero.
            let name = unsafe UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped) + entry.offset
            return try unsafe body(directory.descriptor, name.assumingMemoryBound(to: CChar.self))
        }
    }

    private func add(
        _ record: UnsafeMutablePointer<dirent>,
        followsLinks: Bool,
        filter: [UInt8],
    ) throws(SystemError) {
        let type = unsafe Int32(record.pointee.d_type)
        // The name lies in the kernel's record up to its zero; the record lives until the next readdir.
        let start = unsafe UnsafeRawPointer(record) + Self.nameOffset
        let length = unsafe strlen(start.assumingMemoryBound(to: CChar.self))
        let name = unsafe UnsafeRawBufferPointer(start: start, count: length)
        guard unsafe Self.isListed(name) else { return }
        var entry = Entry(
            head: 0,
            offset: arena.count,
            length: length,
            isDirectory: type == 4,
            isLink: type == 10
        )
        if type == 0 || (type == 10 && followsLinks) {
            let pointer = unsafe start.assumingMemoryBound(to: CChar.self)
            guard try unsafe classify(&entry, pointer, followsLinks: followsLinks) else { return }
        }
        entry.head = unsafe Self.head(of: name, isDirectory: entry.isDirectory)
        if !filter.isEmpty {
            let whole = unsafe Array(name) + (entry.isDirectory ? [slash] : [])
            guard whole.starts(with: filter) else { return }
        }
        unsafe arena.append(contentsOf: name)
        arena.append(0)
        entries.append(entry)
    }

    /// Asks what a record did not say; false when the name is gone again.
    private func classify(
        _ entry: inout Entry,
        _ name: UnsafePointer<CChar>,
        followsLinks: Bool,
    ) throws(SystemError) -> Bool {
        var status = stat()
        do throws(SystemError) {
            try checked { unsafe fstatat(directory.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) }
        } catch {
            guard error.code == ENOENT else { throw error }
            return false
        }
        entry.isLink = status.isLink
        entry.isDirectory = status.isDirectory
        guard entry.isLink, followsLinks else { return true }
        // A link that cannot be followed stays one.
        if unsafe fstatat(directory.descriptor, name, &status, 0) == 0 {
            entry.isDirectory = status.isDirectory
        }
        return true
    }

    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19

    /// Everything but `.`, `..` and the temporary files of unfinished puts.
    private static func isListed(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name.count > 0, unsafe name[0] == UInt8(ascii: ".") else { return true }
        if name.count == 1 { return false }
        if name.count == 2, unsafe name[1] == UInt8(ascii: ".") { return false }
        return unsafe !TemporaryName.isTemporary(name)
    }

    private static func head(of name: UnsafeRawBufferPointer, isDirectory: Bool) -> UInt64 {
        var head: UInt64 = 0
        for index in 0..<8 {
            var byte: UInt8 = index == name.count && isDirectory ? slash : 0
            if index < name.count { byte = unsafe name[index] }
            head = head << 8 | UInt64(byte)
        }
        return head
    }

    private func sort() {
        unsafe arena.withUnsafeBytes { arena in
            entries.sort { left, right in
                guard left.head == right.head else { return left.head < right.head }
                let common = min(left.length, right.length)
                if common > 0 {
                    let first = unsafe arena.baseAddress.unsafelyUnwrapped + left.offset
                    let second = unsafe arena.baseAddress.unsafelyUnwrapped + right.offset
                    let order = unsafe memcmp(first, second, common)
                    guard order == 0 else { return order < 0 }
                }
                // One name starts with the other: the shorter one goes on with its `/` or ends.
                return unsafe Self.byte(common, of: left, arena) < Self.byte(common, of: right, arena)
            }
        }
    }

    private static func byte(_ index: Int, of entry: Entry, _ arena: UnsafeRawBufferPointer) -> Int {
        if index < entry.length { return unsafe Int(arena[entry.offset + index]) }
        return entry.isDirectory ? Int(slash) : -1
    }
}
