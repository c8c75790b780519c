// SPDX-License-Identifier: Apache-2.0

package import ObjectStorage
import SluiceBase

extension S3Store {
    package func list(_ request: ListRequest) throws(StorageError) -> any ObjectListing {
        S3Listing(self, request)
    }
}

/// A running listing, page by page.
private final class S3Listing: ObjectListing {
    private let store: S3Store
    private let request: ListRequest
    private var version1: Bool
    private var token: String?
    private var marker: ObjectKey?
    /// The last key handed out or passed over.
    private var last: ObjectKey?
    private var isDone = false
    private var emptyPages = 0
    /// Pages without a key that are believed before the store is.
    private static let emptyPageLimit = 100

    init(_ store: S3Store, _ request: ListRequest) {
        self.store = store
        self.request = request
        version1 = store.dialect.listsVersion1
        // Compatibility: MinIO refuses to begin behind a key without the prefix. Such a key lies before all
        // keys that are wanted, or behind them.
        guard let after = request.after else { return }
        if after.hasPrefix(request.prefix) {
            marker = after
        } else {
            isDone = after > request.prefix
        }
    }

    func next() throws(StorageError) -> [ObjectInfo] {
        while !isDone {
            let page = try page()
            let batch = try checked(page)
            try advance(page, found: !batch.isEmpty)
            if !batch.isEmpty { return batch }
        }
        return []
    }

    private func page() throws(StorageError) -> ObjectPage {
        var query = [
            HTTPParameter("delimiter", bytes: request.delimiter.map { [$0] } ?? []),
            HTTPParameter("encoding-type", "url"),
            HTTPParameter("max-keys", "1000"),
            HTTPParameter("prefix", bytes: request.prefix.bytes),
        ]
        if version1 {
            if let marker { query.append(HTTPParameter("marker", bytes: marker.bytes)) }
        } else {
            query.append(HTTPParameter("list-type", "2"))
            if let marker { query.append(HTTPParameter("start-after", bytes: marker.bytes)) }
            if let token { query.append(HTTPParameter("continuation-token", token)) }
        }
        var call = S3Connection.Call(.get, nil, query: query)
        call.answerLimit = 16 << 20
        let response: HTTPResponse
        do throws(StorageError) {
            response = try store.connection.send(call, "list")
        } catch {
            // A store that has only the older listing says so at its first page.
            guard error.code == .unsupported, !version1, last == nil else { throw error }
            version1 = true
            return try self.page()
        }
        do throws(CodecError) {
            return try ObjectPage(response.body)
        } catch {
            throw StorageError(.failed, "list", address: store.address, reason: "\(error)", isTransient: true)
        }
    }

    /// The page in key order, without what was asked not to see.
    /// - Throws: when it holds what it must not: other prefixes, keys that do not rise.
    private func checked(_ page: ObjectPage) throws(StorageError) -> [ObjectInfo] {
        var batch: [ObjectInfo] = []
        // Objects and common prefixes come one behind the other, each in order.
        let merged =
            request.delimiter == nil ? page.objects : page.objects.sorted { $0.key < $1.key }
        for object in merged {
            guard object.key.hasPrefix(request.prefix) else {
                throw StorageError(
                    .failed,
                    "list",
                    key: object.key,
                    address: store.address,
                    reason: "the store lists a key without the prefix that was asked for"
                )
            }
            if let after = request.after, object.key <= after { continue }
            if let last {
                // A page may begin with the key that the one before ended with.
                if object.key == last, batch.isEmpty { continue }
                guard object.key > last else {
                    throw StorageError(outOfOrder: object.key, address: store.address)
                }
            }
            last = object.key
            batch.append(object)
        }
        return batch
    }

    /// Finds out where the next page begins.
    private func advance(_ page: ObjectPage, found: Bool) throws(StorageError) {
        guard page.isTruncated else {
            isDone = true
            return
        }
        emptyPages = found ? 0 : emptyPages + 1
        let isStuck = !version1 && page.token == token && !found
        if version1 {
            marker = page.nextMarker ?? page.objects.map(\.key).max() ?? marker
        } else if let next = page.token {
            token = next
        } else {
            // No token although there is more: go on behind the last key.
            marker = last ?? marker
            token = nil
        }
        guard !isStuck, emptyPages <= Self.emptyPageLimit, page.token != nil || version1 || found else {
            let reason = "the listing does not advance"
            throw StorageError(.failed, "list", address: store.address, reason: reason)
        }
    }
}
