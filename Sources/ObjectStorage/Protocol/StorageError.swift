// SPDX-License-Identifier: Apache-2.0

import SluiceBase

/// What went wrong between us and an object storage.
package struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        case notFound
        case denied
        case exists
        /// The store cannot be reached, answered 5xx, or is overloaded.
        case unreachable
        case unsupported
        case invalidKey
        /// Larger than the store or the caller takes.
        case tooLarge
        case noSpace
        /// Bytes came back short, long or different.
        case corrupt
        /// Encrypted, and the key or passphrase does not open it.
        case undecipherable
        /// The caller's sink or source ended the transfer.
        case cancelled
        case timedOut
        /// Everything else the store or system said.
        case failed
    }

    package var code: Code
    /// A verb phrase: "read", "list", "store".
    package var operation: String
    package var key: ObjectKey?
    /// The store, without secrets.
    package var address: String
    /// What the system or the store said; empty when the code says it all.
    package var reason: String
    /// Trying the same again may succeed.
    package var isTransient: Bool
    /// Seconds the store asked to wait.
    package var retryAfterSeconds: Double?
    /// The store's own word for what happened, as `BucketAlreadyExists`.
    package var storeCode: String?
    /// The tag of the object whose body broke off, so that the rest can be asked of the same object.
    package var tag: String?

    package init(
        _ code: Code,
        _ operation: String,
        key: ObjectKey? = nil,
        address: String,
        reason: String = "",
        isTransient: Bool? = nil,
        retryAfterSeconds: Double? = nil,
    ) {
        self.code = code
        self.operation = operation
        self.key = key
        self.address = address
        self.reason = reason
        self.isTransient = isTransient ?? (code == .unreachable || code == .timedOut)
        self.retryAfterSeconds = retryAfterSeconds
    }

    package var description: String {
        let subject = key.map { "\($0) in \(address)" } ?? address
        let why = reason.isEmpty ? code.sentence : reason
        return "\(operation) \(subject): \(why)"
    }
}

extension StorageError.Code {
    /// The code in words.
    package var sentence: String {
        switch self {
        case .notFound: "no such object"
        case .denied: "access denied"
        case .exists: "exists already"
        case .unreachable: "cannot be reached"
        case .unsupported: "not supported by this storage"
        case .invalidKey: "the key is not possible in this storage"
        case .tooLarge: "too large"
        case .noSpace: "no space left"
        case .corrupt: "the bytes are damaged"
        case .undecipherable: "cannot be decrypted with this key"
        case .cancelled: "cancelled"
        case .timedOut: "timed out"
        case .failed: "failed"
        }
    }
}
