// SPDX-License-Identifier: Apache-2.0

/// What went wrong between us and a metadata engine.
package struct EngineError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// There is no such database, file or server.
        case missing
        case unreachable
        /// The server is there and does not serve yet: it loads or recovers its data.
        case starting
        case denied
        /// The database is there and holds no volume.
        case notAVolume
        /// A volume of a format version or client version that we may not touch.
        case incompatible
        /// The database or file cannot be written.
        case readOnly
        case noSpace
        /// Another client holds a lock for too long, or a transaction failed too often.
        case busy
        /// A transaction has to run again; engines handle it, callers see `busy` in the end.
        case conflict
        /// A record with this key is there already.
        case exists
        /// A record that an update needs is gone.
        case vanished
        /// A stored value is not what it must be.
        case corrupt
        /// A number is too large for the engine's column.
        case overflow
        /// A value is none that the engine's column can hold.
        case unstorable
        case invalidAddress
        /// Everything else the engine said.
        case failed
    }

    package var code: Code
    /// A verb phrase: "read node 5", "open".
    package var operation: String
    /// The engine, without secrets.
    package var address: String
    /// What the engine said; empty when the code says it all.
    package var reason: String

    package init(_ code: Code, _ operation: String, address: String = "", reason: String = "") {
        self.code = code
        self.operation = operation
        self.address = address
        self.reason = reason
    }

    /// Trying the same again may succeed.
    package var isTransient: Bool { [.conflict, .busy, .unreachable, .starting].contains(code) }

    package var description: String {
        let subject = address.isEmpty ? operation : "\(operation) (\(address))"
        return "\(subject): \(reason.isEmpty ? code.sentence : reason)"
    }
}

extension EngineError.Code {
    /// The code in words.
    package var sentence: String {
        switch self {
        case .missing: "there is no such database"
        case .unreachable: "cannot be reached"
        case .starting: "the server is starting"
        case .denied: "access denied"
        case .notAVolume: "the database holds no volume"
        case .incompatible: "the volume needs another version"
        case .readOnly: "the database is read-only"
        case .noSpace: "no space left"
        case .busy: "locked by another client for too long"
        case .conflict: "changed by another client"
        case .exists: "exists already"
        case .vanished: "was removed by another client"
        case .corrupt: "the record is damaged"
        case .overflow: "the number is too large for this engine"
        case .unstorable: "this engine cannot hold the value"
        case .invalidAddress: "the address is not valid"
        case .failed: "failed"
        }
    }
}
