// SPDX-License-Identifier: Apache-2.0
// Listings of stores whose objects are files in directories on a server. The tree is walked depth first in
// key order; in memory are the names of the directories that lead to where the walk is.

import ObjectStorage
import SluiceBase

/// What a directory holds under one name.
struct TreeEntry: Hashable, Sendable {
    /// One component, without slashes.
    var name: [UInt8]
    /// What it is listed as, never a common prefix.
    var kind: ObjectKind
    var size: UInt64
    var modified: Timestamp
    var tag: String?

    var isDirectory: Bool { kind == .directory }

    /// The object or directory under its whole key.
    func info(_ key: ObjectKey) -> ObjectInfo {
        ObjectInfo(key: key, size: kind == .object ? size : 0, modified: modified, kind: kind, tag: tag)
    }
}

/// A server's directories.
protocol TreeReader: Sendable {
    var address: String { get }

    /// The entries of a directory in any order, without itself and its parent; nil where there is no
    /// directory.
    /// - Parameter directory: a key that ends in `/`; empty is the root.
    func entries(of directory: ObjectKey) throws(StorageError) -> [TreeEntry]?
}

/// The objects of a tree in key order.
///
/// A directory that vanishes during the walk is left out; anything else that cannot be read is an error.
final class TreeListing: ObjectListing {
    private static let pageSize = 1000
    private static let slash = UInt8(ascii: "/")
    /// Deeper trees are taken for circles.
    private static let maximumDepth = 1000

    /// A directory on the way, with what is left of it, the next entry last.
    private struct Frame {
        let directory: ObjectKey
        var rest: [TreeEntry]
    }

    private let request: ListRequest
    private let tree: any TreeReader
    private var frames: [Frame] = []
    private var failure: StorageError?

    /// - Throws: `.unsupported` for another delimiter than `/`, what the server says of the first directory;
    ///   `.notFound` when the root is not there, which is no evidence of anything.
    init(_ request: ListRequest, in tree: any TreeReader) throws(StorageError) {
        self.request = request
        self.tree = tree
        guard request.delimiter == nil || request.delimiter == Self.slash else {
            throw StorageError(
                .unsupported,
                "list",
                address: tree.address,
                reason: "files are rolled up at / only"
            )
        }
        let cut = request.prefix.bytes.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0
        let start = ObjectKey(request.prefix.bytes[..<cut])
        if let entries = try tree.entries(of: start) {
            frames = [frame(start, entries)]
        } else {
            try requireRoot()
        }
    }

    private func requireRoot() throws(StorageError) {
        guard try tree.entries(of: "") == nil else { return }
        throw StorageError(
            .notFound,
            "list",
            address: tree.address,
            reason: "the folder does not exist"
        )
    }

    func next() throws(StorageError) -> [ObjectInfo] {
        if let failure { throw failure }
        do throws(StorageError) {
            var batch: [ObjectInfo] = []
            while batch.count < Self.pageSize, !frames.isEmpty { try advance(into: &batch) }
            return batch
        } catch {
            failure = error
            frames = []
            throw error
        }
    }

    private func advance(into batch: inout [ObjectInfo]) throws(StorageError) {
        guard let entry = frames[frames.count - 1].rest.popLast() else {
            frames.removeLast()
            return
        }
        let key = frames[frames.count - 1].directory + ObjectKey(entry.key)
        guard entry.isDirectory else { return batch.append(entry.info(key)) }
        guard request.delimiter == nil else {
            return batch.append(ObjectInfo(key: key, size: 0, modified: .epoch, kind: .commonPrefix))
        }
        if request.includesDirectories, request.after.map({ key > $0 }) ?? true {
            batch.append(entry.info(key))
        }
        guard frames.count < Self.maximumDepth else {
            throw StorageError(
                .failed,
                "list",
                key: key,
                address: tree.address,
                reason: "the folders are more than \(Self.maximumDepth) deep"
            )
        }
        guard let entries = try tree.entries(of: key) else { return }
        frames.append(frame(key, entries))
    }

    /// What the request wants of a directory, the first key last.
    private func frame(_ directory: ObjectKey, _ entries: [TreeEntry]) -> Frame {
        var wanted = entries.filter { isWanted(directory + ObjectKey($0.key), isDirectory: $0.isDirectory) }
        wanted.sort { $1.key.lexicographicallyPrecedes($0.key) }
        return Frame(directory: directory, rest: wanted)
    }

    private func isWanted(_ key: ObjectKey, isDirectory: Bool) -> Bool {
        guard key.hasPrefix(request.prefix) else { return false }
        guard let after = request.after else { return true }
        // A directory may hold later keys although its own is none.
        return key > after || isDirectory && request.delimiter == nil && after.hasPrefix(key)
    }
}

extension TreeEntry {
    /// The name by which it is sorted.
    fileprivate var key: [UInt8] { isDirectory ? name + [UInt8(ascii: "/")] : name }
}

extension ObjectKey {
    /// Why the key cannot be the path of a file in a tree; nil when it can.
    ///
    /// Servers take `.` and `..` and empty names for something else: two keys would be one file.
    var impossiblePath: String? {
        guard !isEmpty else { return "the key is empty" }
        guard !bytes.contains(0) else { return "the key holds a zero byte" }
        let path = hasSuffix(UInt8(ascii: "/")) ? bytes.dropLast() : bytes[...]
        for name in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if name.isEmpty { return "the key holds an empty name" }
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) {
                return "the key holds the name \(String(decoding: name, as: UTF8.self))"
            }
        }
        return nil
    }

    /// The keys of the directories that lead to this one, the outermost first, each with its slash.
    var parents: [ObjectKey] {
        let name = hasSuffix(UInt8(ascii: "/")) ? bytes.dropLast() : bytes[...]
        return name.indices.filter { name[$0] == UInt8(ascii: "/") }.map { ObjectKey(bytes[...$0]) }
    }
}
