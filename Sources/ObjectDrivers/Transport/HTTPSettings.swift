// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// How connections are made, the same for every request of a transport.
package struct HTTPSettings: Sendable {
    /// HTTP/1.1 otherwise, which is faster for whole objects: one connection each, no multiplexing.
    package var usesHTTP2 = false
    package var verifiesPeer = true
    /// PEM files; nil is the system's authorities, no certificate of our own.
    package var authorities: String?
    package var certificate: String?
    package var certificateKey: String?
    /// An address as `http_proxy` holds it; nil takes the environment's.
    package var proxy: String?
    /// The path of a socket that stands for the host.
    package var unixSocket: String?
    /// Seconds to connect, TLS included.
    package var connectSeconds = 10.0
    /// Seconds from the last byte sent to the first byte of the answer.
    package var firstByteSeconds = 60.0
    /// Seconds without a byte in either direction.
    package var stallSeconds = 60.0
    /// Requests at a time to begin with, and at most, in each direction.
    package var concurrency = 64
    /// Ends running requests, within a second.
    package var cancellation: Cancellation?

    package init() {}

    /// The options of TLS that every address of a storage behind HTTP may have (data-format §2).
    package init(options: [String: String]) {
        verifiesPeer = options["tls-insecure-skip-verify"]?.lowercased() != "true"
        authorities = options["ca-certs"]
        certificate = options["ssl-cert"]
        certificateKey = options["ssl-key"]
    }
}

/// What one request did, for whoever counts.
package struct HTTPMeasurement: Sendable {
    package var method: HTTPMethod
    /// 0 when there was no answer.
    package var status: Int
    package var sentBytes: UInt64
    package var receivedBytes: UInt64
    package var duration: Duration
    /// Nil when an answer came, whatever it said.
    package var failure: TransportError.Kind?
}

/// Told of every request when it is over; called from the thread that made it.
package typealias HTTPObserver = @Sendable (HTTPMeasurement) -> Void

/// Why no answer came.
package struct TransportError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        case unresolved
        case refused
        case tls
        case timedOut
        /// The connection broke, before or in the answer.
        case broken
        /// The body ended before its announced length.
        case short
        case tooLarge
        /// The source or the sink threw.
        case ended
        case cancelled
        /// The request cannot be sent as it is.
        case invalid
    }

    package let kind: Kind
    /// In words, without secrets.
    package let reason: String
    /// What source or sink threw.
    package let cause: (any Error)?

    package init(_ kind: Kind, _ reason: String, cause: (any Error)? = nil) {
        self.kind = kind
        self.reason = reason
        self.cause = cause
    }

    package var description: String { reason }
}
