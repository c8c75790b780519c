// SPDX-License-Identifier: Apache-2.0
// What a volume says, in the words of an object store. A missing block must never look like a missing object:
// whoever copies a tree would count it as "gone meanwhile".

import BlockStore
import Metadata
import ObjectStorage

extension StorageError {
    /// Says what a volume's layers threw about a key.
    init(_ error: any Error, _ operation: String, key: ObjectKey?, address: String) {
        if let error = error as? StorageError {
            self = error
        } else if let error = error as? VolumeError {
            self.init(Self.code(of: error), operation, key: key, address: address, reason: error.description)
        } else if let error = error as? EngineError {
            self.init(
                Self.code(of: error),
                operation,
                key: key,
                address: address,
                reason: error.description,
                isTransient: error.isTransient
            )
        } else if let error = error as? BlockError {
            self.init(
                Self.code(of: error),
                operation,
                key: key,
                address: address,
                reason: error.description,
                isTransient: error.isTransient
            )
        } else {
            self.init(.failed, operation, key: key, address: address, reason: "\(error)")
        }
    }

    private static func code(of error: VolumeError) -> Code {
        switch error.code {
        case .noEntry, .noAttribute: .notFound
        case .exists, .notDirectory, .isDirectory, .notEmpty: .exists
        case .notPermitted, .accessDenied, .readOnly: .denied
        case .invalid, .nameTooLong, .linkLoop: .invalidKey
        case .noSpace, .quotaExceeded: .noSpace
        case .outOfRange, .tooLarge: .tooLarge
        case .notSupported: .unsupported
        case .wouldBlock: .unreachable
        case .damaged: .corrupt
        }
    }

    private static func code(of error: EngineError) -> Code {
        switch error.code {
        case .missing, .unreachable, .starting, .busy, .conflict: .unreachable
        case .denied, .readOnly: .denied
        case .noSpace: .noSpace
        case .corrupt: .corrupt
        case .notAVolume, .incompatible, .invalidAddress, .unstorable: .unsupported
        case .exists, .vanished, .overflow, .failed: .failed
        }
    }

    private static func code(of error: BlockError) -> Code {
        switch error.code {
        case .missing, .damaged, .invalid: .corrupt
        case .source, .cancelled: .cancelled
        case .settings: .unsupported
        case .codec: .failed
        case .storage: error.underlying?.code ?? .failed
        }
    }
}
