// SPDX-License-Identifier: Apache-2.0

import Glibc
import SluiceBase

extension FileStore {
    package func extendedAttributes(_ key: ObjectKey) throws(StorageError) -> [ExtendedAttribute] {
        let path = try attributePath(of: key, "read the attributes of")
        do throws(SystemError) {
            var attributes: [ExtendedAttribute] = []
            for name in try Posix.attributeNames(path).sorted() {
                do throws(SystemError) {
                    attributes.append(ExtendedAttribute(name: name, value: try Posix.attribute(path, name)))
                } catch {
                    // Removed since the names were read.
                    guard error.code == ENODATA else { throw error }
                }
            }
            return attributes
        } catch {
            // A file system without attributes has none.
            guard error.code != EOPNOTSUPP else { return [] }
            throw StorageError(
                SystemFailure(error.code),
                "read the attributes of",
                key: key,
                address: address
            )
        }
    }

    package func setExtendedAttributes(
        _ key: ObjectKey,
        _ attributes: [ExtendedAttribute],
    ) throws(StorageError) {
        let path = try attributePath(of: key, "set the attributes of")
        let present = try extendedAttributes(key)
        do throws(SystemError) {
            for attribute in attributes where !present.contains(attribute) {
                try Posix.setAttribute(path, attribute.name, to: attribute.value)
            }
            for old in present where old.name.hasPrefix("user.") {
                guard !attributes.contains(where: { $0.name == old.name }) else { continue }
                do throws(SystemError) {
                    try Posix.removeAttribute(path, old.name)
                } catch {
                    guard error.code == ENODATA else { throw error }
                }
            }
        } catch {
            throw StorageError(SystemFailure(error.code), "set the attributes of", key: key, address: address)
        }
    }

    /// The path without trailing slashes, which would follow a link.
    private func attributePath(of key: ObjectKey, _ operation: String) throws(StorageError) -> ByteString {
        _ = try path(of: key, operation)
        var path = root + key.bytes
        while path.count > 1, path.last == slash { path.removeLast() }
        return ByteString(path)
    }
}
