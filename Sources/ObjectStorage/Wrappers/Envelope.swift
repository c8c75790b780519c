// SPDX-License-Identifier: Apache-2.0
// The envelope of an encrypted object (data-format §1.5):
// u16 length of the wrapped key | u8 length of the nonce | wrapped key | nonce | ciphertext | 16-byte tag.

package import SluiceBase

/// How the objects of a volume are encrypted, by the names that the settings use.
package enum EncryptionAlgorithm: String, Sendable, Hashable, CaseIterable {
    case aes256GCM = "aes256gcm-rsa"
    case chaCha20 = "chacha20-rsa"
    case sm4GCM = "sm4gcm"

    /// The algorithm of a name in the settings, where the empty name is the default one.
    package init?(settingsName name: String) {
        self.init(rawValue: name.isEmpty ? Self.aes256GCM.rawValue : name)
    }

    package var suite: CipherSuite {
        switch self {
        case .aes256GCM: .aes256GCM
        case .chaCha20: .chaCha20Poly1305
        case .sm4GCM: .sm4GCM
        }
    }
}

/// What is wrong with an envelope.
package enum EnvelopeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Too short or inconsistent: no envelope.
    case malformed(CodecError)
    /// The private key does not open it, or the ciphertext was changed.
    case crypto(CryptoError)

    package var description: String {
        switch self {
        case .malformed(let error): error.description
        case .crypto(let error): error.description
        }
    }
}

/// Seals byte runs with a fresh data key each, wrapped by the volume's private key.
///
/// Safe to use from several threads.
package struct Envelope: Sendable {
    private let key: PrivateKey
    private let algorithm: EncryptionAlgorithm

    package init(_ algorithm: EncryptionAlgorithm, key: PrivateKey) {
        self.algorithm = algorithm
        self.key = key
    }

    package func seal(_ plaintext: [UInt8]) throws(EnvelopeError) -> [UInt8] {
        do throws(CryptoError) {
            let dataKey = randomBytes(algorithm.suite.keyLength)
            let nonce = randomBytes(CipherSuite.nonceLength)
            let wrapped = try key.wrap(dataKey)
            guard let length = UInt16(exactly: wrapped.count) else {
                throw CryptoError(.badLength, "wrap the data key", reason: "\(wrapped.count) bytes")
            }
            let sealed = try AuthenticatedCipher(algorithm.suite, key: dataKey).seal(plaintext, nonce: nonce)
            var writer = ByteWriter(capacity: 3 + wrapped.count + nonce.count + sealed.count)
            writer.write(length)
            writer.write(UInt8(truncatingIfNeeded: nonce.count))
            writer.write(wrapped)
            writer.write(nonce)
            writer.write(sealed)
            return writer.bytes
        } catch {
            throw .crypto(error)
        }
    }

    package func open(_ bytes: [UInt8]) throws(EnvelopeError) -> [UInt8] {
        let parts = try Parts(bytes)
        do throws(CryptoError) {
            let dataKey = try key.unwrap(parts.wrapped)
            guard dataKey.count == algorithm.suite.keyLength else {
                throw CryptoError(
                    .cannotUnwrap,
                    "unwrap the data key",
                    reason: "it has \(dataKey.count) bytes"
                )
            }
            return try AuthenticatedCipher(algorithm.suite, key: dataKey).open(
                parts.sealed,
                nonce: parts.nonce
            )
        } catch {
            throw .crypto(error)
        }
    }

    private struct Parts {
        let wrapped: [UInt8]
        let nonce: [UInt8]
        let sealed: [UInt8]

        init(_ bytes: [UInt8]) throws(EnvelopeError) {
            var reader = ByteReader(bytes, of: "encrypted object")
            do throws(CodecError) {
                let wrappedLength = Int(try reader.read(UInt16.self))
                let nonceLength = Int(try reader.read(UInt8.self))
                guard nonceLength == CipherSuite.nonceLength else {
                    throw CodecError("encrypted object", at: 2, "a nonce of \(nonceLength) bytes")
                }
                wrapped = try reader.read(count: wrappedLength)
                nonce = try reader.read(count: nonceLength)
                sealed = reader.rest()
                guard sealed.count >= CipherSuite.tagLength else {
                    throw CodecError("encrypted object", at: reader.offset, "no room for a tag")
                }
            } catch {
                throw .malformed(error)
            }
        }
    }
}
