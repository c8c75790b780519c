// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// What libcrypto refused to do.
package struct CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The key is encrypted and no passphrase was given.
        case needsPassphrase
        /// The passphrase does not open the key.
        case wrongPassphrase
        /// The text holds no private key.
        case malformedKey
        /// A private key of a kind that cannot wrap data keys.
        case unsupportedKey
        /// The data key was not wrapped for this private key, or is damaged.
        case cannotUnwrap
        /// The tag does not belong to key, nonce and ciphertext: changed bytes or another key.
        case notAuthentic
        /// A key or nonce of a length that the cipher does not take.
        case badLength
        /// This libcrypto lacks the algorithm.
        case unavailable
        /// Everything else libcrypto said.
        case failed
    }

    package var code: Code
    /// A verb phrase: "read the private key", "decrypt".
    package var operation: String
    /// What libcrypto said; empty when the code says it all.
    ///
    /// Never holds key material.
    package var reason: String

    package init(_ code: Code, _ operation: String, reason: String = "") {
        self.code = code
        self.operation = operation
        self.reason = reason
    }

    package var description: String {
        reason.isEmpty ? "\(operation): \(code.sentence)" : "\(operation): \(code.sentence) (\(reason))"
    }

    /// Takes the first reason from the calling thread's queue of libcrypto errors and empties the queue.
    static func fromQueue(_ code: Code, _ operation: String) -> CryptoError {
        let number = ERR_get_error()
        ERR_clear_error()
        guard number != 0, let text = unsafe ERR_reason_error_string(number) else {
            return CryptoError(code, operation)
        }
        return CryptoError(code, operation, reason: unsafe String(cString: text))
    }
}

extension CryptoError.Code {
    /// The code in words.
    package var sentence: String {
        switch self {
        case .needsPassphrase: "the key is encrypted and needs a passphrase"
        case .wrongPassphrase: "the passphrase does not open the key"
        case .malformedKey: "not a private key in PEM form"
        case .unsupportedKey: "only RSA and SM2 keys can wrap data keys"
        case .cannotUnwrap: "the data key was wrapped for another private key, or is damaged"
        case .notAuthentic: "the bytes were changed, or encrypted with another key"
        case .badLength: "wrong length of key or nonce"
        case .unavailable: "this libcrypto lacks the algorithm"
        case .failed: "failed"
        }
    }
}
