// SPDX-License-Identifier: Apache-2.0
// Removing a volume's keys and nothing else. With a prefix that is everything that begins with it. Without
// one the database may hold keys of other programs, so only names of metadata-format §4.1 go. The setting
// goes last: until then the database says that it holds a volume, and the removal can be repeated.

import Metadata

struct Destruction {
    private let store: KeyReader
    private let keys: Keys

    init(_ store: KeyReader, _ keys: Keys) {
        self.store = store
        self.keys = keys
    }

    func run() throws {
        var cursor = [UInt8(ascii: "0")]
        repeat {
            var batch = CommandBatch()
            let pattern = ScanPage.escaped(keys.prefix) + [UInt8(ascii: "*")]
            batch.add("SCAN", cursor, Array("MATCH".utf8), pattern, Array("COUNT".utf8), Array("1000".utf8))
            let page = try ScanPage(try store.exchange(batch).first, "look for keys", address: store.address)
            try remove(page.names.filter { $0 != keys.setting.bytes && keys.isOwn($0) })
            cursor = page.cursor
        } while cursor != [UInt8(ascii: "0")]
        try remove([keys.setting.bytes])
    }

    private func remove(_ names: [[UInt8]]) throws {
        guard !names.isEmpty else { return }
        var batch = CommandBatch()
        batch.add("UNLINK", names)
        for reply in try store.exchange(batch) {
            _ = try reply.checked("remove keys", address: store.address)
        }
    }
}

extension Keys {
    private static let families = ["i", "d", "p", "s", "x", "lockf", "lockp", "session", "locked"]

    private static let names: Set<String> = [
        "setting", "sliceRef", "delSlices", "delfiles", "detachedNodes", "allSessions", "sessionInfos",
        "nextinode", "nextchunk", "nextsession", "nextTrash", "usedSpace", "totalInodes", "nextCleanupSlices",
        "lastCleanupSessions", "lastCleanupFiles", "lastCleanupTrash", "lastCleanupChangelog", "lastBackup",
        "aclMaxId", "krbTokenMaxId", "krbToken", "dirDataLength", "dirUsedSpace", "dirUsedInodes", "acl",
        "dirQuota", "dirQuotaUsedSpace", "dirQuotaUsedInodes", "userQuota", "userQuotaUsedSpace",
        "userQuotaUsedInodes", "groupQuota", "groupQuotaUsedSpace", "groupQuotaUsedInodes", "txnLog",
        "txnLastLog",
    ]

    /// Whether a name is one that a volume uses.
    func isOwn(_ name: [UInt8]) -> Bool {
        guard name.starts(with: prefix) else { return false }
        guard prefix.isEmpty else { return true }
        if Self.names.contains(String(decoding: name, as: UTF8.self)) { return true }
        if name.first == UInt8(ascii: "c"), (try? KeySuffix.chunk(Array(name.dropFirst()))) != nil {
            return true
        }
        // `k<id>_<size>`: reference counts of volumes made before 1.0.
        if (try? ReferenceField.decode(name)) != nil { return true }
        return Self.families.contains { family in
            name.starts(with: family.utf8) && UInt64(decimal: name.dropFirst(family.utf8.count)) != nil
        }
    }
}
