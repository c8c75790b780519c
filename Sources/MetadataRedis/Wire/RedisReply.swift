// SPDX-License-Identifier: Apache-2.0

package import Metadata

/// What a server answers to one command.
package enum RedisReply: Hashable, Sendable {
    /// A short text: `OK`, `QUEUED`.
    case status(String)
    case integer(Int64)
    case bytes([UInt8])
    case null
    case array([RedisReply])
    case error(RedisFailure)
}

/// An error that a server answers.
package struct RedisFailure: Error, Hashable, Sendable {
    /// The first word, by which clients decide: `ERR`, `MOVED`, `WRONGTYPE`.
    package var code: String
    /// The whole text, the code included.
    package var text: String

    package init(_ text: String) {
        self.text = text
        code = text.split(separator: " ", maxSplits: 1).first.map(String.init) ?? ""
    }

    /// Codes of a server that is busy with itself or has passed the keys on: the same may succeed soon
    /// (metadata-format §4.3).
    private static let passing: Set<String> = [
        "LOADING", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "EXECABORT", "BUSY", "MASTERDOWN",
    ]

    /// Codes of a server that is not, no longer or not yet the one that serves these keys.
    private static let elsewhere: Set<String> = [
        "READONLY", "MOVED", "ASK", "CLUSTERDOWN", "MASTERDOWN", "LOADING",
    ]

    /// Whether the server has to be looked for anew.
    package var isFromElsewhere: Bool { Self.elsewhere.contains(code) }

    /// Whether the server still reads its data into memory.
    package var isLoading: Bool { code == "LOADING" }

    /// Whether a transaction that got this answer may run again.
    package var isPassing: Bool { Self.passing.contains(code) }

    /// What the error means to those above the engine.
    package var engineCode: EngineError.Code {
        switch code {
        case "NOAUTH", "WRONGPASS", "NOPERM": .denied
        case "WRONGTYPE": .corrupt
        case "OOM": .noSpace
        default: isPassing ? .conflict : .failed
        }
    }
}

extension RedisReply {
    /// What the server said, when it said no.
    package var failure: RedisFailure? {
        if case .error(let failure) = self { failure } else { nil }
    }

    /// The reply, unless it is an error.
    package func checked(
        _ operation: @autoclosure () -> String,
        address: String
    ) throws(EngineError) -> RedisReply {
        guard case .error(let failure) = self else { return self }
        throw EngineError(failure.engineCode, operation(), address: address, reason: failure.text)
    }
}
