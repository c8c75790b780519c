// SPDX-License-Identifier: Apache-2.0
// The one error of this layer. Storage errors are wrapped, so that callers see which block they concern.

package import ObjectStorage
package import VolumeModel

/// What went wrong between a slice and its blocks.
package struct BlockError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The storage has no object for a block that the metadata name.
        case missing
        /// The object is there, but it is not the block: wrong length or not decodable.
        case damaged
        /// A slice or range that cannot exist, as a damaged record may ask for.
        case invalid
        /// The caller's source delivered fewer or more bytes than announced, or threw.
        case source
        /// The caller's sink ended the transfer.
        case cancelled
        /// The volume's settings name something that this program cannot open.
        case settings
        /// The compression library refused.
        case codec
        /// The storage failed; `underlying` says how.
        case storage
    }

    package var code: Code
    /// A verb phrase: "read", "upload".
    package var operation: String
    /// The block, where one is concerned.
    package var block: BlockKey?
    /// What was expected and found; empty when the code says it all.
    package var reason: String
    /// What the storage said.
    package var underlying: StorageError?

    package init(
        _ code: Code,
        _ operation: String,
        block: BlockKey? = nil,
        reason: String = "",
        underlying: StorageError? = nil,
    ) {
        self.code = code
        self.operation = operation
        self.block = block
        self.reason = reason
        self.underlying = underlying
    }

    /// Wraps what the storage said about a block.
    package init(_ operation: String, block: BlockKey, _ error: StorageError) {
        let code: Code =
            switch error.code {
            case .notFound: .missing
            case .corrupt, .undecipherable: .damaged
            case .cancelled: .cancelled
            default: .storage
            }
        self.init(code, operation, block: block, underlying: error)
    }

    /// Trying the same again may succeed.
    package var isTransient: Bool { underlying?.isTransient ?? false }

    package var description: String {
        let subject = block.map { "\(operation) block \($0.sliceID)_\($0.index)_\($0.size)" } ?? operation
        if !reason.isEmpty { return "\(subject): \(reason)" }
        if let underlying { return "\(subject): \(underlying)" }
        return "\(subject): \(code.sentence)"
    }
}

extension BlockError.Code {
    /// The code in words.
    package var sentence: String {
        switch self {
        case .missing: "the storage has no such object"
        case .damaged: "the object is damaged"
        case .invalid: "no such part of a slice"
        case .source: "the data could not be read"
        case .cancelled: "cancelled"
        case .settings: "the volume's settings cannot be used"
        case .codec: "the compression library failed"
        case .storage: "the storage failed"
        }
    }
}
