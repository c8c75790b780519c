// SPDX-License-Identifier: Apache-2.0

import Metadata
import ObjectStorage

extension StorageError {
    /// What a connection to a database threw, as the error of an operation on objects.
    init(of error: any Error, _ operation: String, key: ObjectKey? = nil, address: String) {
        guard let error = error as? EngineError else {
            self =
                error as? StorageError
                ?? StorageError(.failed, operation, key: key, address: address, reason: "\(error)")
            return
        }
        let code: Code =
            switch error.code {
            case .unreachable, .starting, .conflict, .busy: .unreachable
            case .denied, .readOnly: .denied
            case .noSpace: .noSpace
            case .corrupt: .corrupt
            case .overflow: .tooLarge
            case .invalidAddress: .unsupported
            // Not "no such object": whoever lost a table must not take its objects for deleted one by one.
            case .missing, .notAVolume, .incompatible, .exists, .vanished, .unstorable, .failed: .failed
            }
        self.init(
            code,
            operation,
            key: key,
            address: address,
            reason: error.reason.isEmpty ? error.code.sentence : error.reason,
            isTransient: error.isTransient
        )
    }
}
