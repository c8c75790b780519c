// SPDX-License-Identifier: Apache-2.0
// Objects as files of a WebDAV server: `a/b` is `b` in the collection `a`, as JuiceFS 1.4.2 has it.
//
// An object is sent with one PUT. Whether readers see a half of it meanwhile is the server's affair: a
// temporary name and MOVE would cost a request more, removes the old object before the new one has its name
// (RFC 4918 §9.9.3), and fails behind proxies that change schemes.

package import ObjectStorage
import SluiceBase
import Synchronization

/// A folder of a server as a store.
package final class WebDAVStore: ObjectStore {
    package let address: String
    package let limits = StorageLimits(keysAreUTF8: true)
    let connection: WebDAVConnection
    /// Held while collections are made: rclone 1.75 forgets what is in one that two requests make at a time.
    private let making = Mutex<Void>(())

    /// Bodies up to this many bytes are in memory before they are sent, so that no failing source leaves a
    /// part of one.
    private static let wholeLimit: UInt64 = 16 << 20

    init(_ connection: WebDAVConnection) {
        self.connection = connection
        address = connection.address
    }

    /// Makes the folder and those above it.
    package func create() throws(StorageError) {
        guard try connection.properties(of: "", depth: 0, "look up") == nil else { return }
        for target in connection.location.ancestors {
            // What is there already, also by somebody else's hand, is well; some servers refuse those above.
            _ = try connection.send(
                .mkcol,
                target,
                "create",
                key: nil,
                accepting: [301, 403, 405, 409]
            )
        }
        guard try connection.properties(of: "", depth: 0, "look up") == nil else { return }
        throw StorageError(.failed, "create", address: address, reason: "the server does not make the folder")
    }

    package func head(_ key: ObjectKey) throws(StorageError) -> ObjectInfo {
        guard isPossible(key), let found = try connection.properties(of: key, depth: 0, "look up")?.own,
            found.isCollection == key.hasSuffix(UInt8(ascii: "/"))
        else { throw StorageError(.notFound, "look up", key: key, address: address) }
        return try entry(found, key, "look up").info(key)
    }

    package func read(_ key: ObjectKey, range: ByteRange, into sink: ByteSink) throws(StorageError) -> UInt64
    {
        guard isPossible(key), !key.hasSuffix(UInt8(ascii: "/")) else {
            throw StorageError(.notFound, "read", key: key, address: address)
        }
        guard range.length != 0 else {
            _ = try head(key)
            return 0
        }
        var window = BodyWindow(range)
        do throws(StorageError) {
            return try unsafe read(key, range, &window, isFile: false, into: sink)
        } catch {
            // Past the end of the object nothing is delivered.
            if error.storeCode == "InvalidRange" { return 0 }
            guard error.storeCode == WebDAVConnection.noFile else {
                var error = error
                error.tag = window.tag
                throw error
            }
        }
        _ = try head(key)
        return try unsafe read(key, range, &window, isFile: true, into: sink)
    }

    /// - Parameter isFile: known not to be a collection, of which some servers send a page.
    private func read(
        _ key: ObjectKey,
        _ range: ByteRange,
        _ window: inout BodyWindow,
        isFile: Bool,
        into sink: ByteSink,
    ) throws(StorageError) -> UInt64 {
        var headers = HTTPHeaders()
        if !range.isWhole { headers["range"] = range.header }
        if let tag = range.tag { headers["if-match"] = "\"\(tag)\"" }
        var opening = window
        defer { window = opening }
        let response = try unsafe connection.get(key, headers: headers) { head, run in
            try self.open(&opening, head, key, isFile: isFile)
            try unsafe opening.pass(run, to: sink)
        }
        try open(&opening, response.head, key, isFile: isFile)
        return opening.delivered
    }

    private func open(
        _ window: inout BodyWindow,
        _ head: HTTPHead,
        _ key: ObjectKey,
        isFile: Bool,
    ) throws(StorageError) {
        guard isFile || head.headers["last-modified"] != nil || head.headers["etag"] != nil else {
            var error = StorageError(.failed, "read", key: key, address: address)
            error.storeCode = WebDAVConnection.noFile
            throw error
        }
        guard window.open(head) else {
            let reason = "the server sent another range than the one asked for"
            throw StorageError(.corrupt, "read", key: key, address: address, reason: reason)
        }
    }

    package func delete(_ key: ObjectKey) throws(StorageError) {
        // DELETE of a collection removes all that is in it, so we look before.
        guard isPossible(key), let page = try connection.properties(of: key, depth: 1, "delete"),
            let found = page.own, found.isCollection == key.hasSuffix(UInt8(ascii: "/"))
        else { return }
        guard page.resources.count == 1 else {
            throw StorageError(
                .failed,
                "delete",
                key: key,
                address: address,
                reason: "the folder is not empty"
            )
        }
        _ = try connection.send(
            .delete,
            connection.location.target(key),
            "delete",
            key: key,
            accepting: [404, 410]
        )
    }

    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        try TreeListing(request, in: self)
    }

    // MARK: Storing

    package func put(
        _ key: ObjectKey,
        from source: any ByteSource,
        options: PutOptions,
    ) throws(StorageError) -> PutReceipt {
        if let reason = impossible(key) {
            throw StorageError(.invalidKey, "store", key: key, address: address, reason: reason)
        }
        guard !key.hasSuffix(UInt8(ascii: "/")) else {
            guard source.length == 0 else {
                let reason = "a key that ends in / is a folder and holds no bytes"
                throw StorageError(.invalidKey, "store", key: key, address: address, reason: reason)
            }
            try makeCollections(key.parents + [key])
            return PutReceipt(size: 0)
        }
        let body = try wholeBody(key, source)
        do throws(StorageError) {
            try send(body, as: key)
        } catch {
            // 409 is what the standard says of a missing collection, 404 what some servers do.
            guard error.storeCode == Self.noParent else { throw error }
            try makeCollections(key.parents)
            try send(body, as: key)
        }
        guard options.wantsChecksum else { return PutReceipt(size: source.length) }
        let stored = try head(key)
        guard stored.size == source.length else {
            throw StorageError(
                .corrupt,
                "store",
                key: key,
                address: address,
                reason: "the server has \(stored.size) bytes of \(source.length)",
                isTransient: true
            )
        }
        return PutReceipt(size: stored.size, tag: stored.tag)
    }

    private static let noParent = "NoParent"

    private func wholeBody(_ key: ObjectKey, _ source: any ByteSource) throws(StorageError) -> any ByteSource
    {
        guard source.length <= Self.wholeLimit else { return ExactSource(source) }
        return ArraySource(
            try source.collect(limit: Self.wholeLimit, "store", key: key, address: address)
        )
    }

    private func send(_ body: any ByteSource, as key: ObjectKey) throws(StorageError) {
        var headers = HTTPHeaders()
        headers["content-type"] = "application/octet-stream"
        let answer = try connection.send(
            .put,
            connection.location.target(key),
            "store",
            key: key,
            headers: headers,
            body: body,
            accepting: [404, 409]
        )
        guard !answer.head.isSuccess else { return }
        var error = StorageError(
            .failed,
            "store",
            key: key,
            address: address,
            reason: "the server answered with status \(answer.head.status)"
        )
        error.storeCode = Self.noParent
        throw error
    }

    /// Makes collections from the innermost that is missing on.
    private func makeCollections(_ keys: [ObjectKey]) throws(StorageError) {
        try making.withLock { _ throws(StorageError) in try makeMissing(keys) }
    }

    private func makeMissing(_ keys: [ObjectKey]) throws(StorageError) {
        guard let last = keys.last else { return }
        let target = connection.location.target(last)
        let made = try connection.send(
            .mkcol,
            target,
            "make a folder in",
            key: last,
            accepting: [404, 405, 409]
        )
        // 405: it exists, also when another thread was faster.
        guard made.head.status == 404 || made.head.status == 409 else { return }
        guard keys.count > 1 else {
            throw StorageError(
                .failed,
                "store",
                key: last,
                address: address,
                reason: "the folder of this storage is not there, or a part of the key is an object"
            )
        }
        try makeMissing(keys.dropLast())
        _ = try connection.send(.mkcol, target, "make a folder in", key: last, accepting: [405])
    }

    // MARK: Keys

    private func impossible(_ key: ObjectKey) -> String? {
        if let reason = key.impossiblePath { return reason }
        if key.text == nil { return "the key is not UTF-8, which addresses on the web are" }
        return key.count > 1024 ? "the key is longer than 1024 bytes" : nil
    }

    /// What cannot be stored is not there.
    private func isPossible(_ key: ObjectKey) -> Bool { impossible(key) == nil }

    private func entry(
        _ found: PropfindPage.Resource,
        _ key: ObjectKey,
        _ operation: String,
    ) throws(StorageError) -> TreeEntry {
        guard let size = found.isCollection ? 0 : found.size else {
            throw StorageError(
                .failed,
                operation,
                key: key,
                address: address,
                reason: "the server does not tell the size"
            )
        }
        return TreeEntry(
            name: found.path.last ?? [],
            kind: found.isCollection ? .directory : .object,
            size: size,
            modified: found.modified ?? .epoch,
            tag: found.tag
        )
    }
}

extension WebDAVStore: TreeReader {
    func entries(of directory: ObjectKey) throws(StorageError) -> [TreeEntry]? {
        guard let page = try connection.properties(of: directory, depth: 1, "list"),
            page.own?.isCollection == true
        else { return nil }
        let members: [PropfindPage.Resource]
        do throws(CodecError) {
            members = try page.members()
        } catch {
            throw connection.answered(error, "list", directory)
        }
        var entries: [TreeEntry] = []
        for member in members {
            entries.append(try entry(member, directory + ObjectKey(member.path.last ?? []), "list"))
        }
        return entries
    }
}

/// A source that must not go on past its length: the server would not see the rest.
private final class ExactSource: ByteSource {
    private let base: any ByteSource
    private var given: UInt64 = 0
    var length: UInt64 { base.length }

    init(_ base: any ByteSource) {
        self.base = base
    }

    func rewind() throws {
        try base.rewind()
        given = 0
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try unsafe base.read(into: buffer)
        given += UInt64(count)
        guard given == length, count > 0 else { return count }
        // The last bytes: nothing may follow.
        var more: UInt8 = 0
        let rest = try unsafe withUnsafeMutableBytes(of: &more) { try unsafe base.read(into: $0) }
        guard rest == 0 else { throw SourceTooLong() }
        return count
    }
}

/// A source that has more bytes than it announced.
private struct SourceTooLong: Error, CustomStringConvertible {
    var description: String { "the source has more bytes than announced" }
}
