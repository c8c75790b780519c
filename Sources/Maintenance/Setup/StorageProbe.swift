// SPDX-License-Identifier: Apache-2.0
// Before a volume is tied to an object storage we prove that it can be written, read and deleted
// (data-format §1.2, JuiceFS 1.4.2).

package import ObjectStorage
import SluiceBase

/// The self test of a volume's storage.
package enum StorageProbe {
    /// The folder of test objects; what lies in it never counts as a volume's data.
    package static let prefix = ObjectKey("testing/")

    /// Stores 100 random bytes, reads them back and removes them; makes the bucket when the first write
    /// fails.
    /// - Throws: `StorageError`; `.corrupt` when other bytes come back.
    package static func run(on store: any ObjectStore) throws(StorageError) {
        let key = prefix + ObjectKey(String(UUID.random().filter { $0 != "-" }.prefix(10)))
        let content = randomBytes(100)
        do throws(StorageError) {
            try store.put(key, content)
        } catch {
            guard error.code != .denied else { throw error }
            try store.create()
            try store.put(key, content)
        }
        let read = try store.bytes(of: key, limit: 4096)
        try store.delete(key)
        try store.delete(prefix)
        guard read == content else {
            throw StorageError(
                .corrupt,
                "test",
                key: key,
                address: store.address,
                reason: "other bytes came back than were stored"
            )
        }
    }
}
